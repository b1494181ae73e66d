//! Storing without HTTP: what one transaction for many deliveries gains by itself.

use super::{Case, compare};
use crate::Failure;
use crate::ingest::Database;
use crate::requests::{BODY_BYTES, SECRET};
use crate::server::Backend;
use ringback_api::clock::{Clock, SystemClock};
use ringback_core::connection::{Connection, DatabaseUrl, Purpose};
use ringback_core::intake::{Request, read_delivery};
use ringback_core::models::NewDelivery;
use ringback_core::signature::{Headers, Scheme, Secret};
use ringback_core::source::Source;
use ringback_core::{migrations, queries};
use std::cell::Cell;

pub(super) fn measure(backend: Backend, rounds: u32) -> Result<String, Failure> {
    let template = template()?;
    let next = Cell::new(0_u64);
    let databases =
        [1, 64, 256].map(|size| Database::new(backend).map(|database| (size, database)));
    let mut cases = Vec::new();
    for database in &databases {
        let (size, database) = database.as_ref().map_err(ToString::to_string)?;
        use diesel::connection::SimpleConnection;
        #[allow(clippy::disallowed_methods)]
        if let Ok(pre) = std::env::var("RB_PRE") {
            use diesel::Connection as _;
            let mut raw = diesel::SqliteConnection::establish(database.url.strip_prefix("sqlite://").unwrap()).unwrap();
            raw.batch_execute(&pre).unwrap();
        }
        let mut conn = DatabaseUrl::parse(&database.url)?.open(Purpose::Create)?;
        migrations::migrate(&mut conn, 0)?;
        #[allow(clippy::disallowed_methods)]
        if let Ok(pre) = std::env::var("RB_POST") {
            conn.batch_execute(&pre).unwrap();
        }
        let (template, next) = (&template, &next);
        let name = format!("{size} in a transaction");
        cases.push(Case::of(name, *size, move || store(&mut conn, template, next, *size)));
    }
    if let Ok(n) = std::env::var("RB_ONLY") { let n: usize = n.parse().unwrap(); cases = vec![cases.remove(n)]; }
    compare(&format!("storing on {}, each", backend.name()), &mut cases, rounds)
}

fn store(
    conn: &mut Connection,
    template: &NewDelivery,
    next: &Cell<u64>,
    size: u32,
) -> Result<(), Failure> {
    let batch: Vec<NewDelivery> = (0..size)
        .map(|_| {
            next.set(next.get() + 1);
            // Scattered, as real ids are.
            let id = next.get().wrapping_mul(0x9e37_79b9_7f4a_7c15);
            NewDelivery {
                callback_id: format!("evt_{id:016x}"),
                job_id: Some(format!("job_{id:016x}")),
                ..template.clone()
            }
        })
        .collect();
    let receipts = queries::upsert_callbacks(conn, &batch)?;
    (receipts.len() == batch.len()).then_some(()).ok_or_else(|| "receipts are missing".into())
}

fn template() -> Result<NewDelivery, Failure> {
    let secret = Secret::new(SECRET).ok_or("no secret")?;
    let body = r#"{"event_type":"job.completed","workflow":"review","x":""#;
    let body = format!("{body}{}\"}}", "x".repeat(BODY_BYTES - body.len() - 2));
    let received_at = SystemClock.now();
    let signed =
        Scheme::StandardWebhooks.sign(&secret, "id", body.as_bytes(), received_at / 1_000_000);
    let headers = Headers::new(signed.ok_or("the secret makes no key")?);
    let remote_addr = Some("192.0.2.1".to_owned());
    let body = body.as_bytes();
    let request = Request { headers: &headers, body, remote_addr, received_at };
    Ok(read_delivery(&Source::default_source(vec![secret]), &request))
}

//! What the desk reads all day, on 100,000 rows, beside reading one row by its primary key.

use super::{Case, compare};
use crate::Failure;
use crate::ingest::Database;
use crate::requests::SECRET;
use crate::server::Backend;
use diesel::prelude::*;
use ringback_core::connection::{Connection, DatabaseUrl, Purpose};
use ringback_core::cursor::HistoryKey;
use ringback_core::intake::{Request, read_delivery};
use ringback_core::queries::{self, HistoryFilter, Page};
use ringback_core::schema::llm_callbacks;
use ringback_core::signature::{Headers, Scheme, Secret};
use ringback_core::source::Source;
use ringback_core::{migrations, models::Micros};
use std::cell::RefCell;

const ROWS: i64 = 100_000;
const BATCH: i64 = 250;
const START: Micros = 1_800_000_000_000_000;
/// Between two callbacks, in microseconds.
const STEP: Micros = 1_000_000;

pub(super) fn measure(backend: Backend, rounds: u32) -> Result<String, Failure> {
    let database = Database::new(backend)?;
    let url = DatabaseUrl::parse(&database.url)?;
    fill(&mut url.open(Purpose::Create)?)?;
    let conn = RefCell::new(url.open(Purpose::Read)?);
    let conn = &conn;
    let everything = HistoryFilter::default();
    let one_workflow =
        HistoryFilter { workflows: vec!["workflow-3".to_owned()], ..HistoryFilter::default() };
    let deep = Page::Before(HistoryKey { received_at: START + ROWS / 2 * STEP, id: i64::MAX });
    let history = |filter: &HistoryFilter, page| -> Result<(), Failure> {
        let page = queries::list_callback_history(&mut conn.borrow_mut(), filter, page, 50)?;
        (page.lines.len() == 50).then_some(()).ok_or_else(|| "a short page".into())
    };
    let check = |after, expected| -> Result<(), Failure> {
        let conn = &mut conn.borrow_mut();
        queries::callbacks::find_feed_head(conn)?;
        let lines = queries::list_callbacks_after(conn, after, 101)?;
        queries::count_unviewed_callbacks(conn)?;
        (lines.len() == expected).then_some(()).ok_or_else(|| "other rows".into())
    };
    let mut cases = [
        Case::new("one row by primary key", || read_one(&mut conn.borrow_mut(), ROWS / 2)),
        Case::new("check: nothing new", || check(ROWS, 0)),
        Case::new("check: 50 new", || check(ROWS - 50, 50)),
        Case::new("history: first page of 50", || history(&everything, Page::First)),
        Case::new("history: page of 50 in the middle", || history(&everything, deep)),
        Case::new("history: first page of one workflow", || history(&one_workflow, Page::First)),
        Case::new("history: page of one workflow in the middle", || history(&one_workflow, deep)),
        Case::new("detail", || {
            let found = queries::find_callback(&mut conn.borrow_mut(), ROWS / 2)?;
            found.map(drop).ok_or_else(|| "no row".into())
        }),
    ];
    compare(&format!("{}, {ROWS} rows", backend.name()), &mut cases, rounds)
}

fn read_one(conn: &mut Connection, id: i64) -> Result<(), Failure> {
    let seq: i64 = llm_callbacks::table.find(id).select(llm_callbacks::seq).first(conn)?;
    (seq == id).then_some(()).ok_or_else(|| "another row".into())
}

fn fill(conn: &mut Connection) -> Result<(), Failure> {
    migrations::migrate(conn, 0)?;
    let secret = Secret::new(SECRET).ok_or("no secret")?;
    let source = Source::default_source(vec![secret.clone()]);
    for batch in 0..ROWS / BATCH {
        let deliveries: Vec<_> = (0..BATCH)
            .map(|number| {
                let n = batch * BATCH + number;
                let received_at = START + n * STEP;
                let body = format!(
                    "{{\"event_type\":\"event-{}\",\"job_id\":\"job-{}\",\"workflow\":\"workflow-{}\"}}",
                    n % 8,
                    n / 3,
                    n % 50
                );
                let id = format!("cb-{n}");
                let signed = Scheme::StandardWebhooks.sign(
                    &secret,
                    &id,
                    body.as_bytes(),
                    received_at / 1_000_000,
                );
                let headers = Headers::new(signed.unwrap_or_default());
                let remote_addr = Some("192.0.2.1".to_owned());
                let body = body.as_bytes();
                read_delivery(&source, &Request { headers: &headers, body, remote_addr, received_at })
            })
            .collect();
        queries::upsert_callbacks(conn, &deliveries)?;
    }
    Ok(())
}

//! Rounds of ingest: everything that is compared runs once in a round, on a fresh database each time.

use crate::load::{Found, Load};
use crate::process::Process;
use crate::requests::Requests;
use crate::server::{Backend, Sizes, Variant};
use crate::{Failure, disk, load, report};
use diesel::sql_types::Text;
use diesel::{QueryableByName, RunQueryDsl};
use ringback_api::clock::{Clock, SystemClock};
use ringback_core::connection::{DatabaseUrl, Purpose};
use ringback_testing::TestDatabase;
use std::collections::HashSet;
use std::time::Duration;
use tempfile::TempDir;

/// More than any variant that stores gets through in a second on a machine of a few cores.
const MOST_STORED_PER_SECOND: f64 = 25_000.0;
/// The variant that stores nothing may see the same requests again.
const REPEATED_REQUESTS: u32 = 20_000;

/// What is measured.
pub(crate) struct Plan {
    pub(crate) backends: Vec<Backend>,
    pub(crate) connections: Vec<usize>,
    pub(crate) rounds: u32,
    pub(crate) seconds: f64,
    pub(crate) sizes: Sizes,
    pub(crate) variants: Vec<Variant>,
}

/// One variant in one round.
pub(crate) struct Measured {
    pub(crate) round: u32,
    /// `None` for the variant that stores nothing.
    pub(crate) backend: Option<Backend>,
    pub(crate) connections: usize,
    pub(crate) variant: Variant,
    pub(crate) found: Found,
}

/// Measures all of a plan and gives the report.
pub(crate) fn measure(plan: &Plan) -> Result<String, Failure> {
    let syncs_before = disk::measure_syncs()?;
    let mut results = Vec::new();
    for round in 0..plan.rounds {
        for &connections in &plan.connections {
            for (variant, backend) in variants(&plan.backends) {
                if !plan.variants.is_empty() && !plan.variants.contains(&variant) {
                    continue;
                }
                let found = measure_one(plan, variant, backend, connections)?;
                let stored = (variant != Variant::Parse).then_some(backend);
                let name = stored.map_or("nothing", Backend::name);
                eprintln!(
                    "round {}: {connections} connections, {variant:?} on {name}: {:.0}/s",
                    round + 1,
                    found.rate
                );
                results.push(Measured { round, backend: stored, connections, variant, found });
            }
        }
    }
    let syncs = [syncs_before, disk::measure_syncs()?];
    Ok(report::ingest(plan, &results, syncs))
}

/// What a round holds; the variant that stores nothing is the same for all databases.
fn variants(backends: &[Backend]) -> Vec<(Variant, Backend)> {
    let mut variants = Vec::new();
    for &backend in backends {
        variants.push((Variant::Group, backend));
        if variants.len() == 1 {
            variants.push((Variant::Parse, backend));
        }
        variants.push((Variant::Single, backend));
    }
    variants
}

fn measure_one(
    plan: &Plan,
    variant: Variant,
    backend: Backend,
    connections: usize,
) -> Result<Found, Failure> {
    let database = Database::new(backend)?;
    let process = Process::start(variant, backend, &database.url, plan.sizes)?;
    let now = SystemClock.now();
    let count = match variant {
        Variant::Parse => REPEATED_REQUESTS,
        Variant::Group | Variant::Single => most_stored(plan.seconds),
    };
    let requests = Requests::new(count, now.unsigned_abs() & 0xff_ffff, now / 1_000_000)
        .ok_or("the secret makes no key")?;
    let load = Load {
        connections,
        measured: Duration::from_secs_f64(plan.seconds),
        repeat: variant == Variant::Parse,
    };
    let (found, requests) = load::run(&process, requests, load)?;
    // Killed and not stopped: what was acknowledged has to be there already.
    drop(process);
    if found.refused > 0 {
        return Err(format!("{} answers were refusals: the run is void", found.refused).into());
    }
    if variant != Variant::Parse {
        check_stored(&database.url, &found, &requests)?;
    }
    Ok(found)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few seconds of requests fit"
)]
fn most_stored(seconds: f64) -> u32 {
    (MOST_STORED_PER_SECOND * (seconds + 1.0)) as u32
}

/// Fails when an acknowledged callback is not stored: a benchmark that loses data is void.
fn check_stored(url: &str, found: &Found, requests: &Requests) -> Result<(), Failure> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        callback_id: String,
    }
    let mut conn = DatabaseUrl::parse(url)?.open(Purpose::Write)?;
    // The join also shows that the evidence, which holds the bytes, is there.
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT c.callback_id FROM llm_callbacks c \
         JOIN llm_callback_deliveries d ON d.callback = c.id AND d.id = c.delivery_id",
    )
    .load(&mut conn)?;
    let stored: HashSet<String> = rows.into_iter().map(|row| row.callback_id).collect();
    let lost = found.acknowledged.iter().filter(|&&n| !stored.contains(&requests.id(n))).count();
    if lost > 0 || stored.len() != found.acknowledged.len() {
        return Err(format!(
            "void: {} acknowledged, {} stored, {lost} lost",
            found.acknowledged.len(),
            stored.len()
        )
        .into());
    }
    Ok(())
}

/// A fresh database that is gone when this is dropped.
pub(crate) struct Database {
    pub(crate) url: String,
    _folder: Option<TempDir>,
    _postgres: Option<TestDatabase>,
}

impl Database {
    /// Makes an empty one.
    pub(crate) fn new(backend: Backend) -> Result<Self, Failure> {
        Ok(match backend {
            Backend::Sqlite => {
                let folder = disk::folder()?;
                let url = format!("sqlite://{}", folder.path().join("ringback.db").display());
                Self { url, _folder: Some(folder), _postgres: None }
            }
            Backend::Postgres => {
                let database = TestDatabase::empty_postgres();
                let url = database.url_text().to_owned();
                Self { url, _folder: None, _postgres: Some(database) }
            }
        })
    }
}

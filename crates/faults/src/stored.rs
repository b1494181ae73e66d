//! What the database holds after a run, against what was sent.

use crate::Failure;
use crate::plan::{Plan, Version};
use crate::sender::Ledger;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Nullable, SmallInt, Text};
use ringback_core::connection::{Connection, DatabaseUrl, Purpose};
use ringback_core::intake::decode_body;
use sha2::{Digest, Sha256};

const PAGE: usize = 5000;

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Text)]
    callback_id: String,
    #[diesel(sql_type = SmallInt)]
    encoding: i16,
    #[diesel(sql_type = BigInt)]
    size_bytes: i64,
    #[diesel(sql_type = Nullable<Binary>)]
    payload: Option<Vec<u8>>,
    #[diesel(sql_type = Binary)]
    payload_sha256: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    evidence: i64,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Stored {
    /// The callbacks of this run and their versions, in the order of the feed.
    pub(crate) order: Vec<(u32, Version)>,
    /// Deliveries that are kept: one for each version.
    pub(crate) versions: u64,
    /// What is wrong.
    pub(crate) failures: Vec<String>,
}

/// Reads every callback of the run with its bytes.
///
/// # Errors
/// When the database cannot be read.
pub(crate) fn inspect(url: &str, plan: &Plan, ledger: &Ledger) -> Result<Stored, Failure> {
    let mut conn = DatabaseUrl::parse(url)?.open(Purpose::Write)?;
    // Without statistics of a table that was just filled, PostgreSQL reads all of it for each page.
    if let Connection::Postgres(pg) = &mut conn {
        pg.batch_execute("ANALYZE")?;
    }
    let mut found = Stored::default();
    let mut order: Vec<(i64, u32, Version)> = Vec::new();
    let mut known = vec![0_u8; ledger.acknowledged.len()];
    let mut after = 0;
    loop {
        let lines = load_page(&mut conn, after)?;
        let Some(last) = lines.last() else { break };
        after = last.id;
        for line in &lines {
            let Some(number) = plan.number(&line.callback_id) else { continue };
            found.versions += u64::try_from(line.evidence)?;
            match read_version(plan, number, line) {
                Ok(version) => {
                    order.push((line.seq, number, version));
                    if let Some(known) = known.get_mut(number as usize) {
                        *known = version as u8;
                    }
                }
                Err(failure) => found.failures.push(failure),
            }
        }
    }
    let lost = known.iter().zip(&ledger.acknowledged).filter(|(known, sent)| known < sent).count();
    if lost > 0 {
        found.failures.push(format!("{lost} acknowledged callbacks are lost"));
    }
    order.sort_unstable_by_key(|(seq, ..)| *seq);
    found.order = order.into_iter().map(|(_, number, version)| (number, version)).collect();
    found.failures.extend(check_whole(&mut conn)?);
    found.failures.truncate(10);
    Ok(found)
}

fn load_page(conn: &mut Connection, after: i64) -> QueryResult<Vec<Line>> {
    diesel::sql_query(format!(
        "SELECT c.id, c.seq, c.callback_id, d.encoding, d.size_bytes, d.payload, d.payload_sha256, \
         (SELECT COUNT(*) FROM llm_callback_deliveries e WHERE e.callback = c.id) AS evidence \
         FROM llm_callbacks c \
         JOIN llm_callback_deliveries d ON d.callback = c.id AND d.id = c.delivery_id \
         WHERE c.id > {after} ORDER BY c.id LIMIT {PAGE}"
    ))
    .load(conn)
}

/// Which version a row holds, by its bytes.
fn read_version(plan: &Plan, number: u32, line: &Line) -> Result<Version, String> {
    let id = &line.callback_id;
    let bytes = line.payload.clone().ok_or_else(|| format!("{id} has no bytes"))?;
    let body = decode_body(line.encoding, bytes, line.size_bytes)
        .map_err(|error| format!("the bytes of {id}: {error}"))?;
    let digest: [u8; 32] = Sha256::digest(&body).into();
    let versions = [Version::First, Version::Second];
    let version = versions.into_iter().find(|&version| plan.digest(number, version) == digest);
    let version = version.ok_or_else(|| format!("the bytes of {id} are not those sent"))?;
    if line.payload_sha256 != digest {
        return Err(format!("the digest of {id} is not that of its bytes"));
    }
    if line.evidence != version as i64 {
        return Err(format!("{id} has {} deliveries, not {}", line.evidence, version as u8));
    }
    Ok(version)
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct Words {
    #[diesel(sql_type = Text)]
    integrity_check: String,
}

/// What holds of every database, whatever was sent.
fn check_whole(conn: &mut Connection) -> Result<Vec<String>, Failure> {
    let mut failures = Vec::new();
    let mut expect_zero = |conn: &mut Connection, what: &str, query: &str| -> QueryResult<()> {
        let number: Number = diesel::sql_query(query).get_result(conn)?;
        if number.n != 0 {
            failures.push(format!("{}: {}", what, number.n));
        }
        Ok(())
    };
    expect_zero(
        conn,
        "the hourly counts are off by",
        "SELECT CAST(COALESCE((SELECT SUM(callbacks) FROM stats_hour), 0) AS BIGINT) - \
         (SELECT COUNT(*) FROM llm_callbacks) AS n",
    )?;
    expect_zero(
        conn,
        "deliveries without their callback",
        "SELECT COUNT(*) AS n FROM llm_callback_deliveries d WHERE NOT EXISTS \
         (SELECT 1 FROM llm_callbacks c WHERE c.id = d.callback)",
    )?;
    expect_zero(
        conn,
        "positions beyond the head",
        "SELECT COUNT(*) AS n FROM llm_callbacks WHERE seq > (SELECT seq FROM feed_head)",
    )?;
    if let Connection::Sqlite(_) = conn {
        let words: Vec<Words> = diesel::sql_query("PRAGMA integrity_check").load(conn)?;
        if words.len() != 1 || words[0].integrity_check != "ok" {
            failures.push(format!("SQLite's integrity check found {} damages", words.len()));
        }
    }
    Ok(failures)
}

//! Verifying stored failures again, after a secret was added or mended.
//!
//! A failure that holds now is stored as if it had come again, valid, at the time it came: so the
//! rule of [`crate::rule`] decides what it does, and the callback takes a new position. In the same
//! transaction its old row is merged into the new one, so that no request is counted twice.

use super::callbacks::{StoredCallback, StoredDelivery};
use super::upsert_callbacks;
use super::write_transaction;
use crate::connection::Connection;
use crate::intake::decode_body;
use crate::models::{Micros, NewDelivery, Signature, StoredReceipt};
use crate::schema::{
    llm_callback_deliveries as deliveries, llm_callbacks as callbacks, reverify_runs as runs,
};
use diesel::prelude::*;
use diesel::sql_types::Bool;

/// Said so that the partial index of failures may be used.
const IS_FAILURE: &str = "llm_callback_deliveries.signature <> 3 \
                          AND llm_callback_deliveries.signature_mac IS NOT NULL";

/// Which failures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailureFilter {
    /// Of this source.
    pub source: String,
    /// Of this callback.
    pub callback: Option<i64>,
    /// Received from then on.
    pub from: Option<Micros>,
    /// Received before.
    pub to: Option<Micros>,
}

/// A failure whose MACs are kept as digests.
#[derive(Clone, Debug)]
pub struct StoredFailure {
    /// The callback.
    pub callback: i64,
    /// The delivery.
    pub id: i64,
    /// The callback's id within its source.
    pub callback_id: String,
    /// When it was received.
    pub received_at: Micros,
    /// The sender's address.
    pub remote_addr: Option<String>,
    /// The kept headers, a JSON list of pairs.
    pub headers: String,
    /// As received.
    pub content_type: Option<String>,
    /// The digests.
    pub signature_mac: Vec<u8>,
    /// The body as received; `None` when it cannot be read back.
    pub body: Option<Vec<u8>>,
}

type FailureRow = (
    i64,
    i64,
    String,
    Micros,
    Option<String>,
    String,
    Option<String>,
    Option<Vec<u8>>,
    i16,
    Option<Vec<u8>>,
    i64,
);

/// Joins failures of the filter with their callbacks.
macro_rules! failures_of {
    ($filter:expr) => {{
        let mut query = deliveries::table
            .inner_join(callbacks::table.on(callbacks::id.eq(deliveries::callback)))
            .filter(diesel::dsl::sql::<Bool>(IS_FAILURE))
            .filter(deliveries::payload.is_not_null())
            .filter(callbacks::source.eq(&$filter.source))
            .into_boxed();
        if let Some(callback) = $filter.callback {
            query = query.filter(deliveries::callback.eq(callback));
        }
        if let Some(from) = $filter.from {
            query = query.filter(deliveries::first_received_at.ge(from));
        }
        if let Some(to) = $filter.to {
            query = query.filter(deliveries::first_received_at.lt(to));
        }
        query
    }};
}

/// Failures after a delivery and up to another, in order.
///
/// # Errors
/// Diesel's.
pub fn list_failures(
    conn: &mut Connection,
    filter: &FailureFilter,
    (after, until): (i64, i64),
    limit: i64,
) -> QueryResult<Vec<StoredFailure>> {
    let rows: Vec<FailureRow> = failures_of!(filter)
        .filter(deliveries::id.gt(after))
        .filter(deliveries::id.le(until))
        .order(deliveries::id)
        .limit(limit)
        .select((
            deliveries::callback,
            deliveries::id,
            callbacks::callback_id,
            deliveries::first_received_at,
            deliveries::remote_addr,
            deliveries::headers,
            deliveries::content_type,
            deliveries::signature_mac,
            deliveries::encoding,
            deliveries::payload,
            deliveries::size_bytes,
        ))
        .load(conn)?;
    let failure = |row: FailureRow| StoredFailure {
        callback: row.0,
        id: row.1,
        callback_id: row.2,
        received_at: row.3,
        remote_addr: row.4,
        headers: row.5,
        content_type: row.6,
        signature_mac: row.7.unwrap_or_default(),
        body: row.9.and_then(|bytes| decode_body(row.8, bytes, row.10).ok()),
    };
    Ok(rows.into_iter().map(failure).collect())
}

/// The digests of a delivery's MACs; `None` when none are kept.
///
/// # Errors
/// Diesel's.
pub fn find_signature_mac(
    conn: &mut Connection,
    callback: i64,
    delivery: i64,
) -> QueryResult<Option<Vec<u8>>> {
    let row: Option<Option<Vec<u8>>> = deliveries::table
        .filter(deliveries::callback.eq(callback))
        .filter(deliveries::id.eq(delivery))
        .select(deliveries::signature_mac)
        .first(conn)
        .optional()?;
    Ok(row.flatten())
}

/// The delivery of a callback that a diagnosis is about: the one that is asked for; else the
/// content, or the newest that is not trusted. `None` when it is trusted, or there is none such.
pub fn untrusted_delivery(
    callback: &StoredCallback,
    wanted: Option<i64>,
) -> Option<&StoredDelivery> {
    let content = callback.line.callback.delivery_id;
    let mut untrusted: Vec<&StoredDelivery> =
        callback.deliveries.iter().filter(|one| !one.signature().is_trusted()).collect();
    if let Some(wanted) = wanted {
        return untrusted.into_iter().find(|one| one.id == wanted);
    }
    untrusted.sort_by_key(|one| (one.id == content, one.last_received_at, one.id));
    untrusted.pop()
}

/// A failure that holds now, and the delivery that it is.
#[derive(Clone, Debug)]
pub struct Mended {
    /// The callback under which the failure is kept.
    pub callback: i64,
    /// The failure.
    pub id: i64,
    /// The same request, valid.
    pub delivery: NewDelivery,
}

/// Makes failures that hold now trusted, in one transaction. Gives a receipt for each that was still
/// there and still a failure.
///
/// # Errors
/// Diesel's; nothing has changed then.
pub fn promote_failures(
    conn: &mut Connection,
    mended: &[Mended],
) -> QueryResult<Vec<StoredReceipt>> {
    write_transaction(conn, |conn| {
        let ids: Vec<i64> = mended.iter().map(|one| one.id).collect();
        let there: Vec<i64> = deliveries::table
            .filter(deliveries::id.eq_any(ids))
            .filter(diesel::dsl::sql::<Bool>(IS_FAILURE))
            .select(deliveries::id)
            .load(conn)?;
        let mended: Vec<&Mended> = mended.iter().filter(|one| there.contains(&one.id)).collect();
        let batch: Vec<NewDelivery> = mended.iter().map(|one| one.delivery.clone()).collect();
        let receipts = upsert_callbacks(conn, &batch)?;
        for (one, receipt) in mended.iter().zip(&receipts) {
            merge(conn, one, receipt.id)?;
        }
        Ok(receipts)
    })
}

/// Puts the old row of a failure into the new, valid one. One that belongs to another callback, by
/// an id that is signed, stays where it is and is not looked at again.
fn merge(conn: &mut Connection, one: &Mended, callback: i64) -> QueryResult<()> {
    let row = |callback: i64, id: i64| {
        deliveries::table.filter(deliveries::callback.eq(callback)).filter(deliveries::id.eq(id))
    };
    let old = row(one.callback, one.id);
    let is_content = callbacks::table
        .filter(callbacks::id.eq(one.callback))
        .filter(callbacks::delivery_id.eq(one.id))
        .count()
        .get_result::<i64>(conn)?
        > 0;
    if callback != one.callback || is_content {
        return diesel::update(old)
            .set(deliveries::signature_mac.eq(None::<Vec<u8>>))
            .execute(conn)
            .map(drop);
    }
    let (seen, first, last): (i64, Micros, Micros) = old
        .select((deliveries::seen, deliveries::first_received_at, deliveries::last_received_at))
        .first(conn)?;
    let new = deliveries::table
        .filter(deliveries::callback.eq(callback))
        .filter(deliveries::signature.eq(Signature::Valid.code()))
        .filter(deliveries::payload_sha256.eq(one.delivery.body.sha256.as_slice()));
    let (id, new_seen, new_first, new_last): (i64, i64, Micros, Micros) = new
        .select((
            deliveries::id,
            deliveries::seen,
            deliveries::first_received_at,
            deliveries::last_received_at,
        ))
        .first(conn)?;
    // Storing it again counted one request of the old row already.
    diesel::update(row(callback, id))
        .set((
            deliveries::seen.eq(new_seen + seen - 1),
            deliveries::first_received_at.eq(new_first.min(first)),
            deliveries::last_received_at.eq(new_last.max(last)),
        ))
        .execute(conn)?;
    diesel::delete(row(one.callback, one.id)).execute(conn).map(drop)
}

/// A run: verifying the failures of a source again.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = runs)]
pub struct RunRow {
    /// Key.
    pub id: i64,
    /// The source.
    pub source: String,
    /// Who started it.
    pub started_by: String,
    /// When.
    pub started_at: Micros,
    /// Failures received from then on.
    pub from_at: Option<Micros>,
    /// Failures received before.
    pub to_at: Option<Micros>,
    /// The last delivery that was looked at.
    pub passed: i64,
    /// The last that is looked at.
    pub until: i64,
    /// How many there were when it started.
    pub total: i64,
    /// How many were looked at.
    pub checked: i64,
    /// How many became trusted.
    pub trusted: i64,
    /// When it ended; `None` while it goes on.
    pub ended_at: Option<Micros>,
}

impl RunRow {
    /// Which failures it is about.
    pub fn filter(&self) -> FailureFilter {
        FailureFilter {
            source: self.source.clone(),
            callback: None,
            from: self.from_at,
            to: self.to_at,
        }
    }
}

/// Runs that have ended and are kept to be looked at.
const KEPT_RUNS: i64 = 200;

/// Starts a run. One of the same source and times that has not ended starts again from the
/// beginning, for the secrets may have changed since.
///
/// # Errors
/// Diesel's.
pub fn insert_run(
    conn: &mut Connection,
    filter: &FailureFilter,
    started_by: &str,
    now: Micros,
) -> QueryResult<RunRow> {
    write_transaction(conn, |conn| {
        let (total, until): (i64, Option<i64>) = failures_of!(filter)
            .select((diesel::dsl::count_star(), diesel::dsl::max(deliveries::id)))
            .first(conn)?;
        let open: Vec<RunRow> = runs::table
            .filter(runs::source.eq(&filter.source))
            .filter(runs::ended_at.is_null())
            .select(RunRow::as_select())
            .load(conn)?;
        let same = open.iter().filter(|run| run.filter() == *filter).map(|run| run.id);
        let same: Vec<i64> = same.collect();
        diesel::delete(runs::table.filter(runs::id.eq_any(same))).execute(conn)?;
        diesel::insert_into(runs::table)
            .values((
                runs::source.eq(&filter.source),
                runs::started_by.eq(started_by),
                runs::started_at.eq(now),
                runs::from_at.eq(filter.from),
                runs::to_at.eq(filter.to),
                runs::passed.eq(0_i64),
                runs::until.eq(until.unwrap_or(0)),
                runs::total.eq(total),
                runs::checked.eq(0_i64),
                runs::trusted.eq(0_i64),
            ))
            .execute(conn)?;
        let newest: RunRow =
            runs::table.order(runs::id.desc()).select(RunRow::as_select()).first(conn)?;
        diesel::delete(
            runs::table
                .filter(runs::id.le(newest.id - KEPT_RUNS))
                .filter(runs::ended_at.is_not_null()),
        )
        .execute(conn)?;
        Ok(newest)
    })
}

/// The oldest run that has not ended.
///
/// # Errors
/// Diesel's.
pub fn find_open_run(conn: &mut Connection) -> QueryResult<Option<RunRow>> {
    runs::table
        .filter(runs::ended_at.is_null())
        .order(runs::id)
        .select(RunRow::as_select())
        .first(conn)
        .optional()
}

/// Runs, the newest first.
///
/// # Errors
/// Diesel's.
pub fn list_runs(conn: &mut Connection, limit: i64) -> QueryResult<Vec<RunRow>> {
    runs::table.order(runs::id.desc()).limit(limit).select(RunRow::as_select()).load(conn)
}

/// A step of a run: where it stands afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Where it stood before; a step that another node has taken meanwhile changes nothing.
    pub from: i64,
    /// The last delivery that was looked at.
    pub to: i64,
    /// How many were looked at.
    pub checked: i64,
    /// When, if it was the last step.
    pub ended_at: Option<Micros>,
}

/// Takes a step: makes what holds trusted and moves on, in one transaction. Gives the run as it
/// stands then, with `None` when it is gone or another node has taken the step.
///
/// # Errors
/// Diesel's; nothing has changed then.
pub fn take_step(
    conn: &mut Connection,
    run: i64,
    step: Step,
    mended: &[Mended],
) -> QueryResult<Option<RunRow>> {
    write_transaction(conn, |conn| {
        let moved = diesel::update(
            runs::table
                .filter(runs::id.eq(run))
                .filter(runs::passed.eq(step.from))
                .filter(runs::ended_at.is_null()),
        )
        .set((
            runs::passed.eq(step.to),
            runs::checked.eq(runs::checked + step.checked),
            runs::ended_at.eq(step.ended_at),
        ))
        .execute(conn)?;
        if moved == 0 {
            return Ok(None);
        }
        let receipts = promote_failures(conn, mended)?;
        let trusted = i64::try_from(receipts.len()).unwrap_or(i64::MAX);
        diesel::update(runs::table.find(run))
            .set(runs::trusted.eq(runs::trusted + trusted))
            .execute(conn)?;
        runs::table.find(run).select(RunRow::as_select()).first(conn).optional()
    })
}

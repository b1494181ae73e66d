//! Alerts as they are kept: what was seen is added, and what is told is decided on one row.
//!
//! Every node adds what it saw. Whoever holds the lease steps the alerts and writes what is to be
//! told; would two do it at once, the second finds that the number of tellings has moved on, and
//! tells nothing.

use super::write_transaction;
use crate::alert::{Alert, Condition, Key, SAME_WITHIN, Seen, Telling};
use crate::connection::Connection;
use crate::models::{Micros, Signature};
use crate::schema::{alert_notices, alerts, known_event_types, stats_hour};
use diesel::prelude::*;
use std::collections::BTreeMap;

#[derive(Queryable, Selectable)]
#[diesel(table_name = alerts)]
pub(super) struct AlertRow {
    id: i64,
    condition: i16,
    source: String,
    cause: String,
    started_at: Micros,
    opened_at: Micros,
    last_at: Micros,
    count: i64,
    sample: Option<i64>,
    told_at: Option<Micros>,
    told_count: i64,
    tellings: i64,
    resolved_at: Option<Micros>,
    acknowledged_at: Option<Micros>,
    acknowledged_by: Option<String>,
    muted_until: Option<Micros>,
}

impl AlertRow {
    /// `None` for a condition that this version does not know.
    pub(super) fn into_alert(self) -> Option<Alert> {
        Some(Alert {
            id: self.id,
            key: Key {
                condition: Condition::from_code(self.condition)?,
                source: self.source,
                cause: self.cause,
            },
            started_at: self.started_at,
            opened_at: self.opened_at,
            last_at: self.last_at,
            count: self.count,
            sample: self.sample,
            told_at: self.told_at,
            told_count: self.told_count,
            tellings: self.tellings,
            resolved_at: self.resolved_at,
            acknowledged_at: self.acknowledged_at,
            acknowledged_by: self.acknowledged_by,
            muted_until: self.muted_until,
        })
    }
}

/// Adds what was seen: to the open alert of each key, to one that resolved a short while ago, or as
/// a new one.
///
/// # Errors
/// Diesel's; nothing was added then.
pub fn record_seen(conn: &mut Connection, seen: &[(Key, Seen)]) -> QueryResult<()> {
    write_transaction(conn, |conn| {
        seen.iter().try_for_each(|(key, seen)| {
            // Another node may open or resolve it between two of the statements: then once more.
            for _ in 0..3 {
                if add_to_open(conn, key, seen)? || reopen_or_start(conn, key, seen)? {
                    return Ok(());
                }
            }
            Err(diesel::result::Error::RollbackTransaction)
        })
    })
}

fn add_to_open(conn: &mut Connection, key: &Key, seen: &Seen) -> QueryResult<bool> {
    use alerts::dsl;
    let open = dsl::alerts
        .filter(dsl::condition.eq(key.condition.code()))
        .filter(dsl::source.eq(&key.source))
        .filter(dsl::cause.eq(&key.cause))
        .filter(dsl::resolved_at.is_null());
    let changed = match seen.sample {
        Some(sample) => diesel::update(open)
            .set((
                dsl::count.eq(dsl::count + seen.count),
                dsl::last_at.eq(seen.at),
                dsl::sample.eq(sample),
            ))
            .execute(conn),
        None => diesel::update(open)
            .set((dsl::count.eq(dsl::count + seen.count), dsl::last_at.eq(seen.at)))
            .execute(conn),
    }?;
    Ok(changed > 0)
}

fn reopen_or_start(conn: &mut Connection, key: &Key, seen: &Seen) -> QueryResult<bool> {
    use alerts::dsl;
    let latest = find_latest(conn, key)?;
    let Some(mut alert) = latest.clone().filter(|alert| alert.takes(seen.at)) else {
        return insert(conn, &Alert::start(key.clone(), *seen, latest.as_ref()));
    };
    alert.add(*seen);
    let resolved = dsl::alerts.find(alert.id).filter(dsl::resolved_at.is_not_null());
    let changed = diesel::update(resolved)
        .set((
            dsl::resolved_at.eq(None::<Micros>),
            dsl::opened_at.eq(alert.opened_at),
            dsl::acknowledged_at.eq(None::<Micros>),
            dsl::acknowledged_by.eq(None::<String>),
            dsl::count.eq(alert.count),
            dsl::last_at.eq(alert.last_at),
            dsl::sample.eq(alert.sample),
        ))
        .execute(conn)?;
    Ok(changed > 0)
}

fn find_latest(conn: &mut Connection, key: &Key) -> QueryResult<Option<Alert>> {
    use alerts::dsl;
    let row: Option<AlertRow> = dsl::alerts
        .filter(dsl::condition.eq(key.condition.code()))
        .filter(dsl::source.eq(&key.source))
        .filter(dsl::cause.eq(&key.cause))
        .order(dsl::id.desc())
        .select(AlertRow::as_select())
        .first(conn)
        .optional()?;
    Ok(row.and_then(AlertRow::into_alert))
}

/// False when another node has just opened one.
fn insert(conn: &mut Connection, alert: &Alert) -> QueryResult<bool> {
    use alerts::dsl;
    let insert = diesel::insert_into(dsl::alerts).values((
        dsl::condition.eq(alert.key.condition.code()),
        dsl::source.eq(&alert.key.source),
        dsl::cause.eq(&alert.key.cause),
        dsl::started_at.eq(alert.started_at),
        dsl::opened_at.eq(alert.opened_at),
        dsl::last_at.eq(alert.last_at),
        dsl::count.eq(alert.count),
        dsl::sample.eq(alert.sample),
        dsl::told_count.eq(0_i64),
        dsl::tellings.eq(0_i64),
        dsl::muted_until.eq(alert.muted_until),
    ));
    let rows = match conn {
        Connection::Postgres(pg) => insert.on_conflict_do_nothing().execute(pg),
        Connection::Sqlite(sqlite) => insert.on_conflict_do_nothing().execute(sqlite),
    }?;
    Ok(rows > 0)
}

/// Every open alert, the one that opened last first.
///
/// # Errors
/// Diesel's.
pub fn list_open_alerts(conn: &mut Connection) -> QueryResult<Vec<Alert>> {
    use alerts::dsl;
    let rows: Vec<AlertRow> = dsl::alerts
        .filter(dsl::resolved_at.is_null())
        .order((dsl::opened_at.desc(), dsl::id.desc()))
        .select(AlertRow::as_select())
        .load(conn)?;
    Ok(rows.into_iter().filter_map(AlertRow::into_alert).collect())
}

/// Alerts that resolved, the newest first, those before a key when one is given.
///
/// # Errors
/// Diesel's.
pub fn list_resolved_alerts(
    conn: &mut Connection,
    before: Option<i64>,
    limit: i64,
) -> QueryResult<Vec<Alert>> {
    use alerts::dsl;
    let rows: Vec<AlertRow> = dsl::alerts
        .filter(dsl::resolved_at.is_not_null())
        .filter(dsl::id.lt(before.unwrap_or(i64::MAX)))
        .order(dsl::id.desc())
        .limit(limit)
        .select(AlertRow::as_select())
        .load(conn)?;
    Ok(rows.into_iter().filter_map(AlertRow::into_alert).collect())
}

/// An alert; `None` when there is none of this key.
///
/// # Errors
/// Diesel's.
pub fn find_alert(conn: &mut Connection, id: i64) -> QueryResult<Option<Alert>> {
    let row: Option<AlertRow> =
        alerts::table.find(id).select(AlertRow::as_select()).first(conn).optional()?;
    Ok(row.and_then(AlertRow::into_alert))
}

/// How many open alerts nobody has taken note of, those muted left out.
///
/// # Errors
/// Diesel's.
pub fn count_unread_alerts(conn: &mut Connection, now: Micros) -> QueryResult<i64> {
    use alerts::dsl;
    dsl::alerts
        .filter(dsl::resolved_at.is_null())
        .filter(dsl::acknowledged_at.is_null())
        .filter(dsl::muted_until.is_null().or(dsl::muted_until.le(now)))
        .count()
        .get_result(conn)
}

/// Takes note of an open alert; false when it is not open or somebody did already.
///
/// # Errors
/// Diesel's.
pub fn acknowledge_alert(
    conn: &mut Connection,
    id: i64,
    by: &str,
    at: Micros,
) -> QueryResult<bool> {
    use alerts::dsl;
    let open = dsl::alerts
        .find(id)
        .filter(dsl::resolved_at.is_null())
        .filter(dsl::acknowledged_at.is_null());
    let set = (dsl::acknowledged_at.eq(at), dsl::acknowledged_by.eq(by));
    diesel::update(open).set(set).execute(conn).map(|rows| rows > 0)
}

/// Lets nothing be told of an alert until a time, `None` for an end of that; false when there is no
/// such alert.
///
/// # Errors
/// Diesel's.
pub fn mute_alert(conn: &mut Connection, id: i64, until: Option<Micros>) -> QueryResult<bool> {
    diesel::update(alerts::table.find(id))
        .set(alerts::muted_until.eq(until))
        .execute(conn)
        .map(|rows| rows > 0)
}

/// A step of an alert, as [`Alert::step`] or [`Alert::clear`] made it.
#[derive(Clone, Debug)]
pub struct Step {
    /// The alert as it was read.
    pub before: Alert,
    /// As it is after the step.
    pub after: Alert,
    /// What is said.
    pub telling: Option<Telling>,
    /// On which channels, and when.
    pub plan: BTreeMap<i64, Micros>,
}

/// Writes steps and what is to be told of them, and gives those that were this caller's to make: of
/// several nodes that make the same step, one.
///
/// # Errors
/// Diesel's; no step was made then.
pub fn make_steps(conn: &mut Connection, steps: Vec<Step>, now: Micros) -> QueryResult<Vec<Step>> {
    write_transaction(conn, |conn| {
        let mut made = Vec::with_capacity(steps.len());
        for step in steps {
            if make_step(conn, &step, now)? {
                made.push(step);
            }
        }
        Ok(made)
    })
}

fn make_step(conn: &mut Connection, step: &Step, now: Micros) -> QueryResult<bool> {
    use alerts::dsl;
    let Step { before, after, telling, plan } = step;
    let as_read = dsl::alerts
        .find(before.id)
        .filter(dsl::resolved_at.is_null())
        .filter(dsl::tellings.eq(before.tellings));
    let set = (
        dsl::told_at.eq(after.told_at),
        dsl::told_count.eq(after.told_count),
        dsl::tellings.eq(after.tellings),
        dsl::resolved_at.eq(after.resolved_at),
    );
    // What happened meanwhile does not keep it from being told, and keeps it from being over.
    let changed = if after.resolved_at.is_some() {
        diesel::update(as_read.filter(dsl::last_at.eq(before.last_at))).set(set).execute(conn)
    } else {
        diesel::update(as_read).set(set).execute(conn)
    }?;
    if changed == 0 {
        return Ok(false);
    }
    if let Some(telling) = telling {
        for (channel, due_at) in plan {
            diesel::insert_into(alert_notices::table)
                .values((
                    alert_notices::alert_id.eq(after.id),
                    alert_notices::channel_id.eq(channel),
                    alert_notices::telling.eq(after.tellings),
                    alert_notices::kind.eq(telling.code()),
                    alert_notices::count.eq(after.count),
                    alert_notices::created_at.eq(now),
                    alert_notices::due_at.eq(due_at),
                ))
                .execute(conn)?;
        }
    }
    Ok(true)
}

/// Deletes alerts that resolved before a time, with their notices, and gives how many. None that
/// could still open again.
///
/// # Errors
/// Diesel's.
pub fn delete_alerts_before(
    conn: &mut Connection,
    before: Micros,
    now: Micros,
) -> QueryResult<usize> {
    let before = before.min(now - SAME_WITHIN);
    diesel::delete(alerts::table.filter(alerts::resolved_at.lt(before))).execute(conn)
}

/// Event types first seen in the hours since a time, among callbacks that are not known to be bad.
/// They are known from now on. A source's first day teaches what is usual and gives none.
///
/// # Errors
/// Diesel's; nothing was learned then.
pub fn learn_event_types(
    conn: &mut Connection,
    since: Micros,
    now: Micros,
) -> QueryResult<Vec<(String, String)>> {
    const LEARNING: Micros = 24 * 3_600_000_000;
    write_transaction(conn, |conn| {
        let mut new = list_unknown_types(conn, since)?;
        for (source, event_type) in &new {
            let insert = diesel::insert_into(known_event_types::table).values((
                known_event_types::source.eq(source),
                known_event_types::event_type.eq(event_type),
                known_event_types::first_seen_at.eq(now),
            ));
            match conn {
                Connection::Postgres(pg) => insert.on_conflict_do_nothing().execute(pg),
                Connection::Sqlite(sqlite) => insert.on_conflict_do_nothing().execute(sqlite),
            }?;
        }
        let known_since: Vec<(String, Option<Micros>)> = known_event_types::table
            .group_by(known_event_types::source)
            .select((known_event_types::source, diesel::dsl::min(known_event_types::first_seen_at)))
            .load(conn)?;
        let known_since: BTreeMap<String, Option<Micros>> = known_since.into_iter().collect();
        new.retain(|(source, _)| {
            let first = known_since.get(source).copied().flatten();
            first.is_some_and(|first| now - first >= LEARNING)
        });
        Ok(new)
    })
}

/// The pairs that [`learn_event_types`] would learn: empty nearly always, and only read.
///
/// # Errors
/// Diesel's.
pub fn list_unknown_types(
    conn: &mut Connection,
    since: Micros,
) -> QueryResult<Vec<(String, String)>> {
    let fair = [Signature::Valid.code(), Signature::Unchecked.code()];
    let seen: Vec<(String, String)> = stats_hour::table
        .filter(stats_hour::hour.ge(since))
        .filter(stats_hour::signature.eq_any(fair))
        .filter(stats_hour::event_type.ne(""))
        .select((stats_hour::source, stats_hour::event_type))
        .distinct()
        .order((stats_hour::source, stats_hour::event_type))
        .load(conn)?;
    let known: Vec<(String, String)> = known_event_types::table
        .select((known_event_types::source, known_event_types::event_type))
        .load(conn)?;
    let known: std::collections::BTreeSet<(String, String)> = known.into_iter().collect();
    Ok(seen.into_iter().filter(|pair| !known.contains(pair)).collect())
}

/// The hours since a time in which each source sent something that is not known to be bad.
///
/// # Errors
/// Diesel's.
pub fn list_active_hours(
    conn: &mut Connection,
    since: Micros,
) -> QueryResult<BTreeMap<String, Vec<Micros>>> {
    let fair = [Signature::Valid.code(), Signature::Unchecked.code()];
    let rows: Vec<(String, Micros)> = stats_hour::table
        .filter(stats_hour::hour.ge(since))
        .filter(stats_hour::signature.eq_any(fair))
        .filter(stats_hour::callbacks.gt(0))
        .select((stats_hour::source, stats_hour::hour))
        .distinct()
        .order((stats_hour::source, stats_hour::hour))
        .load(conn)?;
    let mut hours: BTreeMap<String, Vec<Micros>> = BTreeMap::new();
    for (source, hour) in rows {
        hours.entry(source).or_default().push(hour);
    }
    Ok(hours)
}

/// Those of these callbacks whose content is trusted.
///
/// # Errors
/// Diesel's.
pub fn list_trusted(conn: &mut Connection, ids: &[i64]) -> QueryResult<Vec<i64>> {
    use crate::schema::llm_callbacks;
    llm_callbacks::table
        .filter(llm_callbacks::id.eq_any(ids))
        .filter(llm_callbacks::signature.eq(Signature::Valid.code()))
        .select(llm_callbacks::id)
        .load(conn)
}

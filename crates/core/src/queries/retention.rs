//! Letting go of what is old, in steps small enough that deliveries never wait for long.
//!
//! A step is one short transaction; whoever calls decides how many, and pauses between them. When
//! something goes is decided by whoever calls, too: times are arguments.

use super::callbacks::lock_head;
use super::write_transaction;
use crate::connection::Connection;
use crate::models::{Encoding, Micros};
use crate::schema::{
    llm_callback_deliveries as deliveries, llm_callbacks as callbacks, stats_hour,
};
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};

/// What a callback takes in PostgreSQL beside its body: two rows and their entries in the indexes.
/// Measured with a million callbacks.
const ROW_BYTES: i64 = 600;
/// Callbacks whose bodies are measured in one statement.
const MEASURE_STEP: i64 = 20_000;
/// Of a SQLite file so much stays free, in hundredths: tomorrow's callbacks need it.
const SLACK_PERCENT: i64 = 5;

/// Said so that the partial index of untrusted callbacks may be used.
fn untrusted() -> diesel::expression::SqlLiteral<Bool> {
    sql::<Bool>("signature <> 3")
}

/// Which callbacks a step takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Any.
    Any,
    /// Those whose content is not trusted.
    Untrusted,
}

/// Deletes callbacks first received before a time, with their deliveries, oldest first and `limit`
/// at the most; gives how many. The roll-up keeps counting them.
///
/// # Errors
/// Diesel's; nothing was deleted then.
pub fn delete_callbacks_before(
    conn: &mut Connection,
    before: Micros,
    limit: i64,
) -> QueryResult<usize> {
    delete_oldest_callbacks(conn, Trust::Any, before, limit).map(|deleted| deleted.callbacks)
}

/// What a step deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deleted {
    /// Callbacks.
    pub callbacks: usize,
    /// About what they took in the database.
    pub size_bytes: i64,
}

/// The same for some callbacks only, with what they took.
///
/// # Errors
/// Diesel's; nothing was deleted then.
pub fn delete_oldest_callbacks(
    conn: &mut Connection,
    trust: Trust,
    before: Micros,
    limit: i64,
) -> QueryResult<Deleted> {
    write_transaction(conn, |conn| {
        // Or a writer could add a delivery to a callback that is going.
        lock_head(conn)?;
        let mut oldest = callbacks::table
            .filter(callbacks::received_at.lt(before))
            .order((callbacks::received_at, callbacks::id))
            .limit(limit)
            .select(callbacks::id)
            .into_boxed();
        if trust == Trust::Untrusted {
            oldest = oldest.filter(untrusted());
        }
        let ids: Vec<i64> = oldest.load(conn)?;
        if ids.is_empty() {
            return Ok(Deleted::default());
        }
        let theirs = || deliveries::table.filter(deliveries::callback.eq_any(&ids));
        let size_bytes = theirs().select(sql::<BigInt>(&sum_of_sizes())).first(conn)?;
        diesel::delete(theirs()).execute(conn)?;
        let callbacks =
            diesel::delete(callbacks::table.filter(callbacks::id.eq_any(&ids))).execute(conn)?;
        Ok(Deleted { callbacks, size_bytes })
    })
}

/// How far bodies have been taken away: the callback after which the next step goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExpiryMark {
    /// When it was first received.
    pub received_at: Micros,
    /// Its key.
    pub id: i64,
}

/// Takes away the bodies of callbacks first received before a time, in the order of
/// `(received_at, id)` from a mark on; gives how many deliveries lost theirs and the new mark,
/// `None` when there is nothing left to do. Rows, digests and sizes stay.
///
/// # Errors
/// Diesel's; nothing has changed then.
pub fn expire_payloads(
    conn: &mut Connection,
    mark: ExpiryMark,
    before: Micros,
    limit: i64,
) -> QueryResult<(usize, Option<ExpiryMark>)> {
    write_transaction(conn, |conn| {
        lock_head(conn)?;
        let next: Vec<(Micros, i64)> = callbacks::table
            .filter(callbacks::received_at.ge(mark.received_at))
            .filter(callbacks::received_at.gt(mark.received_at).or(callbacks::id.gt(mark.id)))
            .filter(callbacks::received_at.lt(before))
            .order((callbacks::received_at, callbacks::id))
            .limit(limit)
            .select((callbacks::received_at, callbacks::id))
            .load(conn)?;
        let Some(&(received_at, id)) = next.last() else { return Ok((0, None)) };
        let ids: Vec<i64> = next.iter().map(|(_, id)| *id).collect();
        let kept = [Encoding::Raw.code(), Encoding::Zstd.code()];
        let bodies = deliveries::table
            .filter(deliveries::callback.eq_any(ids))
            .filter(deliveries::payload.is_not_null())
            .filter(deliveries::encoding.eq_any(kept));
        let expired = diesel::update(bodies)
            .set((
                deliveries::payload.eq(None::<Vec<u8>>),
                deliveries::encoding.eq(Encoding::Expired.code()),
            ))
            .execute(conn)?;
        Ok((expired, Some(ExpiryMark { received_at, id })))
    })
}

/// Adds up the roll-up's rows of untrusted callbacks of one hour before a time, so that names which
/// anybody can make up do not stay for ever; false when no hour is left. Counts by source and
/// verdict stay.
///
/// # Errors
/// Diesel's; nothing has changed then.
pub fn fold_untrusted_stats(conn: &mut Connection, before: Micros) -> QueryResult<bool> {
    write_transaction(conn, |conn| {
        lock_head(conn)?;
        let named = stats_hour::event_type.ne("").or(stats_hour::workflow.ne(""));
        let hour: Option<Micros> = stats_hour::table
            .filter(stats_hour::hour.lt(before))
            .filter(untrusted())
            .filter(named)
            .select(diesel::dsl::min(stats_hour::hour))
            .first(conn)?;
        let Some(hour) = hour else { return Ok(false) };
        let rows = || stats_hour::table.filter(stats_hour::hour.eq(hour)).filter(untrusted());
        let sums: Vec<(String, i16, i64, i64)> = rows()
            .group_by((stats_hour::source, stats_hour::signature))
            .select((
                stats_hour::source,
                stats_hour::signature,
                sql::<BigInt>("CAST(SUM(callbacks) AS BIGINT)"),
                sql::<BigInt>("CAST(SUM(size_bytes) AS BIGINT)"),
            ))
            .load(conn)?;
        diesel::delete(rows()).execute(conn)?;
        for (source, signature, count, size_bytes) in sums {
            diesel::insert_into(stats_hour::table)
                .values((
                    stats_hour::hour.eq(hour),
                    stats_hour::source.eq(source),
                    stats_hour::event_type.eq(""),
                    stats_hour::workflow.eq(""),
                    stats_hour::signature.eq(signature),
                    stats_hour::callbacks.eq(count),
                    stats_hour::size_bytes.eq(size_bytes),
                ))
                .execute(conn)?;
        }
        Ok(true)
    })
}

/// What is stored, in bytes: the pages of the SQLite file that are in use; on PostgreSQL the bodies
/// with [`ROW_BYTES`] for each delivery, which does not count space that waits to be used again.
///
/// On PostgreSQL the tables' size on disk is given instead when it is not more than `enough`: that
/// costs nothing, while the bodies are read row by row.
///
/// # Errors
/// Diesel's.
pub fn measure_stored_bytes(conn: &mut Connection, enough: i64) -> QueryResult<i64> {
    match conn {
        Connection::Sqlite(sqlite) => {
            let mut number = |pragma: &str| {
                sql::<BigInt>(&format!("SELECT {pragma} FROM pragma_{pragma}"))
                    .get_result::<i64>(sqlite)
            };
            let used = number("page_count")? - number("freelist_count")?;
            Ok(used * number("page_size")?)
        }
        Connection::Postgres(pg) => {
            let on_disk: i64 = sql::<BigInt>(
                "SELECT pg_total_relation_size('llm_callbacks') \
                 + pg_total_relation_size('llm_callback_deliveries')",
            )
            .get_result(pg)?;
            if on_disk <= enough { Ok(on_disk) } else { measure_rows(pg) }
        }
    }
}

/// The length of a large body is known without reading it, on both databases.
fn sum_of_sizes() -> String {
    format!(
        "CAST(COALESCE(SUM(COALESCE(octet_length(payload), 0) + octet_length(headers) \
         + {ROW_BYTES}), 0) AS BIGINT)"
    )
}

fn measure_rows(pg: &mut PgConnection) -> QueryResult<i64> {
    let (mut total, mut from) = (0, 0);
    loop {
        let through: Option<i64> = callbacks::table
            .filter(callbacks::id.gt(from))
            .order(callbacks::id)
            .offset(MEASURE_STEP)
            .select(callbacks::id)
            .first(pg)
            .optional()?;
        let sum: i64 = deliveries::table
            .filter(deliveries::callback.gt(from))
            .filter(deliveries::callback.le(through.unwrap_or(i64::MAX)))
            .select(sql::<BigInt>(&sum_of_sizes()))
            .first(pg)?;
        total += sum;
        let Some(through) = through else { return Ok(total) };
        from = through;
    }
}

/// Gives free pages of a SQLite file back to the system, `pages` at the most, and says whether
/// there are more to give. A little stays free. PostgreSQL's autovacuum does this by itself, so
/// there it is always false.
///
/// # Errors
/// Diesel's.
pub fn vacuum_step(conn: &mut Connection, pages: i64) -> QueryResult<bool> {
    let Connection::Sqlite(sqlite) = conn else { return Ok(false) };
    let surplus = |sqlite: &mut SqliteConnection| -> QueryResult<i64> {
        let free: i64 =
            sql::<BigInt>("SELECT freelist_count FROM pragma_freelist_count").get_result(sqlite)?;
        let all: i64 =
            sql::<BigInt>("SELECT page_count FROM pragma_page_count").get_result(sqlite)?;
        Ok(free - all * SLACK_PERCENT / 100)
    };
    let step = surplus(sqlite)?.min(pages);
    if step <= 0 {
        return Ok(false);
    }
    sqlite.batch_execute(&format!("PRAGMA incremental_vacuum({step})"))?;
    Ok(surplus(sqlite)? > 0)
}

/// True when free space of this database can be given back: always on PostgreSQL; a SQLite file
/// that was made without incremental vacuum needs [`enable_vacuum`] once.
///
/// # Errors
/// Diesel's.
pub fn can_vacuum(conn: &mut Connection) -> QueryResult<bool> {
    let Connection::Sqlite(sqlite) = conn else { return Ok(true) };
    let mode: i64 =
        sql::<BigInt>("SELECT auto_vacuum FROM pragma_auto_vacuum").get_result(sqlite)?;
    Ok(mode != 0)
}

/// Writes a SQLite file anew so that its free space can be given back; does nothing when it can be
/// already. Nobody else can write meanwhile, and it takes as much free disk as the file is large.
///
/// # Errors
/// Diesel's; the file is as it was then.
pub fn enable_vacuum(conn: &mut Connection) -> QueryResult<bool> {
    if can_vacuum(conn)? {
        return Ok(false);
    }
    conn.batch_execute("PRAGMA auto_vacuum = INCREMENTAL; VACUUM")?;
    Ok(true)
}

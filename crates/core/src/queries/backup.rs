//! Copies of a SQLite file, and what must hold before one takes the place of another.
//!
//! PostgreSQL has its own tools for both, and nothing here is for it.

use crate::connection::Connection;
use crate::models::Micros;
use crate::schema::{feed_head, llm_callbacks as callbacks};
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Text;

/// Positions that a restored database leaves out. Whatever was given out after the backup was made
/// is below, so no reader's cursor lies ahead of the feed and no link comes to mean another callback.
const SKIPPED_POSITIONS: i64 = 1_000_000_000;

/// Writes the whole database, as it is at one moment, into a new file, while others read and write.
///
/// # Errors
/// Diesel's; also when the file exists. The new file is incomplete then.
pub fn backup_into(conn: &mut Connection, path: &str) -> QueryResult<()> {
    let Connection::Sqlite(sqlite) = conn else { return Err(not_sqlite()) };
    diesel::sql_query("VACUUM INTO ?").bind::<Text, _>(path).execute(sqlite).map(drop)
}

/// What is wrong with the file, in SQLite's words; nothing when it is whole.
///
/// # Errors
/// Diesel's; a file that is no database is one.
pub fn check_integrity(conn: &mut Connection) -> QueryResult<Vec<String>> {
    let Connection::Sqlite(sqlite) = conn else { return Err(not_sqlite()) };
    let found: Vec<String> = sql::<Text>("PRAGMA integrity_check(20)").load(sqlite)?;
    Ok(found.into_iter().filter(|line| line != "ok").collect())
}

/// How many callbacks there are, and when the newest was received.
///
/// # Errors
/// Diesel's.
pub fn find_extent(conn: &mut Connection) -> QueryResult<(i64, Option<Micros>)> {
    callbacks::table
        .select((diesel::dsl::count_star(), diesel::dsl::max(callbacks::received_at)))
        .first(conn)
}

/// Makes a file that was copied fit to be served: readers go on from where they were.
///
/// # Errors
/// Diesel's; nothing has changed then.
pub fn skip_positions(conn: &mut Connection) -> QueryResult<()> {
    diesel::update(feed_head::table)
        .set(feed_head::seq.eq(feed_head::seq + SKIPPED_POSITIONS))
        .execute(conn)
        .map(drop)
}

/// Takes the file for this connection alone, with its log folded in; false when another process has
/// it open. It stays so until the connection is closed.
///
/// # Errors
/// Diesel's.
pub fn take_alone(conn: &mut Connection) -> QueryResult<bool> {
    let Connection::Sqlite(sqlite) = conn else { return Err(not_sqlite()) };
    // Leaving WAL needs that nobody else has the file open, and says so at once.
    sqlite.batch_execute("PRAGMA busy_timeout = 200")?;
    let left = sql::<Text>("PRAGMA journal_mode = DELETE").get_result::<String>(sqlite);
    match left {
        Ok(mode) if mode == "delete" => {}
        Ok(_) => return Ok(false),
        Err(error) if is_locked(&error) => return Ok(false),
        Err(error) => return Err(error),
    }
    match sqlite.batch_execute("BEGIN EXCLUSIVE") {
        Ok(()) => Ok(true),
        Err(error) if is_locked(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

fn is_locked(error: &diesel::result::Error) -> bool {
    matches!(error, diesel::result::Error::DatabaseError(_, info) if info.message().contains("locked"))
}

fn not_sqlite() -> diesel::result::Error {
    diesel::result::Error::QueryBuilderError("this is for SQLite alone".into())
}

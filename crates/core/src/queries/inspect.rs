//! What a database says of itself: for whoever checks a deployment. Nothing here is needed to serve.

use crate::connection::Connection;
use crate::models::Micros;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

/// The server's clock; `None` on SQLite, which has none of its own.
///
/// # Errors
/// Diesel's.
pub fn find_server_time(conn: &mut Connection) -> QueryResult<Option<Micros>> {
    let Connection::Postgres(pg) = conn else { return Ok(None) };
    sql::<BigInt>("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
        .get_result(pg)
        .map(Some)
}

/// Settings on which the promise depends that an acknowledged callback is on disk, as the server has
/// them: on PostgreSQL those of its configuration, whatever a connection sets; on SQLite the file's.
///
/// # Errors
/// Diesel's.
pub fn list_durability_settings(conn: &mut Connection) -> QueryResult<Vec<(String, String)>> {
    match conn {
        Connection::Postgres(pg) => {
            let lines: Vec<String> = sql::<Text>(
                "SELECT name || '=' || reset_val FROM pg_settings WHERE name IN \
                 ('fsync', 'full_page_writes', 'synchronous_commit', 'synchronous_standby_names', \
                  'max_connections', 'wal_level') ORDER BY name",
            )
            .load(pg)?;
            let split = |line: &String| {
                line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()))
            };
            Ok(lines.iter().filter_map(split).collect())
        }
        Connection::Sqlite(sqlite) => {
            let mode: String = sql::<Text>("PRAGMA journal_mode").get_result(sqlite)?;
            Ok(vec![("journal_mode".to_owned(), mode)])
        }
    }
}

//! One value for each name.

use crate::connection::Connection;
use crate::schema::settings;
use diesel::prelude::*;

/// The identity of this database's feed, 16 hex digits: what cursors are checked against.
pub const FEED_ID: &str = "feed_id";
/// Hex SHA-256 of the token of the open set-up link.
pub const SETUP_TOKEN: &str = "setup_token";

/// How far a copy into this database has come; gone when it is complete.
pub const COPY_PROGRESS: &str = "copy_progress";
/// How far retention has taken bodies away: `<received_at>:<id>`.
pub const PAYLOADS_EXPIRED_THROUGH: &str = "payloads_expired_through";

/// The value of a name; `None` when it was never set.
///
/// # Errors
/// Diesel's.
pub fn find_setting(conn: &mut Connection, name: &str) -> QueryResult<Option<String>> {
    settings::table.find(name).select(settings::value).first(conn).optional()
}

/// Sets a value that is not set yet; an existing one stays.
///
/// # Errors
/// Diesel's.
pub fn insert_setting_once(conn: &mut Connection, name: &str, value: &str) -> QueryResult<()> {
    // ON CONFLICT is the one thing that the shared backend cannot say, hence an arm for each.
    let insert = diesel::insert_into(settings::table)
        .values((settings::name.eq(name), settings::value.eq(value)));
    match conn {
        Connection::Postgres(pg) => insert.on_conflict_do_nothing().execute(pg),
        Connection::Sqlite(sqlite) => insert.on_conflict_do_nothing().execute(sqlite),
    }
    .map(drop)
}

/// Sets a value, whatever it was.
///
/// # Errors
/// Diesel's.
pub fn replace_setting(conn: &mut Connection, name: &str, value: &str) -> QueryResult<()> {
    // One statement: of two nodes that start at once, deleting and inserting would fail on one.
    let insert = diesel::insert_into(settings::table)
        .values((settings::name.eq(name), settings::value.eq(value)))
        .on_conflict(settings::name)
        .do_update()
        .set(settings::value.eq(value));
    match conn {
        Connection::Postgres(pg) => insert.execute(pg),
        Connection::Sqlite(sqlite) => insert.execute(sqlite),
    }
    .map(drop)
}

/// Removes a value; false when there was none.
///
/// # Errors
/// Diesel's.
pub fn delete_setting(conn: &mut Connection, name: &str) -> QueryResult<bool> {
    diesel::delete(settings::table.find(name)).execute(conn).map(|rows| rows > 0)
}

/// The identity of this database's feed; 0 in a database that was never migrated by `migrate`.
///
/// # Errors
/// Diesel's.
pub fn find_feed_id(conn: &mut Connection) -> QueryResult<u64> {
    let value = find_setting(conn, FEED_ID)?;
    Ok(value.and_then(|hex| u64::from_str_radix(&hex, 16).ok()).unwrap_or(0))
}

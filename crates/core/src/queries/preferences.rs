//! What each user wants to be told.

use crate::alert::route::Routing;
use crate::connection::Connection;
use crate::models::{Micros, Role};
use crate::schema::{preferences, users};
use diesel::prelude::*;

/// What a user chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPreferences {
    /// Where and when alerts are told.
    pub routing: Routing,
    /// What the page does, as JSON that only the page understands.
    pub screen: String,
}

/// What a user chose; `None` when it was never chosen.
///
/// # Errors
/// Diesel's.
pub fn find_preferences(
    conn: &mut Connection,
    user_id: i64,
) -> QueryResult<Option<StoredPreferences>> {
    let row: Option<(String, String)> = preferences::table
        .find(user_id)
        .select((preferences::routing, preferences::screen))
        .first(conn)
        .optional()?;
    Ok(row.map(|(routing, screen)| StoredPreferences { routing: parse(&routing), screen }))
}

/// Sets what a user chose, whatever it was.
///
/// # Errors
/// Diesel's.
pub fn replace_preferences(
    conn: &mut Connection,
    user_id: i64,
    chosen: &StoredPreferences,
    at: Micros,
) -> QueryResult<()> {
    let routing = serde_json::to_string(&chosen.routing)
        .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))?;
    let insert = diesel::insert_into(preferences::table)
        .values((
            preferences::user_id.eq(user_id),
            preferences::routing.eq(&routing),
            preferences::screen.eq(&chosen.screen),
            preferences::updated_at.eq(at),
        ))
        .on_conflict(preferences::user_id)
        .do_update()
        .set((
            preferences::routing.eq(&routing),
            preferences::screen.eq(&chosen.screen),
            preferences::updated_at.eq(at),
        ));
    match conn {
        Connection::Postgres(pg) => insert.execute(pg),
        Connection::Sqlite(sqlite) => insert.execute(sqlite),
    }
    .map(drop)
}

/// What every admin who may sign in wants told. Who never chose wants everything, and so it is when
/// there is no admin at all.
///
/// # Errors
/// Diesel's.
pub fn list_routings(conn: &mut Connection) -> QueryResult<Vec<Routing>> {
    let rows: Vec<Option<String>> = users::table
        .left_join(preferences::table.on(preferences::user_id.eq(users::id)))
        .filter(users::role.eq(Role::Admin.code()))
        .filter(users::disabled_at.is_null())
        .order(users::id)
        .select(preferences::routing.nullable())
        .load(conn)?;
    if rows.is_empty() {
        return Ok(vec![Routing::default()]);
    }
    Ok(rows.iter().map(|row| row.as_deref().map(parse).unwrap_or_default()).collect())
}

/// What a newer version wrote and this one cannot read is told as if nothing was chosen: too much
/// rather than nothing.
fn parse(routing: &str) -> Routing {
    serde_json::from_str(routing).unwrap_or_default()
}

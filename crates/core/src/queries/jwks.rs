//! The last good set of keys that was fetched from each address.

use crate::connection::Connection;
use crate::models::Micros;
use crate::schema::jwks_documents;
use diesel::prelude::*;

/// A row of `jwks_documents`.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = jwks_documents)]
pub struct JwksRow {
    /// Key: where it was fetched.
    pub url: String,
    /// As it was answered.
    pub document: String,
    /// When.
    pub fetched_at: Micros,
}

/// Keeps a set in the place of the one before it.
///
/// # Errors
/// Diesel's.
pub fn replace_jwks(conn: &mut Connection, row: &JwksRow) -> QueryResult<()> {
    let insert = diesel::insert_into(jwks_documents::table)
        .values(row.clone())
        .on_conflict(jwks_documents::url)
        .do_update()
        .set(row.clone());
    match conn {
        Connection::Postgres(pg) => insert.execute(pg),
        Connection::Sqlite(sqlite) => insert.execute(sqlite),
    }
    .map(drop)
}

/// Every set that is kept.
///
/// # Errors
/// Diesel's.
pub fn list_jwks(conn: &mut Connection) -> QueryResult<Vec<JwksRow>> {
    jwks_documents::table.select(JwksRow::as_select()).order(jwks_documents::url).load(conn)
}

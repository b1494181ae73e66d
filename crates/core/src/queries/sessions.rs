//! Who is signed in.

use super::users::UserRow;
use super::write_transaction;
use crate::connection::Connection;
use crate::models::Micros;
use crate::schema::{sessions, users};
use diesel::prelude::*;

/// Starts a session. Only the digest of its secret is kept.
///
/// # Errors
/// Diesel's.
pub fn insert_session(
    conn: &mut Connection,
    token_hash: &[u8],
    user_id: i64,
    created_at: Micros,
    expires_at: Micros,
) -> QueryResult<()> {
    write_transaction(conn, |conn| {
        diesel::delete(sessions::table.filter(sessions::expires_at.le(created_at)))
            .execute(conn)?;
        diesel::insert_into(sessions::table)
            .values((
                sessions::token_hash.eq(token_hash),
                sessions::user_id.eq(user_id),
                sessions::created_at.eq(created_at),
                sessions::expires_at.eq(expires_at),
            ))
            .execute(conn)
            .map(drop)
    })
}

/// The user of a session that has not expired; `None` also for a disabled user.
///
/// # Errors
/// Diesel's.
pub fn find_session_user(
    conn: &mut Connection,
    token_hash: &[u8],
    now: Micros,
) -> QueryResult<Option<UserRow>> {
    sessions::table
        .inner_join(users::table)
        .filter(sessions::token_hash.eq(token_hash))
        .filter(sessions::expires_at.gt(now))
        .filter(users::disabled_at.is_null())
        .select(UserRow::as_select())
        .first(conn)
        .optional()
}

/// Ends a session; false when there was none.
///
/// # Errors
/// Diesel's.
pub fn delete_session(conn: &mut Connection, token_hash: &[u8]) -> QueryResult<bool> {
    let session = sessions::table.filter(sessions::token_hash.eq(token_hash));
    diesel::delete(session).execute(conn).map(|rows| rows > 0)
}

/// Ends every session of a user and gives how many.
///
/// # Errors
/// Diesel's.
pub fn delete_sessions_of(conn: &mut Connection, user_id: i64) -> QueryResult<usize> {
    diesel::delete(sessions::table.filter(sessions::user_id.eq(user_id))).execute(conn)
}

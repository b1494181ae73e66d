//! API tokens for scripts.

use crate::connection::Connection;
use crate::models::{Micros, Role};
use crate::schema::api_tokens;
use diesel::prelude::*;

/// A row of `api_tokens` without its digest.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = api_tokens)]
pub struct TokenRow {
    /// Key.
    pub id: i64,
    /// Unique.
    pub name: String,
    /// A [`Role`] code.
    pub role: i16,
    /// When.
    pub created_at: Micros,
    /// Set when it opens nothing any more.
    pub revoked_at: Option<Micros>,
}

impl TokenRow {
    /// What the token may do; an unknown number means the least.
    pub fn role(&self) -> Role {
        Role::from_code(self.role).unwrap_or(Role::Viewer)
    }
}

/// Adds a token and gives the key; `None` when the name is taken.
///
/// # Errors
/// Diesel's.
pub fn insert_token(
    conn: &mut Connection,
    name: &str,
    token_hash: &[u8],
    role: Role,
    at: Micros,
) -> QueryResult<Option<i64>> {
    let inserted = diesel::insert_into(api_tokens::table)
        .values((
            api_tokens::name.eq(name),
            api_tokens::token_hash.eq(token_hash),
            api_tokens::role.eq(role.code()),
            api_tokens::created_at.eq(at),
        ))
        .returning(api_tokens::id)
        .get_result(conn);
    super::users::taken_is_none(inserted)
}

/// The token of a digest; `None` also for a revoked one.
///
/// # Errors
/// Diesel's.
pub fn find_token(conn: &mut Connection, token_hash: &[u8]) -> QueryResult<Option<TokenRow>> {
    api_tokens::table
        .filter(api_tokens::token_hash.eq(token_hash))
        .filter(api_tokens::revoked_at.is_null())
        .select(TokenRow::as_select())
        .first(conn)
        .optional()
}

/// Every token by name, revoked ones included.
///
/// # Errors
/// Diesel's.
pub fn list_tokens(conn: &mut Connection) -> QueryResult<Vec<TokenRow>> {
    api_tokens::table.order(api_tokens::name).select(TokenRow::as_select()).load(conn)
}

/// Revokes a token; false when there is none that works.
///
/// # Errors
/// Diesel's.
pub fn revoke_token(conn: &mut Connection, name: &str, at: Micros) -> QueryResult<bool> {
    let working = api_tokens::table
        .filter(api_tokens::name.eq(name))
        .filter(api_tokens::revoked_at.is_null());
    diesel::update(working)
        .set(api_tokens::revoked_at.eq(Some(at)))
        .execute(conn)
        .map(|rows| rows > 0)
}

//! The people who may sign in.

use super::write_transaction;
use crate::connection::Connection;
use crate::models::{Micros, Role};
use crate::schema::users;
use diesel::prelude::*;
use diesel::result::DatabaseErrorKind;

/// A row of `users`.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct UserRow {
    /// Key.
    pub id: i64,
    /// Unique, as typed.
    pub name: String,
    /// A PHC string.
    pub password_hash: String,
    /// A [`Role`] code.
    pub role: i16,
    /// When.
    pub created_at: Micros,
    /// Set when the user may not sign in any more.
    pub disabled_at: Option<Micros>,
}

impl UserRow {
    /// What the user may do; an unknown number means the least.
    pub fn role(&self) -> Role {
        Role::from_code(self.role).unwrap_or(Role::Viewer)
    }
}

impl std::fmt::Debug for UserRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserRow")
            .field("id", &self.id)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Adds a user and gives the key; `None` when the name is taken.
///
/// # Errors
/// Diesel's.
pub fn insert_user(
    conn: &mut Connection,
    name: &str,
    password_hash: &str,
    role: Role,
    at: Micros,
) -> QueryResult<Option<i64>> {
    let inserted = diesel::insert_into(users::table)
        .values((
            users::name.eq(name),
            users::password_hash.eq(password_hash),
            users::role.eq(role.code()),
            users::created_at.eq(at),
        ))
        .returning(users::id)
        .get_result(conn);
    taken_is_none(inserted)
}

/// A unique name that is taken is an answer, not an error.
pub(super) fn taken_is_none<T>(inserted: QueryResult<T>) -> QueryResult<Option<T>> {
    match inserted {
        Ok(value) => Ok(Some(value)),
        Err(diesel::result::Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The user of a name, also a disabled one; `None` when there is none.
///
/// # Errors
/// Diesel's.
pub fn find_user(conn: &mut Connection, name: &str) -> QueryResult<Option<UserRow>> {
    users::table.filter(users::name.eq(name)).select(UserRow::as_select()).first(conn).optional()
}

/// Every user by name.
///
/// # Errors
/// Diesel's.
pub fn list_users(conn: &mut Connection) -> QueryResult<Vec<UserRow>> {
    users::table.order(users::name).select(UserRow::as_select()).load(conn)
}

/// How many users there are, disabled ones included.
///
/// # Errors
/// Diesel's.
pub fn count_users(conn: &mut Connection) -> QueryResult<i64> {
    users::table.count().get_result(conn)
}

/// Disables a user and ends their sessions; false when there is no such user or it was disabled.
///
/// # Errors
/// Diesel's; nothing has changed then.
pub fn disable_user(conn: &mut Connection, name: &str, at: Micros) -> QueryResult<bool> {
    write_transaction(conn, |conn| {
        let Some(user) = find_user(conn, name)?.filter(|user| user.disabled_at.is_none()) else {
            return Ok(false);
        };
        diesel::update(users::table.find(user.id))
            .set(users::disabled_at.eq(Some(at)))
            .execute(conn)?;
        super::sessions::delete_sessions_of(conn, user.id)?;
        Ok(true)
    })
}

/// Sets a password, enables the user and ends their sessions; false when there is no such user.
///
/// # Errors
/// Diesel's; nothing has changed then.
pub fn update_password(
    conn: &mut Connection,
    name: &str,
    password_hash: &str,
) -> QueryResult<bool> {
    write_transaction(conn, |conn| {
        let Some(user) = find_user(conn, name)? else { return Ok(false) };
        diesel::update(users::table.find(user.id))
            .set((users::password_hash.eq(password_hash), users::disabled_at.eq(None::<Micros>)))
            .execute(conn)?;
        super::sessions::delete_sessions_of(conn, user.id)?;
        Ok(true)
    })
}

/// Uses the set-up link: makes the first admin and gives the key.
///
/// `None` when the token is not the open link's or a user exists already; the link is good once.
///
/// # Errors
/// Diesel's; nothing has changed then.
pub fn insert_first_admin(
    conn: &mut Connection,
    token_digest: &str,
    name: &str,
    password_hash: &str,
    at: Micros,
) -> QueryResult<Option<i64>> {
    use super::settings::{SETUP_TOKEN, delete_setting, find_setting};
    write_transaction(conn, |conn| {
        // Deleting first takes the row's lock, so of two requests with the link one finds it gone.
        let open = find_setting(conn, SETUP_TOKEN)?.is_some_and(|stored| stored == token_digest);
        if !open || !delete_setting(conn, SETUP_TOKEN)? || count_users(conn)? > 0 {
            return Ok(None);
        }
        insert_user(conn, name, password_hash, Role::Admin, at)
    })
}

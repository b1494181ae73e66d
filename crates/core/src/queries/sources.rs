//! Sources that are kept in the database, and their sealed secrets.
//!
//! Every change is one transaction with its entry in the audit log, and takes a new version, by
//! which every node sees that it must read them again.

use super::audit::{NewAuditEntry, insert_audit_entry};
use super::server_key::SERVER_KEY_ID;
use super::settings::find_setting;
use super::write_transaction;
use crate::connection::Connection;
use crate::models::Micros;
use crate::schema::{settings, source_secrets, sources};
use diesel::prelude::*;

/// The setting that counts changes.
pub const SOURCES_VERSION: &str = "sources_version";

/// A row of `sources`.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = sources, treat_none_as_default_value = false)]
pub struct SourceRow {
    /// Key, and the last part of its path.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// The name of an entry in the provider list.
    pub provider: String,
    /// What differs from the provider's usual ways, a JSON object.
    pub options: String,
    /// Whether what is not valid is answered 401.
    pub strict: bool,
    /// Set while it takes nothing.
    pub paused_at: Option<Micros>,
    /// When.
    pub created_at: Micros,
    /// Who.
    pub created_by: String,
}

/// What of a source is to change; `None` leaves it.
#[derive(Clone, Debug, Default, AsChangeset)]
#[diesel(table_name = sources)]
pub struct SourceChange {
    /// What people call it.
    pub title: Option<String>,
    /// What differs from the provider's usual ways.
    pub options: Option<String>,
    /// Whether what is not valid is answered 401.
    pub strict: Option<bool>,
    /// When it was paused; `Some(None)` lets it go on.
    pub paused_at: Option<Option<Micros>>,
}

impl SourceChange {
    fn is_empty(&self) -> bool {
        self.title.is_none()
            && self.options.is_none()
            && self.strict.is_none()
            && self.paused_at.is_none()
    }
}

/// A row of `source_secrets`. What is sealed shows itself to nobody without the key.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = source_secrets, treat_none_as_default_value = false)]
pub struct SecretRow {
    /// Key.
    pub id: String,
    /// Whose.
    pub source: String,
    /// What people call it.
    pub label: String,
    /// See [`crate::keys::ServerKey::seal`].
    pub sealed: Vec<u8>,
    /// The key that sealed it.
    pub key_id: String,
    /// Not tried before.
    pub starts_at: Option<Micros>,
    /// Not tried from then on.
    pub ends_at: Option<Micros>,
    /// When.
    pub created_at: Micros,
    /// Who.
    pub created_by: String,
}

impl std::fmt::Debug for SecretRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretRow")
            .field("id", &self.id)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl SecretRow {
    /// What the seal is bound to.
    pub fn context(&self) -> String {
        secret_context(&self.source, &self.id)
    }
}

/// What the seal of a secret is bound to. Neither part can hold a space.
pub fn secret_context(source: &str, id: &str) -> String {
    format!("source secret {source} {id}")
}

/// What of a secret is to change; `None` leaves it.
#[derive(Clone, Debug, Default, AsChangeset)]
#[diesel(table_name = source_secrets)]
pub struct SecretChange {
    /// What people call it.
    pub label: Option<String>,
    /// Not tried before.
    pub starts_at: Option<Option<Micros>>,
    /// Not tried from then on.
    pub ends_at: Option<Option<Micros>>,
}

/// What became of a secret that was to be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretInserted {
    /// It is there.
    Done,
    /// There is no such source.
    NoSource,
    /// It is sealed with a key that is not the present one: read the keys again, seal it anew.
    KeyChanged,
}

/// Adds a source; false when the name is taken.
///
/// # Errors
/// Diesel's.
pub fn insert_source(
    conn: &mut Connection,
    source: &SourceRow,
    audit: &NewAuditEntry,
) -> QueryResult<bool> {
    change_sources(conn, |conn| {
        let is_taken = find_source(conn, &source.name)?.is_some();
        if is_taken {
            return Ok(false);
        }
        diesel::insert_into(sources::table).values(source.clone()).execute(conn)?;
        insert_audit_entry(conn, audit).map(|()| true)
    })
}

/// Changes a source; false when there is none of the name.
///
/// # Errors
/// Diesel's.
pub fn update_source(
    conn: &mut Connection,
    name: &str,
    change: &SourceChange,
    audit: &NewAuditEntry,
) -> QueryResult<bool> {
    if change.is_empty() {
        return find_source(conn, name).map(|source| source.is_some());
    }
    change_sources(conn, |conn| {
        let rows = diesel::update(sources::table.find(name)).set(change.clone()).execute(conn)?;
        record_if(conn, rows > 0, audit)
    })
}

/// Deletes a source with its secrets; its callbacks stay. False when there is none of the name.
///
/// # Errors
/// Diesel's.
pub fn delete_source(
    conn: &mut Connection,
    name: &str,
    audit: &NewAuditEntry,
) -> QueryResult<bool> {
    change_sources(conn, |conn| {
        diesel::delete(source_secrets::table.filter(source_secrets::source.eq(name)))
            .execute(conn)?;
        let rows = diesel::delete(sources::table.find(name)).execute(conn)?;
        record_if(conn, rows > 0, audit)
    })
}

/// The source of a name.
///
/// # Errors
/// Diesel's.
pub fn find_source(conn: &mut Connection, name: &str) -> QueryResult<Option<SourceRow>> {
    sources::table.find(name).select(SourceRow::as_select()).first(conn).optional()
}

/// Every source by name.
///
/// # Errors
/// Diesel's.
pub fn list_sources(conn: &mut Connection) -> QueryResult<Vec<SourceRow>> {
    sources::table.order(sources::name).select(SourceRow::as_select()).load(conn)
}

/// Every secret of every source, the oldest first.
///
/// # Errors
/// Diesel's.
pub fn list_secrets(conn: &mut Connection) -> QueryResult<Vec<SecretRow>> {
    source_secrets::table
        .order((source_secrets::created_at, source_secrets::id))
        .select(SecretRow::as_select())
        .load(conn)
}

/// Adds a secret that was sealed with the present key.
///
/// # Errors
/// Diesel's.
pub fn insert_secret(
    conn: &mut Connection,
    secret: &SecretRow,
    audit: &NewAuditEntry,
) -> QueryResult<SecretInserted> {
    change_sources(conn, |conn| {
        // In the transaction, so that a change of the key never leaves one behind that it sealed.
        if find_setting(conn, SERVER_KEY_ID)?.as_ref() != Some(&secret.key_id) {
            return Ok(SecretInserted::KeyChanged);
        }
        if find_source(conn, &secret.source)?.is_none() {
            return Ok(SecretInserted::NoSource);
        }
        diesel::insert_into(source_secrets::table).values(secret.clone()).execute(conn)?;
        insert_audit_entry(conn, audit).map(|()| SecretInserted::Done)
    })
}

/// Changes the label or the dates of a secret; false when the source has none of the id.
///
/// # Errors
/// Diesel's.
pub fn update_secret(
    conn: &mut Connection,
    source: &str,
    id: &str,
    change: &SecretChange,
    audit: &NewAuditEntry,
) -> QueryResult<bool> {
    change_sources(conn, |conn| {
        let of_source = source_secrets::table.find(id).filter(source_secrets::source.eq(source));
        let rows = diesel::update(of_source).set(change.clone()).execute(conn)?;
        record_if(conn, rows > 0, audit)
    })
}

/// Deletes a secret; false when the source has none of the id.
///
/// # Errors
/// Diesel's.
pub fn delete_secret(
    conn: &mut Connection,
    source: &str,
    id: &str,
    audit: &NewAuditEntry,
) -> QueryResult<bool> {
    change_sources(conn, |conn| {
        let of_source = source_secrets::table.find(id).filter(source_secrets::source.eq(source));
        let rows = diesel::delete(of_source).execute(conn)?;
        record_if(conn, rows > 0, audit)
    })
}

/// How often the sources were changed.
///
/// # Errors
/// Diesel's.
pub fn find_sources_version(conn: &mut Connection) -> QueryResult<i64> {
    let value = find_setting(conn, SOURCES_VERSION)?;
    Ok(value.and_then(|text| text.parse().ok()).unwrap_or(0))
}

/// Replaces a sealed secret by the same one under another key, in a change of the key.
pub(super) fn replace_sealed(
    conn: &mut Connection,
    id: &str,
    sealed: &[u8],
    key_id: &str,
) -> QueryResult<()> {
    diesel::update(source_secrets::table.find(id))
        .set((source_secrets::sealed.eq(sealed), source_secrets::key_id.eq(key_id)))
        .execute(conn)
        .map(drop)
}

/// A transaction that changes sources. It takes the next version first, whose row stays locked
/// until the commit: changes of several nodes follow one another, and a change of the server's key
/// and a new secret never pass each other.
pub(super) fn change_sources<T>(
    conn: &mut Connection,
    work: impl FnOnce(&mut Connection) -> QueryResult<T>,
) -> QueryResult<T> {
    write_transaction(conn, |conn| {
        let next =
            diesel::dsl::sql::<diesel::sql_types::Text>("CAST(CAST(value AS BIGINT) + 1 AS TEXT)");
        diesel::update(settings::table.find(SOURCES_VERSION))
            .set(settings::value.eq(next))
            .execute(conn)?;
        work(conn)
    })
}

fn record_if(conn: &mut Connection, changed: bool, audit: &NewAuditEntry) -> QueryResult<bool> {
    if changed {
        insert_audit_entry(conn, audit)?;
    }
    Ok(changed)
}

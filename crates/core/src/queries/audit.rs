//! Who changed what and when.

use crate::connection::Connection;
use crate::models::Micros;
use crate::schema::audit_log;
use diesel::prelude::*;

/// Something that somebody did, to record. Record it in the transaction that does it.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = audit_log)]
pub struct NewAuditEntry {
    /// When.
    pub at: Micros,
    /// The user's or the token's name; `command line` or `server` when it was neither.
    pub actor: String,
    /// What, as `noun.verb`: `source.create`, `secret.end`.
    pub action: String,
    /// To what: the name of the source, the id of the alert.
    pub subject: String,
    /// More about it, a JSON object. Never a secret.
    pub details: String,
}

/// A row of `audit_log`.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = audit_log)]
pub struct AuditEntryRow {
    /// Key; grows with time.
    pub id: i64,
    /// When.
    pub at: Micros,
    /// Who.
    pub actor: String,
    /// What.
    pub action: String,
    /// To what.
    pub subject: String,
    /// More about it, a JSON object.
    pub details: String,
}

/// Records what somebody did.
///
/// # Errors
/// Diesel's.
pub fn insert_audit_entry(conn: &mut Connection, entry: &NewAuditEntry) -> QueryResult<()> {
    diesel::insert_into(audit_log::table).values(entry.clone()).execute(conn).map(drop)
}

/// What was done before an entry, newest first; the newest when `before` is `None`.
///
/// # Errors
/// Diesel's.
pub fn list_audit_entries(
    conn: &mut Connection,
    before: Option<i64>,
    limit: i64,
) -> QueryResult<Vec<AuditEntryRow>> {
    audit_log::table
        .filter(audit_log::id.lt(before.unwrap_or(i64::MAX)))
        .order(audit_log::id.desc())
        .limit(limit)
        .select(AuditEntryRow::as_select())
        .load(conn)
}

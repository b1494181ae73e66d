//! Deliveries that were refused and not stored.

use super::write_transaction;
use crate::connection::Connection;
use crate::models::Micros;
use crate::schema::refused_deliveries;
use diesel::prelude::*;

/// How many are kept: a flood of refusals must not fill the disk.
const KEPT: i64 = 10_000;

/// A refusal to record.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = refused_deliveries, treat_none_as_default_value = false)]
pub struct NewRefusal {
    /// Where it was sent.
    pub source: String,
    /// The name of the problem that the sender got.
    pub problem: String,
    /// As declared, else what was read.
    pub size_bytes: i64,
    /// The sender's address.
    pub remote_addr: Option<String>,
    /// When; the last of them.
    pub received_at: Micros,
    /// How many requests were refused so.
    pub seen: i64,
}

/// A row of `refused_deliveries`.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = refused_deliveries)]
pub struct RefusalRow {
    /// Key.
    pub id: i64,
    /// Where it was sent.
    pub source: String,
    /// The name of the problem that the sender got.
    pub problem: String,
    /// As declared, else what was read.
    pub size_bytes: i64,
    /// The sender's address.
    pub remote_addr: Option<String>,
    /// When; the last of them.
    pub received_at: Micros,
    /// How many requests were refused so.
    pub seen: i64,
}

/// Records a refusal and lets go of those beyond the newest 10,000.
///
/// # Errors
/// Diesel's; nothing was recorded then.
pub fn insert_refusal(conn: &mut Connection, refusal: &NewRefusal) -> QueryResult<()> {
    insert_refusals(conn, std::slice::from_ref(refusal))
}

/// Records several refusals and lets go of those beyond the newest 10,000.
///
/// # Errors
/// Diesel's; nothing was recorded then.
pub fn insert_refusals(conn: &mut Connection, refused: &[NewRefusal]) -> QueryResult<()> {
    use refused_deliveries::dsl;
    if refused.is_empty() {
        return Ok(());
    }
    write_transaction(conn, |conn| {
        for refusal in refused {
            diesel::insert_into(dsl::refused_deliveries).values(refusal.clone()).execute(conn)?;
        }
        let newest: Option<i64> =
            dsl::refused_deliveries.select(diesel::dsl::max(dsl::id)).first(conn)?;
        let oldest_kept = newest.unwrap_or(0) - KEPT;
        diesel::delete(dsl::refused_deliveries.filter(dsl::id.le(oldest_kept)))
            .execute(conn)
            .map(drop)
    })
}

/// The newest refusals, newest first.
///
/// # Errors
/// Diesel's.
pub fn list_refusals(conn: &mut Connection, limit: i64) -> QueryResult<Vec<RefusalRow>> {
    use refused_deliveries::dsl;
    dsl::refused_deliveries
        .select(RefusalRow::as_select())
        .order(dsl::id.desc())
        .limit(limit)
        .load(conn)
}

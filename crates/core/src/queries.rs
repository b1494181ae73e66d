//! Every SQL statement of Ringback. One statement or one transaction for each function.
//!
//! Errors are diesel's own: what a caller does next depends on whether the database is still there,
//! which it finds out with [`is_alive`].

pub mod alerts;
pub mod audit;
pub mod backup;
pub mod callbacks;
pub mod channels;
pub mod copy;
pub mod inspect;
pub mod jwks;
pub mod leases;
pub mod notices;
pub mod preferences;
pub mod refusals;
pub mod retention;
pub mod reverify;
pub mod server_key;
pub mod sessions;
pub mod settings;
pub mod sources;
pub mod stats;
pub mod tokens;
mod upsert;
pub mod users;
pub mod viewed;

pub use callbacks::{
    HistoryFilter, HistoryPage, Page, StoredCallback, StoredDelivery, find_callback, find_payload,
    list_callback_history, list_callbacks_after,
};
pub use retention::delete_callbacks_before;
pub use stats::{Bucket, BucketCount, Labels, StatsFilter, count_callbacks_by_bucket, list_labels};
pub use upsert::upsert_callbacks;
pub use viewed::{
    UnviewedSelection, ViewedSelection, count_unviewed_callbacks, mark_callbacks_viewed,
    unmark_callbacks_viewed,
};

use crate::connection::Connection;
use diesel::connection::{Connection as _, SimpleConnection};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sqlite::Sqlite;
use diesel::{QueryResult, RunQueryDsl, SqliteConnection};

/// True when the database answers on this connection.
pub fn is_alive(conn: &mut Connection) -> bool {
    conn.batch_execute("SELECT 1").is_ok()
}

/// Takes what SQLite's log holds over into the file, as far as readers and the writer allow, without
/// making either wait. Nothing to do on PostgreSQL, which does so by itself.
///
/// # Errors
/// Diesel's; the log stays, and with it all that it holds.
pub fn checkpoint(conn: &mut Connection) -> QueryResult<()> {
    match conn {
        Connection::Postgres(_) => Ok(()),
        Connection::Sqlite(sqlite) => sqlite.batch_execute("PRAGMA wal_checkpoint(PASSIVE)"),
    }
}

/// True when a transaction lost against another one (SQLSTATE 40001 or 40P01) and changed nothing:
/// the same again may well succeed.
pub fn is_worth_repeating(error: &diesel::result::Error) -> bool {
    use diesel::result::{DatabaseErrorKind, Error};
    match error {
        Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => true,
        // Diesel has no kind for 40P01 and does not show the state, so its text has to do.
        Error::DatabaseError(_, info) => info.message().contains("deadlock detected"),
        _ => false,
    }
}

/// Changes nothing, and has SQLite's write lock afterwards. Prepared once for each connection.
struct TakeWriteLock;

impl QueryId for TakeWriteLock {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl RunQueryDsl<SqliteConnection> for TakeWriteLock {}

impl QueryFragment<Sqlite> for TakeWriteLock {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("UPDATE feed_head SET seq = seq WHERE one = 0");
        Ok(())
    }
}

/// A transaction that writes.
///
/// SQLite would let a transaction that reads first begin without the write lock and refuse its
/// first write when another process wrote meanwhile, so there the lock is taken at once, by a write
/// that changes nothing.
fn write_transaction<T>(
    conn: &mut Connection,
    work: impl FnOnce(&mut Connection) -> QueryResult<T>,
) -> QueryResult<T> {
    conn.transaction(|conn| {
        if let Connection::Sqlite(sqlite) = conn {
            TakeWriteLock.execute(sqlite)?;
        }
        work(conn)
    })
}

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
        // Diesel has no kind for 40P01 and does not show the state.
        Error::DatabaseError(DatabaseErrorKind::Unknown, info) => {
            info.message().contains("deadlock detected")
                || info.details().is_some_and(names_locks_in_a_circle)
        }
        _ => false,
    }
}

/// The detail of a deadlock has a line for each process that waits, with the lock that it waits for.
/// The server says the rest in its own language (`lc_messages`, which only a superuser may set), but
/// the names of locks in none.
fn names_locks_in_a_circle(detail: &str) -> bool {
    let names_lock = |line: &str| line.contains("ShareLock") || line.contains("ExclusiveLock");
    detail.lines().count() > 1 && detail.lines().all(names_lock)
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

#[cfg(test)]
mod tests {
    use super::is_worth_repeating;
    use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error};

    struct Said {
        message: &'static str,
        detail: Option<&'static str>,
    }

    impl DatabaseErrorInformation for Said {
        fn message(&self) -> &str {
            self.message
        }
        fn details(&self) -> Option<&str> {
            self.detail
        }
        fn hint(&self) -> Option<&str> {
            None
        }
        fn table_name(&self) -> Option<&str> {
            None
        }
        fn column_name(&self) -> Option<&str> {
            None
        }
        fn constraint_name(&self) -> Option<&str> {
            None
        }
        fn statement_position(&self) -> Option<i32> {
            None
        }
    }

    fn is_repeated(message: &'static str, detail: Option<&'static str>) -> bool {
        let said = Box::new(Said { message, detail });
        is_worth_repeating(&Error::DatabaseError(DatabaseErrorKind::Unknown, said))
    }

    #[test]
    fn a_deadlock_is_known_in_every_language() {
        for (message, detail) in [
            (
                "deadlock detected",
                "Process 7 waits for ShareLock on transaction 5; blocked by process 8.\n\
                 Process 8 waits for ExclusiveLock on tuple (0,1) of relation 9 of database 1; \
                 blocked by process 7.",
            ),
            (
                "Verklemmung (Deadlock) entdeckt",
                "Prozess 7 wartet auf ShareLock-Sperre auf Transaktion 5; blockiert von Prozess 8.\n\
                 Prozess 8 wartet auf ShareLock-Sperre auf Transaktion 4; blockiert von Prozess 7.",
            ),
            (
                "обнаружена взаимоблокировка",
                "Процесс 7 ожидает в режиме ShareLock блокировку \"транзакция 5\"; заблокирован \
                 процессом 8.\nПроцесс 8 ожидает в режиме AccessExclusiveLock блокировку \
                 \"отношение 9 базы данных 1\"; заблокирован процессом 7.",
            ),
            (
                "检测到死锁",
                "进程7等待在事务 5上的ShareLock; 由进程8阻塞.\n\
                 进程8等待在事务 4上的ShareLock; 由进程7阻塞.",
            ),
        ] {
            assert!(is_repeated(message, Some(detail)), "{message}");
        }
        assert!(is_repeated("deadlock detected", None));
    }

    #[test]
    fn what_the_same_again_would_not_mend_is_not_repeated() {
        for (message, detail) in [
            ("canceling statement due to lock timeout", None),
            ("could not extend file", Some("No space left on device")),
            ("invalid byte sequence for encoding \"UTF8\": 0x00", None),
            ("no", Some("a ShareLock\nis named here by chance")),
            ("no", Some("one line with a ShareLock")),
        ] {
            assert!(!is_repeated(message, detail), "{message}");
        }
        assert!(!is_worth_repeating(&Error::NotFound));
    }
}

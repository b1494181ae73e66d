//! Deliveries to store, threads that start together, and what the tests ask of the database.

use diesel::connection::{Connection as _, SimpleConnection};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use ringback_core::connection::Connection;
use ringback_core::models::{
    CallbackRow, Encoding, IdOrigin, Micros, NewDelivery, Reason, Signature, StoredBody,
    StoredReceipt,
};
use ringback_core::queries::{
    StoredCallback, find_callback, find_payload, list_callbacks_after, upsert_callbacks,
};
use ringback_core::schema::{llm_callback_deliveries as deliveries, llm_callbacks as callbacks};
use ringback_testing::TestDatabase;
use sha2::{Digest, Sha256};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

/// When everything is received unless a test says otherwise: the start of an hour, 08:00 of a day.
pub(crate) const START: Micros = 1_800_000_000_000_000;
pub(crate) const HOUR: Micros = 3_600_000_000;
pub(crate) const SOURCE: &str = "default";

/// A delivery with little in it; tests change fields with `..delivery(…)`.
pub(crate) fn delivery(
    signature: Signature,
    callback_id: &str,
    bytes: impl AsRef<[u8]>,
) -> NewDelivery {
    let reason = match signature {
        Signature::Unchecked => Some(Reason::NoSecret),
        Signature::Missing => Some(Reason::HeaderMissing),
        Signature::Invalid => Some(Reason::Wrong),
        Signature::Valid => None,
    };
    NewDelivery {
        source: SOURCE.to_owned(),
        callback_id: callback_id.to_owned(),
        id_origin: IdOrigin::Sent,
        id_is_signed: true,
        event_type: "job.completed".to_owned(),
        job_id: None,
        workflow: None,
        signature,
        reason,
        signed_at: None,
        received_at: START,
        remote_addr: None,
        headers: "[]".to_owned(),
        content_type: None,
        body: body(bytes.as_ref()),
        signature_mac: None,
    }
}

pub(crate) fn valid(callback_id: &str, bytes: impl AsRef<[u8]>) -> NewDelivery {
    delivery(Signature::Valid, callback_id, bytes)
}

pub(crate) fn forged(callback_id: &str, bytes: impl AsRef<[u8]>) -> NewDelivery {
    delivery(Signature::Invalid, callback_id, bytes)
}

pub(crate) fn body(bytes: &[u8]) -> StoredBody {
    StoredBody {
        encoding: Encoding::Raw,
        bytes: bytes.to_vec(),
        size_bytes: i64::try_from(bytes.len()).expect("a test body is small"),
        sha256: Sha256::digest(bytes).into(),
    }
}

pub(crate) fn store(conn: &mut Connection, batch: &[NewDelivery]) -> Vec<StoredReceipt> {
    upsert_callbacks(conn, batch).expect("the batch is stored")
}

pub(crate) fn store_one(conn: &mut Connection, delivery: NewDelivery) -> StoredReceipt {
    store(conn, &[delivery]).remove(0)
}

/// Every callback in the order of the feed.
pub(crate) fn all_rows(conn: &mut Connection) -> Vec<CallbackRow> {
    let lines = list_callbacks_after(conn, 0, 100_000).expect("the feed is read");
    lines.into_iter().map(|line| line.callback).collect()
}

pub(crate) fn callback(conn: &mut Connection, id: i64) -> StoredCallback {
    find_callback(conn, id).expect("the callback is read").expect("the callback is there")
}

pub(crate) fn row(conn: &mut Connection, id: i64) -> CallbackRow {
    callback(conn, id).line.callback
}

/// How many requests a callback came with.
pub(crate) fn count_deliveries(conn: &mut Connection, id: i64) -> i64 {
    callback(conn, id).line.deliveries
}

/// The bytes that are the callback's content now.
pub(crate) fn content(conn: &mut Connection, id: i64) -> Vec<u8> {
    let delivery_id = row(conn, id).delivery_id;
    find_payload(conn, id, delivery_id).expect("the body is read").expect("the body is kept")
}

/// The verdict and the bytes of everything kept of a callback, oldest first.
pub(crate) fn evidence(conn: &mut Connection, id: i64) -> Vec<(Signature, Option<Vec<u8>>)> {
    let kept = callback(conn, id).deliveries;
    let read = |delivery: &ringback_core::queries::StoredDelivery| {
        (delivery.signature(), find_payload(conn, id, delivery.id).expect("the body is read"))
    };
    kept.iter().map(read).collect()
}

/// The first number that a query gives.
pub(crate) fn number(conn: &mut Connection, query: &str) -> i64 {
    sql::<BigInt>(query).get_result(conn).expect("the query runs")
}

pub(crate) fn execute(conn: &mut Connection, statements: &str) {
    conn.batch_execute(statements).expect("the statements run");
}

/// Lets SQLite commit without waiting for the disk: for tests of many small transactions.
pub(crate) fn do_not_wait_for_the_disk(conn: &mut Connection) {
    if let Connection::Sqlite(_) = conn {
        execute(conn, "PRAGMA synchronous = OFF");
    }
}

/// Neither evidence without a callback nor a callback without its content.
pub(crate) fn assert_no_orphans(conn: &mut Connection) {
    let without_callback: Vec<i64> = deliveries::table
        .filter(deliveries::callback.ne_all(callbacks::table.select(callbacks::id)))
        .select(deliveries::id)
        .load(conn)
        .expect("the evidence is read");
    assert_eq!(without_callback, [0; 0], "evidence without a callback");
    let without_content: Vec<i64> = callbacks::table
        .filter(callbacks::delivery_id.ne_all(deliveries::table.select(deliveries::id)))
        .select(callbacks::id)
        .load(conn)
        .expect("the callbacks are read");
    assert_eq!(without_content, [0; 0], "callbacks without their content");
}

/// Runs `work` on as many connections, all starting at the same moment; gives what each gave.
pub(crate) fn at_once<T: Send>(
    database: &TestDatabase,
    threads: usize,
    work: impl Fn(usize, &mut Connection) -> T + Sync,
) -> Vec<T> {
    let conns: Vec<Connection> = (0..threads).map(|_| database.connect()).collect();
    let barrier = Barrier::new(threads);
    thread::scope(|scope| {
        let start = |(index, mut conn): (usize, Connection)| {
            let (barrier, work) = (&barrier, &work);
            scope.spawn(move || {
                barrier.wait();
                work(index, &mut conn)
            })
        };
        let handles: Vec<_> = conns.into_iter().enumerate().map(start).collect();
        handles.into_iter().map(|handle| handle.join().expect("the thread ends well")).collect()
    })
}

/// Runs `second` on another connection while `first`'s transaction is open, and gives what it gave.
///
/// On PostgreSQL `and_then`, which ends the transaction, begins when `second` is seen to wait. A
/// SQLite connection waits in silence; there `second` may begin before or after the end.
pub(crate) fn while_open<T: Send>(
    database: &TestDatabase,
    first: impl FnOnce(&mut Connection),
    second: impl FnOnce(&mut Connection) -> T + Send,
    and_then: impl FnOnce(&mut Connection) -> QueryResult<()>,
) -> T {
    let (mut one, mut other, mut watcher) =
        (database.connect(), database.connect(), database.connect());
    thread::scope(|scope| {
        let mut handle = None;
        let ended = one.transaction(|conn| {
            first(conn);
            handle = Some(scope.spawn(move || second(&mut other)));
            if database.url().is_postgres() {
                wait_until_somebody_waits(&mut watcher);
            }
            and_then(conn)
        });
        assert!(matches!(ended, Ok(()) | Err(diesel::result::Error::RollbackTransaction)));
        handle.expect("it was started").join().expect("the thread ends well")
    })
}

fn wait_until_somebody_waits(watcher: &mut Connection) {
    let deadline = Instant::now() + Duration::from_secs(60);
    let waiting = "SELECT count(*) FROM pg_stat_activity \
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while number(watcher, waiting) == 0 {
        assert!(Instant::now() < deadline, "nobody ever waited for the open transaction");
        thread::yield_now();
    }
}

//! The group-commit writer, with a database that somebody else blocks, breaks or takes away.

use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::sql_types::BigInt;
use futures_util::future::join_all;
use ringback_api::writer::{StoreError, Writer, WriterConfig};
use ringback_core::connection::{Connection, DatabaseUrl, Purpose};
use ringback_core::intake::{Request, read_delivery};
use ringback_core::models::NewDelivery;
use ringback_core::signature::Headers;
use ringback_core::source::Source;
use ringback_testing::{TestDatabase, for_each_database};
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::{Duration, Instant};

/// A callback of this id, unsigned.
pub(crate) fn delivery(id: &str) -> NewDelivery {
    let headers = Headers::new([("x-callback-id", id)]);
    let request = Request { headers: &headers, body: b"{}", remote_addr: None, received_at: 0 };
    read_delivery(&Source::default_source(vec![]), &request)
}

fn start(
    database: &TestDatabase,
    config: WriterConfig,
) -> (Writer, ringback_api::writer::WriterThread) {
    Writer::start(database.url().clone(), database.connect(), config).expect("a thread")
}

/// Keeps every other writer out until it is dropped.
fn block(database: &TestDatabase) -> Connection {
    let mut conn = database.connect();
    let lock = match conn {
        Connection::Sqlite(_) => "BEGIN IMMEDIATE",
        Connection::Postgres(_) => "BEGIN; UPDATE feed_head SET seq = seq",
    };
    conn.batch_execute(lock).expect("the lock");
    conn
}

fn run<T>(future: impl Future<Output = T>) -> T {
    actix_web::rt::System::new().block_on(future)
}

/// Asks it once, which is what starts it.
async fn is_waiting(mut future: Pin<&mut impl Future>) -> bool {
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_pending())).await
}

#[test]
fn a_full_queue_refuses_at_once_and_loses_nothing_that_it_took() {
    for_each_database(|database| {
        let config = WriterConfig { queue: 4, batch: 2, ..WriterConfig::default() };
        let (writer, thread) = start(database, config);
        run(async {
            let mut blocker = block(database);
            let deliveries: Vec<NewDelivery> =
                (0..40).map(|n| delivery(&format!("m{n}"))).collect();
            let all = join_all(deliveries.into_iter().map(|d| writer.store(d)));
            // Forty at once into a queue of four that nobody empties: most are refused right away.
            let unblock = async { blocker.batch_execute("ROLLBACK").expect("unblocked") };
            let (results, ()) = tokio::join!(all, unblock);
            let stored = results.iter().filter(|result| result.is_ok()).count();
            let refused = results.iter().filter(|result| **result == Err(StoreError::Full)).count();
            assert_eq!(stored + refused, 40, "{results:?}");
            assert!(stored >= 4 && refused >= 30, "{stored} stored, {refused} refused");
            let kept =
                ringback_core::queries::list_callbacks_after(&mut database.connect(), 0, 100)
                    .expect("the feed");
            assert_eq!(kept.len(), stored);
            assert!(writer.store(delivery("after")).await.is_ok(), "it takes work again");
        });
        thread.drain();
    });
}

#[test]
fn too_many_bytes_in_the_queue_are_refused_too() {
    for_each_database(|database| {
        let config = WriterConfig { queue_bytes: 3, ..WriterConfig::default() };
        let (writer, thread) = start(database, config);
        run(async {
            let mut blocker = block(database);
            let all = join_all((0..10).map(|n| writer.store(delivery(&format!("m{n}")))));
            let unblock = async { blocker.batch_execute("ROLLBACK").expect("unblocked") };
            let (results, ()) = tokio::join!(all, unblock);
            assert!(results.contains(&Err(StoreError::Full)));
            assert!(results.iter().any(Result::is_ok));
            assert!(writer.store(delivery("after")).await.is_ok(), "the bytes are given back");
        });
        thread.drain();
    });
}

#[test]
fn nobody_waits_for_longer_than_senders_do() {
    for_each_database(|database| {
        let patience = std::time::Duration::from_millis(100);
        let (writer, thread) =
            start(database, WriterConfig { patience, ..WriterConfig::default() });
        run(async {
            let mut blocker = block(database);
            assert_eq!(writer.store(delivery("m1")).await, Err(StoreError::Full));
            assert_eq!(writer.write(|_| Ok(())).await, Err(StoreError::Full));
            blocker.batch_execute("ROLLBACK").expect("unblocked");
            while writer.store(delivery("m1")).await.is_err() {}
            let kept =
                ringback_core::queries::list_callbacks_after(&mut database.connect(), 0, 100)
                    .expect("the feed");
            assert_eq!(kept.len(), 1, "what was stored too late is the same callback");
        });
        thread.drain();
    });
}

#[test]
fn work_is_not_done_for_a_sender_who_has_gone() {
    for_each_database(|database| {
        let (writer, thread) =
            start(database, WriterConfig { batch: 1, ..WriterConfig::default() });
        run(async {
            let mut blocker = block(database);
            let mut first = pin!(writer.store(delivery("waits")));
            assert!(is_waiting(first.as_mut()).await, "nothing is stored yet");
            // The writer has it in its hands, so what comes next is looked at after the sender went.
            while writer.waiting().0 > 0 {
                std::thread::yield_now();
            }
            {
                let gone = pin!(writer.store(delivery("hung up")));
                assert!(is_waiting(gone).await, "nothing is stored yet");
            }
            blocker.batch_execute("ROLLBACK").expect("unblocked");
            assert!(first.await.is_ok());
            assert!(writer.store(delivery("comes after")).await.is_ok());
        });
        thread.drain();
        let kept = ringback_core::queries::list_callbacks_after(&mut database.connect(), 0, 100)
            .expect("the feed");
        let ids: Vec<&str> = kept.iter().map(|line| line.callback.callback_id.as_str()).collect();
        assert_eq!(ids, ["waits", "comes after"], "nobody would have heard that it is stored");
    });
}

#[test]
fn one_bad_row_never_fails_its_neighbours() {
    for_each_database(|database| {
        let mut conn = database.connect();
        let is_sqlite = matches!(conn, Connection::Sqlite(_));
        if is_sqlite {
            conn.batch_execute(
                "CREATE TRIGGER poison BEFORE INSERT ON llm_callbacks \
                 WHEN NEW.event_type = 'poison' BEGIN SELECT RAISE(ABORT, 'poison'); END",
            )
            .expect("a trigger");
        }
        let (writer, thread) = start(database, WriterConfig::default());
        run(async {
            let mut blocker = block(database);
            let deliveries: Vec<NewDelivery> = (0..20)
                .map(|n| {
                    let mut delivery = delivery(&format!("m{n}"));
                    if n == 7 {
                        delivery.event_type = if is_sqlite { "poison" } else { "a\0b" }.to_owned();
                    }
                    delivery
                })
                .collect();
            let all = join_all(deliveries.into_iter().map(|d| writer.store(d)));
            let unblock = async { blocker.batch_execute("ROLLBACK").expect("unblocked") };
            let (results, ()) = tokio::join!(all, unblock);
            for (n, result) in results.iter().enumerate() {
                assert_eq!(result.is_ok(), n != 7, "row {n}: {result:?}");
            }
        });
        thread.drain();
    });
}

#[test]
fn draining_stores_what_waits_before_it_ends() {
    for_each_database(|database| {
        let (writer, thread) =
            start(database, WriterConfig { batch: 3, ..WriterConfig::default() });
        run(async {
            let mut blocker = block(database);
            let all = join_all((0..20).map(|n| writer.store(delivery(&format!("m{n}")))));
            let end = async {
                let drained = actix_web::web::block(move || thread.drain());
                blocker.batch_execute("ROLLBACK").expect("unblocked");
                drained.await.expect("drained");
            };
            let (results, ()) = tokio::join!(all, end);
            assert!(results.iter().all(Result::is_ok), "{results:?}");
            assert_eq!(writer.store(delivery("late")).await, Err(StoreError::Away));
        });
    });
}

#[test]
fn a_database_that_goes_away_is_answered_and_found_again() {
    let database = TestDatabase::postgres();
    let (writer, thread) = start(&database, WriterConfig::default());
    let name = database.url_text().rsplit('/').next().expect("a name").to_owned();
    let server = TestDatabase::postgres();
    let mut admin = server.url().open(Purpose::Write).expect("the server");
    run(async {
        assert!(writer.store(delivery("before")).await.is_ok());
        admin
            .batch_execute(&format!(
                "ALTER DATABASE {name} ALLOW_CONNECTIONS false; \
                 SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
            ))
            .expect("the database is away");
        assert_eq!(writer.store(delivery("during")).await, Err(StoreError::Away));
        assert_eq!(writer.write(|_| Ok(())).await, Err(StoreError::Away));
        admin
            .batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
            .expect("the database is back");
        // Nobody is told that it is back: the sender's next try finds out.
        while writer.store(delivery("during")).await.is_err() {
            actix_web::rt::task::yield_now().await;
        }
    });
    thread.drain();
    let kept = ringback_core::queries::list_callbacks_after(&mut database.connect(), 0, 10)
        .expect("the feed");
    assert_eq!(kept.len(), 2);
}

#[test]
fn what_is_stored_reaches_sqlites_file_while_the_writer_rests() {
    for_each_database(|database| {
        let DatabaseUrl::Sqlite(file) = database.url().clone() else { return };
        let (writer, thread) = start(database, WriterConfig::default());
        run(async { writer.store(delivery("in-the-file")).await.expect("stored") });
        let until = Instant::now() + Duration::from_secs(30);
        let is_there = || {
            let bytes = std::fs::read(&file).expect("the file");
            bytes.windows(11).any(|window| window == b"in-the-file")
        };
        while !is_there() {
            assert!(Instant::now() < until, "it stays in the log");
            std::thread::yield_now();
        }
        thread.drain();
    });
}

/// Has as many insertions fail as a transaction does that lost against another node's; what the
/// sequence has given out stays given out when the transaction is rolled back. The words are in
/// another language: those of the server are the operator's choice.
fn lose(database: &TestDatabase, state: &str, times: u32) {
    let statements = format!(
        "CREATE SEQUENCE tries; \
         CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         IF nextval('tries') <= {times} THEN RAISE EXCEPTION 'Verklemmung (Deadlock) entdeckt' \
         USING ERRCODE = '{state}', DETAIL = \
         'Prozess 7 wartet auf ShareLock-Sperre auf Transaktion 5; blockiert von Prozess 8.' \
         || chr(10) || \
         'Prozess 8 wartet auf ShareLock-Sperre auf Transaktion 4; blockiert von Prozess 7.'; \
         END IF; RETURN NULL; END $$; \
         CREATE TRIGGER lose AFTER INSERT ON llm_callbacks FOR EACH STATEMENT EXECUTE FUNCTION lose()"
    );
    database.connect().batch_execute(&statements).expect("a trigger");
}

fn count_tries(database: &TestDatabase) -> i64 {
    let tries = diesel::dsl::sql::<BigInt>("SELECT last_value FROM tries");
    tries.get_result(&mut database.connect()).expect("a number")
}

fn count_callbacks(database: &TestDatabase) -> usize {
    let feed = ringback_core::queries::list_callbacks_after(&mut database.connect(), 0, 100);
    feed.expect("the feed").len()
}

#[test]
fn a_batch_that_lost_against_another_node_is_stored_and_its_sender_hears_nothing_of_it() {
    for state in ["40001", "40P01"] {
        let database = TestDatabase::postgres();
        lose(&database, state, 4);
        let (writer, thread) = start(&database, WriterConfig::default());
        run(async {
            let receipt = writer.store(delivery("m1")).await.expect("it is stored");
            assert!(!receipt.duplicate, "{state}");
        });
        thread.drain();
        assert_eq!((count_tries(&database), count_callbacks(&database)), (5, 1), "{state}");
    }
}

#[test]
fn a_batch_that_loses_each_time_is_the_senders_again() {
    for state in ["40001", "40P01"] {
        let database = TestDatabase::postgres();
        lose(&database, state, 6);
        let (writer, thread) = start(&database, WriterConfig::default());
        run(async {
            assert_eq!(writer.store(delivery("m1")).await, Err(StoreError::Refused), "{state}");
            assert_eq!((count_tries(&database), count_callbacks(&database)), (6, 0), "{state}");
            assert!(writer.store(delivery("m1")).await.is_ok(), "{state}");
        });
        thread.drain();
        assert_eq!(count_callbacks(&database), 1, "{state}");
    }
}

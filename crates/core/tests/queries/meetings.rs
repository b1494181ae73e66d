//! Transactions that meet and lose: known for what they are, and done again without a trace of the
//! first time.

use crate::support::{all_rows, execute, number, store_one, valid};
use diesel::connection::{Connection as _, SimpleConnection};
use diesel::result::{DatabaseErrorKind, Error};
use ringback_core::queries::{is_worth_repeating, upsert_callbacks};
use ringback_core::rule::Effect;
use ringback_testing::TestDatabase;
use std::time::{Duration, Instant};

/// Makes the next insertion of a callback fail with a state and words, once; what a sequence has
/// given out stays given out when its transaction is rolled back.
fn fail_once(database: &TestDatabase, state: &str, words: &str) {
    execute(
        &mut database.connect(),
        &format!(
            "CREATE SEQUENCE tries; \
             CREATE FUNCTION fail_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             IF nextval('tries') = 1 THEN RAISE EXCEPTION USING ERRCODE = '{state}', {words}; END IF; \
             RETURN NULL; END $$; \
             CREATE TRIGGER fail_once AFTER INSERT ON llm_callbacks \
             FOR EACH STATEMENT EXECUTE FUNCTION fail_once()"
        ),
    );
}

#[test]
fn a_serialization_failure_is_known_by_its_state_whatever_is_said() {
    let database = TestDatabase::postgres();
    fail_once(&database, "40001", "MESSAGE = 'konnte Zugriff nicht serialisieren'");
    let conn = &mut database.connect();
    let error = upsert_callbacks(conn, &[valid("cb", "a")]).expect_err("it lost");
    assert!(
        matches!(error, Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _)),
        "{error:?}"
    );
    assert!(is_worth_repeating(&error));
    assert_eq!(store_one(conn, valid("cb", "a")).effect, Effect::Created);
    assert_eq!(all_rows(conn).len(), 1);
}

#[test]
fn an_error_of_another_state_is_not_taken_for_a_meeting() {
    let database = TestDatabase::postgres();
    fail_once(&database, "23514", "MESSAGE = 'no', DETAIL = 'nothing that waits'");
    let error = upsert_callbacks(&mut database.connect(), &[valid("cb", "a")]);
    assert!(!is_worth_repeating(&error.expect_err("it failed")));
}

/// Two sessions that wait for each other: one has stored a callback and wants the head of the feed,
/// the other has the head and wants to store the same callback. PostgreSQL ends one of them, whichever
/// looks first.
#[test]
fn of_two_sessions_in_a_deadlock_one_loses_and_may_repeat() {
    let database = TestDatabase::postgres();
    let (mut backwards, mut watcher) = (database.connect(), database.connect());
    let mut writer = database.connect();
    backwards
        .batch_execute(
            "BEGIN; INSERT INTO llm_callbacks \
             (id, seq, source, callback_id, event_type, signature, received_at, delivery_id) \
             VALUES (-1, -1, 'default', 'cb', '', 3, 1, -1)",
        )
        .expect("it is stored and not committed");
    let (stored, head) = std::thread::scope(|scope| {
        let stored = scope.spawn(|| upsert_callbacks(&mut writer, &[valid("cb", "a")]));
        let deadline = Instant::now() + Duration::from_secs(60);
        let waiting = "SELECT count(*) FROM pg_stat_activity \
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while number(&mut watcher, waiting) == 0 {
            assert!(Instant::now() < deadline, "the writer never waited");
            std::thread::yield_now();
        }
        let head = backwards.batch_execute("UPDATE feed_head SET seq = seq");
        // Whoever won goes on when the other is out of its way.
        let _ended = backwards.batch_execute("ROLLBACK");
        (stored.join().expect("the thread ends well"), head)
    });
    let lost = match (&stored, &head) {
        (Err(error), Ok(())) | (Ok(_), Err(error)) => error,
        both => panic!("one of them loses: {both:?}"),
    };
    assert!(is_worth_repeating(lost), "{lost:?}");
    let effect = if stored.is_err() { Effect::Created } else { Effect::Repeated };
    // The connection of a writer that lost can be used as it is.
    writer.transaction(|_| Ok::<(), Error>(())).expect("a transaction");
    assert_eq!(store_one(&mut writer, valid("cb", "a")).effect, effect);
    assert_eq!(all_rows(&mut writer).len(), 1);
}

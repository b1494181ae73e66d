//! Deleting old callbacks: bounded, oldest first, and nothing left behind.

use crate::support::{
    HOUR, START, all_rows, assert_no_orphans, at_once, callback, execute, forged, number, store,
    store_one, valid,
};
use ringback_core::connection::Connection;
use ringback_core::models::{Absence, NewDelivery};
use ringback_core::queries::callbacks::find_feed_head;
use ringback_core::queries::retention::{
    Deleted, ExpiryMark, Trust, can_vacuum, delete_oldest_callbacks, enable_vacuum,
    expire_payloads, fold_untrusted_stats, measure_stored_bytes, vacuum_step,
};
use ringback_core::queries::stats::{StatsFilter, sum_untrusted_bytes_since};
use ringback_core::queries::{
    Bucket, count_callbacks_by_bucket, delete_callbacks_before, find_callback, find_payload,
    list_callbacks_after,
};
use ringback_core::rule::Effect;
use ringback_testing::{for_each_backend, for_each_database};

fn delete(conn: &mut Connection, before: i64, limit: i64) -> usize {
    delete_callbacks_before(conn, before, limit).expect("they are deleted")
}

fn left(conn: &mut Connection) -> Vec<String> {
    all_rows(conn).into_iter().map(|row| row.callback_id).collect()
}

fn received(id: &str, received_at: i64) -> NewDelivery {
    NewDelivery { received_at, ..valid(id, "a") }
}

#[test]
fn the_oldest_go_first_and_no_more_than_asked() {
    for_each_backend(|conn| {
        store(conn, &[received("3", 30), received("1", 10), received("2", 20), received("4", 40)]);
        assert_eq!(delete(conn, 40, 2), 2);
        assert_eq!(left(conn), ["3", "4"]);
        assert_eq!(delete(conn, 40, 2), 1);
        assert_eq!(delete(conn, 40, 2), 0);
        assert_eq!(left(conn), ["4"], "received at that time is not before it");
    });
}

#[test]
fn a_callback_goes_with_all_its_deliveries() {
    for_each_backend(|conn| {
        let old = store_one(conn, received("old", 10)).id;
        store(conn, &[forged("old", "x"), forged("old", "y"), valid("new", "a")]);
        assert_eq!(delete(conn, START, 10), 1);
        assert_eq!(find_callback(conn, old).unwrap(), None);
        assert_eq!(number(conn, "SELECT count(*) FROM llm_callback_deliveries"), 1);
        assert_no_orphans(conn);
    });
}

#[test]
fn the_feed_goes_on_after_everything_was_deleted() {
    for_each_backend(|conn| {
        store(conn, &[valid("a", "a"), valid("b", "a")]);
        let head = find_feed_head(conn).unwrap();
        delete(conn, i64::MAX, 10);
        assert_eq!(find_feed_head(conn).unwrap(), head);
        let new = store_one(conn, valid("c", "a")).id;
        let told = list_callbacks_after(conn, head, 10).unwrap();
        assert_eq!(told.iter().map(|line| line.callback.id).collect::<Vec<_>>(), [new]);
    });
}

#[test]
fn a_callback_that_was_deleted_may_come_again_as_a_new_one() {
    for_each_backend(|conn| {
        let old = store_one(conn, valid("cb", "a")).id;
        delete(conn, i64::MAX, 10);
        let again = store_one(conn, valid("cb", "a"));
        assert_eq!(again.effect, Effect::Created);
        assert!(again.id > old, "a key is never used twice");
    });
}

#[test]
fn deleting_while_deliveries_arrive_leaves_no_orphans() {
    const WRITERS: usize = 3;
    for_each_database(|database| {
        let fresh = |n: i64| received(&format!("cb_{n}"), n);
        at_once(database, WRITERS + 1, |index, conn| {
            for round in 0..30 {
                if index == WRITERS {
                    delete(conn, i64::MAX, 4);
                } else {
                    let n = round % 10;
                    let other = forged(&format!("cb_{n}"), format!("{index} {round}"));
                    store(conn, &[fresh(n), other, fresh(n + 1)]);
                }
            }
        });
        assert_no_orphans(&mut database.connect());
    });
}

#[test]
fn untrusted_callbacks_can_go_before_trusted_ones() {
    for_each_backend(|conn| {
        let old = |delivery: NewDelivery| NewDelivery { received_at: 10, ..delivery };
        store(conn, &[old(valid("a", "a")), old(forged("b", "b")), forged("c", "c")]);
        let deleted = delete_oldest_callbacks(conn, Trust::Untrusted, START, 10).unwrap();
        assert_eq!(deleted.callbacks, 1);
        assert!((600..1000).contains(&deleted.size_bytes), "{deleted:?}");
        assert_eq!(left(conn), ["a", "c"]);
        let again = delete_oldest_callbacks(conn, Trust::Untrusted, START, 10).unwrap();
        assert_eq!(again, Deleted::default());
        assert_no_orphans(conn);
    });
}

#[test]
fn bodies_expire_before_their_rows_and_the_rows_say_so() {
    for_each_backend(|conn| {
        let ids: Vec<i64> = store(conn, &[received("1", 10), received("2", 20), received("3", 30)])
            .into_iter()
            .map(|receipt| receipt.id)
            .collect();
        store(conn, &[forged("1", "other")]);
        let (expired, mark) = expire_payloads(conn, ExpiryMark::default(), 30, 1).unwrap();
        assert_eq!(expired, 2, "the content and the evidence");
        let (expired, mark) = expire_payloads(conn, mark.expect("more"), 30, 5).unwrap();
        assert_eq!((expired, mark), (1, Some(ExpiryMark { received_at: 20, id: ids[1] })));
        assert_eq!(expire_payloads(conn, mark.unwrap(), 30, 5).unwrap(), (0, None));
        for (index, expected) in [(0, Some(Absence::Expired)), (2, None)] {
            let stored = callback(conn, ids[index]);
            assert_eq!(stored.deliveries[0].absence(), expected);
            assert_eq!(stored.deliveries[0].payload_sha256.len(), 32);
            let delivery = stored.line.callback.delivery_id;
            let body = find_payload(conn, ids[index], delivery).unwrap();
            assert_eq!(body.is_none(), expected.is_some());
        }
        // The same bytes again are still recognised.
        assert_eq!(store_one(conn, received("1", 40)).effect, Effect::Repeated);
    });
}

#[test]
fn names_that_anybody_can_make_up_leave_the_roll_up_and_their_counts_stay() {
    for_each_backend(|conn| {
        for n in 0..20 {
            let named = |delivery: NewDelivery| NewDelivery {
                event_type: format!("made-up-{n}"),
                workflow: Some(format!("w{n}")),
                received_at: START + n % 2 * HOUR,
                ..delivery
            };
            let (bad, good) = (forged(&format!("f{n}"), "12345"), valid(&format!("v{n}"), "a"));
            store(conn, &[named(bad), named(good)]);
        }
        let all = StatsFilter { from: 0, to: i64::MAX, ..StatsFilter::default() };
        let before = count_callbacks_by_bucket(conn, Bucket::Hour, &all).unwrap();
        let untrusted = sum_untrusted_bytes_since(conn, START).unwrap();
        assert_eq!(untrusted, [("default".to_owned(), 100)]);
        assert!(fold_untrusted_stats(conn, START + HOUR).unwrap());
        assert!(!fold_untrusted_stats(conn, START + HOUR).unwrap(), "the next hour is too young");
        assert_eq!(number(conn, "SELECT count(*) FROM stats_hour"), 20 + 1 + 10);
        assert!(fold_untrusted_stats(conn, START + 2 * HOUR).unwrap());
        assert_eq!(number(conn, "SELECT count(*) FROM stats_hour"), 20 + 2);
        assert_eq!(count_callbacks_by_bucket(conn, Bucket::Hour, &all).unwrap(), before);
        assert_eq!(sum_untrusted_bytes_since(conn, START).unwrap(), untrusted);
    });
}

#[test]
fn what_is_deleted_is_not_counted_as_stored_and_sqlite_gives_the_space_back() {
    for_each_database(|database| {
        let mut conn = database.connect();
        let body = "x".repeat(100_000);
        for n in 0..50 {
            store(&mut conn, &[received(&format!("cb_{n}"), n)]);
            store(&mut conn, &[valid(&format!("large_{n}"), format!("{n}{body}"))]);
        }
        let full = measure_stored_bytes(&mut conn, 0).unwrap();
        assert!(full > 5_000_000, "{full}");
        delete(&mut conn, i64::MAX, 1000);
        let empty = measure_stored_bytes(&mut conn, 0).unwrap();
        assert!(empty < 500_000, "{empty}");
        let mut steps = 0;
        while vacuum_step(&mut conn, 100).unwrap() {
            steps += 1;
        }
        if !database.url().is_postgres() {
            assert!(steps >= 10, "the steps are small: {steps}");
            let pages = number(&mut conn, "SELECT page_count FROM pragma_page_count");
            assert!(pages < 100, "{pages}");
        }
    });
}

#[test]
fn an_old_sqlite_file_is_written_anew_once_so_that_it_can_shrink() {
    let database = ringback_testing::TestDatabase::sqlite();
    let mut conn = database.connect();
    execute(&mut conn, "PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = NONE; VACUUM");
    assert!(!can_vacuum(&mut conn).unwrap());
    store(&mut conn, &[valid("a", "a")]);
    assert!(enable_vacuum(&mut conn).unwrap());
    assert!(can_vacuum(&mut conn).unwrap());
    assert!(!enable_vacuum(&mut conn).unwrap(), "it is done once");
    assert_eq!(left(&mut conn), ["a"]);
    assert!(can_vacuum(&mut database.connect()).unwrap());
}

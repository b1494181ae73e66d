//! Deleting old callbacks: bounded, oldest first, and nothing left behind.

use crate::support::{
    START, all_rows, assert_no_orphans, at_once, forged, number, store, store_one, valid,
};
use ringback_core::connection::Connection;
use ringback_core::models::NewDelivery;
use ringback_core::queries::callbacks::find_feed_head;
use ringback_core::queries::{delete_callbacks_before, find_callback, list_callbacks_after};
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

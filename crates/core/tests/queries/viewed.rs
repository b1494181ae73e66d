//! Marking callbacks as viewed, and counting those that nobody has.

use crate::support::{at_once, row, store, store_one, valid, while_open};
use ringback_core::connection::Connection;
use ringback_core::models::NewDelivery;
use ringback_core::queries::callbacks::find_feed_head;
use ringback_core::queries::{
    UnviewedSelection, ViewedSelection, count_unviewed_callbacks, mark_callbacks_viewed,
    unmark_callbacks_viewed,
};
use ringback_testing::{for_each_backend, for_each_database};

fn mark(conn: &mut Connection, ids: &[i64], viewer: &str, at: i64) -> usize {
    mark_callbacks_viewed(conn, ViewedSelection::Ids(ids), viewer, at).expect("they are marked")
}

fn mark_through(conn: &mut Connection, seq: i64, limit: i64) -> usize {
    let through = ViewedSelection::Through { seq, limit };
    mark_callbacks_viewed(conn, through, "ada", 1).expect("they are marked")
}

fn unviewed(conn: &mut Connection) -> i64 {
    count_unviewed_callbacks(conn).expect("they are counted")
}

/// So many new callbacks.
fn fill(conn: &mut Connection, count: usize) -> Vec<i64> {
    let batch: Vec<NewDelivery> = (0..count).map(|n| valid(&format!("cb_{n}"), "a")).collect();
    batch.chunks(250).flat_map(|part| store(conn, part)).map(|receipt| receipt.id).collect()
}

#[test]
fn marking_some_keeps_who_and_when_and_leaves_the_others() {
    for_each_backend(|conn| {
        let ids = fill(conn, 3);
        assert_eq!(mark(conn, &ids[..2], "ada", 7), 2);
        for &id in &ids[..2] {
            let row = row(conn, id);
            assert_eq!((row.viewed_at, row.viewed_by.as_deref()), (Some(7), Some("ada")));
        }
        assert_eq!(row(conn, ids[2]).viewed_at, None);
        assert_eq!(unviewed(conn), 1);
    });
}

#[test]
fn the_first_viewer_stays() {
    for_each_backend(|conn| {
        let ids = fill(conn, 2);
        mark(conn, &ids[..1], "ada", 7);
        assert_eq!(mark(conn, &ids, "bob", 8), 1, "only the other was new");
        assert_eq!(row(conn, ids[0]).viewed_by.as_deref(), Some("ada"));
        assert_eq!(row(conn, ids[1]).viewed_by.as_deref(), Some("bob"));
    });
}

#[test]
fn of_two_viewers_at_once_one_is_the_first() {
    for_each_database(|database| {
        let conn = &mut database.connect();
        let ids = fill(conn, 20);
        let marked = at_once(database, 4, |index, conn| mark(conn, &ids, &index.to_string(), 7));
        assert_eq!(marked.iter().sum::<usize>(), ids.len());
    });
}

#[test]
fn unknown_ids_and_no_ids_mark_nothing() {
    for_each_backend(|conn| {
        let ids = fill(conn, 1);
        assert_eq!(mark(conn, &[], "ada", 7), 0);
        assert_eq!(mark(conn, &[0, -1, i64::MAX], "ada", 7), 0);
        assert_eq!(mark(conn, &[ids[0], ids[0], i64::MAX], "ada", 7), 1);
    });
}

#[test]
fn marking_up_to_a_position_leaves_what_came_or_changed_later() {
    for_each_backend(|conn| {
        let ids = fill(conn, 4);
        let through = row(conn, ids[2]).seq;
        store_one(conn, valid("cb_0", "changed"));
        assert_eq!(mark_through(conn, through, 100), 2);
        let viewed: Vec<bool> = ids.iter().map(|&id| row(conn, id).viewed_at.is_some()).collect();
        assert_eq!(viewed, [false, true, true, false]);
    });
}

#[test]
fn marking_up_to_a_position_goes_on_in_bounded_steps() {
    for_each_backend(|conn| {
        fill(conn, 25);
        let head = find_feed_head(conn).unwrap();
        let steps: Vec<usize> = (0..4).map(|_| mark_through(conn, head, 10)).collect();
        assert_eq!(steps, [10, 10, 5, 0]);
        assert_eq!(unviewed(conn), 0);
    });
}

#[test]
fn what_was_replaced_since_somebody_looked_stays_unviewed() {
    for_each_backend(|conn| {
        let ids = fill(conn, 3);
        let seen: Vec<(i64, i64)> = ids.iter().map(|&id| (id, row(conn, id).seq)).collect();
        store_one(conn, valid("cb_1", "replaced"));
        // A repeat of the same bytes changes nothing that could have been missed.
        store_one(conn, valid("cb_2", "a"));
        let selection = ViewedSelection::Seen(&seen);
        assert_eq!(mark_callbacks_viewed(conn, selection, "ada", 7).unwrap(), 2);
        let viewed: Vec<bool> = ids.iter().map(|&id| row(conn, id).viewed_at.is_some()).collect();
        assert_eq!(viewed, [true, false, true]);
    });
}

#[test]
fn a_replacement_that_commits_while_the_old_content_is_marked_stays_unviewed() {
    for_each_database(|database| {
        let conn = &mut database.connect();
        let id = fill(conn, 1)[0];
        let seen = [(id, row(conn, id).seq)];
        while_open(
            database,
            |conn| drop(store_one(conn, valid("cb_0", "changed"))),
            |conn| mark_callbacks_viewed(conn, ViewedSelection::Seen(&seen), "ada", 7).unwrap(),
            |_| Ok(()),
        );
        assert_eq!(row(conn, id).viewed_at, None, "nobody has seen the new bytes");
    });
}

#[test]
fn taking_marks_back_takes_those_of_one_viewer_at_one_time() {
    for_each_backend(|conn| {
        let ids = fill(conn, 6);
        mark(conn, &ids[..3], "ada", 7);
        mark(conn, &ids[3..4], "bob", 7);
        mark(conn, &ids[4..5], "ada", 8);
        let mut step = |limit| {
            let selection = UnviewedSelection::Marked { viewer: "ada", at: 7, limit };
            unmark_callbacks_viewed(conn, selection).expect("they are unmarked")
        };
        assert_eq!([step(2), step(2), step(2)], [2, 1, 0], "in bounded steps");
        let viewed: Vec<bool> = ids.iter().map(|&id| row(conn, id).viewed_at.is_some()).collect();
        assert_eq!(viewed, [false, false, false, true, true, false]);
        assert_eq!(row(conn, ids[0]).viewed_by, None);
        assert_eq!(unviewed(conn), 4);
    });
}

#[test]
fn the_marks_of_some_callbacks_are_taken_back_whoever_made_them() {
    for_each_backend(|conn| {
        let ids = fill(conn, 3);
        mark(conn, &ids[..2], "ada", 7);
        let selection = UnviewedSelection::Ids(&ids[1..]);
        assert_eq!(unmark_callbacks_viewed(conn, selection).unwrap(), 1, "one was not marked");
        assert_eq!(unviewed(conn), 2);
    });
}

#[test]
fn a_change_that_commits_while_older_ones_are_marked_stays_unviewed() {
    for_each_database(|database| {
        let conn = &mut database.connect();
        let id = fill(conn, 1)[0];
        let head = find_feed_head(conn).unwrap();
        while_open(
            database,
            |conn| drop(store_one(conn, valid("cb_0", "changed"))),
            |conn| mark_through(conn, head, 10),
            |_| Ok(()),
        );
        assert_eq!(row(conn, id).viewed_at, None, "nobody has seen the new bytes");
    });
}

#[test]
fn marking_while_a_batch_changes_the_same_callbacks_never_locks_both_out() {
    for_each_database(|database| {
        let conn = &mut database.connect();
        let ids = fill(conn, 2);
        // The batch changes the second and then the first; marking goes the other way round.
        while_open(
            database,
            |conn| drop(store_one(conn, valid("cb_1", "changed"))),
            |conn| mark(conn, &ids, "ada", 7),
            |conn| {
                store_one(conn, valid("cb_0", "changed"));
                Ok(())
            },
        );
        assert_eq!(row(conn, ids[0]).seq, find_feed_head(conn).unwrap());
    });
}

#[test]
fn counting_stops_at_a_thousand() {
    for_each_backend(|conn| {
        assert_eq!(unviewed(conn), 0);
        let ids = fill(conn, 1003);
        assert_eq!(unviewed(conn), 1000);
        mark(conn, &ids[..10], "ada", 7);
        assert_eq!(unviewed(conn), 993);
    });
}

//! The feed: no skip and no repeat, whatever is written while a reader follows it.

use crate::support::{all_rows, at_once, forged, store, store_one, valid, while_open};
use ringback_core::connection::{Connection, Purpose};
use ringback_core::models::NewDelivery;
use ringback_core::queries::callbacks::find_feed_head;
use ringback_core::queries::{ViewedSelection, list_callbacks_after, mark_callbacks_viewed};
use ringback_testing::{TestDatabase, for_each_backend, for_each_database};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

const WRITERS: usize = 4;

/// Follows the feed page by page until `is_over` and nothing is left: key and position of each.
fn follow(conn: &mut Connection, is_over: &AtomicBool) -> Vec<(i64, i64)> {
    let mut seen = Vec::new();
    let mut cursor = 0;
    loop {
        // Asked before reading: what was committed by then is read now.
        let last = is_over.load(Ordering::SeqCst);
        let page = list_callbacks_after(conn, cursor, 7).expect("the feed is read");
        if let Some(newest) = page.last() {
            cursor = newest.callback.seq;
        } else if last {
            return seen;
        }
        seen.extend(page.iter().map(|line| (line.callback.id, line.callback.seq)));
    }
}

/// What a reader saw while `WRITERS` connections wrote, and how often each callback notified.
fn read_while_written(
    database: &TestDatabase,
    batches: impl Fn(usize) -> Vec<Vec<NewDelivery>> + Sync,
) -> (Vec<(i64, i64)>, HashMap<i64, usize>) {
    let is_over = AtomicBool::new(false);
    let mut reader = database.url().open(Purpose::Read).expect("a reader");
    thread::scope(|scope| {
        let reading = scope.spawn(|| follow(&mut reader, &is_over));
        let receipts = at_once(database, WRITERS, |writer, conn| {
            batches(writer).iter().flat_map(|batch| store(conn, batch)).collect::<Vec<_>>()
        })
        .concat();
        is_over.store(true, Ordering::SeqCst);
        let mut told: HashMap<i64, usize> = HashMap::new();
        for receipt in receipts.iter().filter(|receipt| receipt.effect.notifies()) {
            *told.entry(receipt.id).or_default() += 1;
        }
        (reading.join().expect("the reader ends well"), told)
    })
}

fn assert_increasing(seen: &[(i64, i64)]) {
    assert!(seen.is_sorted_by(|(_, one), (_, other)| one < other), "a position came back");
}

#[test]
fn a_reader_that_follows_four_writers_sees_each_new_callback_once() {
    for_each_database(|database| {
        let (seen, _) = read_while_written(database, |writer| {
            (0..25)
                .map(|batch| {
                    let id = |n| format!("cb_{writer}_{batch}_{n}");
                    (0..=batch % 5).map(|n| valid(&id(n), "a")).collect()
                })
                .collect()
        });
        assert_increasing(&seen);
        let stored: Vec<(i64, i64)> =
            all_rows(&mut database.connect()).iter().map(|row| (row.id, row.seq)).collect();
        assert_eq!(stored.len(), WRITERS * 75);
        assert_eq!(seen, stored);
    });
}

#[test]
fn a_reader_that_follows_four_writers_sees_each_changed_callback_and_no_duplicate() {
    for_each_database(|database| {
        // New ones, ones that all writers share, changes, retries and forgeries in one batch.
        let (seen, told) = read_while_written(database, |writer| {
            (0..20)
                .map(|batch| {
                    let own = format!("own_{writer}_{batch}");
                    let shared = format!("shared_{}", batch % 5);
                    vec![
                        forged(&own, "a"),
                        valid(&shared, format!("{writer} {batch}")),
                        valid(&own, "a"),
                        valid(&own, "a"),
                        forged(&shared, "forged"),
                        valid(&own, "b"),
                    ]
                })
                .collect()
        });
        assert_increasing(&seen);
        let mut last_seen: HashMap<i64, i64> = HashMap::new();
        let mut times_seen: HashMap<i64, usize> = HashMap::new();
        for &(id, seq) in &seen {
            last_seen.insert(id, seq);
            *times_seen.entry(id).or_default() += 1;
        }
        let rows = all_rows(&mut database.connect());
        assert_eq!(rows.len(), WRITERS * 20 + 5);
        assert_eq!(last_seen.len(), rows.len());
        for row in rows {
            assert_eq!(last_seen.get(&row.id), Some(&row.seq), "the last change was skipped");
            assert!(times_seen[&row.id] <= told[&row.id], "a duplicate was told");
        }
    });
}

#[test]
fn a_position_is_not_visible_before_every_earlier_one_is() {
    for_each_database(|database| {
        // The second writer has its position later and would be done sooner.
        while_open(
            database,
            |conn| drop(store(conn, &[valid("early_1", "a"), valid("early_2", "a")])),
            |conn| drop(store_one(conn, valid("late", "a"))),
            |_| {
                let mut reader = database.url().open(Purpose::Read).expect("a reader");
                if database.url().is_postgres() {
                    assert_eq!(all_rows(&mut reader), []);
                    assert_eq!(find_feed_head(&mut reader).unwrap(), 0);
                }
                Ok(())
            },
        );
        assert_eq!(all_rows(&mut database.connect()).len(), 3);
    });
}

#[test]
fn a_reader_without_a_cursor_starts_at_the_head_and_misses_nothing_later() {
    for_each_backend(|conn| {
        assert_eq!(find_feed_head(conn).unwrap(), 0);
        store(conn, &[valid("old", "a"), valid("old", "a")]);
        let head = find_feed_head(conn).unwrap();
        assert_eq!(list_callbacks_after(conn, head, 10).unwrap(), []);
        let id = store_one(conn, valid("new", "a")).id;
        let told = list_callbacks_after(conn, head, 10).unwrap();
        assert_eq!(told.iter().map(|line| line.callback.id).collect::<Vec<_>>(), [id]);
    });
}

#[test]
fn the_feed_comes_in_pages_in_the_order_of_the_last_change() {
    for_each_backend(|conn| {
        store(conn, &["a", "b", "c", "d"].map(|id| valid(id, "1")));
        store_one(conn, valid("b", "2"));
        let mut cursor = 0;
        let mut told = Vec::new();
        loop {
            let page = list_callbacks_after(conn, cursor, 3).unwrap();
            let Some(last) = page.last() else { break };
            cursor = last.callback.seq;
            told.extend(page.into_iter().map(|line| line.callback.callback_id));
        }
        assert_eq!(told, ["a", "c", "d", "b"]);
    });
}

#[test]
fn a_line_of_the_feed_says_what_the_evidence_adds() {
    for_each_backend(|conn| {
        store(conn, &[forged("bad", "a"), forged("bad", "b"), valid("good", "a")]);
        store_one(conn, forged("good", "b"));
        let lines = list_callbacks_after(conn, 0, 10).unwrap();
        let said: Vec<_> = lines.iter().map(|line| (line.reason, line.deliveries)).collect();
        assert_eq!(said, [(Some(ringback_core::models::Reason::Wrong), 2), (None, 2)]);
    });
}

#[test]
fn viewing_a_callback_does_not_move_it() {
    for_each_backend(|conn| {
        let id = store_one(conn, valid("cb", "a")).id;
        let head = find_feed_head(conn).unwrap();
        mark_callbacks_viewed(conn, ViewedSelection::Ids(&[id]), "ada", 1).unwrap();
        assert_eq!(list_callbacks_after(conn, head, 10).unwrap(), []);
    });
}

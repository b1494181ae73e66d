//! Counts by hour and day: where a callback counts, and what moves its count.

use crate::support::{HOUR, START, forged, store, store_one, valid};
use Signature::{Invalid, Valid};
use ringback_core::connection::Connection;
use ringback_core::models::{NewDelivery, Signature};
use ringback_core::queries::{
    Bucket, Labels, StatsFilter, count_callbacks_by_bucket, delete_callbacks_before, list_labels,
};
use ringback_testing::for_each_backend;

/// Start of the bucket in hours after [`START`], verdict, callbacks, bytes.
type Short = (i64, Signature, i64, i64);

fn count(conn: &mut Connection, bucket: Bucket, filter: &StatsFilter) -> Vec<Short> {
    count_callbacks_by_bucket(conn, bucket, filter)
        .expect("they are counted")
        .into_iter()
        .map(|count| {
            assert_eq!((count.start - START) % HOUR, 0);
            ((count.start - START) / HOUR, count.signature, count.callbacks, count.size_bytes)
        })
        .collect()
}

fn all_time() -> StatsFilter {
    StatsFilter { from: 0, to: i64::MAX, ..StatsFilter::default() }
}

fn hours(conn: &mut Connection) -> Vec<Short> {
    count(conn, Bucket::Hour, &all_time())
}

fn at(hour: i64, delivery: NewDelivery) -> NewDelivery {
    NewDelivery { received_at: START + hour * HOUR, ..delivery }
}

#[test]
fn nothing_counts_as_nothing() {
    for_each_backend(|conn| assert_eq!(hours(conn), []));
}

#[test]
fn callbacks_count_in_the_hour_they_were_first_received() {
    for_each_backend(|conn| {
        let last = NewDelivery { received_at: START + HOUR - 1, ..valid("last", "ccc") };
        store(conn, &[at(0, valid("a", "a")), last, at(1, valid("b", "bb"))]);
        store_one(conn, at(5, forged("c", "dddd")));
        assert_eq!(hours(conn), [(0, Valid, 2, 4), (1, Valid, 1, 2), (5, Invalid, 1, 4)]);
    });
}

#[test]
fn a_day_is_a_utc_day() {
    for_each_backend(|conn| {
        // START is 08:00, so the day began 8 hours before and ends 16 hours after.
        store(conn, &[at(-8, valid("a", "a")), at(15, valid("b", "a")), at(16, valid("c", "a"))]);
        store_one(conn, at(-9, forged("d", "a")));
        assert_eq!(
            count(conn, Bucket::Day, &all_time()),
            [(-32, Invalid, 1, 1), (-8, Valid, 2, 2), (16, Valid, 1, 1)]
        );
    });
}

#[test]
fn a_time_before_1970_has_an_hour_too() {
    for_each_backend(|conn| {
        store_one(conn, NewDelivery { received_at: -1, ..valid("a", "a") });
        let filter = StatsFilter { from: -HOUR, ..all_time() };
        let counts = count_callbacks_by_bucket(conn, Bucket::Hour, &filter).unwrap();
        assert_eq!(counts[0].start, -HOUR);
    });
}

#[test]
fn a_span_counts_the_hour_of_its_start_and_not_that_of_its_end() {
    for_each_backend(|conn| {
        for hour in 0..4 {
            store_one(conn, at(hour, valid(&hour.to_string(), "a")));
        }
        let from = START + HOUR + HOUR / 2;
        let filter = StatsFilter { from, to: START + 3 * HOUR, ..StatsFilter::default() };
        assert_eq!(count(conn, Bucket::Hour, &filter), [(1, Valid, 1, 1), (2, Valid, 1, 1)]);
    });
}

#[test]
fn a_source_an_event_type_and_a_workflow_narrow_the_counts() {
    for_each_backend(|conn| {
        let with = |id: &str, source: &str, event_type: &str, workflow: Option<&str>| NewDelivery {
            source: source.to_owned(),
            event_type: event_type.to_owned(),
            workflow: workflow.map(str::to_owned),
            ..valid(id, "a")
        };
        let batch = [
            with("1", "x", "done", Some("review")),
            with("2", "x", "failed", None),
            with("3", "y", "done", None),
            with("4", "y", "done", Some("review")),
        ];
        store(conn, &batch);
        let some = |text: &str| Some(text.to_owned());
        let mut callbacks = |filter: StatsFilter| -> i64 {
            count(conn, Bucket::Hour, &filter).iter().map(|(_, _, callbacks, _)| callbacks).sum()
        };
        assert_eq!(callbacks(all_time()), 4);
        assert_eq!(callbacks(StatsFilter { source: some("x"), ..all_time() }), 2);
        assert_eq!(callbacks(StatsFilter { event_type: some("done"), ..all_time() }), 3);
        let by_workflow = StatsFilter { workflow: some("review"), ..all_time() };
        assert_eq!(callbacks(by_workflow.clone()), 2);
        assert_eq!(callbacks(StatsFilter { source: some("y"), ..by_workflow }), 1);
        assert_eq!(callbacks(StatsFilter { source: some("z"), ..all_time() }), 0);
    });
}

#[test]
fn retries_and_forgeries_of_a_trusted_callback_count_nothing() {
    for_each_backend(|conn| {
        store_one(conn, valid("cb", "a"));
        store(conn, &[at(1, valid("cb", "a")), at(1, forged("cb", "b")), at(1, forged("cb", "a"))]);
        assert_eq!(hours(conn), [(0, Valid, 1, 1)]);
    });
}

#[test]
fn a_promotion_moves_the_count_to_the_new_verdict_in_the_same_hour() {
    for_each_backend(|conn| {
        store_one(conn, forged("cb", "aa"));
        assert_eq!(hours(conn), [(0, Invalid, 1, 2)]);
        store_one(conn, at(3, valid("cb", "aa")));
        assert_eq!(hours(conn), [(0, Valid, 1, 2)]);
    });
}

#[test]
fn a_change_moves_the_count_and_the_bytes_to_its_event_type() {
    for_each_backend(|conn| {
        let running = NewDelivery { event_type: "running".to_owned(), ..valid("cb", "a") };
        let done = NewDelivery { event_type: "done".to_owned(), ..valid("cb", "longer") };
        store(conn, &[running, at(3, done)]);
        let by = |event_type: &str| StatsFilter {
            event_type: Some(event_type.to_owned()),
            ..all_time()
        };
        assert_eq!(count(conn, Bucket::Hour, &by("running")), []);
        assert_eq!(count(conn, Bucket::Hour, &by("done")), [(0, Valid, 1, 6)]);
    });
}

#[test]
fn deletion_keeps_the_counts() {
    for_each_backend(|conn| {
        store(conn, &[valid("a", "a"), forged("b", "b")]);
        let before = hours(conn);
        assert_eq!(delete_callbacks_before(conn, i64::MAX, 10).unwrap(), 2);
        assert_eq!(hours(conn), before);
    });
}

#[test]
fn filters_are_offered_what_was_sent_lately_the_most_frequent_first() {
    for_each_backend(|conn| {
        let labelled = |hour, id: &str, event_type: &str, workflow: Option<&str>| NewDelivery {
            event_type: event_type.to_owned(),
            workflow: workflow.map(str::to_owned),
            ..at(hour, valid(id, "a"))
        };
        store(
            conn,
            &[
                labelled(-9, "old", "gone", Some("gone")),
                labelled(0, "a", "done", Some("review")),
                labelled(0, "b", "done", None),
                labelled(1, "c", "failed", Some("train")),
                labelled(2, "d", "", Some("train")),
            ],
        );
        let named = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        let expected = Labels {
            sources: named(&["default"]),
            event_types: named(&["done", "failed"]),
            workflows: named(&["train", "review"]),
        };
        assert_eq!(list_labels(conn, START, 100).unwrap(), expected);
        assert_eq!(list_labels(conn, START, 1).unwrap().event_types, ["done"]);
        assert_eq!(list_labels(conn, 0, 100).unwrap().event_types, ["done", "failed", "gone"]);
    });
}

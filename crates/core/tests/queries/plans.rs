//! How the databases read the history: each filter by its index, in order, and never the whole table.
//!
//! What is explained is what the function really sends: it is taken down while it runs.

use crate::support::{START, do_not_wait_for_the_disk, execute};
use diesel::connection::{Connection as _, InstrumentationEvent};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};
use ringback_core::connection::{Connection, Purpose};
use ringback_core::cursor::HistoryKey;
use ringback_core::models::Signature;
use ringback_core::queries::{
    HistoryFilter, Page, count_unviewed_callbacks, list_callback_history, list_callbacks_after,
};
use ringback_testing::for_each_database;
use serde_json::Value;
use std::sync::{Arc, Mutex};

const ROWS: i64 = 40_000;
const MIDDLE: HistoryKey = HistoryKey { received_at: START + 20_000, id: 20_000 };

/// Callbacks and their evidence as they are after a year: 20 sources, one event type in four
/// callbacks and one in a hundred, 50 workflows, a tenth not valid, the newest and a few old ones not viewed.
fn fill(conn: &mut Connection) {
    do_not_wait_for_the_disk(conn);
    let numbers = format!(
        "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {ROWS})"
    );
    execute(
        conn,
        &format!(
            "INSERT INTO llm_callbacks (id, seq, source, callback_id, event_type, job_id, workflow, \
             signature, received_at, delivery_id, viewed_at, viewed_by) {numbers} SELECT n, n, \
             'source-' || (n % 20), 'cb_' || n, \
             CASE WHEN n % 100 = 0 THEN 'rare' ELSE 'type-' || (n % 4) END, \
             CASE WHEN n % 2 = 0 THEN 'job_' || (n / 10) END, \
             CASE WHEN n % 5 > 0 THEN 'flow-' || (n % 50) END, \
             CASE WHEN n % 10 = 0 THEN 2 ELSE 3 END, {START} + n, n, \
             CASE WHEN n < {ROWS} - 500 AND n % 400 > 0 THEN {START} + n END, \
             CASE WHEN n < {ROWS} - 500 AND n % 400 > 0 THEN 'ada' END FROM numbers"
        ),
    );
    execute(
        conn,
        &format!(
            "INSERT INTO llm_callback_deliveries (callback, id, signature, id_origin, \
             payload_sha256, seen, first_received_at, last_received_at, headers, size_bytes, encoding) \
             {numbers} SELECT n, n, 3, 0, '', 1, {START} + n, {START} + n, '[]', 2, 0 FROM numbers"
        ),
    );
    execute(conn, "ANALYZE");
}

/// What `read` sends, with its values in place.
fn take_down(conn: &mut Connection, read: impl FnOnce(&mut Connection)) -> Vec<String> {
    let sent: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = Arc::clone(&sent);
    conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            kept.lock().expect("nobody panicked").push(query.to_string());
        }
    });
    read(conn);
    conn.set_instrumentation(|_: InstrumentationEvent<'_>| {});
    let sent = sent.lock().expect("nobody panicked");
    sent.clone()
}

/// Values in the place of parameters, as a planner sees them that knows them.
fn with_values(sent: &str, is_postgres: bool) -> String {
    let (statement, values) = sent.split_once(" -- binds: ").expect("a statement and its values");
    let values: Vec<Value> =
        serde_json::from_str(values).expect("numbers, texts and lists of them");
    let literal = |value: &Value| match value {
        Value::String(text) => format!("'{}'", text.replace('\'', "''")),
        number => number.to_string(),
    };
    let literals = values.iter().map(|value| match value {
        Value::Array(list) => {
            format!("ARRAY[{}]", list.iter().map(literal).collect::<Vec<_>>().join(","))
        }
        one => literal(one),
    });
    let mut parts: Vec<(String, String)> =
        literals
            .enumerate()
            .map(|(n, literal)| {
                if is_postgres {
                    (format!("${}", n + 1), literal)
                } else {
                    ("?".to_owned(), literal)
                }
            })
            .collect();
    // $10 before $1.
    if is_postgres {
        parts.reverse();
    }
    parts
        .into_iter()
        .fold(statement.to_owned(), |text, (place, literal)| text.replacen(&place, &literal, 1))
}

/// The plan, a step in each line.
fn explain(conn: &mut Connection, statement: &str) -> String {
    let lines: Vec<String> = match conn {
        Connection::Postgres(pg) => {
            let explained = sql::<Text>(&format!("EXPLAIN (COSTS OFF) {statement}"));
            explained.load(pg).expect("a plan")
        }
        Connection::Sqlite(sqlite) => {
            let explain = format!("EXPLAIN QUERY PLAN {statement}");
            let steps: Vec<(i32, i32, i32, String)> =
                sql::<(Integer, Integer, Integer, Text)>(&explain).load(sqlite).expect("a plan");
            steps.into_iter().map(|(.., step)| step).collect()
        }
    };
    lines.join("\n")
}

/// The plans of what `read` sends.
fn plans(conn: &mut Connection, read: impl FnOnce(&mut Connection)) -> Vec<String> {
    let is_postgres = matches!(conn, Connection::Postgres(_));
    let sent = take_down(conn, read);
    sent.iter().map(|sent| explain(conn, &with_values(sent, is_postgres))).collect()
}

fn uses(plan: &str, index: &str) -> bool {
    plan.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == index)
}

/// Whether a plan sorts, whatever it sorts with.
fn sorts(plan: &str) -> bool {
    plan.contains("Sort") || plan.contains("TEMP B-TREE")
}

/// Whether a plan reads a table without an index.
fn reads_all(plan: &str) -> bool {
    let is_whole = |line: &str| {
        line.contains("Seq Scan") || (line.contains("SCAN ") && !line.contains("USING"))
    };
    plan.lines().any(is_whole)
}

const RECEIVED: &str = "llm_callbacks_received";

/// Every filter with the indexes of which one is walked.
fn filters() -> Vec<(HistoryFilter, &'static [&'static str])> {
    let one = |text: &str| vec![text.to_owned()];
    let all = HistoryFilter::default;
    let bad = vec![Signature::Invalid, Signature::Missing];
    vec![
        (all(), &[RECEIVED]),
        // Few sources send most of what there is, so an index of their own would save little.
        (HistoryFilter { sources: one("source-7"), ..all() }, &[RECEIVED]),
        // Of what is a quarter of all, a page is soon found in either.
        (HistoryFilter { event_types: one("type-1"), ..all() }, &["llm_callbacks_event", RECEIVED]),
        (HistoryFilter { event_types: one("rare"), ..all() }, &["llm_callbacks_event"]),
        (HistoryFilter { workflows: one("flow-7"), ..all() }, &["llm_callbacks_workflow"]),
        (HistoryFilter { signatures: bad, ..all() }, &["llm_callbacks_untrusted"]),
        (HistoryFilter { signatures: vec![Signature::Valid], ..all() }, &[RECEIVED]),
        (HistoryFilter { viewed: Some(false), ..all() }, &["llm_callbacks_unviewed"]),
        (HistoryFilter { viewed: Some(true), ..all() }, &[RECEIVED]),
        (
            HistoryFilter { from: Some(START + 10_000), to: Some(START + 30_000), ..all() },
            &[RECEIVED],
        ),
        (
            HistoryFilter {
                workflows: one("flow-7"),
                from: Some(START + 10_000),
                viewed: Some(true),
                ..all()
            },
            &["llm_callbacks_workflow"],
        ),
    ]
}

#[test]
fn each_filter_of_the_history_walks_an_index_in_order_and_sorts_nothing() {
    for_each_database(|database| {
        fill(&mut database.connect());
        let conn = &mut database.url().open(Purpose::Read).expect("a reader");
        for (filter, indexes) in filters() {
            for page in [Page::First, Page::Before(MIDDLE), Page::After(MIDDLE)] {
                let plans = plans(conn, |conn| {
                    list_callback_history(conn, &filter, page, 50).expect("a page");
                });
                let plan = &plans[0];
                let about = format!("{filter:?} {page:?}\n{plan}");
                assert!(indexes.iter().any(|index| uses(plan, index)), "{about}");
                assert!(!sorts(plan) && !reads_all(plan), "{about}");
                // What the lines say of their evidence comes by its key.
                assert_eq!(plans.len(), 3, "{about}");
                for plan in &plans[1..] {
                    let by_key =
                        ["llm_callback_deliveries_pkey", "llm_callback_deliveries_callback"];
                    let is_by_key = by_key.iter().any(|index| uses(plan, index))
                        || plan.contains("INTEGER PRIMARY KEY");
                    assert!(is_by_key, "{about}\n{plan}");
                    assert!(!reads_all(plan), "{about}\n{plan}");
                }
            }
        }
    });
}

#[test]
fn the_beginning_of_an_id_is_looked_up_in_the_indexes_of_both_ids() {
    for_each_database(|database| {
        fill(&mut database.connect());
        let conn = &mut database.url().open(Purpose::Read).expect("a reader");
        for page in [Page::First, Page::Before(MIDDLE), Page::After(MIDDLE)] {
            let id_prefix = Some("job_1234".to_owned());
            let filter = HistoryFilter { id_prefix, ..HistoryFilter::default() };
            let plans = plans(conn, |conn| {
                list_callback_history(conn, &filter, page, 50).expect("a page");
            });
            // What is found is sorted by time, for it lies in the order of the ids.
            let plan = &plans[0];
            assert!(uses(plan, "llm_callbacks_job"), "{page:?}\n{plan}");
            let by_id =
                ["llm_callbacks_callback_id_source_key", "sqlite_autoindex_llm_callbacks_2"];
            assert!(by_id.iter().any(|index| uses(plan, index)), "{page:?}\n{plan}");
            assert!(!reads_all(plan), "{page:?}\n{plan}");
        }
    });
}

#[test]
fn the_feed_and_the_count_of_what_nobody_has_viewed_walk_their_indexes() {
    for_each_database(|database| {
        fill(&mut database.connect());
        let conn = &mut database.url().open(Purpose::Read).expect("a reader");
        let feed = plans(conn, |conn| {
            list_callbacks_after(conn, ROWS - 100, 100).expect("the feed");
        });
        let by_position = ["llm_callbacks_seq_key", "sqlite_autoindex_llm_callbacks_1"];
        assert!(by_position.iter().any(|index| uses(&feed[0], index)), "{}", feed[0]);
        assert!(!sorts(&feed[0]) && !reads_all(&feed[0]), "{}", feed[0]);
        let count = plans(conn, |conn| {
            count_unviewed_callbacks(conn).expect("a count");
        });
        assert!(uses(&count[0], "llm_callbacks_unviewed"), "{}", count[0]);
        assert!(!reads_all(&count[0]), "{}", count[0]);
    });
}

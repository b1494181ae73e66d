//! Refusals: recorded, listed newest first, and trimmed.

use crate::support::{execute, number};
use ringback_core::queries::refusals::{NewRefusal, insert_refusal, list_refusals};
use ringback_testing::for_each_backend;

fn refusal(source: &str, received_at: i64) -> NewRefusal {
    NewRefusal {
        source: source.to_owned(),
        problem: "too-large".to_owned(),
        size_bytes: 2_000_000,
        remote_addr: Some("203.0.113.9".to_owned()),
        received_at,
        seen: 1,
    }
}

#[test]
fn refusals_are_listed_newest_first() {
    for_each_backend(|conn| {
        for at in [1, 2, 3] {
            insert_refusal(conn, &refusal("x", at)).unwrap();
        }
        let listed = list_refusals(conn, 2).unwrap();
        assert_eq!(listed.iter().map(|row| row.received_at).collect::<Vec<_>>(), [3, 2]);
        let row = &listed[0];
        assert_eq!((row.source.as_str(), row.problem.as_str()), ("x", "too-large"));
        assert_eq!(row.size_bytes, 2_000_000);
        assert_eq!(row.remote_addr.as_deref(), Some("203.0.113.9"));
    });
}

#[test]
fn of_a_flood_of_refusals_the_newest_ten_thousand_stay() {
    for_each_backend(|conn| {
        execute(
            conn,
            "WITH RECURSIVE numbers(n) AS \
                 (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 10000) \
             INSERT INTO refused_deliveries (source, problem, size_bytes, received_at) \
             SELECT 'x', 'too-large', 0, n FROM numbers",
        );
        for at in 10_001..=10_003 {
            insert_refusal(conn, &refusal("x", at)).unwrap();
        }
        assert_eq!(number(conn, "SELECT count(*) FROM refused_deliveries"), 10_000);
        assert_eq!(number(conn, "SELECT min(received_at) FROM refused_deliveries"), 4);
        assert_eq!(list_refusals(conn, 1).unwrap()[0].received_at, 10_003);
    });
}

//! Storing a batch: exactly once, all or nothing, and within the caps of the evidence.

use crate::support::{
    START, all_rows, assert_no_orphans, at_once, body, callback, content, count_deliveries,
    delivery, do_not_wait_for_the_disk, execute, forged, number, row, store, store_one, valid,
};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Text;
use ringback_core::connection::Connection;
use ringback_core::models::{NewDelivery, Signature};
use ringback_core::queries::callbacks::find_feed_head;
use ringback_core::queries::{find_callback, find_payload, upsert_callbacks};
use ringback_core::rule::Effect;
use ringback_testing::{for_each_backend, for_each_database};

const BODIES: usize = 32;
const ROWS: usize = 256;

/// Distinct forged deliveries of one callback.
fn flood(callback_id: &str, size: usize) -> Vec<NewDelivery> {
    (0..size).map(|number| forged(callback_id, format!("forged {number}"))).collect()
}

#[test]
fn an_empty_batch_stores_nothing_and_takes_no_position() {
    for_each_backend(|conn| {
        assert_eq!(store(conn, &[]), []);
        assert_eq!(find_feed_head(conn).unwrap(), 0);
    });
}

#[test]
fn everything_known_of_a_delivery_is_kept() {
    for_each_backend(|conn| {
        let sent = NewDelivery {
            job_id: Some("job".to_owned()),
            workflow: Some("review".to_owned()),
            signed_at: Some(START - 7),
            remote_addr: Some("203.0.113.9".to_owned()),
            headers: r#"[["user-agent","é"]]"#.to_owned(),
            content_type: Some("application/json".to_owned()),
            ..forged("cb", "{}")
        };
        let id = store_one(conn, sent.clone()).id;
        let stored = callback(conn, id);
        let row = &stored.line.callback;
        assert_eq!((&row.source, &row.callback_id), (&sent.source, &sent.callback_id));
        assert_eq!(row.event_type, sent.event_type);
        assert_eq!((&row.job_id, &row.workflow), (&sent.job_id, &sent.workflow));
        assert_eq!((row.signature(), stored.line.reason), (sent.signature, sent.reason));
        assert_eq!((row.received_at, row.viewed_at), (START, None));
        let [kept] = stored.deliveries.as_slice() else { panic!("one delivery") };
        assert_eq!((kept.id, kept.seen, kept.absence().is_none()), (row.delivery_id, 1, true));
        assert_eq!((kept.signature(), kept.reason()), (sent.signature, sent.reason));
        assert_eq!(kept.id_origin(), sent.id_origin);
        assert_eq!(kept.payload_sha256, sent.body.sha256);
        assert_eq!((kept.first_received_at, kept.last_received_at), (START, START));
        assert_eq!((kept.signed_at, &kept.remote_addr), (sent.signed_at, &sent.remote_addr));
        assert_eq!((&kept.headers, &kept.content_type), (&sent.headers, &sent.content_type));
        assert_eq!(kept.size_bytes, 2);
    });
}

#[test]
fn a_callback_and_a_body_that_do_not_exist_are_none() {
    for_each_backend(|conn| {
        let id = store_one(conn, valid("cb", "a")).id;
        assert_eq!(find_callback(conn, id + 1).unwrap(), None);
        assert_eq!(find_payload(conn, id, id + 1).unwrap(), None);
        assert_eq!(find_payload(conn, id + 1, id).unwrap(), None);
    });
}

#[test]
fn a_retry_is_a_duplicate_of_the_same_callback() {
    for_each_backend(|conn| {
        let first = store_one(conn, valid("cb", "a"));
        assert!(!first.duplicate);
        let retry = store_one(conn, valid("cb", "a"));
        assert!(retry.duplicate);
        assert_eq!((retry.id, retry.callback_id.as_str()), (first.id, "cb"));
        assert_eq!(all_rows(conn).len(), 1);
    });
}

#[test]
fn a_retry_in_the_same_batch_is_a_duplicate_of_the_first() {
    for_each_backend(|conn| {
        let receipts = store(conn, &[valid("cb", "a"), valid("cb", "a"), valid("cb", "a")]);
        let duplicates: Vec<bool> = receipts.iter().map(|receipt| receipt.duplicate).collect();
        assert_eq!(duplicates, [false, true, true]);
        assert!(receipts.iter().all(|receipt| receipt.id == receipts[0].id));
        assert_eq!(count_deliveries(conn, receipts[0].id), 3);
    });
}

#[test]
fn many_threads_delivering_one_callback_at_once_make_one_row_that_counts_every_request() {
    const THREADS: usize = 8;
    const TIMES: usize = 10;
    for_each_database(|database| {
        let receipts = at_once(database, THREADS, |_, conn| -> Vec<_> {
            (0..TIMES).map(|_| store_one(conn, valid("cb", "a"))).collect()
        })
        .concat();
        assert_eq!(receipts.iter().filter(|receipt| !receipt.duplicate).count(), 1);
        assert!(receipts.iter().all(|receipt| receipt.id == receipts[0].id));
        let conn = &mut database.connect();
        assert_eq!(all_rows(conn).len(), 1);
        let stored = callback(conn, receipts[0].id);
        assert_eq!(stored.deliveries.len(), 1);
        assert_eq!(usize::try_from(stored.line.deliveries), Ok(THREADS * TIMES));
    });
}

#[test]
fn batches_that_overlap_at_once_make_one_row_for_each_callback() {
    const THREADS: usize = 6;
    for_each_database(|database| {
        // Each thread has them in another order: locks taken in the order of arrival would cross.
        let batch = |thread: usize| -> Vec<NewDelivery> {
            let mut batch: Vec<_> = (0..40).map(|n| valid(&format!("cb_{n}"), "a")).collect();
            batch.rotate_left(thread * 7);
            if thread % 2 == 1 {
                batch.reverse();
            }
            batch
        };
        let receipts =
            at_once(database, THREADS, |thread, conn| store(conn, &batch(thread))).concat();
        assert_eq!(receipts.iter().filter(|receipt| !receipt.duplicate).count(), 40);
        let conn = &mut database.connect();
        let rows = all_rows(conn);
        assert_eq!(rows.len(), 40);
        for row in rows {
            assert_eq!(usize::try_from(count_deliveries(conn, row.id)), Ok(THREADS));
        }
    });
}

#[test]
fn the_same_id_at_two_sources_is_two_callbacks() {
    for_each_backend(|conn| {
        let at = |source: &str, bytes: &str| NewDelivery {
            source: source.to_owned(),
            ..valid("cb", bytes)
        };
        let [one, other] = ["one", "other"].map(|source| store_one(conn, at(source, source)));
        assert!(!one.duplicate && !other.duplicate && one.id != other.id);

        let again = store(conn, &[at("other", "changed"), at("one", "one")]);
        assert_eq!(
            again.iter().map(|r| (r.id, r.effect)).collect::<Vec<_>>(),
            [(other.id, Effect::Replaced), (one.id, Effect::Repeated)]
        );
        assert_eq!(content(conn, one.id), b"one");
        assert_eq!(content(conn, other.id), b"changed");
    });
}

#[test]
fn ids_that_differ_in_case_or_trailing_space_are_two_callbacks() {
    for_each_backend(|conn| {
        let receipts = store(conn, &["cb", "CB", "cb ", "ĉb"].map(|id| valid(id, "a")));
        assert!(receipts.iter().all(|receipt| !receipt.duplicate));
    });
}

#[test]
fn a_batch_of_300_answers_each_of_its_new_and_repeated_deliveries_in_order() {
    for_each_backend(|conn| {
        let stored: Vec<_> = (0..100).map(|n| valid(&format!("cb_{n}"), "a")).collect();
        store(conn, &stored);
        // A third repeats, a third changes, a third is new.
        let batch: Vec<NewDelivery> = (0..300)
            .map(|n| match n % 3 {
                0 => valid(&format!("cb_{}", n / 3), "a"),
                1 => valid(&format!("new_{n}"), "a"),
                _ => valid(&format!("cb_{}", n / 3), format!("changed {n}")),
            })
            .collect();
        let receipts = store(conn, &batch);
        assert_eq!(receipts.len(), 300);
        for (index, (receipt, sent)) in receipts.iter().zip(&batch).enumerate() {
            let effect = [Effect::Repeated, Effect::Created, Effect::Replaced][index % 3];
            assert_eq!((receipt.effect, receipt.duplicate), (effect, index % 3 != 1));
            assert_eq!(receipt.callback_id, sent.callback_id);
        }
        let rows = all_rows(conn);
        assert_eq!(rows.len(), 200);
        for receipt in &receipts {
            let row = rows.iter().find(|row| row.id == receipt.id).expect("its callback");
            assert_eq!(row.callback_id, receipt.callback_id);
        }
        // In the order of the batch, which is the order of arrival.
        let told: Vec<String> = rows.into_iter().map(|row| row.callback_id).collect();
        let sent = batch.iter().enumerate().filter(|(index, _)| index % 3 != 0);
        assert!(told.iter().eq(sent.map(|(_, sent)| &sent.callback_id)));
    });
}

#[test]
fn a_forged_delivery_before_the_genuine_one_in_the_same_batch_loses() {
    for_each_backend(|conn| {
        let receipts = store(conn, &[forged("cb", "forged"), valid("cb", "genuine")]);
        assert_eq!(receipts[1].effect, Effect::Replaced);
        let row = row(conn, receipts[0].id);
        assert_eq!(row.signature(), Signature::Valid);
        assert!(row.seq > row.id, "it takes the position of the genuine delivery");
        assert_eq!(content(conn, row.id), b"genuine");
        assert_eq!(count_deliveries(conn, row.id), 2);
    });
}

#[test]
fn a_forged_delivery_after_the_genuine_one_in_the_same_batch_loses() {
    for_each_backend(|conn| {
        let batch = [valid("cb", "genuine"), forged("cb", "forged"), forged("cb", "genuine")];
        let effects: Vec<Effect> = store(conn, &batch).iter().map(|r| r.effect).collect();
        assert_eq!(effects, [Effect::Created, Effect::KeptAsEvidence, Effect::Repeated]);
        let [row] = all_rows(conn).try_into().expect("one callback");
        assert_eq!((row.signature(), row.seq), (Signature::Valid, row.id));
        assert_eq!(content(conn, row.id), b"genuine");
        assert_eq!(count_deliveries(conn, row.id), 3);
    });
}

#[test]
fn the_times_of_repeated_deliveries_span_all_of_them_whatever_their_order() {
    for_each_backend(|conn| {
        let at = |received_at| NewDelivery { received_at, ..valid("cb", "a") };
        let id = store_one(conn, at(START)).id;
        store_one(conn, at(START + 50));
        // Another node was slower to store what it received earlier.
        store_one(conn, at(START + 20));
        let kept = &callback(conn, id).deliveries[0];
        assert_eq!((kept.first_received_at, kept.last_received_at), (START, START + 50));
    });
}

#[test]
fn of_a_flood_of_forged_bodies_32_are_kept_whole_256_as_digests_and_the_rest_is_counted() {
    for_each_backend(|conn| {
        let size = ROWS + 50;
        let batch = flood("cb", size);
        let id = store_one(conn, batch[0].clone()).id;
        for part in batch[1..].chunks(100) {
            store(conn, part);
        }
        let kept = callback(conn, id).deliveries;
        assert_eq!(kept.len(), ROWS + 1);
        assert_eq!(kept.iter().filter(|row| row.absence().is_none()).count(), BODIES);
        assert!(kept[..BODIES].iter().all(|row| row.absence().is_none()), "the first stay");
        assert!(kept[..ROWS].iter().all(|row| row.payload_sha256.len() == 32));
        let overflow = &kept[ROWS];
        assert_eq!((overflow.payload_sha256.len(), overflow.seen), (0, 50));
        assert_eq!(usize::try_from(count_deliveries(conn, id)), Ok(size), "every one is counted");
        assert_eq!(content(conn, id), b"forged 0", "the first wins");
    });
}

#[test]
fn a_flood_in_one_batch_is_capped_like_one_that_trickles() {
    for_each_backend(|conn| {
        do_not_wait_for_the_disk(conn);
        let one = store(conn, &flood("at once", ROWS + 50))[0].id;
        for delivery in flood("trickling", ROWS + 50) {
            store_one(conn, delivery);
        }
        let other = all_rows(conn)[1].id;
        let [one, other] = [one, other].map(|id| {
            let kept = callback(conn, id).deliveries;
            let shape = |row: &ringback_core::queries::StoredDelivery| {
                (row.payload_sha256.clone(), row.seen, row.absence().is_none())
            };
            kept.iter().map(shape).collect::<Vec<_>>()
        });
        assert_eq!(one, other);
    });
}

#[test]
fn a_repeat_of_a_forged_body_that_is_kept_as_a_digest_counts_on_its_row() {
    for_each_backend(|conn| {
        let batch = flood("cb", BODIES + 5);
        let id = store(conn, &batch)[0].id;
        store_one(conn, batch[BODIES + 3].clone());
        let kept = &callback(conn, id).deliveries[BODIES + 3];
        assert_eq!((kept.seen, kept.absence().is_none()), (2, false));
        assert_eq!(find_payload(conn, id, kept.id).unwrap(), None);
    });
}

#[test]
fn a_genuine_delivery_after_a_flood_becomes_the_content_with_its_bytes() {
    for_each_backend(|conn| {
        let id = store(conn, &flood("cb", ROWS + 10))[0].id;
        // Also one whose bytes the flood guessed and of which only the digest was kept.
        for bytes in ["genuine", "forged 100", "forged 260"] {
            let receipt = store_one(conn, valid("cb", bytes));
            assert_eq!((receipt.id, receipt.effect), (id, Effect::Replaced));
            assert_eq!(content(conn, id), bytes.as_bytes());
        }
        assert_eq!(row(conn, id).signature(), Signature::Valid);
        assert_eq!(usize::try_from(count_deliveries(conn, id)), Ok(ROWS + 13));
    });
}

#[test]
fn a_genuine_retry_of_the_flooded_bytes_makes_the_callback_trusted() {
    for_each_backend(|conn| {
        let id = store(conn, &flood("cb", ROWS + 10))[0].id;
        assert_eq!(store_one(conn, valid("cb", "forged 0")).effect, Effect::Promoted);
        assert_eq!(row(conn, id).signature(), Signature::Valid);
        assert_eq!(content(conn, id), b"forged 0");
    });
}

/// An event type that the database will not store, although its neighbours in a batch are good.
fn poison(conn: &mut Connection) -> String {
    if let Connection::Sqlite(_) = conn {
        execute(
            conn,
            "CREATE TRIGGER refuse_insert BEFORE INSERT ON llm_callbacks \
                 WHEN NEW.event_type = 'poison' BEGIN SELECT RAISE(ABORT, 'refused'); END; \
             CREATE TRIGGER refuse_update BEFORE UPDATE ON llm_callbacks \
                 WHEN NEW.event_type = 'poison' BEGIN SELECT RAISE(ABORT, 'refused'); END",
        );
        "poison".to_owned()
    } else {
        "poi\0son".to_owned()
    }
}

#[test]
fn one_row_that_the_database_refuses_fails_the_whole_batch_and_nothing_of_it_is_stored() {
    for_each_backend(|conn| {
        let event_type = poison(conn);
        let known = store_one(conn, forged("known", "a")).id;
        let before = (row(conn, known), count_deliveries(conn, known));
        let hours = "SELECT count(*) FROM stats_hour";
        let before_hours = number(conn, hours);
        let bad = |id: &str| NewDelivery { event_type: event_type.clone(), ..valid(id, "bad") };
        // As a new callback, and as one that changes a stored one after others were applied.
        for bad in [bad("bad"), bad("known")] {
            let batch = [
                valid("good", "a"),
                forged("known", "a"),
                forged("known", "b"),
                valid("known", "c"),
                bad,
                valid("after", "a"),
            ];
            upsert_callbacks(conn, &batch).expect_err("the database refuses it");
            assert_eq!((row(conn, known), count_deliveries(conn, known)), before);
            assert_eq!(all_rows(conn).len(), 1);
            assert_eq!(number(conn, hours), before_hours);
            assert_eq!(number(conn, "SELECT count(*) FROM llm_callback_deliveries"), 1);
        }
        // The connection is as good as before, and the good ones go in without the bad.
        let receipts = store(conn, &[valid("good", "a"), valid("known", "c")]);
        assert_eq!(receipts[0].effect, Effect::Created);
        assert_no_orphans(conn);
    });
}

#[test]
fn a_position_that_was_rolled_back_is_given_to_the_next() {
    for_each_backend(|conn| {
        let event_type = poison(conn);
        store_one(conn, valid("cb", "a"));
        let head = find_feed_head(conn).unwrap();
        let bad = NewDelivery { event_type, ..valid("bad", "a") };
        upsert_callbacks(conn, &[bad]).expect_err("the database refuses it");
        assert_eq!(find_feed_head(conn).unwrap(), head);
    });
}

#[test]
fn storing_is_planned_cheaply_in_a_new_database_without_statistics() {
    for_each_backend(|conn| {
        store_one(conn, valid("cb", "a"));
        if let Connection::Sqlite(_) = conn {
            return;
        }
        let arguments: i64 = number(
            conn,
            "SELECT array_length(parameter_types, 1)::bigint FROM pg_prepared_statements \
             WHERE name = '__diesel_stmt_1' AND statement LIKE 'WITH head AS%'",
        );
        let arguments = vec!["NULL"; usize::try_from(arguments).unwrap()].join(", ");
        execute(conn, "SET plan_cache_mode = force_generic_plan");
        let explain = format!("EXPLAIN EXECUTE __diesel_stmt_1({arguments})");
        let plan: Vec<String> = sql::<Text>(&explain).load(conn).unwrap();
        let cost = plan[0].split_once("..").and_then(|(_, rest)| rest.split_once(' ')).unwrap().0;
        // From 100,000 on the server compiles the plan, for each connection, before it runs it.
        assert!(cost.parse::<f64>().unwrap() < 10_000.0, "{plan:#?}");
    });
}

#[test]
fn an_evidence_row_is_of_one_verdict_and_one_body() {
    for_each_backend(|conn| {
        let batch: Vec<NewDelivery> = Signature::ALL
            .iter()
            .flat_map(|&signature| ["a", "b", "a"].map(|bytes| delivery(signature, "cb", bytes)))
            .collect();
        let id = store(conn, &batch)[0].id;
        let seen: Vec<i64> = callback(conn, id).deliveries.iter().map(|row| row.seen).collect();
        assert_eq!(seen, [2, 1, 2, 1, 2, 1, 2, 1]);
    });
}

#[test]
fn a_damaged_body_is_an_error_and_not_other_bytes() {
    for_each_backend(|conn| {
        let damaged = NewDelivery {
            body: ringback_core::models::StoredBody { size_bytes: 99, ..body(b"short") },
            ..valid("cb", "")
        };
        let id = store_one(conn, damaged).id;
        find_payload(conn, id, id).expect_err("the sizes differ");
    });
}

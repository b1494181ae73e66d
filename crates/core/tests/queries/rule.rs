//! The rule's table end to end: what each effect does to the stored callback.

use crate::support::{
    callback, content, count_deliveries, delivery, evidence, forged, row, store_one, valid,
};
use Effect::{Disputed, KeptAsEvidence, Promoted, Repeated, Replaced};
use Signature::{Invalid, Missing, Unchecked, Valid};
use ringback_core::connection::Connection;
use ringback_core::models::{NewDelivery, Signature};
use ringback_core::queries::{ViewedSelection, mark_callbacks_viewed};
use ringback_core::rule::Effect;
use ringback_testing::for_each_backend;

/// Signature, bytes and time of signing.
type Short = (Signature, &'static str, Option<i64>);

fn long((signature, bytes, signed_at): Short, callback_id: &str, event_type: &str) -> NewDelivery {
    let event_type = event_type.to_owned();
    NewDelivery { signed_at, event_type, ..delivery(signature, callback_id, bytes) }
}

/// Stores `before`, has the callback viewed, lets `arriving` come and checks every consequence.
fn check(conn: &mut Connection, before: &[Short], arriving: &NewDelivery, effect: Effect) {
    let id = &arriving.callback_id;
    let case = format!("{id}: {before:?} meets {:?}", arriving.signature);
    let first = store_one(conn, long(before[0], id, "before"));
    for &short in &before[1..] {
        store_one(conn, long(short, id, "before"));
    }
    mark_callbacks_viewed(conn, ViewedSelection::Ids(&[first.id]), "ada", 1).expect("it is marked");
    let (old, old_content, old_evidence) =
        (row(conn, first.id), content(conn, first.id), evidence(conn, first.id));

    let receipt = store_one(conn, arriving.clone());
    assert_eq!(receipt.effect, effect, "{case}");
    assert!(receipt.duplicate && receipt.id == first.id, "{case}");

    let new = row(conn, first.id);
    let becomes_content = matches!(effect, Promoted | Replaced);
    assert_eq!(new.seq > old.seq, effect.notifies(), "{case}: the position");
    assert_eq!(new.viewed_at.is_none(), matches!(effect, Replaced | Disputed), "{case}: viewed");
    assert_eq!(new.viewed_by.is_none(), new.viewed_at.is_none(), "{case}: the viewer");
    assert_eq!(new.event_type == "arriving", becomes_content, "{case}: the labels");
    assert_eq!(new.received_at, old.received_at, "{case}: first received");
    let (signature, bytes) = if becomes_content {
        (Valid, arriving.body.bytes.clone())
    } else {
        (old.signature(), old_content)
    };
    assert_eq!((new.signature(), content(conn, first.id)), (signature, bytes), "{case}");
    let count = usize::try_from(count_deliveries(conn, first.id));
    assert_eq!(count, Ok(before.len() + 1), "{case}: the count");
    let kept = evidence(conn, first.id);
    assert!(old_evidence.iter().all(|old| kept.contains(old)), "{case}: evidence was lost");
    assert!(
        kept.contains(&(arriving.signature, Some(arriving.body.bytes.clone()))),
        "{case}: not kept"
    );
}

#[test]
fn every_line_of_the_rule_does_to_the_stored_callback_what_its_effect_says() {
    let a = |signature, at| (signature, "a", at);
    let b = |signature, at| (signature, "b", at);
    let table: &[(&[Short], Short, Effect)] = &[
        (&[a(Valid, Some(5))], a(Valid, Some(5)), Repeated),
        (&[a(Valid, Some(5))], a(Valid, Some(9)), Repeated),
        (&[a(Valid, Some(5))], a(Invalid, Some(9)), Repeated),
        (&[a(Valid, Some(5))], a(Missing, None), Repeated),
        (&[a(Unchecked, None)], a(Unchecked, None), Repeated),
        (&[a(Missing, None)], a(Invalid, None), Repeated),
        (&[a(Invalid, None)], a(Valid, Some(5)), Promoted),
        (&[a(Unchecked, None)], a(Valid, None), Promoted),
        (&[a(Missing, Some(99))], a(Valid, Some(5)), Promoted),
        (&[a(Invalid, Some(99))], b(Valid, Some(5)), Replaced),
        (&[a(Missing, None)], b(Valid, None), Replaced),
        (&[a(Unchecked, None)], b(Valid, Some(5)), Replaced),
        (&[a(Valid, Some(5))], b(Valid, Some(6)), Replaced),
        (&[a(Valid, Some(5))], b(Valid, Some(5)), Replaced),
        (&[a(Valid, None)], b(Valid, Some(5)), Replaced),
        (&[a(Valid, Some(5))], b(Valid, None), Replaced),
        (&[a(Valid, Some(5)), b(Invalid, None)], b(Valid, Some(6)), Replaced),
        (&[a(Valid, Some(5))], b(Valid, Some(4)), KeptAsEvidence),
        (&[b(Valid, Some(4)), a(Valid, Some(5))], b(Valid, Some(6)), KeptAsEvidence),
        (&[a(Valid, Some(5))], b(Invalid, Some(6)), KeptAsEvidence),
        (&[a(Valid, Some(5))], b(Missing, None), KeptAsEvidence),
        (&[a(Valid, Some(5))], b(Unchecked, None), KeptAsEvidence),
        (&[a(Invalid, None)], b(Invalid, None), KeptAsEvidence),
        (&[a(Unchecked, None)], b(Missing, None), KeptAsEvidence),
        (&[a(Invalid, None)], b(Unchecked, None), KeptAsEvidence),
    ];
    for_each_backend(|conn| {
        for (index, &(before, arriving, effect)) in table.iter().enumerate() {
            let arriving = long(arriving, &format!("line {index}"), "arriving");
            check(conn, before, &arriving, effect);
        }
    });
}

#[test]
fn genuine_bytes_under_an_unsigned_id_keep_the_content_and_call_for_a_look() {
    for_each_backend(|conn| {
        let arriving = long((Valid, "b", Some(6)), "cb", "arriving");
        let arriving = NewDelivery { id_is_signed: false, ..arriving };
        check(conn, &[(Valid, "a", Some(5))], &arriving, Disputed);
    });
}

#[test]
fn a_dispute_that_is_repeated_calls_once() {
    for_each_backend(|conn| {
        let first = store_one(conn, valid("cb", "a"));
        let disputing = NewDelivery { id_is_signed: false, ..valid("cb", "b") };
        assert_eq!(store_one(conn, disputing.clone()).effect, Disputed);
        let position = row(conn, first.id).seq;
        assert_eq!(store_one(conn, disputing).effect, KeptAsEvidence);
        assert_eq!(row(conn, first.id).seq, position);
    });
}

#[test]
fn an_unsigned_id_is_enough_where_nothing_trusted_is_stored() {
    for_each_backend(|conn| {
        let arriving = long((Valid, "b", None), "cb", "arriving");
        let arriving = NewDelivery { id_is_signed: false, ..arriving };
        check(conn, &[(Invalid, "a", None)], &arriving, Replaced);
    });
}

#[test]
fn a_forged_retry_never_replaces_hides_or_relabels_a_verified_callback() {
    for_each_backend(|conn| {
        let genuine = store_one(conn, valid("cb", "genuine"));
        let before = row(conn, genuine.id);
        for signature in [Invalid, Missing, Unchecked] {
            for bytes in ["genuine", "forged"] {
                let forged = NewDelivery {
                    event_type: "job.failed".to_owned(),
                    job_id: Some("another".to_owned()),
                    workflow: Some("another".to_owned()),
                    signed_at: Some(i64::MAX),
                    ..delivery(signature, "cb", bytes)
                };
                assert!(!store_one(conn, forged).effect.notifies());
            }
        }
        assert_eq!(row(conn, genuine.id), before);
        assert_eq!(count_deliveries(conn, genuine.id), 7);
    });
}

#[test]
fn a_genuine_delivery_replaces_a_forged_one_that_came_first() {
    for_each_backend(|conn| {
        let first = store_one(conn, forged("cb", "forged"));
        assert_eq!(store_one(conn, valid("cb", "genuine")).effect, Replaced);
        assert_eq!(content(conn, first.id), b"genuine");
        assert_eq!(
            evidence(conn, first.id),
            [(Invalid, Some(b"forged".to_vec())), (Valid, Some(b"genuine".to_vec()))]
        );
    });
}

#[test]
fn a_forged_delivery_of_the_bytes_that_the_genuine_one_will_have_does_not_hide_it() {
    for_each_backend(|conn| {
        let first = store_one(conn, valid("cb", "running"));
        assert_eq!(store_one(conn, forged("cb", "done")).effect, KeptAsEvidence);
        let position = row(conn, first.id).seq;

        assert_eq!(store_one(conn, valid("cb", "done")).effect, Replaced);
        assert_eq!(content(conn, first.id), b"done");
        assert!(row(conn, first.id).seq > position, "the genuine delivery is told");
    });
}

#[test]
fn a_forger_who_claims_the_far_future_does_not_make_the_genuine_delivery_look_old() {
    for_each_backend(|conn| {
        let far = NewDelivery { signed_at: Some(i64::MAX), ..forged("cb", "forged") };
        let first = store_one(conn, far);
        let genuine = NewDelivery { signed_at: Some(5), ..valid("cb", "genuine") };
        assert_eq!(store_one(conn, genuine).effect, Replaced);
        assert_eq!(content(conn, first.id), b"genuine");
    });
}

#[test]
fn a_forger_who_repeats_the_content_does_not_move_the_time_it_was_signed() {
    for_each_backend(|conn| {
        let signed = |at, delivery| NewDelivery { signed_at: Some(at), ..delivery };
        let first = store_one(conn, signed(5, valid("cb", "a")));
        store_one(conn, signed(i64::MAX, forged("cb", "a")));
        assert_eq!(store_one(conn, signed(6, valid("cb", "b"))).effect, Replaced);
        assert_eq!(content(conn, first.id), b"b");
    });
}

#[test]
fn a_replayed_old_request_never_turns_the_clock_back() {
    for_each_backend(|conn| {
        let signed = |at, bytes: &str| NewDelivery { signed_at: Some(at), ..valid("cb", bytes) };
        let first = store_one(conn, signed(5, "running"));
        store_one(conn, signed(6, "done"));
        let before = row(conn, first.id);

        // Seen before, and never seen but signed earlier.
        assert_eq!(store_one(conn, signed(5, "running")).effect, KeptAsEvidence);
        assert_eq!(store_one(conn, signed(4, "queued")).effect, KeptAsEvidence);
        assert_eq!(row(conn, first.id), before);
    });
}

#[test]
fn the_bytes_that_a_change_replaced_stay_readable() {
    for_each_backend(|conn| {
        let first = store_one(conn, valid("cb", "first"));
        for bytes in ["second", "third"] {
            assert_eq!(store_one(conn, valid("cb", bytes)).effect, Replaced);
        }
        assert_eq!(content(conn, first.id), b"third");
        let bytes: Vec<_> = evidence(conn, first.id).into_iter().map(|(_, bytes)| bytes).collect();
        assert_eq!(
            bytes,
            [Some(b"first".to_vec()), Some(b"second".to_vec()), Some(b"third".to_vec())]
        );
    });
}

#[test]
fn an_identical_retry_takes_no_new_position_and_stays_viewed() {
    for_each_backend(|conn| {
        let retry = valid("cb", "a");
        let first = store_one(conn, retry.clone());
        mark_callbacks_viewed(conn, ViewedSelection::Ids(&[first.id]), "ada", 1).unwrap();
        let before = row(conn, first.id);
        for _ in 0..3 {
            assert_eq!(store_one(conn, retry.clone()).effect, Repeated);
        }
        assert_eq!(row(conn, first.id), before);
        assert_eq!(callback(conn, first.id).deliveries.len(), 1, "one row that counts");
        assert_eq!(count_deliveries(conn, first.id), 4);
    });
}

#[test]
fn a_promotion_takes_the_labels_that_the_signed_request_names() {
    for_each_backend(|conn| {
        let first = store_one(conn, forged("cb", "a"));
        let genuine = NewDelivery {
            event_type: "job.failed".to_owned(),
            job_id: Some("job".to_owned()),
            workflow: Some("review".to_owned()),
            ..valid("cb", "a")
        };
        assert_eq!(store_one(conn, genuine).effect, Promoted);
        let row = row(conn, first.id);
        assert_eq!(row.event_type, "job.failed");
        assert_eq!((row.job_id.as_deref(), row.workflow.as_deref()), (Some("job"), Some("review")));
        assert_eq!(callback(conn, first.id).line.reason, None);
    });
}

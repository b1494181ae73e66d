//! Deliveries that meet: in both orders, at the same moment, and while one is not committed yet.

use crate::support::{
    all_rows, assert_no_orphans, at_once, content, count_deliveries, evidence, forged, row,
    store_one, valid, while_open,
};
use diesel::result::Error::RollbackTransaction;
use ringback_core::models::{NewDelivery, Signature};
use ringback_core::rule::Effect;
use ringback_testing::{TestDatabase, for_each_database};

/// How often each race is run on each database.
const ROUNDS: usize = 8;

/// Delivers each on a connection of its own at the same moment.
fn race(database: &TestDatabase, deliveries: &[NewDelivery]) -> Vec<Effect> {
    at_once(database, deliveries.len(), |index, conn| {
        store_one(conn, deliveries[index].clone()).effect
    })
}

#[test]
fn a_forged_and_a_genuine_delivery_at_once_always_leave_the_genuine_one() {
    for_each_database(|database| {
        let conn = &mut database.connect();
        for round in 0..ROUNDS {
            let id = format!("cb_{round}");
            let effects = race(database, &[forged(&id, "forged"), valid(&id, "genuine")]);
            assert!(
                matches!(
                    effects[..],
                    [Effect::Created, Effect::Replaced] | [Effect::KeptAsEvidence, Effect::Created]
                ),
                "{effects:?}"
            );
            let row = all_rows(conn).pop().expect("the newest");
            assert_eq!((row.signature(), row.callback_id), (Signature::Valid, id));
            assert_eq!(content(conn, row.id), b"genuine");
            let mut kept = evidence(conn, row.id);
            kept.sort();
            assert_eq!(
                kept,
                [
                    (Signature::Invalid, Some(b"forged".to_vec())),
                    (Signature::Valid, Some(b"genuine".to_vec()))
                ]
            );
        }
        assert_eq!(all_rows(conn).len(), ROUNDS);
    });
}

#[test]
fn a_forged_copy_and_the_genuine_delivery_at_once_leave_one_trusted_callback() {
    for_each_database(|database| {
        let conn = &mut database.connect();
        for round in 0..ROUNDS {
            let id = format!("cb_{round}");
            let effects = race(database, &[forged(&id, "same"), valid(&id, "same")]);
            assert!(
                matches!(
                    effects[..],
                    [Effect::Created, Effect::Promoted] | [Effect::Repeated, Effect::Created]
                ),
                "{effects:?}"
            );
            let row = all_rows(conn).pop().expect("the newest");
            assert_eq!(row.signature(), Signature::Valid);
            assert_eq!(count_deliveries(conn, row.id), 2);
        }
    });
}

#[test]
fn many_forgers_at_once_with_one_genuine_sender_never_fool_anybody() {
    for_each_database(|database| {
        let mut deliveries: Vec<NewDelivery> =
            (0..6).map(|forger| forged("cb", format!("forged {forger}"))).collect();
        deliveries.push(valid("cb", "genuine"));
        // One forger knows the bytes.
        deliveries.push(forged("cb", "genuine"));
        race(database, &deliveries);
        let conn = &mut database.connect();
        let [row] = all_rows(conn).try_into().expect("one callback");
        assert_eq!(row.signature(), Signature::Valid);
        assert_eq!(content(conn, row.id), b"genuine");
        assert_eq!(count_deliveries(conn, row.id), 8);
        assert_eq!(evidence(conn, row.id).len(), 8);
    });
}

#[test]
fn identical_retries_at_once_notify_once() {
    for_each_database(|database| {
        for round in 0..ROUNDS {
            let retries = vec![valid(&format!("cb_{round}"), "a"); 4];
            let effects = race(database, &retries);
            assert_eq!(effects.iter().filter(|effect| effect.notifies()).count(), 1);
        }
    });
}

#[test]
fn of_two_changes_at_once_the_one_signed_later_is_the_content() {
    for_each_database(|database| {
        let conn = &mut database.connect();
        let signed =
            |id: &str, at| NewDelivery { signed_at: Some(at), ..valid(id, at.to_string()) };
        for round in 0..ROUNDS {
            let id = format!("cb_{round}");
            let key = store_one(conn, signed(&id, 1)).id;
            race(database, &[signed(&id, 2), signed(&id, 3)]);
            assert_eq!(content(conn, key), b"3");
            assert_eq!(evidence(conn, key).len(), 3);
        }
    });
}

#[test]
fn a_genuine_delivery_that_meets_an_uncommitted_forged_one_replaces_it() {
    for_each_database(|database| {
        let genuine = while_open(
            database,
            |conn| drop(store_one(conn, forged("cb", "forged"))),
            |conn| store_one(conn, valid("cb", "genuine")),
            |_| Ok(()),
        );
        let conn = &mut database.connect();
        let [row] = all_rows(conn).try_into().expect("one callback");
        assert_eq!((row.id, row.signature()), (genuine.id, Signature::Valid));
        assert_eq!(content(conn, row.id), b"genuine");
        assert_eq!(count_deliveries(conn, row.id), 2);
        if database.url().is_postgres() {
            assert_eq!(genuine.effect, Effect::Replaced);
        }
    });
}

#[test]
fn a_forged_delivery_that_meets_an_uncommitted_genuine_one_is_evidence() {
    for_each_database(|database| {
        while_open(
            database,
            |conn| drop(store_one(conn, valid("cb", "genuine"))),
            |conn| store_one(conn, forged("cb", "forged")),
            |_| Ok(()),
        );
        let conn = &mut database.connect();
        let [row] = all_rows(conn).try_into().expect("one callback");
        assert_eq!(row.signature(), Signature::Valid);
        assert_eq!(content(conn, row.id), b"genuine");
        assert_eq!(count_deliveries(conn, row.id), 2);
    });
}

#[test]
fn a_delivery_that_waited_for_one_that_was_rolled_back_is_the_first() {
    for_each_database(|database| {
        let waited = while_open(
            database,
            |conn| drop(store_one(conn, forged("cb", "rolled back"))),
            |conn| store_one(conn, valid("cb", "genuine")),
            |_| Err(RollbackTransaction),
        );
        assert_eq!((waited.effect, waited.duplicate), (Effect::Created, false));
        let conn = &mut database.connect();
        assert_eq!(evidence(conn, waited.id), [(Signature::Valid, Some(b"genuine".to_vec()))]);
        assert_eq!(row(conn, waited.id).seq, waited.id);
        assert_no_orphans(conn);
    });
}

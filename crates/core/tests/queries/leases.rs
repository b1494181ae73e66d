//! Leases: one holder at a time, whoever claims when.

use crate::support::{HOUR, START, at_once, number, while_open};
use ringback_core::models::Micros;
use ringback_core::queries::leases::{claim_lease, release_lease};
use ringback_testing::{for_each_backend, for_each_database};

const TTL: Micros = 30_000_000;

#[test]
fn a_lease_is_its_holders_until_it_ends() {
    for_each_backend(|conn| {
        let mut claim = |holder, at| claim_lease(conn, "alerts", holder, at, TTL).unwrap();
        assert!(claim("a", START));
        assert!(!claim("b", START));
        assert!(!claim("b", START + TTL - 1));
        assert!(claim("b", START + TTL));
        assert!(!claim("a", START + TTL), "who was late has lost it");
    });
}

#[test]
fn a_holder_renews_its_lease() {
    for_each_backend(|conn| {
        let mut claim = |holder, at| claim_lease(conn, "alerts", holder, at, TTL).unwrap();
        assert!(claim("a", START));
        assert!(claim("a", START + TTL / 2));
        assert!(!claim("b", START + TTL), "it was renewed");
        assert!(claim("b", START + TTL / 2 + TTL));
    });
}

#[test]
fn leases_of_different_names_do_not_touch() {
    for_each_backend(|conn| {
        assert!(claim_lease(conn, "alerts", "a", START, TTL).unwrap());
        assert!(claim_lease(conn, "retention", "b", START, TTL).unwrap());
        assert!(!claim_lease(conn, "retention", "a", START, TTL).unwrap());
    });
}

#[test]
fn only_its_holder_gives_a_lease_up_and_then_it_is_free() {
    for_each_backend(|conn| {
        assert!(!release_lease(conn, "alerts", "a").unwrap(), "nobody has it");
        assert!(claim_lease(conn, "alerts", "a", START, TTL).unwrap());
        assert!(!release_lease(conn, "alerts", "b").unwrap());
        assert!(!claim_lease(conn, "alerts", "b", START, TTL).unwrap());
        assert!(release_lease(conn, "alerts", "a").unwrap());
        assert!(claim_lease(conn, "alerts", "b", START, TTL).unwrap());
    });
}

#[test]
fn a_holder_whose_clock_is_ten_minutes_wrong_keeps_its_lease_and_one_far_ahead_does_not() {
    for_each_backend(|conn| {
        assert!(claim_lease(conn, "near", "a", START + HOUR / 6, TTL).unwrap());
        assert!(!claim_lease(conn, "near", "b", START, TTL).unwrap());
        assert!(claim_lease(conn, "far", "a", START + 1000 * HOUR, TTL).unwrap());
        assert!(claim_lease(conn, "far", "b", START, TTL).unwrap());
    });
}

#[test]
fn of_many_that_claim_at_once_exactly_one_has_it() {
    for_each_database(|database| {
        for round in 0..4 {
            // A new lease, then one that has just ended.
            for at in [START, START + TTL] {
                let name = format!("round {round}");
                let won = at_once(database, 6, |index, conn| {
                    claim_lease(conn, &name, &format!("node {index}"), at, TTL).unwrap()
                });
                assert_eq!(won.iter().filter(|won| **won).count(), 1, "{won:?}");
            }
        }
        assert_eq!(number(&mut database.connect(), "SELECT count(*) FROM leases"), 4);
    });
}

#[test]
fn who_claims_while_another_has_not_committed_waits_and_loses() {
    for_each_database(|database| {
        let second = while_open(
            database,
            |conn| assert!(claim_lease(conn, "alerts", "a", START, TTL).unwrap()),
            |conn| claim_lease(conn, "alerts", "b", START, TTL).unwrap(),
            |_| Ok(()),
        );
        assert!(!second);
        let held = "SELECT count(*) FROM leases WHERE holder = 'a'";
        assert_eq!(number(&mut database.connect(), held), 1);
    });
}

//! Verifying stored failures again: what holds becomes trusted by the rule, once, at a new position.

use crate::support::{
    all_rows, assert_no_orphans, content, count_deliveries, evidence, number, row, store, store_one,
};
use ringback_core::connection::Connection;
use ringback_core::intake::{Request, read_delivery_with_digests};
use ringback_core::keys::DigestKey;
use ringback_core::models::{Micros, NewDelivery, Signature};
use ringback_core::provider::{Overrides, find_provider};
use ringback_core::queries::reverify::{
    FailureFilter, Mended, RunRow, Step, find_open_run, find_signature_mac, insert_run,
    list_failures, list_runs, promote_failures, take_step,
};
use ringback_core::reverify::mend;
use ringback_core::signature::{Headers, Secret};
use ringback_core::source::Source;
use ringback_testing::for_each_backend;
use std::sync::LazyLock;

const NOW: i64 = 1_800_000_000;
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
static KEY: LazyLock<DigestKey> = LazyLock::new(|| DigestKey::new([1; 32]));

fn source(provider: &str, secrets: &[&str]) -> Source {
    let secrets = secrets.iter().filter_map(|text| Secret::new(text)).collect();
    let provider = find_provider(provider).expect(provider);
    provider.source("ai", secrets, &Overrides::default()).expect("nothing is overridden")
}

/// A request as `source` takes it, signed with `key` by the provider's scheme.
fn receive(source: &Source, key: &str, id: &str, body: &str, at: i64) -> NewDelivery {
    let secret = Secret::new(key).expect("not empty");
    let mut headers = source.scheme.sign(&secret, id, body.as_bytes(), at).expect("a key");
    if !headers.iter().any(|(name, _)| name == "webhook-id") {
        headers.push(("x-github-delivery".to_owned(), id.to_owned()));
    }
    let headers = Headers::new(headers);
    let request = Request {
        headers: &headers,
        body: body.as_bytes(),
        remote_addr: None,
        received_at: NOW * 1_000_000,
    };
    read_delivery_with_digests(source, &request, &KEY)
}

fn filter() -> FailureFilter {
    FailureFilter { source: "ai".to_owned(), callback: None, from: None, to: None }
}

fn mended(conn: &mut Connection, source: &Source) -> Vec<Mended> {
    let failures =
        list_failures(conn, &filter(), (0, i64::MAX), 1000).expect("the failures are read");
    failures.iter().filter_map(|failure| mend(source, failure, &KEY)).collect()
}

#[test]
fn a_failure_becomes_trusted_when_its_secret_is_added() {
    for_each_backend(|conn| {
        let before = source("openai", &[]);
        let genuine = receive(&before, SECRET, "msg_1", r#"{"type":"batch.completed"}"#, NOW);
        assert_eq!(genuine.signature, Signature::Unchecked);
        let first = store_one(conn, genuine.clone());
        store_one(conn, genuine.clone());
        let forged = receive(&before, "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "msg_2", "{}", NOW);
        let other = store_one(conn, forged);
        let old = row(conn, first.id);

        let after = source("openai", &[SECRET]);
        let mended = mended(conn, &after);
        assert_eq!(mended.len(), 1, "what is forged stays what it is");
        let receipts = promote_failures(conn, &mended).expect("they are promoted");
        assert_eq!(receipts.len(), 1);

        let new = row(conn, first.id);
        assert_eq!(new.signature(), Signature::Valid);
        assert!(new.seq > old.seq && new.seq > row(conn, other.id).seq, "a new position");
        assert_eq!(
            (new.received_at, new.event_type.as_str()),
            (old.received_at, "batch.completed")
        );
        assert_eq!(evidence(conn, first.id), [(Signature::Valid, Some(genuine.body.bytes))]);
        assert_eq!(count_deliveries(conn, first.id), 2, "no request is counted twice");
        assert_eq!(row(conn, other.id).signature(), Signature::Unchecked);
        assert_no_orphans(conn);
        let counted = "SELECT callbacks FROM stats_hour WHERE signature = 3";
        assert_eq!(number(conn, counted), 1);
        assert_eq!(find_signature_mac(conn, first.id, new.delivery_id), Ok(None));

        assert!(promote_failures(conn, &mended).expect("it runs").is_empty(), "once is enough");
        assert_eq!(row(conn, first.id).seq, new.seq);
    });
}

#[test]
fn a_failure_that_was_late_or_changed_stays_one() {
    for_each_backend(|conn| {
        let before = source("openai", &["whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]);
        let late = receive(&before, SECRET, "late", "{}", NOW - 301);
        let mut changed = receive(&before, SECRET, "changed", "{}", NOW);
        changed.body = crate::support::body(b"{ }");
        let mut without = receive(&before, SECRET, "without", "{}", NOW);
        without.signature_mac = None;
        store(conn, &[late, changed, without]);
        assert!(mended(conn, &source("openai", &[SECRET])).is_empty());
    });
}

#[test]
fn genuine_content_that_was_taken_for_a_forgery_replaces_what_came_first() {
    for_each_backend(|conn| {
        let before = source("openai", &["whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]);
        let mut forged =
            receive(&before, "whsec_BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB", "msg_1", "forged", NOW);
        forged.received_at -= 1;
        let first = store_one(conn, forged);
        store_one(conn, receive(&before, SECRET, "msg_1", "genuine", NOW));
        assert_eq!(content(conn, first.id), b"forged");
        let mended = mended(conn, &source("openai", &[SECRET]));
        promote_failures(conn, &mended).expect("they are promoted");
        assert_eq!(content(conn, first.id), b"genuine");
        assert_eq!(row(conn, first.id).signature(), Signature::Valid);
        assert_eq!(evidence(conn, first.id).len(), 2, "the forgery stays in evidence");
        assert_no_orphans(conn);
    });
}

#[test]
fn a_captured_request_under_another_unsigned_id_never_makes_that_one_trusted() {
    for_each_backend(|conn| {
        let before = source("in-house", &[]);
        let body = r#"{"callback_id":"mine"}"#;
        let headers = |id: &str| {
            let form = ringback_core::signature::HeaderSignature::default();
            let scheme = ringback_core::signature::Scheme::Header(form);
            let secret = Secret::new("in house secret").expect("not empty");
            let mut signed = scheme.sign(&secret, "", body.as_bytes(), NOW).expect("a key");
            signed.push(("x-callback-id".to_owned(), id.to_owned()));
            Headers::new(signed)
        };
        let deliver = |id: &str| {
            let headers = headers(id);
            let request = Request {
                headers: &headers,
                body: body.as_bytes(),
                remote_addr: None,
                received_at: NOW * 1_000_000,
            };
            read_delivery_with_digests(&before, &request, &KEY)
        };
        let victim = store_one(conn, deliver("victim"));
        assert_eq!(victim.callback_id, "victim", "nothing was signed, so the header counts");
        let after = source("in-house", &["in house secret"]);
        let once = mended(conn, &after);
        let receipts = promote_failures(conn, &once).expect("they are promoted");
        assert_eq!(receipts[0].callback_id, "mine");
        assert_eq!(row(conn, victim.id).signature(), Signature::Unchecked);
        assert_eq!(row(conn, receipts[0].id).signature(), Signature::Valid);
        assert!(mended(conn, &after).is_empty(), "it is not looked at again");
        assert_eq!(count_deliveries(conn, receipts[0].id), 1);
        assert_no_orphans(conn);
    });
}

#[test]
fn trusted_content_is_not_touched_by_an_older_failure() {
    for_each_backend(|conn| {
        let wrong = source("openai", &["whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]);
        let right = source("openai", &[SECRET]);
        let newer = store_one(conn, receive(&right, SECRET, "msg_1", "newer", NOW));
        store_one(conn, receive(&wrong, SECRET, "msg_1", "older", NOW - 60));
        let old = row(conn, newer.id);
        let mended = mended(conn, &right);
        assert_eq!(promote_failures(conn, &mended).expect("it runs").len(), 1);
        assert_eq!(content(conn, newer.id), b"newer");
        assert_eq!(row(conn, newer.id).seq, old.seq, "nobody is notified");
        assert_eq!(count_deliveries(conn, newer.id), 2);
    });
}

fn run_to_the_end(conn: &mut Connection, source: &Source, now: Micros) -> RunRow {
    loop {
        let run = find_open_run(conn).expect("it is read").expect("it is open");
        let failures = list_failures(conn, &run.filter(), (run.passed, run.until), 2)
            .expect("the failures are read");
        let mended: Vec<Mended> =
            failures.iter().filter_map(|failure| mend(source, failure, &KEY)).collect();
        let step = Step {
            from: run.passed,
            to: failures.last().map_or(run.until, |failure| failure.id),
            checked: i64::try_from(failures.len()).expect("few"),
            ended_at: failures.is_empty().then_some(now),
        };
        let moved = take_step(conn, run.id, step, &mended).expect("it moves");
        assert_eq!(take_step(conn, run.id, step, &mended), Ok(None), "a step is taken once");
        let moved = moved.expect("nobody else took it");
        if moved.ended_at.is_some() {
            return moved;
        }
    }
}

#[test]
fn a_run_goes_through_every_failure_in_steps_and_says_how_far_it_is() {
    for_each_backend(|conn| {
        let before = source("github", &[]);
        let mut batch: Vec<NewDelivery> = (0..7)
            .map(|n| {
                let key = if n % 2 == 0 { "top secret" } else { "another" };
                receive(&before, key, &format!("cb_{n}"), &format!("{{\"n\":{n}}}"), NOW)
            })
            .collect();
        let mut elsewhere = batch[0].clone();
        elsewhere.source = "other".to_owned();
        batch.push(elsewhere);
        store(conn, &batch);
        let run = insert_run(conn, &filter(), "ada", 5).expect("it starts");
        assert_eq!((run.total, run.checked, run.trusted), (7, 0, 0));
        let again = insert_run(conn, &filter(), "bob", 6).expect("it starts again");
        assert_eq!(list_runs(conn, 10).expect("they are read").len(), 1, "the first has given way");
        // What comes while it runs is verified when it comes, and is not of the run.
        store_one(conn, receive(&before, "top secret", "later", "{}", NOW));

        let ended = run_to_the_end(conn, &source("github", &["top secret"]), 9);
        assert_eq!((ended.id, ended.checked, ended.trusted), (again.id, 7, 4));
        assert_eq!(ended.ended_at, Some(9));
        assert_eq!(find_open_run(conn), Ok(None));
        let trusted = all_rows(conn).iter().filter(|row| row.signature().is_trusted()).count();
        assert_eq!(trusted, 4);
        assert_no_orphans(conn);
    });
}

#[test]
fn failures_are_taken_by_time_and_by_callback() {
    for_each_backend(|conn| {
        let before = source("github", &[]);
        let at = |id: &str, received_at| NewDelivery {
            received_at,
            ..receive(&before, "s", id, id, NOW)
        };
        let receipts = store(conn, &[at("a", 10), at("b", 20), at("c", 30)]);
        let mut list = |filter: &FailureFilter| -> Vec<String> {
            let found = list_failures(conn, filter, (0, i64::MAX), 10).expect("they are read");
            found.into_iter().map(|failure| failure.callback_id).collect()
        };
        assert_eq!(list(&filter()), ["a", "b", "c"]);
        assert_eq!(list(&FailureFilter { from: Some(20), ..filter() }), ["b", "c"]);
        assert_eq!(list(&FailureFilter { to: Some(20), ..filter() }), ["a"]);
        assert_eq!(list(&FailureFilter { callback: Some(receipts[1].id), ..filter() }), ["b"]);
        assert!(list(&FailureFilter { source: "x".to_owned(), ..filter() }).is_empty());
    });
}

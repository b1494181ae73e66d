//! Batches against a model: the rule applied to one delivery after the other, in memory.

use crate::support::{START, all_rows, delivery, do_not_wait_for_the_disk, execute, store};
use diesel::prelude::*;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
use ringback_core::connection::Connection;
use ringback_core::models::{Micros, NewDelivery, Signature};
use ringback_core::rule::{Arriving, Effect, Stored, decide};
use ringback_core::schema::{
    llm_callback_deliveries as deliveries, llm_callbacks as callbacks, stats_hour,
};
use ringback_testing::{TestDatabase, for_each_database};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};

const HOUR: Micros = crate::support::HOUR;

/// What the model keeps of a callback.
struct Modelled {
    content: NewDelivery,
    /// When its content, and it in the feed, last changed: the number of the delivery.
    changed: usize,
    /// How often each verdict came with each body.
    seen: BTreeMap<(Signature, Vec<u8>), i64>,
}

#[derive(Default)]
struct Model(HashMap<(String, String), Modelled>);

impl Model {
    fn apply(&mut self, number: usize, arriving: &NewDelivery) -> Effect {
        let key = (arriving.source.clone(), arriving.callback_id.clone());
        let evidence = (arriving.signature, arriving.body.bytes.clone());
        let Some(known) = self.0.get_mut(&key) else {
            let seen = BTreeMap::from([(evidence, 1)]);
            self.0.insert(key, Modelled { content: arriving.clone(), changed: number, seen });
            return Effect::Created;
        };
        let effect = decide(
            &Stored {
                signature: known.content.signature,
                sha256: known.content.body.sha256,
                signed_at: known.content.signed_at,
            },
            &Arriving {
                signature: arriving.signature,
                sha256: arriving.body.sha256,
                signed_at: arriving.signed_at,
                id_is_signed: arriving.id_is_signed,
                seen_valid: known
                    .seen
                    .contains_key(&(Signature::Valid, arriving.body.bytes.clone())),
            },
        );
        *known.seen.entry(evidence).or_default() += 1;
        if effect.notifies() {
            known.changed = number;
        }
        if matches!(effect, Effect::Promoted | Effect::Replaced) {
            known.content = arriving.clone();
        }
        effect
    }

    /// The keys in the order of the feed.
    fn feed(&self) -> Vec<&(String, String)> {
        let mut feed: Vec<_> = self.0.iter().map(|(key, known)| (known.changed, key)).collect();
        feed.sort();
        feed.into_iter().map(|(_, key)| key).collect()
    }
}

prop_compose! {
    /// Few ids, bodies and times, so that deliveries meet.
    fn any_delivery()(
        source in 0..2,
        id in 0..3,
        signature in prop_oneof![
            3 => Just(Signature::Valid),
            1 => Just(Signature::Invalid),
            1 => Just(Signature::Missing),
            1 => Just(Signature::Unchecked),
        ],
        bytes in prop::sample::select(vec!["", "a", "bb", "ccc"]),
        signed_at in prop::option::of(1..4i64),
        id_is_signed in prop::bool::weighted(0.8),
        event_type in prop::sample::select(vec!["", "job.completed", "job.failed"]),
        workflow in prop::option::of(prop::sample::select(vec!["review", "train"])),
        hour in 0..3i64,
    ) -> NewDelivery {
        NewDelivery {
            source: format!("source_{source}"),
            id_is_signed,
            signed_at,
            event_type: event_type.to_owned(),
            workflow: workflow.map(str::to_owned),
            received_at: START + hour * HOUR,
            ..delivery(signature, &format!("cb_{id}"), bytes)
        }
    }
}

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(0x5eed),
        ..Config::default()
    })
}

/// One connection for all cases.
fn connect(database: &TestDatabase) -> RefCell<Connection> {
    let mut conn = database.connect();
    do_not_wait_for_the_disk(&mut conn);
    RefCell::new(conn)
}

/// Stores the deliveries in batches of these sizes and compares with the model.
fn check(
    conn: &mut Connection,
    sent: &[NewDelivery],
    sizes: &[usize],
) -> Result<(), TestCaseError> {
    let mut model = Model::default();
    let modelled: Vec<Effect> =
        sent.iter().enumerate().map(|(number, sent)| model.apply(number, sent)).collect();
    let mut receipts = Vec::new();
    let mut rest = sent;
    let mut sizes = sizes.iter().cycle();
    while !rest.is_empty() {
        let (batch, later) = rest.split_at(rest.len().min(*sizes.next().expect("it cycles")));
        receipts.extend(store(conn, batch));
        rest = later;
    }
    let effects: Vec<Effect> = receipts.iter().map(|receipt| receipt.effect).collect();
    prop_assert_eq!(effects, modelled);

    let rows = all_rows(conn);
    let mut kept = all_evidence(conn);
    let feed = model.feed();
    prop_assert_eq!(rows.len(), feed.len());
    for (row, key) in rows.iter().zip(feed) {
        prop_assert_eq!((&row.source, &row.callback_id), (&key.0, &key.1));
        let known = &model.0[key];
        prop_assert_eq!(row.signature(), known.content.signature);
        prop_assert_eq!(&row.event_type, &known.content.event_type);
        prop_assert_eq!(&row.workflow, &known.content.workflow);
        let kept = kept.remove(&row.id).unwrap_or_default();
        let content = kept.iter().find(|kept| kept.id == row.delivery_id).map(Kept::key);
        prop_assert_eq!(content, Some((row.signature(), known.content.body.bytes.clone())));
        let seen = kept.iter().map(|kept| (kept.key(), kept.seen)).collect::<BTreeMap<_, _>>();
        prop_assert_eq!(&seen, &known.seen);
    }
    prop_assert!(kept.is_empty(), "evidence of no callback");
    for (receipt, sent) in receipts.iter().zip(sent) {
        let row = rows.iter().find(|row| row.id == receipt.id).expect("its callback");
        prop_assert_eq!((&row.source, &row.callback_id), (&sent.source, &sent.callback_id));
        prop_assert_eq!(receipt.duplicate, receipt.effect != Effect::Created);
    }
    Ok(())
}

#[test]
fn batches_split_anywhere_do_what_the_rule_does_to_one_delivery_after_the_other() {
    let some =
        (prop::collection::vec(any_delivery(), 1..40), prop::collection::vec(1..15usize, 1..6));
    for_each_database(|database| {
        let conn = connect(database);
        let checked = runner(48).run(&some, |(sent, sizes)| {
            let conn = &mut conn.borrow_mut();
            empty(conn);
            check(conn, &sent, &sizes)
        });
        checked.unwrap_or_else(|error| panic!("{error}"));
    });
}

#[test]
fn the_hourly_counts_agree_with_a_recount_of_the_callbacks() {
    let some = prop::collection::vec(prop::collection::vec(any_delivery(), 1..12), 1..5);
    for_each_database(|database| {
        // Each case adds callbacks of its own to those of the cases before it.
        let case = Cell::new(0);
        let conn = connect(database);
        let checked = runner(24).run(&some, |mut batches| {
            let conn = &mut conn.borrow_mut();
            case.set(case.get() + 1);
            for delivery in batches.iter_mut().flatten() {
                delivery.callback_id = format!("{} of case {}", delivery.callback_id, case.get());
            }
            for batch in &batches {
                store(conn, batch);
            }
            prop_assert_eq!(rolled_up(conn), recounted(conn));
            Ok(())
        });
        checked.unwrap_or_else(|error| panic!("{error}"));
    });
}

type Counts = BTreeMap<(Micros, String, String, String, i16), (i64, i64)>;

fn rolled_up(conn: &mut Connection) -> Counts {
    let rows: Vec<(Micros, String, String, String, i16, i64, i64)> =
        stats_hour::table.load(conn).expect("the counts are read");
    rows.into_iter()
        .map(|(hour, source, event_type, workflow, signature, callbacks, size_bytes)| {
            ((hour, source, event_type, workflow, signature), (callbacks, size_bytes))
        })
        .filter(|(_, sums)| *sums != (0, 0))
        .collect()
}

fn recounted(conn: &mut Connection) -> Counts {
    let rows: Vec<(Micros, String, String, Option<String>, i16, i64)> = callbacks::table
        .inner_join(deliveries::table.on(deliveries::id.eq(callbacks::delivery_id)))
        .select((
            callbacks::received_at,
            callbacks::source,
            callbacks::event_type,
            callbacks::workflow,
            callbacks::signature,
            deliveries::size_bytes,
        ))
        .load(conn)
        .expect("the callbacks are read");
    let mut counts = Counts::new();
    for (received_at, source, event_type, workflow, signature, size_bytes) in rows {
        let hour = received_at - received_at.rem_euclid(HOUR);
        let key = (hour, source, event_type, workflow.unwrap_or_default(), signature);
        let sums = counts.entry(key).or_default();
        sums.0 += 1;
        sums.1 += size_bytes;
    }
    counts
}

/// A delivery that is kept.
#[derive(Queryable)]
struct Kept {
    callback: i64,
    id: i64,
    signature: i16,
    bytes: Option<Vec<u8>>,
    seen: i64,
}

impl Kept {
    fn key(&self) -> (Signature, Vec<u8>) {
        let signature = Signature::from_code(self.signature).expect("a known verdict");
        (signature, self.bytes.clone().expect("far below the cap"))
    }
}

/// Every delivery that is kept, by callback.
fn all_evidence(conn: &mut Connection) -> HashMap<i64, Vec<Kept>> {
    let rows: Vec<Kept> = deliveries::table
        .select((
            deliveries::callback,
            deliveries::id,
            deliveries::signature,
            deliveries::payload,
            deliveries::seen,
        ))
        .load(conn)
        .expect("the evidence is read");
    let mut kept: HashMap<i64, Vec<Kept>> = HashMap::new();
    for row in rows {
        kept.entry(row.callback).or_default().push(row);
    }
    kept
}

fn empty(conn: &mut Connection) {
    execute(
        conn,
        "DELETE FROM llm_callbacks; DELETE FROM llm_callback_deliveries; DELETE FROM stats_hour",
    );
}

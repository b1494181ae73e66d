//! The history: pages that visit each callback once, and filters that agree with a naive reading.

use crate::support::{START, delivery, store, store_one, valid};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use ringback_core::connection::Connection;
use ringback_core::cursor::HistoryKey;
use ringback_core::models::{CallbackLine, CallbackRow, NewDelivery, Signature};
use ringback_core::queries::{
    HistoryFilter, HistoryPage, Page, ViewedSelection, list_callback_history, mark_callbacks_viewed,
};
use ringback_testing::{for_each_backend, for_each_database};

fn page(conn: &mut Connection, filter: &HistoryFilter, page: Page, limit: i64) -> HistoryPage {
    list_callback_history(conn, filter, page, limit).expect("the history is read")
}

fn key(line: &CallbackLine) -> HistoryKey {
    HistoryKey { received_at: line.callback.received_at, id: line.callback.id }
}

fn ids(page: &HistoryPage) -> Vec<&str> {
    page.lines.iter().map(|line| line.callback.callback_id.as_str()).collect()
}

/// The callback ids that a filter leaves, newest first.
fn filtered(conn: &mut Connection, filter: &HistoryFilter) -> Vec<String> {
    let page = page(conn, filter, Page::First, 1000);
    page.lines.into_iter().map(|line| line.callback.callback_id).collect()
}

/// From the newest page to the oldest and back up; the keys that each way visits, newest first.
fn walk(conn: &mut Connection, filter: &HistoryFilter, limit: i64) -> [Vec<i64>; 2] {
    let lines_of = |page: &HistoryPage| -> Vec<i64> {
        assert!(page.lines.len() <= usize::try_from(limit).expect("a page is small"));
        page.lines.iter().map(|line| line.callback.id).collect()
    };
    let mut current = page(conn, filter, Page::First, limit);
    assert!(!current.has_newer);
    let mut down = lines_of(&current);
    while current.has_older {
        let last = current.lines.last().expect("a page with older ones has a line");
        current = page(conn, filter, Page::Before(key(last)), limit);
        assert!(current.has_newer && !current.lines.is_empty());
        down.extend(lines_of(&current));
        assert!(down.len() <= 1000, "the pages down do not end");
    }
    let mut up = lines_of(&current);
    // From any page but the only one there is a way up.
    let mut has_newer = current.has_newer;
    while has_newer {
        current = page(conn, filter, Page::After(key(&current.lines[0])), limit);
        assert!(current.has_older && !current.lines.is_empty());
        has_newer = current.has_newer;
        up.splice(0..0, lines_of(&current));
        assert!(up.len() <= down.len(), "the pages up do not end");
    }
    [down, up]
}

#[test]
fn an_empty_history_has_one_empty_page() {
    for_each_backend(|conn| {
        let nothing = HistoryPage { lines: vec![], has_older: false, has_newer: false };
        assert_eq!(page(conn, &HistoryFilter::default(), Page::First, 10), nothing);
    });
}

#[test]
fn the_newest_is_first_and_the_later_stored_breaks_a_tie() {
    for_each_backend(|conn| {
        let at = |id: &str, received_at| NewDelivery { received_at, ..valid(id, "a") };
        store(conn, &[at("tie 1", 5), at("newest", 9), at("tie 2", 5), at("oldest", 1)]);
        let all = HistoryFilter::default();
        assert_eq!(filtered(conn, &all), ["newest", "tie 2", "tie 1", "oldest"]);
    });
}

#[test]
fn a_change_keeps_its_place_in_the_history() {
    for_each_backend(|conn| {
        store(conn, &["a", "b"].map(|id| valid(id, "1")));
        store_one(conn, NewDelivery { received_at: START + 9, ..valid("a", "2") });
        assert_eq!(filtered(conn, &HistoryFilter::default()), ["b", "a"]);
    });
}

#[test]
fn pages_say_whether_there_are_newer_and_older_ones() {
    for_each_backend(|conn| {
        store(conn, &["1", "2", "3", "4", "5", "6"].map(|id| valid(id, "a")));
        let all = HistoryFilter::default();
        let first = page(conn, &all, Page::First, 2);
        assert_eq!((ids(&first), first.has_newer, first.has_older), (vec!["6", "5"], false, true));
        let middle = page(conn, &all, Page::Before(key(&first.lines[1])), 2);
        assert_eq!(
            (ids(&middle), middle.has_newer, middle.has_older),
            (vec!["4", "3"], true, true)
        );
        let last = page(conn, &all, Page::Before(key(&middle.lines[1])), 2);
        assert_eq!((ids(&last), last.has_newer, last.has_older), (vec!["2", "1"], true, false));

        let middle = page(conn, &all, Page::After(key(&last.lines[0])), 2);
        assert_eq!(
            (ids(&middle), middle.has_newer, middle.has_older),
            (vec!["4", "3"], true, true)
        );
        let first = page(conn, &all, Page::After(key(&middle.lines[0])), 2);
        assert_eq!((ids(&first), first.has_newer, first.has_older), (vec!["6", "5"], false, true));
    });
}

#[test]
fn pages_in_both_directions_visit_each_callback_once_also_among_ties() {
    for_each_backend(|conn| {
        // Long ties, longer than a page, and received in another order than stored.
        let batch: Vec<NewDelivery> = (0..60)
            .map(|n| NewDelivery {
                received_at: START + (n * 7 % 60) / 9,
                ..valid(&format!("cb_{n}"), "a")
            })
            .collect();
        store(conn, &batch);
        let all = HistoryFilter::default();
        let whole: Vec<i64> =
            page(conn, &all, Page::First, 100).lines.iter().map(|line| line.callback.id).collect();
        assert_eq!(whole.len(), 60);
        for limit in [1, 2, 7, 20, 59, 60, 61] {
            assert_eq!(walk(conn, &all, limit), [whole.clone(), whole.clone()], "limit {limit}");
        }
    });
}

#[test]
fn callbacks_that_arrive_while_somebody_pages_down_are_not_in_the_way() {
    for_each_backend(|conn| {
        store(conn, &["1", "2", "3", "4"].map(|id| valid(id, "a")));
        let all = HistoryFilter::default();
        let first = page(conn, &all, Page::First, 2);
        store_one(conn, valid("5", "a"));
        let second = page(conn, &all, Page::Before(key(&first.lines[1])), 2);
        assert_eq!(ids(&second), ["2", "1"]);
        let newer = page(conn, &all, Page::After(key(&first.lines[0])), 2);
        assert_eq!((ids(&newer), newer.has_newer), (vec!["5"], false));
    });
}

#[test]
fn a_source_an_event_type_and_a_workflow_narrow_the_history() {
    for_each_backend(|conn| {
        let with = |id: &str, source: &str, event_type: &str, workflow: Option<&str>| NewDelivery {
            source: source.to_owned(),
            event_type: event_type.to_owned(),
            workflow: workflow.map(str::to_owned),
            ..valid(id, "a")
        };
        let batch = [
            with("1", "x", "done", Some("review")),
            with("2", "y", "done", None),
            with("3", "x", "failed", Some("Review")),
        ];
        store(conn, &batch);
        let any = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
        let all = HistoryFilter::default;
        let by_source = HistoryFilter { sources: any(&["x"]), ..all() };
        assert_eq!(filtered(conn, &by_source), ["3", "1"]);
        let by_sources = HistoryFilter { sources: any(&["x", "y"]), ..all() };
        assert_eq!(filtered(conn, &by_sources), ["3", "2", "1"]);
        let by_event = HistoryFilter { event_types: any(&["done"]), ..all() };
        assert_eq!(filtered(conn, &by_event), ["2", "1"]);
        let by_workflow = HistoryFilter { workflows: any(&["review"]), ..all() };
        assert_eq!(filtered(conn, &by_workflow), ["1"]);
        let by_workflows = HistoryFilter { workflows: any(&["review", "Review"]), ..all() };
        assert_eq!(filtered(conn, &by_workflows), ["3", "1"]);
        let by_all = HistoryFilter { event_types: any(&["failed", "gone"]), ..by_source };
        assert_eq!(filtered(conn, &by_all), ["3"]);
    });
}

#[test]
fn one_or_several_verdicts_narrow_the_history() {
    use Signature::{Invalid, Missing, Unchecked, Valid};
    for_each_backend(|conn| {
        for &signature in Signature::ALL {
            store_one(conn, delivery(signature, &signature.code().to_string(), "a"));
        }
        let mut by = |signatures: &[Signature]| {
            let signatures = signatures.to_vec();
            filtered(conn, &HistoryFilter { signatures, ..HistoryFilter::default() })
        };
        assert_eq!(by(&[]), ["3", "2", "1", "0"]);
        assert_eq!(by(&[Valid]), ["3"]);
        assert_eq!(by(&[Invalid]), ["2"]);
        assert_eq!(by(&[Unchecked, Missing, Invalid]), ["2", "1", "0"]);
        assert_eq!(by(&[Missing, Valid]), ["3", "1"]);
        assert_eq!(by(Signature::ALL), ["3", "2", "1", "0"]);
    });
}

#[test]
fn a_span_of_time_has_its_start_and_not_its_end() {
    for_each_backend(|conn| {
        for at in [10, 20, 30] {
            store_one(conn, NewDelivery { received_at: at, ..valid(&at.to_string(), "a") });
        }
        let mut between =
            |from, to| filtered(conn, &HistoryFilter { from, to, ..HistoryFilter::default() });
        assert_eq!(between(Some(10), Some(30)), ["20", "10"]);
        assert_eq!(between(Some(20), None), ["30", "20"]);
        assert_eq!(between(None, Some(20)), ["10"]);
        assert_eq!(between(Some(20), Some(20)), [""; 0]);
    });
}

#[test]
fn what_somebody_has_viewed_can_be_told_from_what_nobody_has() {
    for_each_backend(|conn| {
        let seen = store_one(conn, valid("seen", "a")).id;
        store_one(conn, valid("new", "a"));
        mark_callbacks_viewed(conn, ViewedSelection::Ids(&[seen]), "ada", 1).unwrap();
        let mut viewed =
            |viewed| filtered(conn, &HistoryFilter { viewed, ..HistoryFilter::default() });
        assert_eq!(viewed(Some(true)), ["seen"]);
        assert_eq!(viewed(Some(false)), ["new"]);
        assert_eq!(viewed(None), ["new", "seen"]);
    });
}

fn by_prefix(conn: &mut Connection, prefix: &str) -> Vec<String> {
    let id_prefix = Some(prefix.to_owned());
    let mut found = filtered(conn, &HistoryFilter { id_prefix, ..HistoryFilter::default() });
    found.sort();
    found
}

#[test]
fn a_prefix_finds_callback_ids_and_job_ids_that_start_so() {
    for_each_backend(|conn| {
        let of_job =
            |id: &str, job: &str| NewDelivery { job_id: Some(job.to_owned()), ..valid(id, "a") };
        let batch = [
            of_job("msg_1", "batch_7"),
            of_job("batch_7", "x"),
            valid("batch_70", "a"),
            valid("xbatch_7", "a"),
            of_job("msg_2", "batch_8"),
        ];
        store(conn, &batch);
        assert_eq!(by_prefix(conn, "batch_7"), ["batch_7", "batch_70", "msg_1"]);
        assert_eq!(by_prefix(conn, "batch_70"), ["batch_70"]);
        assert_eq!(by_prefix(conn, ""), ["batch_7", "batch_70", "msg_1", "msg_2", "xbatch_7"]);
        assert_eq!(by_prefix(conn, "batch_9"), [""; 0]);
    });
}

#[test]
fn a_prefix_is_text_and_not_a_pattern() {
    for_each_backend(|conn| {
        store(conn, &["a%c", "abc", "a_c", "a\\c", "a'c"].map(|id| valid(id, "a")));
        assert_eq!(by_prefix(conn, "a%"), ["a%c"]);
        assert_eq!(by_prefix(conn, "a_"), ["a_c"]);
        assert_eq!(by_prefix(conn, "a\\"), ["a\\c"]);
        assert_eq!(by_prefix(conn, "a'"), ["a'c"]);
        assert_eq!(by_prefix(conn, "%"), [""; 0]);
    });
}

#[test]
fn a_prefix_minds_case_and_characters_beyond_ascii() {
    for_each_backend(|conn| {
        let batch =
            ["job", "Job", "jöb", "jo\u{308}b", "日本語", "日曜", "\u{10ffff}x", "\u{d7ff}y"];
        store(conn, &batch.map(|id| valid(id, "a")));
        assert_eq!(by_prefix(conn, "J"), ["Job"]);
        assert_eq!(by_prefix(conn, "jo"), ["job", "jo\u{308}b"]);
        assert_eq!(by_prefix(conn, "jö"), ["jöb"]);
        assert_eq!(by_prefix(conn, "日"), ["日曜", "日本語"]);
        assert_eq!(by_prefix(conn, "\u{10ffff}"), ["\u{10ffff}x"]);
        assert_eq!(by_prefix(conn, "\u{d7ff}"), ["\u{d7ff}y"]);
    });
}

/// What a filter says, without a database.
fn is_in(filter: &HistoryFilter, row: &CallbackRow) -> bool {
    let is = |wanted: &[String], has: Option<&str>| {
        wanted.is_empty() || wanted.iter().any(|wanted| has == Some(wanted))
    };
    let starts = |prefix: &String| {
        row.callback_id.starts_with(prefix)
            || row.job_id.as_ref().is_some_and(|job| job.starts_with(prefix))
    };
    is(&filter.sources, Some(&row.source))
        && is(&filter.event_types, Some(&row.event_type))
        && is(&filter.workflows, row.workflow.as_deref())
        && (filter.signatures.is_empty() || filter.signatures.contains(&row.signature()))
        && filter.viewed.is_none_or(|viewed| row.viewed_at.is_some() == viewed)
        && filter.from.is_none_or(|from| row.received_at >= from)
        && filter.to.is_none_or(|to| row.received_at < to)
        && filter.id_prefix.as_ref().is_none_or(starts)
}

/// 150 callbacks that are alike in every way a filter looks at, a third of them viewed.
fn fill(conn: &mut Connection) {
    let pick = |n: usize, from: &[&str]| from[n % from.len()].to_owned();
    let optional = |text: String| Some(text).filter(|text| !text.is_empty());
    let batch: Vec<NewDelivery> = (0..150)
        .map(|n| NewDelivery {
            source: pick(n / 3, &["x", "y"]),
            event_type: pick(n / 2, &["", "done", "failed"]),
            workflow: optional(pick(n / 5, &["", "review", "train"])),
            job_id: optional(pick(n / 7, &["", "a%", "A_1", "é", "日本"])),
            received_at: START + [7, 0, 11, 2, 9, 4][n % 6] + [0, 1][n / 75],
            ..delivery(
                Signature::ALL[n / 4 % 4],
                &format!("{}{n}", pick(n, &["a", "A", "a_", "a%", "é", "日"])),
                "a",
            )
        })
        .collect();
    let receipts = store(conn, &batch);
    let viewed: Vec<i64> = receipts.iter().step_by(3).map(|receipt| receipt.id).collect();
    mark_callbacks_viewed(conn, ViewedSelection::Ids(&viewed), "ada", 1).expect("they are marked");
}

prop_compose! {
    fn any_filter()(
        sources in any_of(&["x", "y", "z"]),
        event_types in any_of(&["", "done"]),
        workflows in any_of(&["review", "train"]),
        signatures in prop::collection::vec(prop::sample::select(Signature::ALL), 0..3),
        viewed in prop::option::of(any::<bool>()),
        from in prop::option::of(START..START + 14),
        to in prop::option::of(START..START + 14),
        id_prefix in of(&["", "a", "a_", "a%", "A", "A_", "é", "日", "日本", "a_1"]),
    ) -> HistoryFilter {
        HistoryFilter { sources, event_types, workflows, signatures, viewed, from, to, id_prefix }
    }
}

/// Mostly none, so that a filter leaves something.
fn of(texts: &[&'static str]) -> impl Strategy<Value = Option<String>> + use<> {
    prop::option::weighted(0.3, prop::sample::select(texts.to_vec()).prop_map(str::to_owned))
}

/// None, one or two of these.
fn any_of(texts: &[&'static str]) -> impl Strategy<Value = Vec<String>> + use<> {
    let texts: Vec<String> = texts.iter().map(ToString::to_string).collect();
    prop_oneof![
        3 => Just(Vec::new()),
        2 => prop::sample::subsequence(texts, 1..=2),
    ]
}

#[test]
fn any_combination_of_filters_gives_what_a_naive_reading_gives() {
    for_each_database(|database| {
        fill(&mut database.connect());
        let mut rows = crate::support::all_rows(&mut database.connect());
        rows.sort_by_key(|row| std::cmp::Reverse((row.received_at, row.id)));
        let config = Config {
            cases: 100,
            failure_persistence: None,
            rng_seed: RngSeed::Fixed(0x5eed),
            ..Config::default()
        };
        let conn = std::cell::RefCell::new(database.connect());
        let checked = TestRunner::new(config).run(&(any_filter(), 1..40i64), |(filter, limit)| {
            let naive: Vec<i64> =
                rows.iter().filter(|row| is_in(&filter, row)).map(|row| row.id).collect();
            let [down, up] = walk(&mut conn.borrow_mut(), &filter, limit);
            prop_assert_eq!(&down, &naive);
            prop_assert_eq!(&up, &naive);
            Ok(())
        });
        checked.unwrap_or_else(|error| panic!("{error}"));
    });
}

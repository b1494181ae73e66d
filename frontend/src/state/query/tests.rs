use super::*;
use crate::state::sample::row;
use proptest::prelude::*;

#[test]
fn filters_page_and_windows_are_read_from_the_url() {
    let query = PageQuery::parse(
        "?event_type=batch.completed&event_type=a,b&signature=invalid,missing&viewed=false&before=abc&callback=7&callback=9",
    );
    assert_eq!(query.list.filters.event_types, ["batch.completed", "a,b"]);
    assert_eq!(query.list.filters.signature, [Signature::Invalid, Signature::Missing]);
    assert_eq!(query.list.filters.viewed, Some(false));
    assert_eq!(query.list.page, Page::Before("abc".into()));
    assert_eq!(query.callbacks, ["7", "9"]);
}

#[test]
fn changing_a_filter_goes_to_the_first_page_and_keeps_the_windows() {
    let query = PageQuery::parse("?before=abc&callback=7");
    let filters = query.list.filters.clone().with(Field::Source, "openai");
    assert_eq!(query.with_filters(filters).to_href(), "/?source=openai&callback=7");
}

#[test]
fn opening_twice_raises_and_closing_removes() {
    let query = PageQuery::parse("?callback=7&callback=9");
    assert_eq!(query.with_callback("7").callbacks, ["9", "7"]);
    assert_eq!(query.without_callback("9").to_href(), "/?callback=7");
}

#[test]
fn windows_lie_over_any_page_and_what_else_its_address_says_stays() {
    let windows = ["7", "9"].map(str::to_owned);
    assert_eq!(with_windows("", &windows), "?callback=7&callback=9");
    assert_eq!(
        with_windows("?view=channels&callback=3", &windows[..1]),
        "?view=channels&callback=7"
    );
    assert_eq!(with_windows("?callback=3", &[]), "");
}

#[test]
fn windows_come_along_from_page_to_page_of_the_desk() {
    let go = |from: &str, to: &str| {
        let address = |href| Address::parse(href).expect("one of this site");
        taking_windows_along(&address(from), address(to)).href()
    };
    assert_eq!(go("/?source=a&callback=7", "/settings"), "/settings?callback=7");
    assert_eq!(go("/alerts?callback=7", "/alerts?view=history"), "/alerts?view=history&callback=7");
    assert_eq!(go("/alerts?callback=7", "/?callback=9"), "/?callback=7&callback=9");
    assert_eq!(go("/settings", "/?source=a%20b"), "/?source=a%20b");
    assert_eq!(go("/?callback=7", "/sign-in"), "/sign-in");
}

#[test]
fn a_span_of_time_follows_the_clock() {
    let hours = |search: &str| PageQuery::parse(search).list.filters.hours();
    assert_eq!(hours("?from=24h"), Some(24));
    for search in ["", "?from=2026-01-01T00:00:00Z", "?from=h", "?from=-1h", "?from=100000h"] {
        assert_eq!(hours(search), None, "{search}");
    }
}

#[test]
fn an_arrival_is_held_against_every_filter() {
    let arrival = row(5);
    let admits = |search: &str| PageQuery::parse(search).list.filters.admits(&arrival);
    for search in [
        "",
        "event_type=x&event_type=batch.completed",
        "signature=valid",
        "id_prefix=evt_",
        "viewed=false",
    ] {
        assert!(admits(search), "{search}");
    }
    for search in ["event_type=x", "workflow=x", "signature=invalid", "id_prefix=x", "viewed=true"]
    {
        assert!(!admits(search), "{search}");
    }
    assert!(admits("from=2026-01-01T00:00:00Z") && !admits("to=2026-01-01T00:00:00Z"));
}

#[test]
fn each_value_has_a_chip_and_is_removed_by_itself() {
    let query = PageQuery::parse("?source=a&source=b&source=a&viewed=true");
    let filters = query.list.filters;
    let chips = [(Field::Source, "a"), (Field::Source, "b"), (Field::Viewed, "true")];
    assert_eq!(filters.active(), chips.map(|(field, value)| (field, value.to_owned())));
    let fewer = filters.without(Field::Source, "a").without(Field::Viewed, "true");
    assert_eq!(fewer.active(), [(Field::Source, "b".to_owned())]);
}

const SIGNATURES: [Signature; 4] =
    [Signature::Valid, Signature::Invalid, Signature::Missing, Signature::Unchecked];

fn page() -> impl Strategy<Value = Page> {
    prop_oneof![
        Just(Page::First),
        "\\PC{1,12}".prop_map(Page::Before),
        "\\PC{1,12}".prop_map(Page::After),
    ]
}

/// None, a time with any zone, or the hours before now.
fn time() -> impl Strategy<Value = String> {
    let written =
        "20[0-9]{2}-(0[1-9]|1[0-2])-[0-2][1-8]T[01][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?";
    prop_oneof![
        Just(String::new()),
        (written, "(Z|[+-]0[0-9]:30)").prop_map(|(time, zone)| time + &zone),
        (1_u16..).prop_map(|hours| hours.to_string() + "h"),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        event_types in prop::collection::vec("\\PC{0,12}", 0..3), prefix in "[ -~]{0,12}", callbacks in prop::collection::vec("[0-9a-z]{1,5}", 0..4),
        viewed in prop::option::of(any::<bool>()), page in page(),
        signature in prop::sample::subsequence(SIGNATURES.to_vec(), 0..=4).prop_shuffle(),
        from in time(), to in time(),
    ) {
        let filters = Filters { signature, viewed, from, to, ..Filters::default() }
            .with(Field::IdPrefix, &prefix);
        let filters = [Field::EventType, Field::Workflow, Field::Source].into_iter().fold(
            filters,
            |filters, field| event_types.iter().fold(filters, |filters, value| filters.with(field, value)),
        );
        let mut unique: Vec<String> = Vec::new();
        for id in callbacks {
            if !unique.contains(&id) {
                unique.push(id);
            }
        }
        let query = PageQuery { list: ListQuery { filters, page }, callbacks: unique };
        let href = query.to_href();
        prop_assert_eq!(PageQuery::parse(href.trim_start_matches('/')), query);
    }
}

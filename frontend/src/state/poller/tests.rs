mod tabs;

use super::*;
use crate::state::sample::row;

fn page(ids: &[i64], cursor: i64, has_more: bool) -> CheckResponse {
    CheckResponse {
        callbacks: ids.iter().copied().map(row).collect(),
        cursor: cursor.to_string(),
        has_more,
        unviewed: 0,
        server_time: "2026-01-01T00:00:00.000000Z".into(),
    }
}

fn answered(ticket: Ticket, page: CheckResponse) -> Event {
    Event::Answered(ticket, Box::new(page))
}

fn heard(from: Option<&str>, page: CheckResponse) -> Event {
    Event::Heard { from: from.map(str::to_owned), page: Box::new(page) }
}

fn started(cursor: Option<&str>) -> (Poller, Ticket) {
    let mut poller = Poller::default();
    let stored = cursor.map(Position::parse);
    let effects = poller.step(Event::Started { stored, visible: true, online: true }, 0.5);
    let ticket = fetch(&effects).expect("a start asks at once");
    assert!(fetch(&poller.step(Event::Led(true), 0.5)).is_none(), "one question at a time");
    (poller, ticket)
}

fn fetch(effects: &[Effect]) -> Option<Ticket> {
    effects.iter().find_map(|effect| match effect {
        Effect::Fetch { ticket, .. } => Some(*ticket),
        _ => None,
    })
}

fn scheduled(effects: &[Effect]) -> Option<(Ticket, u64)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Schedule { ticket, after_ms } => Some((*ticket, *after_ms)),
        _ => None,
    })
}

fn delivered(effects: &[Effect]) -> Vec<i64> {
    let rows = effects.iter().filter_map(|effect| match effect {
        Effect::Deliver(rows) => Some(rows),
        _ => None,
    });
    rows.flatten().map(|row| row.id).collect()
}

fn saved(effects: &[Effect]) -> Option<String> {
    effects.iter().find_map(|effect| match effect {
        Effect::Save(position) => Some(position.to_text()),
        _ => None,
    })
}

#[test]
fn a_newer_position_replaces_an_older_one_and_another_feed_all_of_them() {
    let of = |rank| Position { cursor: "c".into(), rank };
    assert_eq!(Position::parse(&of(i64::MAX).to_text()), of(i64::MAX));
    // As earlier versions stored it.
    assert_eq!(Position::parse("c"), of(0));
    let next = Position::next_feed(Position::after(0, 1 << 40));
    let ranks =
        [0, Position::after(0, 7), Position::after(0, 1 << 40), next, Position::after(next, 1)];
    for pair in ranks.windows(2) {
        assert!(of(pair[1]).may_replace(Some(&of(pair[0]))));
        assert!(!of(pair[0]).may_replace(Some(&of(pair[1]))));
    }
    assert_eq!(Position::after(ranks[4], 1), ranks[4]);
    assert!(of(0).may_replace(None) && of(0).may_replace(Some(&of(0))));
}

#[test]
fn the_first_run_is_silent_and_stores_the_position() {
    let (mut poller, ticket) = started(None);
    let effects = poller.step(answered(ticket, page(&[], 7, false)), 0.5);
    assert!(delivered(&effects).is_empty());
    assert_eq!(saved(&effects), Some("7 0".into()));
    assert!(effects.contains(&Effect::Show(Connection::Polling)));
}

#[test]
fn the_next_question_follows_within_ten_seconds_of_the_answer() {
    for (random, expected) in [(0.0, 8_100), (0.5, 9_000), (0.999_99, 9_899)] {
        let (mut poller, ticket) = started(Some("1"));
        let effects = poller.step(answered(ticket, page(&[], 1, false)), random);
        assert_eq!(scheduled(&effects).map(|(_, ms)| ms), Some(expected));
    }
}

#[test]
fn rows_are_handed_on_before_the_cursor_is_stored() {
    let (mut poller, ticket) = started(Some("1"));
    let effects = poller.step(answered(ticket, page(&[2, 3], 3, false)), 0.5);
    let deliver = effects.iter().position(|e| matches!(e, Effect::Deliver(_)));
    let save = effects.iter().position(|e| matches!(e, Effect::Save(_)));
    assert!(deliver.expect("rows") < save.expect("cursor"));
}

#[test]
fn a_failure_backs_off_with_full_jitter_and_a_floor() {
    let (mut poller, mut ticket) = started(Some("1"));
    let mut ceilings = Vec::new();
    for _ in 0..8 {
        let effects = poller.step(Event::Failed(ticket, None), 0.999_999_9);
        let (timer, after_ms) = scheduled(&effects).expect("a retry");
        ceilings.push(after_ms.div_ceil(1_000));
        ticket = fetch(&poller.step(Event::TimerFired(timer), 0.5)).expect("a question");
    }
    assert_eq!(ceilings, [4, 8, 16, 32, 64, 120, 120, 120]);
    let effects = poller.step(Event::Failed(ticket, None), 0.0);
    assert_eq!(scheduled(&effects).map(|(_, ms)| ms), Some(1_000));
}

#[test]
fn retry_after_is_honoured() {
    let (mut poller, ticket) = started(Some("1"));
    let effects = poller.step(Event::Failed(ticket, Some(30_000)), 0.1);
    assert_eq!(scheduled(&effects).map(|(_, ms)| ms), Some(30_000));
    assert!(effects.contains(&Effect::Show(Connection::Retrying { after_ms: 30_000 })));
}

#[test]
fn only_a_person_or_the_network_cuts_a_wait_short() {
    let (mut poller, ticket) = started(Some("1"));
    poller.step(Event::Hidden, 0.5);
    let effects = poller.step(Event::Failed(ticket, Some(30_000)), 0.1);
    let (timer, _) = scheduled(&effects).expect("a retry");
    let gap = heard(Some("4"), page(&[5], 5, false));
    for event in [Event::StreamOpened, Event::Shown, gap, Event::Led(false), Event::Led(true)] {
        let effects = poller.step(event, 0.5);
        assert_eq!((fetch(&effects), scheduled(&effects)), (None, None));
    }
    assert!(fetch(&poller.clone().step(Event::Nudged, 0.5)).is_some());
    let online = scheduled(&poller.clone().step(Event::WentOnline, 0.5));
    assert_eq!(online.map(|(_, after_ms)| after_ms), Some(SETTLE_MS));
    let ticket = fetch(&poller.step(Event::TimerFired(timer), 0.5)).expect("a question");
    poller.step(answered(ticket, page(&[], 1, false)), 0.5);
    assert!(fetch(&poller.step(Event::StreamOpened, 0.5)).is_some());
}

#[test]
fn a_lost_session_stops_everything() {
    let (mut poller, ticket) = started(Some("1"));
    let effects = poller.step(Event::SignedOut(ticket), 0.5);
    assert_eq!(effects, [Effect::Show(Connection::SignedOut)]);
    for event in [Event::Shown, Event::WentOnline, Event::Nudged, Event::TimerFired(9)] {
        assert!(poller.step(event, 0.5).is_empty());
    }
}

#[test]
fn a_hidden_tab_that_does_not_lead_rests_and_asks_soon_after_it_is_shown() {
    let (mut poller, ticket) = started(Some("1"));
    poller.step(Event::Led(false), 0.5);
    let effects = poller.step(answered(ticket, page(&[], 1, false)), 0.5);
    let (timer, _) = scheduled(&effects).expect("a wait");
    assert!(poller.step(Event::Hidden, 0.5).is_empty());
    assert!(poller.step(Event::TimerFired(timer), 0.5).is_empty(), "the wait was given up");
    // Whoever leafs through tabs does not ask with each of them.
    let (timer, _) = scheduled(&poller.step(Event::Shown, 0.5)).expect("a wait");
    poller.step(Event::Hidden, 0.5);
    assert!(poller.step(Event::TimerFired(timer), 0.5).is_empty());
    let (timer, after_ms) = scheduled(&poller.step(Event::Shown, 0.5)).expect("a wait");
    assert_eq!(after_ms, SETTLE_MS);
    assert!(poller.step(Event::Shown, 0.5).is_empty(), "it was shown already");
    assert!(fetch(&poller.step(Event::TimerFired(timer), 0.5)).is_some());
}

#[test]
fn a_hidden_tab_that_leads_asks_less_often() {
    let (mut poller, ticket) = started(Some("1"));
    poller.step(Event::Hidden, 0.5);
    let effects = poller.step(answered(ticket, page(&[2], 2, false)), 0.5);
    assert_eq!(delivered(&effects), [2]);
    assert_eq!(scheduled(&effects).map(|(_, ms)| ms), Some(HIDDEN_INTERVAL_MS));
}

#[test]
fn a_tab_that_does_not_lead_asks_only_when_the_other_falls_silent() {
    let (mut poller, ticket) = started(Some("1"));
    poller.step(Event::Led(false), 0.5);
    let effects = poller.step(answered(ticket, page(&[], 1, false)), 0.5);
    assert_eq!(saved(&effects), None);
    let (first, after_ms) = scheduled(&effects).expect("a wait");
    assert_eq!(after_ms, SILENCE_MS);
    let effects = poller.step(heard(Some("1"), page(&[2], 2, false)), 0.5);
    assert_eq!((delivered(&effects), fetch(&effects)), (vec![2], None));
    let (second, _) = scheduled(&effects).expect("waits anew");
    assert!(poller.step(Event::TimerFired(first), 0.5).is_empty());
    assert!(fetch(&poller.step(Event::TimerFired(second), 0.5)).is_some());
}

#[test]
fn a_page_that_does_not_follow_on_makes_a_tab_ask_for_what_is_missing() {
    let (mut poller, ticket) = started(Some("1"));
    poller.step(answered(ticket, page(&[], 1, false)), 0.5);
    let effects = poller.step(heard(Some("4"), page(&[5], 5, false)), 0.5);
    assert!(effects.iter().any(
        |effect| matches!(effect, Effect::Fetch { cursor: Some(cursor), .. } if cursor == "1")
    ));
    let ticket = fetch(&effects).expect("asks");
    let effects = poller.step(answered(ticket, page(&[2, 3, 4, 5], 5, false)), 0.5);
    assert_eq!(delivered(&effects), [2, 3, 4, 5]);
}

#[test]
fn an_answer_that_the_stream_overtook_does_not_turn_the_position_back() {
    let (mut poller, ticket) = started(Some("1"));
    assert_eq!(delivered(&poller.step(heard(Some("1"), page(&[2, 3], 3, false)), 0.5)), [2, 3]);
    let effects = poller.step(answered(ticket, page(&[2], 2, false)), 0.5);
    assert_eq!((delivered(&effects), poller.cursor()), (vec![], Some("3")));
    assert!(fetch(&effects).is_some(), "asks from where it is now");
}

#[test]
fn the_tab_that_leads_shares_its_pages_and_stores_the_position() {
    let (mut poller, ticket) = started(Some("1"));
    let effects = poller.step(answered(ticket, page(&[2], 2, false)), 0.5);
    assert!(effects.contains(&Effect::Share { from: Some("1".into()) }));
    assert_eq!(saved(&effects), Some("2 2".into()));
}

#[test]
fn an_answer_to_a_hidden_tab_is_kept() {
    let (mut poller, ticket) = started(Some("1"));
    poller.step(Event::Led(false), 0.5);
    poller.step(Event::Hidden, 0.5);
    let effects = poller.step(answered(ticket, page(&[2], 2, true)), 0.5);
    assert_eq!(delivered(&effects), [2]);
    assert_eq!((fetch(&effects), scheduled(&effects)), (None, None));
}

#[test]
fn an_unknown_cursor_resyncs_and_says_so_once() {
    let (mut poller, ticket) = started(Some("old"));
    let stored = Some(Position::parse("old 700"));
    let effects = poller.step(Event::CursorUnknown(ticket, stored), 0.5);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Fetch { cursor: None, .. })));
    let ticket = fetch(&effects).expect("asks again without a cursor");
    let effects = poller.step(answered(ticket, page(&[], 40, false)), 0.5);
    assert!(effects.contains(&Effect::Resynced));
    let rank = 1_i64 << 44;
    assert_eq!(saved(&effects), Some(format!("40 {rank}")), "newer than all of the feed before");
    let (timer, _) = scheduled(&effects).expect("goes on");
    let ticket = fetch(&poller.step(Event::TimerFired(timer), 0.5)).expect("a question");
    let effects = poller.step(answered(ticket, page(&[], 40, false)), 0.5);
    assert!(!effects.contains(&Effect::Resynced));
}

#[test]
fn where_another_tab_has_started_over_nothing_is_skipped() {
    let (mut poller, ticket) = started(Some("old 700"));
    let stored = Some(Position::parse("38 0"));
    let effects = poller.step(Event::CursorUnknown(ticket, stored), 0.5);
    let ticket = fetch(&effects).expect("asks again");
    let effects = poller.step(answered(ticket, page(&[39, 40], 40, false)), 0.5);
    assert_eq!(delivered(&effects), [39, 40]);
    assert!(effects.contains(&Effect::Resynced));
    assert_eq!(saved(&effects), Some("40 40".into()));
}

#[test]
fn a_tab_that_takes_the_lead_stores_its_position_with_its_rank() {
    let (mut poller, ticket) = started(Some("1"));
    poller.step(Event::Led(false), 0.5);
    let effects = poller.step(answered(ticket, page(&[2], 2, false)), 0.5);
    assert_eq!(saved(&effects), None);
    assert_eq!(saved(&poller.step(Event::Led(true), 0.5)), Some("2 2".into()));
}

#[test]
fn a_wait_that_the_server_imposed_holds_however_the_tab_comes_and_goes() {
    let (mut poller, ticket) = started(Some("1"));
    poller.step(Event::Led(false), 0.5);
    poller.step(Event::Hidden, 0.5);
    let effects = poller.step(Event::Failed(ticket, Some(90_000)), 0.5);
    let (timer, after_ms) = scheduled(&effects).expect("a wait, though nobody looks");
    assert_eq!(after_ms, 90_000);
    for event in [Event::Shown, Event::Hidden, Event::Shown, Event::Hidden, Event::Shown] {
        let effects = poller.step(event, 0.5);
        assert_eq!((fetch(&effects), scheduled(&effects)), (None, None));
    }
    poller.step(Event::Hidden, 0.5);
    assert_eq!(fetch(&poller.step(Event::TimerFired(timer), 0.5)), None, "nobody looks");
    let (timer, after_ms) = scheduled(&poller.step(Event::Shown, 0.5)).expect("a wait");
    assert_eq!(after_ms, SETTLE_MS);
    assert!(fetch(&poller.step(Event::TimerFired(timer), 0.5)).is_some());
}

#[test]
fn a_refusal_ends_the_asking_until_a_person_wants_it() {
    let (mut poller, ticket) = started(Some("1"));
    let effects = poller.step(Event::Refused(ticket), 0.5);
    assert_eq!(effects, [Effect::Show(Connection::Refused)]);
    let effects = poller.step(Event::Nudged, 0.5);
    let ticket = fetch(&effects).expect("asks");
    let effects = poller.step(answered(ticket, page(&[2], 2, false)), 0.5);
    assert_eq!(delivered(&effects), [2]);
    assert!(effects.contains(&Effect::Show(Connection::Polling)));
}

#[test]
fn catching_up_takes_ten_pages_and_then_a_breath() {
    let (mut poller, mut ticket) = started(Some("0"));
    for n in 1..BURST_PAGES {
        let n = i64::from(n);
        let effects = poller.step(answered(ticket, page(&[n], n, true)), 0.5);
        ticket = fetch(&effects).expect("the next page at once");
    }
    let effects = poller.step(answered(ticket, page(&[10], 10, true)), 0.5);
    assert_eq!(fetch(&effects), None);
    assert_eq!(scheduled(&effects).map(|(_, ms)| ms), Some(BURST_PAUSE_MS));
}

#[test]
fn going_offline_waits_for_the_network() {
    let (mut poller, ticket) = started(Some("1"));
    let effects = poller.step(Event::WentOffline, 0.5);
    assert_eq!(effects, [Effect::Show(Connection::Offline)]);
    assert!(scheduled(&poller.step(Event::Failed(ticket, None), 0.5)).is_none());
    let (timer, after_ms) = scheduled(&poller.step(Event::WentOnline, 0.5)).expect("a wait");
    assert_eq!(after_ms, SETTLE_MS);
    assert!(fetch(&poller.step(Event::TimerFired(timer), 0.5)).is_some());
}

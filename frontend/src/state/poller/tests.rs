use super::*;
use proptest::prelude::*;
use ringback_wire::{CallbackSummary, Signature};

fn row(id: i64) -> CallbackSummary {
    CallbackSummary {
        id,
        seq: id,
        source: "default".into(),
        callback_id: format!("evt_{id}"),
        event_type: "batch.completed".into(),
        job_id: None,
        workflow: None,
        signature: Signature::Valid,
        reason: None,
        received_at: "2026-01-01T00:00:00.000000Z".into(),
        deliveries: 1,
        viewed_at: None,
        viewed_by: None,
    }
}

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
    let cursor = cursor.map(str::to_owned);
    let effects = poller.step(Event::Started { cursor, visible: true, online: true }, 0.5);
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
        Effect::Deliver { rows, .. } => Some(rows),
        _ => None,
    });
    rows.flatten().map(|row| row.id).collect()
}

#[test]
fn the_first_run_is_silent_and_stores_the_position() {
    let (mut poller, ticket) = started(None);
    let effects = poller.step(answered(ticket, page(&[], 7, false)), 0.5);
    assert!(delivered(&effects).is_empty());
    assert!(effects.contains(&Effect::SaveCursor("7".into())));
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
    let deliver = effects.iter().position(|e| matches!(e, Effect::Deliver { .. }));
    let save = effects.iter().position(|e| matches!(e, Effect::SaveCursor(_)));
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
    for event in [Event::Nudged, Event::WentOnline] {
        assert!(fetch(&poller.clone().step(event, 0.5)).is_some());
    }
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
fn a_hidden_tab_that_does_not_lead_rests_and_asks_at_once_when_it_is_shown() {
    let (mut poller, ticket) = started(Some("1"));
    poller.step(Event::Led(false), 0.5);
    let effects = poller.step(answered(ticket, page(&[], 1, false)), 0.5);
    let (timer, _) = scheduled(&effects).expect("a wait");
    assert!(poller.step(Event::Hidden, 0.5).is_empty());
    assert!(poller.step(Event::TimerFired(timer), 0.5).is_empty(), "the wait was given up");
    assert!(fetch(&poller.step(Event::Shown, 0.5)).is_some());
    assert!(poller.step(Event::Shown, 0.5).is_empty(), "one question at a time");
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
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::SaveCursor(_))));
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
    assert!(effects.contains(&Effect::SaveCursor("2".into())));
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
    let effects = poller.step(Event::CursorUnknown(ticket), 0.5);
    let ticket = fetch(&effects).expect("asks again without a cursor");
    let effects = poller.step(answered(ticket, page(&[], 40, false)), 0.5);
    assert!(effects.contains(&Effect::Resynced));
    let (timer, _) = scheduled(&effects).expect("goes on");
    let ticket = fetch(&poller.step(Event::TimerFired(timer), 0.5)).expect("a question");
    let effects = poller.step(answered(ticket, page(&[], 40, false)), 0.5);
    assert!(!effects.contains(&Effect::Resynced));
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
    assert!(fetch(&poller.step(Event::WentOnline, 0.5)).is_some());
}

/// A server whose feed grows, and a browser that carries out the effects on a fake clock.
#[derive(Default)]
struct World {
    feed: i64,
    in_flight: Option<(Ticket, i64)>,
    timer: Option<Ticket>,
    got: Vec<i64>,
    stored: Option<String>,
    /// Where the stream, or the tab that leads, stands.
    pushed: i64,
}

impl World {
    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Fetch { ticket, cursor } => {
                    assert!(self.in_flight.is_none(), "two requests in flight");
                    let from = cursor.map_or(self.feed, |c| c.parse().expect("our own cursor"));
                    self.timer = None;
                    self.in_flight = Some((ticket, from));
                }
                Effect::Schedule { ticket, .. } => self.timer = Some(ticket),
                Effect::Deliver { rows, .. } => self.got.extend(rows.iter().map(|row| row.id)),
                Effect::SaveCursor(cursor) => self.stored = Some(cursor),
                _ => {}
            }
        }
    }

    fn answer(&mut self, poller: &mut Poller, limit: i64, random: f64) {
        let Some((ticket, from)) = self.in_flight.take() else { return };
        let until = self.feed.min(from + limit);
        let ids: Vec<i64> = (from + 1..=until).collect();
        let answer = page(&ids, until, until < self.feed);
        let effects = poller.step(answered(ticket, answer.clone()), random);
        self.carry_out(effects);
        // The same answer told twice changes nothing.
        assert!(poller.step(answered(ticket, answer), random).is_empty());
    }

    fn fail(&mut self, poller: &mut Poller, random: f64) {
        let Some((ticket, _)) = self.in_flight.take() else { return };
        let effects = poller.step(Event::Failed(ticket, None), random);
        self.carry_out(effects);
    }

    /// The stream goes on from where it was: maybe before, maybe after what the poller has.
    fn push(&mut self, poller: &mut Poller, amount: i64, random: f64) {
        let from = self.pushed.clamp(0, self.feed);
        let until = self.feed.min(from + amount % 5);
        let ids: Vec<i64> = (from + 1..=until).collect();
        self.pushed = until;
        let event = heard(Some(&from.to_string()), page(&ids, until, false));
        let effects = poller.step(event, random);
        self.carry_out(effects);
    }

    fn fire(&mut self, poller: &mut Poller, random: f64) {
        let Some(ticket) = self.timer.take() else { return };
        let effects = poller.step(Event::TimerFired(ticket), random);
        self.carry_out(effects);
    }
}

proptest! {
    #[test]
    fn nothing_is_skipped_or_repeated_whatever_happens(
        steps in prop::collection::vec((0_u8..13, 0_i64..40, 0.0_f64..1.0), 1..120)
    ) {
        let mut world = World { feed: 3, pushed: 3, ..World::default() };
        let mut poller = Poller::default();
        let start = |cursor| Event::Started { cursor, visible: true, online: true };
        world.carry_out(poller.step(start(Some("3".into())), 0.5));
        for (kind, amount, random) in steps {
            let event = match kind {
                0 => { world.feed += amount; continue }
                1 | 2 => { world.answer(&mut poller, 7, random); continue }
                3 => { world.fail(&mut poller, random); continue }
                4 => { world.fire(&mut poller, random); continue }
                5 => Event::Hidden,
                6 => Event::Shown,
                9 | 10 => { world.push(&mut poller, amount, random); continue }
                11 => Event::Led(amount % 2 == 0),
                // The stream is opened anew from the stored position, which may lie behind.
                12 => { world.pushed = (amount % (world.feed + 1)).max(3); continue }
                7 => if amount % 2 == 0 { Event::WentOffline } else { Event::WentOnline },
                _ => {
                    // The page is loaded anew: only what was stored survives, by this tab or by
                    // the one that leads and that this one heard of it from.
                    world.stored = poller.cursor().map(str::to_owned).or(world.stored);
                    world.in_flight = None;
                    world.timer = None;
                    poller = Poller::default();
                    start(world.stored.clone().or(Some("3".into())))
                }
            };
            let effects = poller.step(event, random);
            world.carry_out(effects);
        }
        for event in [Event::WentOnline, Event::Shown, Event::Led(true), Event::Nudged] {
            let effects = poller.step(event, 0.5);
            world.carry_out(effects);
        }
        for _ in 0..2_000 {
            world.answer(&mut poller, 7, 0.5);
            world.fire(&mut poller, 0.5);
        }
        prop_assert_eq!(world.got, (4..=world.feed).collect::<Vec<_>>());
    }
}

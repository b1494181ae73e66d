use super::*;
use proptest::prelude::*;
use ringback_wire::{CallbackSummary, Signature};
use std::collections::VecDeque;

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

/// A place in one of the feeds that there were: the feed's number and the position in it.
type Place = (i64, i64);

fn place(cursor: &str) -> Place {
    let (feed, seq) = cursor.split_once(':').expect("our own cursor");
    (feed.parse().expect("a number"), seq.parse().expect("a number"))
}

fn page_of((feed, from): Place, until: i64, has_more: bool) -> CheckResponse {
    let ids: Vec<i64> = (from + 1..=until).collect();
    let cursor = format!("{feed}:{until}");
    let mut page = CheckResponse { cursor, ..page(&ids, 0, has_more) };
    for row in &mut page.callbacks {
        row.source = feed.to_string();
    }
    page
}

/// What the tab was told of the feed, which it hands on in the order of the feed.
#[derive(Default)]
struct Tab {
    poller: Poller,
    in_flight: Option<(Ticket, Option<String>)>,
    timer: Option<Ticket>,
    /// Up to where everything was handed on.
    at: Option<Place>,
    /// The newest row that was handed on.
    told: Option<Place>,
    /// What the other tabs said, in their order.
    inbox: VecDeque<(Option<String>, CheckResponse)>,
}

/// A server whose feed grows and is replaced, and a browser with some tabs that carries out the
/// effects on a fake clock.
struct World {
    feed: Place,
    tabs: [Tab; 3],
    leader: Option<usize>,
    stored: Option<Position>,
    /// The newest row that a tab that leads has handed on.
    told: Option<Place>,
    /// Where the stream of the tab that leads stands.
    pushed: Place,
}

impl World {
    fn new() -> Self {
        let stored = Some(Position { cursor: "0:3".into(), rank: 3 });
        let tabs = [Tab::default(), Tab::default(), Tab::default()];
        let mut world =
            Self { feed: (0, 3), tabs, leader: None, stored, told: None, pushed: (0, 3) };
        for tab in 0..3 {
            world.open(tab);
        }
        world
    }

    fn open(&mut self, tab: usize) {
        if self.leader == Some(tab) {
            self.leader = None;
        }
        let stored = self.stored.clone();
        let at = stored.as_ref().map(|position| place(&position.cursor));
        self.tabs[tab] = Tab { at, ..Tab::default() };
        self.tell(tab, Event::Started { stored, visible: true, online: true }, 0.5, None);
    }

    fn tell(&mut self, at: usize, event: Event, random: f64, answer: Option<&CheckResponse>) {
        for effect in self.tabs[at].poller.step(event, random) {
            match effect {
                Effect::Fetch { ticket, cursor } => {
                    let tab = &mut self.tabs[at];
                    assert!(tab.in_flight.is_none(), "two requests in flight");
                    tab.timer = None;
                    tab.in_flight = Some((ticket, cursor));
                }
                Effect::Schedule { ticket, .. } => self.tabs[at].timer = Some(ticket),
                Effect::Deliver(rows) => {
                    for row in rows {
                        let (feed, seq) = self.tabs[at].at.expect("nothing is news at first");
                        let here = (row.source.parse().expect("a number"), row.seq);
                        assert_eq!(here, (feed, seq + 1), "a gap or a repetition");
                        (self.tabs[at].at, self.tabs[at].told) = (Some(here), Some(here));
                    }
                }
                Effect::Save(position) => {
                    assert_eq!(Some(place(&position.cursor)), self.tabs[at].at);
                    self.told = self.told.max(self.tabs[at].told);
                    if position.may_replace(self.stored.as_ref()) {
                        self.stored = Some(position);
                    }
                    // What was told of is not told again after a reload.
                    let stored = self.stored.as_ref().map(|position| place(&position.cursor));
                    assert!(stored >= self.told, "{stored:?} lies before {:?}", self.told);
                }
                Effect::Share { from } => {
                    self.share(at, from.as_deref(), answer.expect("an answer"));
                }
                _ => {}
            }
        }
    }

    fn share(&mut self, by: usize, from: Option<&str>, page: &CheckResponse) {
        for (at, tab) in self.tabs.iter_mut().enumerate() {
            if at != by {
                tab.inbox.push_back((from.map(str::to_owned), page.clone()));
            }
        }
    }

    fn answer(&mut self, tab: usize, limit: i64, random: f64) {
        let Some((ticket, cursor)) = self.tabs[tab].in_flight.take() else { return };
        let (feed, head) = self.feed;
        let from = match cursor.as_deref().map(place) {
            Some((of, _)) if of != feed => {
                self.tell(tab, Event::CursorUnknown(ticket, self.stored.clone()), random, None);
                self.tabs[tab].at = self.tabs[tab].poller.cursor().map(place);
                // What it handed on by itself was not told of.
                self.tabs[tab].told = None;
                return;
            }
            Some((_, from)) => from,
            None => {
                self.tabs[tab].at = Some(self.feed);
                head
            }
        };
        let until = head.min(from + limit);
        let page = page_of((feed, from), until, until < head);
        self.tell(tab, answered(ticket, page.clone()), random, Some(&page));
        // The same answer told twice changes nothing.
        assert!(self.tabs[tab].poller.step(answered(ticket, page), random).is_empty());
    }

    fn fail(&mut self, tab: usize, retry_after_ms: Option<u64>, random: f64) {
        if let Some((ticket, _)) = self.tabs[tab].in_flight.take() {
            self.tell(tab, Event::Failed(ticket, retry_after_ms), random, None);
        }
    }

    fn fire(&mut self, tab: usize, random: f64) {
        if let Some(ticket) = self.tabs[tab].timer.take() {
            self.tell(tab, Event::TimerFired(ticket), random, None);
        }
    }

    fn hear(&mut self, tab: usize, random: f64) {
        if let Some((from, page)) = self.tabs[tab].inbox.pop_front() {
            self.tell(tab, heard(from.as_deref(), page), random, None);
        }
    }

    /// The stream goes on from where it was: maybe before, maybe after what the tab has.
    fn push(&mut self, amount: i64, random: f64) {
        let Some(leader) = self.leader else { return };
        if self.pushed.0 != self.feed.0 {
            // It ended with its feed.
            return;
        }
        let until = self.feed.1.min(self.pushed.1 + amount % 5);
        let page = page_of(self.pushed, until, false);
        let from = format!("{}:{}", self.pushed.0, self.pushed.1);
        self.pushed.1 = until;
        self.share(leader, Some(&from), &page);
        self.tell(leader, heard(Some(&from), page), random, None);
    }

    fn lead(&mut self, tab: Option<usize>, random: f64) {
        if let Some(before) = std::mem::replace(&mut self.leader, tab) {
            self.tell(before, Event::Led(false), random, None);
        }
        if let Some(tab) = tab {
            self.tell(tab, Event::Led(true), random, None);
        }
    }

    fn step(&mut self, kind: u8, tab: usize, amount: i64, random: f64) {
        let even = amount % 2 == 0;
        match kind {
            0 | 1 => self.feed.1 += amount,
            2..=4 => self.answer(tab, 7, random),
            5 => self.fail(tab, (!even).then_some(60_000), random),
            6 | 7 => self.fire(tab, random),
            8..=10 => self.hear(tab, random),
            11 | 12 => self.push(amount, random),
            13 => self.lead((amount % 4 < 3).then_some(tab), random),
            // The stream is opened anew, from where the tab was then.
            14 => self.pushed = (self.feed.0, amount % (self.feed.1 + 1)),
            // Another database, with fewer callbacks or with more. Not while a tab starts over: of
            // two that follow each other within a question it would count one.
            15 if amount < 8 && self.tabs.iter().all(|tab| tab.poller.cursor().is_some()) => {
                self.feed = (self.feed.0 + 1, amount);
            }
            16 => self.open(tab),
            17 => {
                let event = if even { Event::WentOffline } else { Event::WentOnline };
                self.tell(tab, event, random, None);
            }
            18 => self.tell(tab, if even { Event::Hidden } else { Event::Shown }, random, None),
            _ => self.tell(tab, Event::Nudged, random, None),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    #[test]
    fn nothing_is_skipped_or_repeated_and_what_is_stored_never_turns_back(
        steps in prop::collection::vec((0_u8..20, 0_usize..3, 0_i64..40, 0.0_f64..1.0), 1..150)
    ) {
        let mut world = World::new();
        for (kind, tab, amount, random) in steps {
            world.step(kind, tab, amount, random);
        }
        world.lead(Some(0), 0.5);
        for tab in 0..3 {
            for event in [Event::WentOnline, Event::Shown, Event::Nudged] {
                world.tell(tab, event, 0.5, None);
            }
        }
        for _ in 0..2 {
            world.feed.1 += 1;
            for _ in 0..300 {
                for tab in 0..3 {
                    world.hear(tab, 0.5);
                    world.answer(tab, 7, 0.5);
                    world.fire(tab, 0.5);
                }
            }
        }
        for tab in &world.tabs {
            prop_assert_eq!(tab.at, Some(world.feed));
        }
        prop_assert_eq!(world.stored.map(|position| place(&position.cursor)), Some(world.feed));
    }
}

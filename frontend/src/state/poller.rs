//! When to ask for new callbacks, and what to do with the answers.
//!
//! A state machine without a clock, a timer or a network: [`Poller::step`] takes an event and a
//! random number and says what to do. `hooks::poll` carries it out. One request is in flight at
//! the most, and the next is scheduled only after its answer. A step that was overtaken (a timer
//! that was cancelled, an answer that was given up on) is recognised by its ticket and ignored.
//!
//! Of several tabs one leads and asks; the others hear its pages and ask by themselves only when
//! it falls silent. Pages of the stream are heard in the same way. A page is taken only when it
//! follows on from the position; any other makes the poller ask for what lies in between.

mod messages;

pub use messages::{Connection, Effect, Event, Position, Ticket};

use super::seen::SeenRing;
use ringback_wire::CheckResponse;

/// The wait between an answer and the next question. With the jitter on top nothing waits longer
/// than ten seconds to be seen.
pub const INTERVAL_MS: u64 = 9_000;
/// The same in a tab that leads and that nobody looks at.
pub const HIDDEN_INTERVAL_MS: u64 = 60_000;
/// A tab that hears the one that leads asks by itself after this much silence.
pub const SILENCE_MS: u64 = 30_000;
/// Rows asked for at once.
pub const PAGE: u32 = 100;
/// Pages asked for in a row before other work gets a turn.
pub const BURST_PAGES: u32 = 10;
/// The wait before a question when the tab or the network comes back: both like to come and go.
pub const SETTLE_MS: u64 = 500;
/// The wait between two bursts.
pub const BURST_PAUSE_MS: u64 = 1_000;
const BACKOFF_FLOOR_MS: u64 = 1_000;
const BACKOFF_BASE_MS: u64 = 2_000;
const BACKOFF_CEILING_MS: u64 = 120_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Neither a wait nor a request: hidden, offline, or not started.
    Resting,
    Waiting(Ticket),
    Asking(Ticket),
    /// Signed out: only a new sign-in starts a new poller.
    Stopped,
}

/// The state between two steps.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of the browser by itself")]
pub struct Poller {
    phase: Phase,
    cursor: Option<String>,
    /// See [`Position`].
    rank: i64,
    seen: SeenRing,
    visible: bool,
    online: bool,
    leads: bool,
    /// The position that the question in flight goes on from.
    asked_from: Option<String>,
    failures: u32,
    burst: u32,
    resyncing: bool,
    next_ticket: Ticket,
}

impl Default for Poller {
    fn default() -> Self {
        Self {
            phase: Phase::Resting,
            cursor: None,
            rank: 0,
            seen: SeenRing::default(),
            visible: true,
            online: true,
            leads: false,
            asked_from: None,
            failures: 0,
            burst: 0,
            resyncing: false,
            next_ticket: 1,
        }
    }
}

impl Poller {
    /// Takes one event; `random` lies in `0.0..1.0` and decides every jitter of this step.
    pub fn step(&mut self, event: Event, random: f64) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.phase == Phase::Stopped {
            return effects;
        }
        match event {
            Event::Started { stored, visible, online } => {
                if let Some(position) = stored {
                    self.start_from(position);
                }
                self.visible = visible;
                self.online = online;
                self.ask_or_rest(&mut effects);
            }
            Event::TimerFired(ticket) if self.phase == Phase::Waiting(ticket) => {
                self.ask_or_rest(&mut effects);
            }
            Event::Answered(ticket, page) if self.phase == Phase::Asking(ticket) => {
                self.take_page(*page, random, &mut effects);
            }
            Event::Heard { from, page } => self.hear(from, *page, random, &mut effects),
            Event::Led(leads) => self.lead(leads, random, &mut effects),
            Event::CursorUnknown(ticket, stored) if self.phase == Phase::Asking(ticket) => {
                self.resync(stored, random, &mut effects);
            }
            Event::Failed(ticket, retry_after_ms) if self.phase == Phase::Asking(ticket) => {
                self.back_off(retry_after_ms, random, &mut effects);
            }
            Event::SignedOut(ticket) if self.phase == Phase::Asking(ticket) => {
                self.phase = Phase::Stopped;
                effects.push(Effect::Show(Connection::SignedOut));
            }
            Event::Refused(ticket) if self.phase == Phase::Asking(ticket) => {
                self.phase = Phase::Resting;
                effects.push(Effect::Show(Connection::Refused));
            }
            Event::Shown => {
                let was_hidden = !std::mem::replace(&mut self.visible, true);
                if was_hidden && self.may_ask_by_itself() {
                    self.wait(SETTLE_MS, &mut effects);
                }
            }
            Event::Hidden => {
                self.visible = false;
                if !self.leads {
                    self.rest();
                }
            }
            Event::WentOnline => {
                self.online = true;
                self.failures = 0;
                if !self.is_asking() {
                    self.wait(SETTLE_MS, &mut effects);
                }
            }
            Event::WentOffline => {
                self.online = false;
                self.rest();
                effects.push(Effect::Show(Connection::Offline));
            }
            Event::Nudged => self.ask_unless_asking(&mut effects),
            Event::StreamOpened => self.ask_unless_told_to_wait(&mut effects),
            // Overtaken: the ticket is an old one.
            Event::TimerFired(_)
            | Event::Answered(..)
            | Event::CursorUnknown(..)
            | Event::Failed(..)
            | Event::SignedOut(_)
            | Event::Refused(_) => {}
        }
        effects
    }

    /// The position up to which everything was handed on.
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    fn take_page(&mut self, page: CheckResponse, random: f64, effects: &mut Vec<Effect>) {
        if self.asked_from != self.cursor {
            // What was heard meanwhile overtook this answer.
            return self.ask_or_rest(effects);
        }
        // The first answer of all only says where the feed stands: nothing in it is news.
        let more = page.has_more && self.asked_from.is_some();
        self.failures = 0;
        self.burst += 1;
        let from = self.asked_from.take();
        if self.leads {
            effects.push(Effect::Share { from: from.clone() });
        }
        if std::mem::take(&mut self.resyncing) {
            effects.push(Effect::Resynced);
        }
        self.hand_on(page, effects);
        if self.is_resting() {
            self.phase = Phase::Resting;
            self.burst = 0;
            return;
        }
        effects.push(Effect::Show(Connection::Polling));
        if more && self.burst < BURST_PAGES {
            self.ask_or_rest(effects);
            return;
        }
        self.burst = 0;
        let after_ms = if more { BURST_PAUSE_MS } else { self.interval(random) };
        self.wait(after_ms, effects);
    }

    /// Takes a page that was not asked for.
    fn hear(
        &mut self,
        from: Option<String>,
        page: CheckResponse,
        random: f64,
        effects: &mut Vec<Effect>,
    ) {
        // What is not yet at its first position has a question in flight that says where that is.
        if self.cursor.is_none() {
            return;
        }
        let is_known = self.cursor.as_deref() == Some(page.cursor.as_str());
        if self.cursor == from {
            self.hand_on(page, effects);
        } else if !is_known {
            return self.ask_unless_told_to_wait(effects);
        }
        if let Phase::Waiting(_) = self.phase
            && !self.leads
            && self.failures == 0
        {
            let after_ms = self.interval(random);
            self.wait(after_ms, effects);
        }
    }

    fn lead(&mut self, leads: bool, random: f64, effects: &mut Vec<Effect>) {
        if self.leads == leads {
            return;
        }
        self.leads = leads;
        if leads {
            self.save(effects);
            self.ask_unless_told_to_wait(effects);
        } else if self.is_resting() {
            self.rest();
        } else if let Phase::Waiting(_) = self.phase
            && self.failures == 0
        {
            let after_ms = self.interval(random);
            self.wait(after_ms, effects);
        }
    }

    /// Hands on what is new in a page that follows on from the position, and moves that.
    fn hand_on(&mut self, page: CheckResponse, effects: &mut Vec<Effect>) {
        let CheckResponse { callbacks, cursor, unviewed, server_time, .. } = page;
        let silent = self.cursor.is_none();
        for row in &callbacks {
            self.rank = Position::after(self.rank, row.seq);
        }
        let rows: Vec<_> = callbacks.into_iter().filter(|row| self.seen.insert(row)).collect();
        if !rows.is_empty() && !silent {
            effects.push(Effect::Deliver(rows));
        }
        self.cursor = Some(cursor);
        // A first position is stored by whoever has it, so that all tabs count the same feeds.
        if self.leads || silent {
            self.save(effects);
        }
        effects.push(Effect::Count { unviewed, server_time });
    }

    fn save(&self, effects: &mut Vec<Effect>) {
        if let Some(cursor) = self.cursor.clone() {
            effects.push(Effect::Save(Position { cursor, rank: self.rank }));
        }
    }

    /// A tab that nobody looks at rests, unless the others hear of news through it.
    fn is_resting(&self) -> bool {
        !self.online || !(self.visible || self.leads)
    }

    fn interval(&self, random: f64) -> u64 {
        match (self.leads, self.visible) {
            (false, _) => SILENCE_MS,
            (true, true) => jittered_interval(random),
            (true, false) => HIDDEN_INTERVAL_MS,
        }
    }

    fn start_from(&mut self, position: Position) {
        self.rank = position.rank;
        self.cursor = Some(position.cursor);
    }

    fn resync(&mut self, stored: Option<Position>, random: f64, effects: &mut Vec<Effect>) {
        if self.cursor.is_none() {
            // A server that refuses even "from now on" is failing: asking again at once would spin.
            return self.back_off(None, random, effects);
        }
        // Another tab may have been faster: what came since it started over is not to be missed.
        let other = |position: &Position| Some(&position.cursor) != self.cursor.as_ref();
        if let Some(position) = stored.filter(other) {
            self.start_from(position);
        } else {
            self.rank = Position::next_feed(self.rank);
            self.cursor = None;
        }
        // The numbers of another feed begin anew.
        self.seen = SeenRing::default();
        self.burst = 0;
        self.resyncing = true;
        self.ask_or_rest(effects);
    }

    fn back_off(&mut self, retry_after_ms: Option<u64>, random: f64, effects: &mut Vec<Effect>) {
        self.burst = 0;
        self.failures = self.failures.saturating_add(1);
        if !self.online {
            self.phase = Phase::Resting;
            return;
        }
        let after_ms = backoff(self.failures, random).max(retry_after_ms.unwrap_or(0));
        effects.push(Effect::Show(Connection::Retrying { after_ms }));
        self.wait(after_ms, effects);
    }

    fn wait(&mut self, after_ms: u64, effects: &mut Vec<Effect>) {
        let ticket = self.ticket();
        self.phase = Phase::Waiting(ticket);
        effects.push(Effect::Schedule { ticket, after_ms });
    }

    /// A server that failed or asked for patience is left alone by all that happens by itself; the
    /// wait ends with a question.
    fn ask_unless_told_to_wait(&mut self, effects: &mut Vec<Effect>) {
        if self.may_ask_by_itself() {
            self.ask_or_rest(effects);
        }
    }

    fn may_ask_by_itself(&self) -> bool {
        !self.is_asking() && (self.failures == 0 || self.phase == Phase::Resting)
    }

    fn is_asking(&self) -> bool {
        matches!(self.phase, Phase::Asking(_))
    }

    fn ask_unless_asking(&mut self, effects: &mut Vec<Effect>) {
        if !self.is_asking() {
            self.ask_or_rest(effects);
        }
    }

    fn ask_or_rest(&mut self, effects: &mut Vec<Effect>) {
        if !self.online {
            self.phase = Phase::Resting;
            effects.push(Effect::Show(Connection::Offline));
            return;
        }
        if self.is_resting() {
            self.phase = Phase::Resting;
            return;
        }
        let ticket = self.ticket();
        self.phase = Phase::Asking(ticket);
        self.asked_from.clone_from(&self.cursor);
        effects.push(Effect::Fetch { ticket, cursor: self.cursor.clone() });
    }

    /// Gives up a wait, save one that the server imposed: that holds however the tab comes and goes.
    fn rest(&mut self) {
        if !self.is_asking() && (self.failures == 0 || !self.online) {
            self.phase = Phase::Resting;
        }
    }

    fn ticket(&mut self) -> Ticket {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        ticket
    }
}

/// The interval, ten per cent more or less, so that many tabs do not ask in step.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "between eight and ten thousand"
)]
fn jittered_interval(random: f64) -> u64 {
    (INTERVAL_MS as f64 * (0.9 + 0.2 * random)) as u64
}

/// Full jitter: anywhere between the floor and a ceiling that doubles with every failure.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "at most 120 thousand"
)]
fn backoff(failures: u32, random: f64) -> u64 {
    let ceiling = (BACKOFF_BASE_MS << failures.min(10)).min(BACKOFF_CEILING_MS);
    ((ceiling as f64 * random) as u64).max(BACKOFF_FLOOR_MS)
}

#[cfg(test)]
mod tests;

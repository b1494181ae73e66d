//! When somebody is told that something is wrong: one state machine for every condition.
//!
//! An alert starts, is told once, is reminded of at its pace, resolves and says so. Events and states
//! share it: an event (a bad signature) happens and is over when it has been quiet for long enough, a
//! state (a source without a secret) lasts until somebody looks and finds it mended. What happens
//! again soon after it resolved is the same alert, told at the pace at which it was reminded of, so
//! something that comes and goes is not told each time.
//!
//! Time is an argument. Storing is [`crate::queries::alerts`]'s, words are [`text`]'s, and who is told
//! where and when is [`route`]'s.

pub mod ending;
pub mod route;
pub mod silence;
pub mod text;

use crate::models::Micros;

const MINUTE: Micros = 60_000_000;
const HOUR: Micros = 60 * MINUTE;
const DAY: Micros = 24 * HOUR;

/// An alert that happens again within this time after it resolved is the same alert.
pub const SAME_WITHIN: Micros = DAY;
/// Growth is told at most this often.
const GROWTH_PAUSE: Micros = 5 * MINUTE;
/// A count is worth telling again when it is this many times what was told.
const GROWTH: i64 = 10;

crate::models::small_enum! {
    /// What can be wrong.
    Condition {
        /// A source has no secret.
        NoSecret = 0,
        /// Deliveries came with a bad or missing signature.
        BadSignature = 1,
        /// Deliveries were not stored: too large, too many, or the queue was full.
        Refused = 2,
        /// A delivery that is not genuine names a trusted callback.
        Forgery = 3,
        /// A source is silent for longer than it usually is.
        Silent = 4,
        /// The database does not take what it is given.
        Storage = 5,
        /// A secret is about to end.
        SecretEnding = 6,
        /// A source sent an event type that it never sent before.
        NewEventType = 7,
        /// A node's clock and the database's are apart.
        Clock = 8,
    }
}

impl Condition {
    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoSecret => "no_secret",
            Self::BadSignature => "bad_signature",
            Self::Refused => "refused",
            Self::Forgery => "forgery",
            Self::Silent => "silent",
            Self::Storage => "storage",
            Self::SecretEnding => "secret_ending",
            Self::NewEventType => "new_event_type",
            Self::Clock => "clock",
        }
    }

    /// The condition of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|condition| condition.name() == name)
    }

    /// Its rule.
    pub fn rule(self) -> Rule {
        const SLOWING: &[Micros] = &[HOUR, 3 * HOUR, 6 * HOUR, DAY];
        let event = |quiet| Rule {
            quiet: Some(quiet),
            pauses: SLOWING,
            reminds: Reminds::OfNews,
            grows: true,
            says_resolved: true,
        };
        let state = |pauses| Rule {
            quiet: None,
            pauses,
            reminds: Reminds::Always,
            grows: false,
            says_resolved: true,
        };
        match self {
            Self::NoSecret => state(&[HOUR]),
            Self::BadSignature => event(2 * HOUR),
            Self::Refused => event(HOUR),
            Self::Forgery => event(6 * HOUR),
            Self::Silent => state(&[6 * HOUR, DAY]),
            Self::Storage => {
                Rule { pauses: &[15 * MINUTE, HOUR, 3 * HOUR, DAY], ..event(5 * MINUTE) }
            }
            Self::SecretEnding => state(&[DAY]),
            Self::NewEventType => Rule { grows: false, says_resolved: false, ..event(DAY) },
            // Each node looks once a minute, so that many times are no more than one.
            Self::Clock => Rule { grows: false, ..event(10 * MINUTE) },
        }
    }
}

/// When reminders are due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reminds {
    /// As long as it lasts.
    Always,
    /// Only when it happened again since it was told.
    OfNews,
}

/// How a condition behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// It resolves after this long without an event; `None` for a state, which somebody ends.
    pub quiet: Option<Micros>,
    /// Between one telling and the next; the last repeats.
    pub pauses: &'static [Micros],
    /// When reminders are due.
    pub reminds: Reminds,
    /// True when ten times as many are told before the pause is over.
    pub grows: bool,
    /// True when its end is told.
    pub says_resolved: bool,
}

impl Rule {
    fn pause(&self, tellings: i64) -> Micros {
        let index = usize::try_from(tellings - 1).unwrap_or(0).min(self.pauses.len() - 1);
        self.pauses[index]
    }

    /// A state that is back soon after it was mended is news, unless it keeps coming and going.
    fn pause_before_again(&self, tellings: i64) -> Micros {
        match self.quiet {
            Some(_) => self.pause(tellings),
            None => ((10 * MINUTE) << tellings.clamp(1, 8).div_euclid(2)).min(DAY),
        }
    }
}

/// What an alert is about: one alert is open for each.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// What is wrong.
    pub condition: Condition,
    /// Where; empty when it is about no source.
    pub source: String,
    /// Why: a reason, a problem, an event type.
    pub cause: String,
}

impl Key {
    /// A key.
    pub fn new(condition: Condition, source: &str, cause: &str) -> Self {
        Self { condition, source: source.to_owned(), cause: cause.to_owned() }
    }
}

/// That something happened, or that a state was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// How often; 0 for a state that nothing came of yet.
    pub count: i64,
    /// When, the last time.
    pub at: Micros,
    /// A callback that shows it.
    pub sample: Option<i64>,
}

crate::models::small_enum! {
    /// What is said of an alert.
    Telling {
        /// It started.
        Started = 0,
        /// It is back, soon after it resolved.
        Again = 1,
        /// It became ten times as much.
        Grown = 2,
        /// It lasts.
        Reminder = 3,
        /// It is over.
        Resolved = 4,
    }
}

/// One alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Its key in the database; 0 before it is stored.
    pub id: i64,
    /// What it is about.
    pub key: Key,
    /// When it started, the first time.
    pub started_at: Micros,
    /// When it was opened last: later than the start when it came back.
    pub opened_at: Micros,
    /// When it happened last.
    pub last_at: Micros,
    /// How often it happened.
    pub count: i64,
    /// A callback that shows it: the latest.
    pub sample: Option<i64>,
    /// When it was last told.
    pub told_at: Option<Micros>,
    /// The count when it was last told.
    pub told_count: i64,
    /// How often it was told.
    pub tellings: i64,
    /// When it was over; `None` while it is open.
    pub resolved_at: Option<Micros>,
    /// When somebody took note: no reminders until it resolves.
    pub acknowledged_at: Option<Micros>,
    /// Who.
    pub acknowledged_by: Option<String>,
    /// Nothing is told until then.
    pub muted_until: Option<Micros>,
}

impl Alert {
    /// Starts one. `before` is the latest of the same key: its mute goes on.
    pub fn start(key: Key, seen: Seen, before: Option<&Self>) -> Self {
        Self {
            id: 0,
            key,
            started_at: seen.at,
            opened_at: seen.at,
            last_at: seen.at,
            count: seen.count,
            sample: seen.sample,
            told_at: None,
            told_count: 0,
            tellings: 0,
            resolved_at: None,
            acknowledged_at: None,
            acknowledged_by: None,
            muted_until: before.and_then(|before| before.muted_until),
        }
    }

    /// True when something that happens at a time belongs to this alert, even if it resolved.
    pub fn takes(&self, at: Micros) -> bool {
        self.resolved_at.is_none_or(|resolved_at| at - resolved_at < SAME_WITHIN)
    }

    /// It happened again; opens it when it had resolved.
    pub fn add(&mut self, seen: Seen) {
        if self.resolved_at.take().is_some() {
            self.opened_at = seen.at;
            self.acknowledged_at = None;
            self.acknowledged_by = None;
        }
        self.count += seen.count;
        self.last_at = self.last_at.max(seen.at);
        self.sample = seen.sample.or(self.sample);
    }

    /// The state is mended: gives what is to be said.
    pub fn clear(&mut self, now: Micros) -> Option<Telling> {
        if self.resolved_at.is_some() {
            return None;
        }
        self.resolved_at = Some(now);
        let is_told = self.key.condition.rule().says_resolved
            && self.was_told_since_opened()
            && !self.is_muted(now);
        is_told.then(|| self.tell(Telling::Resolved, now))
    }

    /// Lets time pass: resolves what has been quiet, and gives what is to be said now.
    pub fn step(&mut self, now: Micros) -> Option<Telling> {
        let rule = self.key.condition.rule();
        if self.resolved_at.is_some() {
            return None;
        }
        if rule.quiet.is_some_and(|quiet| now - self.last_at >= quiet) {
            // What was never told, being muted or too soon, ends in silence.
            return self.clear(now);
        }
        if self.is_muted(now) {
            return None;
        }
        let Some(told_at) = self.told_at else { return Some(self.tell(Telling::Started, now)) };
        let since = now - told_at;
        if !self.was_told_since_opened() {
            let is_due = since >= rule.pause_before_again(self.tellings);
            return is_due.then(|| self.tell(Telling::Again, now));
        }
        if self.acknowledged_at.is_some() {
            return None;
        }
        let has_grown = self.count >= self.told_count.max(1).saturating_mul(GROWTH);
        if rule.grows && has_grown && since >= GROWTH_PAUSE {
            return Some(self.tell(Telling::Grown, now));
        }
        let has_news = rule.reminds == Reminds::Always || self.count > self.told_count;
        (has_news && since >= rule.pause(self.tellings)).then(|| self.tell(Telling::Reminder, now))
    }

    fn was_told_since_opened(&self) -> bool {
        self.told_at.is_some_and(|told_at| told_at >= self.opened_at)
    }

    fn is_muted(&self, now: Micros) -> bool {
        self.muted_until.is_some_and(|until| until > now)
    }

    fn tell(&mut self, telling: Telling, now: Micros) -> Telling {
        self.told_at = Some(now.max(self.opened_at));
        self.told_count = self.count;
        self.tellings += 1;
        telling
    }
}

#[cfg(test)]
mod tests;

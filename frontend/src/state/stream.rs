//! The stream of the server: when to open it, when it is taken for dead, when to do without.
//!
//! A state machine like [`super::poller`], and beside it: the poller asks at its interval whatever
//! the stream does, so nothing depends on it but how soon a callback is seen.

use super::poller::Ticket;

/// The server says something every 15 seconds; after three times that the stream is dead.
pub const SILENCE_MS: u64 = 45_000;
/// After this many failures in a row the stream is left alone for a while.
pub const FAILURES: u32 = 3;
/// That while.
pub const REST_MS: u64 = 60_000;
const BACKOFF_MS: u64 = 1_000;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// This tab should have a stream, or should not: it leads, is online and has a position.
    Wanted(bool),
    /// The server took the request.
    Opened(Ticket),
    /// Anything came: a page or a sign of life.
    Heard(Ticket),
    /// The stream ended or was refused.
    Broke(Ticket),
    /// A scheduled wait is over.
    TimerFired(Ticket),
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Open a stream from the present position; tell what becomes of it with this ticket.
    Open(Ticket),
    /// Close the one that is open.
    Close,
    /// Wait, then tell [`Event::TimerFired`]. Replaces an earlier wait.
    Schedule {
        /// Comes back when the wait is over.
        ticket: Ticket,
        /// How long.
        after_ms: u64,
    },
    /// Callbacks come by the stream from now on, or no longer.
    Live(bool),
    /// Ask once: something may have come between the last answer and the stream.
    CatchUp,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Closed,
    Opening(Ticket),
    Open(Ticket),
    Waiting(Ticket),
}

/// The state between two steps.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    phase: Phase,
    failures: u32,
    last_ticket: Ticket,
}

impl Stream {
    /// Takes one event.
    pub fn step(&mut self, event: Event) -> Vec<Effect> {
        let mut effects = Vec::new();
        match (event, self.phase) {
            (Event::Wanted(true), Phase::Closed) => self.open(&mut effects),
            (Event::Wanted(false), phase) if phase != Phase::Closed => {
                self.close(&mut effects);
                self.failures = 0;
            }
            (Event::Opened(told), Phase::Opening(ticket)) if told == ticket => {
                self.phase = Phase::Open(ticket);
                effects.push(Effect::Live(true));
                effects.push(Effect::CatchUp);
                effects.push(Effect::Schedule { ticket, after_ms: SILENCE_MS });
            }
            (Event::Heard(told), Phase::Open(ticket)) if told == ticket => {
                self.failures = 0;
                effects.push(Effect::Schedule { ticket, after_ms: SILENCE_MS });
            }
            (
                Event::Broke(told) | Event::TimerFired(told),
                Phase::Opening(ticket) | Phase::Open(ticket),
            ) if told == ticket => {
                self.close(&mut effects);
                self.wait(&mut effects);
            }
            (Event::TimerFired(told), Phase::Waiting(ticket)) if told == ticket => {
                self.open(&mut effects);
            }
            // Overtaken, or nothing new.
            _ => {}
        }
        effects
    }

    fn open(&mut self, effects: &mut Vec<Effect>) {
        self.last_ticket += 1;
        self.phase = Phase::Opening(self.last_ticket);
        effects.push(Effect::Open(self.last_ticket));
        // A request that nobody answers is given up on as a stream that falls silent is.
        effects.push(Effect::Schedule { ticket: self.last_ticket, after_ms: SILENCE_MS });
    }

    fn close(&mut self, effects: &mut Vec<Effect>) {
        if let Phase::Open(_) = self.phase {
            effects.push(Effect::Live(false));
        }
        self.phase = Phase::Closed;
        effects.push(Effect::Close);
    }

    fn wait(&mut self, effects: &mut Vec<Effect>) {
        self.failures = self.failures.saturating_add(1);
        let after_ms = match self.failures {
            FAILURES.. => REST_MS,
            failures => BACKOFF_MS << failures,
        };
        self.last_ticket += 1;
        self.phase = Phase::Waiting(self.last_ticket);
        effects.push(Effect::Schedule { ticket: self.last_ticket, after_ms });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn open() -> (Stream, Ticket) {
        let mut stream = Stream::default();
        let effects = stream.step(Event::Wanted(true));
        let Some(Effect::Open(ticket)) = effects.first().copied() else { panic!("opens") };
        (stream, ticket)
    }

    fn wait_of(effects: &[Effect]) -> Option<(Ticket, u64)> {
        effects.iter().find_map(|effect| match effect {
            Effect::Schedule { ticket, after_ms } => Some((*ticket, *after_ms)),
            _ => None,
        })
    }

    #[test]
    fn an_open_stream_is_live_and_catches_up_once() {
        let (mut stream, ticket) = open();
        let effects = stream.step(Event::Opened(ticket));
        assert!(effects.contains(&Effect::Live(true)) && effects.contains(&Effect::CatchUp));
        let effects = stream.step(Event::Heard(ticket));
        assert_eq!(effects, [Effect::Schedule { ticket, after_ms: SILENCE_MS }]);
    }

    #[test]
    fn silence_closes_the_stream_and_opens_another() {
        let (mut stream, ticket) = open();
        stream.step(Event::Opened(ticket));
        let effects = stream.step(Event::TimerFired(ticket));
        assert!(effects.contains(&Effect::Live(false)) && effects.contains(&Effect::Close));
        let (timer, after_ms) = wait_of(&effects).expect("tries again");
        assert!(after_ms < REST_MS);
        assert!(matches!(stream.step(Event::TimerFired(timer))[..], [Effect::Open(_), ..]));
    }

    #[test]
    fn after_three_failures_polling_does_alone_for_a_minute() {
        let (mut stream, mut ticket) = open();
        let mut waits = Vec::new();
        for _ in 0..4 {
            let (timer, after_ms) = wait_of(&stream.step(Event::Broke(ticket))).expect("a wait");
            waits.push(after_ms);
            let effects = stream.step(Event::TimerFired(timer));
            let Some(Effect::Open(next)) = effects.first().copied() else { panic!("opens") };
            ticket = next;
        }
        assert_eq!(waits, [2_000, 4_000, REST_MS, REST_MS]);
    }

    #[test]
    fn a_tab_that_no_longer_leads_closes_its_stream() {
        let (mut stream, ticket) = open();
        stream.step(Event::Opened(ticket));
        assert_eq!(stream.step(Event::Wanted(false)), [Effect::Live(false), Effect::Close]);
        assert!(stream.step(Event::Heard(ticket)).is_empty());
    }

    proptest! {
        #[test]
        fn never_are_two_streams_open(events in prop::collection::vec((0_u8..6, 0_u64..12), 1..80)) {
            let mut stream = Stream::default();
            let (mut is_open, mut live) = (false, false);
            for (kind, ticket) in events {
                let event = match kind {
                    0 => Event::Wanted(ticket % 3 != 0),
                    1 => Event::Opened(ticket),
                    2 => Event::Heard(ticket),
                    3 => Event::Broke(ticket),
                    _ => Event::TimerFired(ticket),
                };
                for effect in stream.step(event) {
                    match effect {
                        Effect::Open(_) => {
                            prop_assert!(!is_open);
                            is_open = true;
                        }
                        Effect::Close => is_open = false,
                        Effect::Live(now) => {
                            prop_assert_ne!(live, now);
                            live = now;
                        }
                        _ => {}
                    }
                    prop_assert!(is_open || !live || matches!(effect, Effect::Live(_)));
                }
            }
        }
    }
}

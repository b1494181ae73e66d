//! What an operator is warned of in the log: at once, then hourly with a count, never once for each request.

use ringback_core::models::Micros;
use std::collections::BTreeMap;
use std::sync::Mutex;

const HOUR: Micros = 3_600_000_000;

/// What a warning is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Concern {
    /// A source has no secret.
    NoSecret,
    /// A signature did not hold or was not there.
    BadSignature,
    /// A delivery was refused.
    Refused,
}

/// Something to say now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// About what.
    pub concern: Concern,
    /// Where.
    pub source: String,
    /// How often since it was last told.
    pub count: u64,
}

#[derive(Clone, Copy, Debug)]
struct Pace {
    told_at: Micros,
    untold: u64,
}

/// Counts concerns and says when one is due. One entry for each concern and source.
#[derive(Debug, Default)]
pub struct Monitor(Mutex<BTreeMap<(Concern, String), Pace>>);

impl Monitor {
    /// Counts one and gives what is to be told now: the first at once, the others within the hour.
    pub fn note(&self, concern: Concern, source: &str, now: Micros) -> Option<Told> {
        let mut paces = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let key = (concern, source.to_owned());
        let Some(pace) = paces.get_mut(&key) else {
            paces.insert(key, Pace { told_at: now, untold: 0 });
            return Some(Told { concern, source: source.to_owned(), count: 1 });
        };
        pace.untold += 1;
        is_due(pace, now).then(|| tell(concern, source, pace, now))
    }

    /// Notes a state that lasts, like a missing secret: told at once and then hourly, with how many
    /// events it had, which may be none.
    pub fn note_state(&self, concern: Concern, source: &str, now: Micros) -> Option<Told> {
        let mut paces = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match paces.get_mut(&(concern, source.to_owned())) {
            None => {
                paces.insert((concern, source.to_owned()), Pace { told_at: now, untold: 0 });
                Some(Told { concern, source: source.to_owned(), count: 0 })
            }
            Some(pace) => (now - pace.told_at >= HOUR).then(|| tell(concern, source, pace, now)),
        }
    }

    /// What became due without a further event.
    pub fn take_due(&self, now: Micros) -> Vec<Told> {
        let mut paces = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        paces
            .iter_mut()
            .filter(|(_, pace)| is_due(pace, now))
            .map(|((concern, source), pace)| tell(*concern, source, pace, now))
            .collect()
    }
}

fn is_due(pace: &Pace, now: Micros) -> bool {
    pace.untold > 0 && now - pace.told_at >= HOUR
}

fn tell(concern: Concern, source: &str, pace: &mut Pace, now: Micros) -> Told {
    let count = std::mem::take(&mut pace.untold);
    pace.told_at = now;
    Told { concern, source: source.to_owned(), count }
}

impl Told {
    /// Writes it to the log.
    pub fn log(&self) {
        let (source, count) = (self.source.as_str(), self.count);
        match self.concern {
            Concern::NoSecret => tracing::warn!(
                source.name = source,
                count,
                "callbacks are stored unchecked: this source has no secret, set LLM_WEBHOOK_SECRET"
            ),
            Concern::BadSignature => tracing::warn!(
                source.name = source,
                count,
                "callbacks came with a bad or missing signature; they are stored and flagged"
            ),
            Concern::Refused => tracing::warn!(
                source.name = source,
                count,
                "deliveries were refused because of their size"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_told_at_once_and_the_others_hourly_with_a_count() {
        let monitor = Monitor::default();
        let note = |at| monitor.note(Concern::BadSignature, "default", at).map(|told| told.count);
        assert_eq!(note(0), Some(1));
        for second in 1..1000 {
            assert_eq!(note(second * 1_000_000), None);
        }
        assert_eq!(monitor.take_due(HOUR - 1), vec![]);
        assert_eq!(monitor.take_due(HOUR)[0].count, 999);
        assert_eq!(monitor.take_due(3 * HOUR), vec![]);
        assert_eq!(note(3 * HOUR), Some(1));
        assert_eq!(note(3 * HOUR + 1), None);
    }

    #[test]
    fn a_state_is_told_hourly_without_any_event() {
        let monitor = Monitor::default();
        let state =
            |at| monitor.note_state(Concern::NoSecret, "default", at).map(|told| told.count);
        assert_eq!(state(0), Some(0));
        assert_eq!(state(HOUR - 1), None);
        assert_eq!(monitor.note(Concern::NoSecret, "default", HOUR - 1), None);
        assert_eq!(state(HOUR), Some(1));
        assert_eq!(state(2 * HOUR), Some(0));
    }

    #[test]
    fn sources_and_concerns_are_told_apart() {
        let monitor = Monitor::default();
        assert!(monitor.note(Concern::BadSignature, "a", 0).is_some());
        assert!(monitor.note(Concern::BadSignature, "b", 0).is_some());
        assert!(monitor.note(Concern::NoSecret, "a", 0).is_some());
        assert!(monitor.note(Concern::NoSecret, "a", 1).is_none());
    }
}

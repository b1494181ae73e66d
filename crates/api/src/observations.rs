//! What went wrong while serving, counted in memory until the alerts' worker takes it.
//!
//! Noting is a lock and a look-up, and a delivery that is in order is not noted at all: the way of a
//! callback pays nothing. What is counted here is added to the database within seconds; a node that
//! is killed loses the counts of those seconds, never a callback.

use ringback_core::alert::{Condition, Key, Seen};
use ringback_core::models::{Micros, Reason};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Ids of callbacks that are kept between two rounds, for each source.
const MOST_MET: usize = 256;

/// Something that somebody may have to be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observation<'a> {
    /// A callback of a source without a secret.
    Unchecked {
        /// The source.
        source: &'a str,
    },
    /// A delivery whose signature is bad or missing.
    BadSignature {
        /// The source.
        source: &'a str,
        /// Why.
        reason: Option<Reason>,
    },
    /// A delivery that was not taken.
    Refused {
        /// The source.
        source: &'a str,
        /// `too-large`, `rate-limited` or `queue-full`; `over-quota` when only the digest was kept.
        problem: &'a str,
    },
    /// A delivery that is not genuine and that met a callback whose content it does not change. It is
    /// told of when that callback turns out to be trusted.
    Met {
        /// The source.
        source: &'a str,
        /// The callback.
        callback: i64,
    },
    /// A genuine delivery with other bytes under an id that is not signed.
    Disputed {
        /// The source.
        source: &'a str,
    },
    /// The database did not take something: `away` or `refused`.
    Storage {
        /// Which.
        cause: &'a str,
    },
    /// This node's clock and the database's are apart: it is `ahead` or `behind`.
    Clock {
        /// Which.
        cause: &'a str,
    },
}

/// What was counted since it was last taken.
#[derive(Debug, Default)]
pub struct Taken {
    /// By what it is about.
    pub seen: HashMap<Key, Seen>,
    /// Callbacks that bad deliveries met, by source, with how often and when last.
    pub met: HashMap<String, BTreeMap<i64, (i64, Micros)>>,
}

/// Counts observations.
#[derive(Debug, Default)]
pub struct Observations {
    counted: Mutex<Taken>,
    woken: Notify,
}

impl Observations {
    /// Counts one. `sample` is a callback that shows it.
    pub fn note(&self, observation: Observation<'_>, sample: Option<i64>, now: Micros) {
        let mut counted = self.lock();
        let key = match observation {
            Observation::Met { source, callback } => {
                let met = counted.met.entry(source.to_owned()).or_default();
                if met.len() < MOST_MET || met.contains_key(&callback) {
                    let (count, last) = met.entry(callback).or_default();
                    (*count, *last) = (*count + 1, now);
                }
                self.woken.notify_one();
                return;
            }
            Observation::Unchecked { source } => Key::new(Condition::NoSecret, source, ""),
            Observation::BadSignature { source, reason } => {
                let cause = reason.map_or("wrong", Reason::name);
                Key::new(Condition::BadSignature, source, cause)
            }
            Observation::Refused { source, problem } => {
                Key::new(Condition::Refused, source, problem)
            }
            Observation::Disputed { source } => Key::new(Condition::Forgery, source, "disputed"),
            Observation::Storage { cause } => Key::new(Condition::Storage, "", cause),
            Observation::Clock { cause } => Key::new(Condition::Clock, "", cause),
        };
        add(&mut counted.seen, key, Seen { count: 1, at: now, sample });
        self.woken.notify_one();
    }

    /// Takes what was counted.
    pub fn take(&self) -> Taken {
        std::mem::take(&mut *self.lock())
    }

    /// Gives back what could not be added to the database.
    pub fn put_back(&self, seen: Vec<(Key, Seen)>) {
        let mut counted = self.lock();
        for (key, seen) in seen {
            add(&mut counted.seen, key, seen);
        }
    }

    /// Waits until something is noted.
    pub async fn wait(&self) {
        self.woken.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn add(counted: &mut HashMap<Key, Seen>, key: Key, seen: Seen) {
    counted
        .entry(key)
        .and_modify(|so_far| {
            so_far.count += seen.count;
            so_far.at = so_far.at.max(seen.at);
            so_far.sample = seen.sample.or(so_far.sample);
        })
        .or_insert(seen);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_thousand_of_a_kind_are_one_count_with_the_latest_sample() {
        let observations = Observations::default();
        for n in 0..10_000 {
            let source = if n % 10 == 0 { "a" } else { "b" };
            let bad = Observation::BadSignature { source, reason: Some(Reason::Wrong) };
            observations.note(bad, Some(n), n);
        }
        let taken = observations.take();
        assert_eq!(taken.seen.len(), 2);
        let seen = taken.seen[&Key::new(Condition::BadSignature, "b", "wrong")];
        assert_eq!((seen.count, seen.at, seen.sample), (9_000, 9_999, Some(9_999)));
        assert!(observations.take().seen.is_empty());
    }

    #[test]
    fn what_is_given_back_is_counted_with_what_came_meanwhile() {
        let observations = Observations::default();
        let away = Observation::Storage { cause: "away" };
        observations.note(away, None, 1);
        let taken = observations.take().seen.into_iter().collect();
        observations.note(away, None, 2);
        observations.put_back(taken);
        let seen = observations.take().seen[&Key::new(Condition::Storage, "", "away")];
        assert_eq!((seen.count, seen.at), (2, 2));
    }

    #[test]
    fn a_forger_who_names_many_callbacks_takes_no_more_room() {
        let observations = Observations::default();
        for callback in 0..100_000 {
            observations.note(Observation::Met { source: "a", callback }, None, 0);
        }
        observations.note(Observation::Met { source: "a", callback: 7 }, None, 5);
        let met = &observations.take().met["a"];
        assert_eq!((met.len(), met[&7]), (MOST_MET, (2, 5)));
    }
}

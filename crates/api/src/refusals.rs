//! Refusals that come in floods: counted in memory and recorded together.
//!
//! A refusal for its rate must cost less than what it refuses, so it does not wait for the disk.
//! What was counted is recorded every few seconds, and when the server stops.

use ringback_core::models::Micros;
use ringback_core::queries::refusals::NewRefusal;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Distinct refusals that are counted one by one; beyond, addresses are left out.
const DISTINCT: usize = 1024;

/// Source, problem, address.
type Key = (String, String, Option<String>);

/// What was refused and is not recorded yet.
#[derive(Debug, Default)]
pub struct RefusalLog(Mutex<HashMap<Key, NewRefusal>>);

impl RefusalLog {
    /// Counts one.
    pub fn note(
        &self,
        source: &str,
        problem: &str,
        remote_addr: Option<String>,
        (size_bytes, received_at): (i64, Micros),
    ) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut key = (source.to_owned(), problem.to_owned(), remote_addr);
        if waiting.len() >= DISTINCT && !waiting.contains_key(&key) {
            key.2 = None;
        }
        let refusal =
            waiting.entry(key).or_insert_with_key(|(source, problem, remote_addr)| NewRefusal {
                source: source.clone(),
                problem: problem.clone(),
                size_bytes,
                remote_addr: remote_addr.clone(),
                received_at,
                seen: 0,
            });
        refusal.seen += 1;
        refusal.received_at = received_at;
        refusal.size_bytes = refusal.size_bytes.max(size_bytes);
    }

    /// Takes all that waits, to record it.
    pub fn take(&self) -> Vec<NewRefusal> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *waiting).into_values().collect()
    }

    /// Puts back what could not be recorded.
    pub fn put_back(&self, refusals: Vec<NewRefusal>) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for refusal in refusals {
            let key =
                (refusal.source.clone(), refusal.problem.clone(), refusal.remote_addr.clone());
            if let Some(newer) = waiting.get_mut(&key) {
                newer.seen += refusal.seen;
            } else if waiting.len() < 2 * DISTINCT {
                waiting.insert(key, refusal);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_refusals_are_one_with_a_count_and_a_flood_stays_small() {
        let log = RefusalLog::default();
        for n in 0..10 {
            log.note("a", "rate-limited", Some("192.0.2.1".to_owned()), (n, n));
        }
        let taken = log.take();
        assert_eq!(taken.len(), 1);
        assert_eq!((taken[0].seen, taken[0].size_bytes, taken[0].received_at), (10, 9, 9));
        assert!(log.take().is_empty());
        log.put_back(taken);
        log.note("a", "rate-limited", Some("192.0.2.1".to_owned()), (1, 20));
        assert_eq!(log.take()[0].seen, 11);
        for n in 0..5000 {
            log.note("a", "rate-limited", Some(format!("addr {n}")), (1, 1));
        }
        let taken = log.take();
        assert_eq!(taken.len(), DISTINCT + 1);
        assert_eq!(taken.iter().map(|refusal| refusal.seen).sum::<i64>(), 5000);
    }
}

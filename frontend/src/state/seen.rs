//! Remembers which callbacks were handed on, so that a row sent twice is shown once.

use ringback_wire::{CallbackSummary, Signature};
use std::collections::{HashSet, VecDeque};

/// How many rows a ring remembers.
pub const CAPACITY: usize = 2_000;

/// A callback in one state: its content changes only with a further delivery or a new verdict, so
/// a changed callback has another key and is shown again.
type Key = (i64, i64, Signature);

/// The last [`CAPACITY`] rows; the oldest is forgotten first.
#[derive(Clone, Debug, Default)]
pub struct SeenRing {
    order: VecDeque<Key>,
    keys: HashSet<Key>,
}

impl SeenRing {
    /// True when this row was not handed on before; it is remembered from now on.
    pub fn insert(&mut self, row: &CallbackSummary) -> bool {
        self.insert_key((row.id, row.deliveries, row.signature))
    }

    fn insert_key(&mut self, key: Key) -> bool {
        if !self.keys.insert(key) {
            return false;
        }
        self.order.push_back(key);
        if self.order.len() > CAPACITY
            && let Some(oldest) = self.order.pop_front()
        {
            self.keys.remove(&oldest);
        }
        true
    }

    /// True when this state of a callback is remembered, whatever its verdict was.
    pub fn contains(&self, id: i64, deliveries: i64) -> bool {
        self.keys.contains(&(id, deliveries, Signature::Unchecked))
    }

    /// Remembers a state of a callback without its verdict, for [`Self::contains`].
    pub fn remember(&mut self, id: i64, deliveries: i64) {
        self.insert_key((id, deliveries, Signature::Unchecked));
    }
}

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
        let key = (row.id, row.deliveries, row.signature);
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
}

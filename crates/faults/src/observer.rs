//! What a reader of the feed saw, and whether it is what it had to see. Pure.

use crate::plan::{Plan, Version};
use serde::Deserialize;
use std::collections::HashMap;

/// A page of the feed, as far as it matters here.
#[derive(Debug, Deserialize)]
pub(crate) struct FeedPage {
    pub(crate) callbacks: Vec<Row>,
    pub(crate) cursor: String,
    #[serde(default)]
    pub(crate) has_more: bool,
}

/// A row of the feed.
#[derive(Debug, Deserialize)]
pub(crate) struct Row {
    pub(crate) id: i64,
    pub(crate) callback_id: String,
    pub(crate) event_type: String,
}

/// Collects the rows of one reader in the order in which they came.
#[derive(Debug)]
pub(crate) struct Observer {
    plan: Plan,
    /// The last version seen of each callback.
    last: HashMap<u32, Version>,
    /// Every sighting.
    order: Vec<(u32, Version)>,
    highest_first: i64,
    failures: Vec<String>,
}

impl Observer {
    /// Has seen nothing.
    pub(crate) fn new(plan: Plan) -> Self {
        Self {
            plan,
            last: HashMap::new(),
            order: Vec::new(),
            highest_first: 0,
            failures: Vec::new(),
        }
    }

    /// Takes the rows of a page.
    pub(crate) fn see(&mut self, rows: &[Row]) {
        for row in rows {
            // Not of this run: another load that shares the database.
            let Some(number) = self.plan.number(&row.callback_id) else { continue };
            let version = if row.event_type == Version::Second.event_type() {
                Version::Second
            } else {
                Version::First
            };
            match self.last.insert(number, version) {
                Some(before) if before >= version => {
                    self.fail(format!("{} was seen again", row.callback_id));
                }
                // The first position that a callback takes is its id.
                None if version == Version::First => {
                    if row.id <= self.highest_first {
                        self.fail(format!("{} came out of order", row.callback_id));
                    }
                    self.highest_first = self.highest_first.max(row.id);
                }
                Some(_) | None => {}
            }
            self.order.push((number, version));
        }
    }

    /// Callbacks that were seen.
    pub(crate) fn count(&self) -> u64 {
        self.last.len() as u64
    }

    /// True when another reader has seen the same.
    pub(crate) fn has_seen_what(&self, other: &Self) -> bool {
        self.last == other.last
    }

    /// What is wrong, given the callbacks and versions that are stored in the order of the feed.
    pub(crate) fn verify(mut self, stored: &[(u32, Version)]) -> Vec<String> {
        for &(number, version) in stored {
            match self.last.get(&number) {
                None => self.fail(format!("{} was never seen", self.plan.id(number))),
                Some(&seen) if seen != version => {
                    self.fail(format!("the change of {} was never seen", self.plan.id(number)));
                }
                Some(_) => {}
            }
        }
        // Of a callback that changed, the first sighting is not the order of the feed any more.
        let last = std::mem::take(&mut self.last);
        let order: Vec<(u32, Version)> = std::mem::take(&mut self.order)
            .into_iter()
            .filter(|(number, version)| last.get(number) == Some(version))
            .collect();
        if self.failures.is_empty() && order != stored {
            let at = order.iter().zip(stored).position(|(seen, stored)| seen != stored);
            self.fail(format!(
                "the order differs from the feed's from place {} on",
                at.unwrap_or(order.len().min(stored.len()))
            ));
        }
        self.failures
    }

    fn fail(&mut self, failure: String) {
        if self.failures.len() < 10 {
            self.failures.push(failure);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Signing;
    use Version::{First, Second};

    const PLAN: Plan = Plan { run: 1, body_bytes: 200, signing: Signing::Timed };

    type Rows = &'static [(i64, u32, Version)];
    type InOrder = &'static [(u32, Version)];

    fn observe(rows: &[(i64, u32, Version)], stored: &[(u32, Version)]) -> Vec<String> {
        let mut observer = Observer::new(PLAN);
        for &(id, number, version) in rows {
            let event_type = version.event_type().to_owned();
            observer.see(&[Row { id, callback_id: PLAN.id(number), event_type }]);
        }
        observer.verify(stored)
    }

    #[test]
    fn a_reader_that_saw_each_once_in_order_is_content() {
        let rows = [(1, 0, First), (2, 7, First), (3, 2, First), (2, 7, Second)];
        assert!(observe(&rows, &[(0, First), (2, First), (7, Second)]).is_empty());
        // Both versions between two polls: only the last is there to be seen.
        assert!(observe(&[(1, 0, First), (2, 7, Second)], &[(0, First), (7, Second)]).is_empty());
    }

    #[test]
    fn whatever_is_skipped_repeated_or_out_of_order_is_found() {
        let cases: [(Rows, InOrder); 5] = [
            (&[(1, 0, First)], &[(0, First), (1, First)]),
            (&[(1, 0, First), (1, 0, First)], &[(0, First)]),
            (&[(2, 0, First), (1, 1, First)], &[(0, First), (1, First)]),
            (&[(1, 7, First)], &[(7, Second)]),
            (&[(1, 7, Second), (2, 8, First)], &[(8, First), (7, Second)]),
        ];
        for (rows, stored) in cases {
            assert_eq!(observe(rows, stored).len(), 1, "{rows:?}");
        }
    }
}

//! The writer's connection: its loss and return, and batches that fail.

use super::StoreError;
use crate::error::chain;
use crate::tokens::random_u64;
use diesel::QueryResult;
use ringback_core::connection::{Connection, DatabaseUrl, Purpose};
use ringback_core::models::{NewDelivery, StoredReceipt};
use ringback_core::queries;
use std::time::{Duration, Instant};

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);
/// After so many failures in a row without a success it is the database and not the row.
const ROWS_TO_GIVE_UP: usize = 3;
/// How often what lost against another node is tried again.
const MEETINGS: u32 = 5;
/// A row that cannot be stored is refused at once; what fails after this long is a database that is
/// stuck, and would be stuck for each row again.
const STUCK: Duration = Duration::from_secs(2);

/// The write connection, and its loss and return.
pub(super) struct Database {
    url: DatabaseUrl,
    conn: Option<Connection>,
    retry_at: Option<Instant>,
    pause: Duration,
}

impl Database {
    /// Without a connection, one is opened when it is first needed.
    pub(super) fn new(url: DatabaseUrl, conn: Option<Connection>) -> Self {
        Self { url, conn, retry_at: None, pause: FIRST_PAUSE }
    }

    /// The connection; opens a new one when it was lost and the pause is over.
    pub(super) fn connection(&mut self) -> Option<&mut Connection> {
        if self.conn.is_none() && self.retry_at.is_none_or(|at| Instant::now() >= at) {
            match self.url.open(Purpose::Write) {
                Ok(conn) => {
                    tracing::info!("a write connection is open");
                    self.conn = Some(conn);
                    self.retry_at = None;
                    self.pause = FIRST_PAUSE;
                }
                Err(error) => {
                    tracing::warn!(cause = %chain(&error), "the database is away");
                    self.retry_at = Some(Instant::now() + self.pause);
                    self.pause = (self.pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
        self.conn.as_mut()
    }

    /// After a failure: a new connection, for nobody knows what state the old one is in. False
    /// when the database is away.
    pub(super) fn renew(&mut self) -> bool {
        self.conn = None;
        self.connection().is_some()
    }

    /// Stores them in one transaction or, when that fails, each in its own; the results are in the
    /// order of the batch.
    pub(super) fn store(
        &mut self,
        batch: &[NewDelivery],
    ) -> Vec<Result<StoredReceipt, StoreError>> {
        let Some(conn) = self.connection() else {
            return vec![Err(StoreError::Away); batch.len()];
        };
        let began = Instant::now();
        match upsert(conn, batch) {
            Ok(receipts) => receipts.into_iter().map(Ok).collect(),
            Err(error) => {
                tracing::error!(cause = %chain(&error), deliveries = batch.len(), "a batch failed");
                if began.elapsed() > STUCK {
                    // Who waits is answered first: opening may take as long again.
                    self.conn = None;
                    return vec![Err(StoreError::Refused); batch.len()];
                }
                if !self.renew() {
                    return vec![Err(StoreError::Away); batch.len()];
                }
                if batch.len() == 1 {
                    return vec![Err(StoreError::Refused)];
                }
                self.store_one_by_one(batch)
            }
        }
    }

    fn store_one_by_one(
        &mut self,
        batch: &[NewDelivery],
    ) -> Vec<Result<StoredReceipt, StoreError>> {
        let mut results = Vec::with_capacity(batch.len());
        let (mut failed, mut stored_any) = (0, false);
        for delivery in batch {
            if failed >= ROWS_TO_GIVE_UP && !stored_any {
                results.push(Err(StoreError::Refused));
                continue;
            }
            let Some(conn) = self.conn.as_mut() else {
                results.push(Err(StoreError::Away));
                continue;
            };
            match upsert(conn, std::slice::from_ref(delivery)) {
                Ok(mut receipts) => {
                    stored_any = true;
                    results.push(receipts.pop().ok_or(StoreError::Refused));
                }
                Err(error) => {
                    failed += 1;
                    tracing::error!(
                        cause = %chain(&error),
                        source.name = delivery.source,
                        payload.sha256 = hex::encode(delivery.body.sha256),
                        "a delivery was refused by the database"
                    );
                    let is_there = self.renew();
                    results.push(Err(if is_there {
                        StoreError::Refused
                    } else {
                        StoreError::Away
                    }));
                }
            }
        }
        results
    }
}

/// Stores them in one transaction, which is tried again when it lost against another node.
fn upsert(conn: &mut Connection, batch: &[NewDelivery]) -> QueryResult<Vec<StoredReceipt>> {
    let mut stored = queries::upsert_callbacks(conn, batch);
    for attempt in 1..=MEETINGS {
        if !stored.as_ref().is_err_and(queries::is_worth_repeating) {
            break;
        }
        std::thread::sleep(pause_after_meeting(attempt, random_u64()));
        stored = queries::upsert_callbacks(conn, batch);
    }
    stored
}

/// Two nodes met, and the loser tries again: after 1 to 2 ms the first time, twice as long each
/// time, and never in step with the other.
fn pause_after_meeting(attempt: u32, chance: u64) -> Duration {
    let longest_us = 2_000_u64 << attempt.saturating_sub(1).min(8);
    Duration::from_micros(longest_us / 2 + chance % (longest_us / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_after_a_meeting_grows_and_depends_on_chance() {
        let pause = |attempt, chance| pause_after_meeting(attempt, chance).as_micros();
        assert_eq!((pause(1, 0), pause(1, 999), pause(1, 1000)), (1000, 1999, 1000));
        assert_eq!((pause(5, 0), pause(5, u64::MAX) < 32_000), (16_000, true));
        assert!(pause(u32::MAX, u64::MAX) < 600_000);
    }
}

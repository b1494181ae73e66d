//! What the writer counts about itself, cheaply enough for every batch.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use std::time::Duration;

/// The writer's counts, shared by everybody who looks. Cheap to clone.
#[derive(Clone, Debug)]
pub struct WriterStats {
    /// Deliveries in one transaction.
    pub batch_deliveries: Histogram,
    /// Seconds from the beginning of a transaction to its end on disk.
    pub commit_seconds: Histogram,
    /// Seconds that an administrative write held the writer.
    pub task_seconds: Histogram,
    /// Deliveries that were not stored because too much was waiting.
    pub full: Counter,
    /// Deliveries that were not stored because the database was away or refused.
    pub failed: Counter,
}

impl WriterStats {
    /// Counts a batch that was tried, whatever came of it.
    pub(super) fn count_batch(&self, deliveries: usize, failed: usize, took: Duration) {
        #[expect(clippy::cast_precision_loss, reason = "a batch is far smaller than 2^52")]
        self.batch_deliveries.observe(deliveries as f64);
        self.commit_seconds.observe(took.as_secs_f64());
        self.failed.inc_by(failed as u64);
    }
}

impl Default for WriterStats {
    fn default() -> Self {
        // 1 to 512 deliveries; 0.5 ms to 16 s.
        let seconds = || Histogram::new(exponential_buckets(0.0005, 2.0, 16));
        Self {
            batch_deliveries: Histogram::new(exponential_buckets(1.0, 2.0, 10)),
            commit_seconds: seconds(),
            task_seconds: seconds(),
            full: Counter::default(),
            failed: Counter::default(),
        }
    }
}

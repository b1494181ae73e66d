//! The group-commit writer: the only place that writes to the database while serving.
//!
//! One thread owns the one write connection. It takes whatever waits in the queue, stores it in one
//! transaction and answers everybody after the commit; while it commits, the next batch gathers, so
//! the duration of a commit is the batching window and no timer is needed. Small administrative
//! writes ride between batches as tasks.
//!
//! A queue that is full, by count, by bytes or by the time that it will take, refuses at once, and
//! nobody waits for longer than senders do: work whose sender has gone is dropped, not done. A lost database answers everybody,
//! and is tried again with a growing pause. A batch that fails is stored one by one, so that one bad
//! row never fails its neighbours.

mod checkpoint;
mod database;
mod stats;

pub use stats::WriterStats;

use crate::error::chain;
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded, select};
use database::Database;
use ringback_core::connection::{Connection, DatabaseUrl};
use ringback_core::models::{NewDelivery, StoredReceipt};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::{oneshot, watch};

/// The sizes of the writer.
#[derive(Clone, Copy, Debug)]
pub struct WriterConfig {
    /// Threads, each with a write connection. One on SQLite, whatever this says.
    pub writers: usize,
    /// Deliveries that may wait.
    pub queue: usize,
    /// Bytes of bodies that may wait.
    pub queue_bytes: usize,
    /// Deliveries in one transaction.
    pub batch: usize,
    /// Bytes of bodies after which a batch takes no more.
    pub batch_bytes: usize,
    /// What arrives is refused when those before it will take longer than this.
    pub queue_time: Duration,
    /// Nobody waits for longer: senders give up after 5 to 30 s and would not hear the answer.
    pub patience: Duration,
}

impl Default for WriterConfig {
    fn default() -> Self {
        Self {
            writers: 1,
            queue: 4096,
            queue_bytes: 64 << 20,
            batch: 256,
            batch_bytes: 4 << 20,
            queue_time: Duration::from_millis(1500),
            patience: Duration::from_secs(8),
        }
    }
}

/// Why something was not stored. The sender keeps it and tries again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Too much is waiting, or it waited for too long.
    #[error("the queue is full")]
    Full,
    /// The database does not answer.
    #[error("the database is away")]
    Away,
    /// The database refused this.
    #[error("the database refused")]
    Refused,
}

type Answer<T> = oneshot::Sender<Result<T, StoreError>>;

struct Job {
    delivery: NewDelivery,
    answer: Answer<StoredReceipt>,
}

/// Gets `None` when the database is away.
type Task = Box<dyn FnOnce(Option<&mut Connection>) -> TaskEnd + Send>;

/// What the writer learns from a task about its connection.
enum TaskEnd {
    Done,
    Failed,
}

/// The way to the writer. Cheap to clone.
#[derive(Clone)]
pub struct Writer {
    jobs: Sender<Job>,
    tasks: Sender<Task>,
    waiting_bytes: Arc<AtomicUsize>,
    stored: watch::Receiver<u64>,
    pace: Arc<Pace>,
    stats: WriterStats,
    config: WriterConfig,
}

/// How long one delivery takes, of late, beside what a commit costs however many share it.
#[derive(Default)]
struct Pace(AtomicU64);

/// A commit on a slow disk, which a larger batch would share.
const SHARED: Duration = Duration::from_millis(100);
/// A batch below this says little of each delivery, for its share of the commit is large; it can only
/// show that all goes faster again.
const TELLING: usize = 16;

impl Pace {
    fn note(&self, deliveries: usize, took: Duration) {
        let is_telling = deliveries >= TELLING;
        let took = if is_telling { took.saturating_sub(SHARED) } else { took };
        let each = took.as_nanos() / deliveries.max(1) as u128;
        let each = u64::try_from(each).unwrap_or(u64::MAX) / 2;
        let old = self.0.load(Ordering::Relaxed) / 2;
        let new = if is_telling { each } else { each.min(old) };
        self.0.store(old + new, Ordering::Relaxed);
    }

    fn time_for(&self, deliveries: usize) -> Duration {
        let count = u64::try_from(deliveries).unwrap_or(u64::MAX);
        Duration::from_nanos(self.0.load(Ordering::Relaxed).saturating_mul(count))
    }
}

/// The writer's threads, to be stopped when nothing sends any more.
pub struct WriterThread {
    stop: Sender<()>,
    threads: Vec<JoinHandle<()>>,
}

impl WriterThread {
    /// Stores what still waits and ends the threads.
    pub fn drain(self) {
        drop(self.stop);
        // The one that makes checkpoints ends with the writer, so it comes last.
        for thread in self.threads.into_iter().rev() {
            if thread.join().is_err() {
                tracing::error!("a writer had ended before it was told to");
            }
        }
    }
}

impl Writer {
    /// Starts the first thread on a connection that is open; the others open their own.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        url: DatabaseUrl,
        conn: Connection,
        config: WriterConfig,
    ) -> std::io::Result<(Self, WriterThread)> {
        let (jobs, job_queue) = bounded(config.queue);
        let (tasks, task_queue) = bounded(256);
        let (stop, stopped) = bounded(0);
        let waiting_bytes = Arc::new(AtomicUsize::new(0));
        let (storing, stored) = watch::channel(0);
        let pace = Arc::new(Pace::default());
        let stats = WriterStats::default();
        let writers = if url.is_postgres() { config.writers.max(1) } else { 1 };
        let mut conn = Some(conn);
        let mut threads = Vec::with_capacity(writers + 1);
        let mut checkpoints = None;
        if !url.is_postgres() {
            let (stored, thread) = checkpoint::start(url.clone())?;
            checkpoints = Some(stored);
            threads.push(thread);
        }
        for url in std::iter::repeat_n(url, writers) {
            let mut worker = Worker {
                stats: stats.clone(),
                pace: Arc::clone(&pace),
                job_queue: job_queue.clone(),
                task_queue: task_queue.clone(),
                stopped: stopped.clone(),
                waiting_bytes: Arc::clone(&waiting_bytes),
                storing: storing.clone(),
                checkpoints: checkpoints.take(),
                config,
                database: Database::new(url, conn.take()),
            };
            let thread = std::thread::Builder::new()
                .name("ringback-writer".to_owned())
                .spawn(move || worker.run())?;
            threads.push(thread);
        }
        let writer = Self { jobs, tasks, waiting_bytes, stored, pace, stats, config };
        Ok((writer, WriterThread { stop, threads }))
    }

    /// What it counts about itself.
    pub fn stats(&self) -> &WriterStats {
        &self.stats
    }

    /// How many deliveries wait, and the bytes of their bodies.
    pub fn waiting(&self) -> (usize, usize) {
        (self.jobs.len(), self.waiting_bytes.load(Ordering::Relaxed))
    }

    /// Stores a delivery; the receipt comes after the commit.
    ///
    /// # Errors
    /// [`StoreError`]; the delivery is not stored then, or the commit's fate is not known and a
    /// retry is recognised.
    pub async fn store(&self, delivery: NewDelivery) -> Result<StoredReceipt, StoreError> {
        let stored = self.queue_and_wait(delivery).await;
        if matches!(stored, Err(StoreError::Full)) {
            self.stats.full.inc();
        }
        stored
    }

    async fn queue_and_wait(&self, delivery: NewDelivery) -> Result<StoredReceipt, StoreError> {
        if self.pace.time_for(self.jobs.len()) > self.config.queue_time {
            return Err(StoreError::Full);
        }
        let size = delivery.body.bytes.len();
        if self.waiting_bytes.fetch_add(size, Ordering::Relaxed) > self.config.queue_bytes {
            self.waiting_bytes.fetch_sub(size, Ordering::Relaxed);
            return Err(StoreError::Full);
        }
        let (answer, receipt) = oneshot::channel();
        if let Err(error) = self.jobs.try_send(Job { delivery, answer }) {
            self.waiting_bytes.fetch_sub(size, Ordering::Relaxed);
            return Err(match error {
                TrySendError::Full(_) => StoreError::Full,
                TrySendError::Disconnected(_) => StoreError::Away,
            });
        }
        self.wait_for(receipt).await
    }

    /// An answer that comes too late is none. The delivery may be stored all the same; the sender
    /// sends it again and is told that it is a duplicate.
    async fn wait_for<T>(
        &self,
        answer: oneshot::Receiver<Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        match tokio::time::timeout(self.config.patience, answer).await {
            Ok(answer) => answer.unwrap_or(Err(StoreError::Away)),
            Err(_) => Err(StoreError::Full),
        }
    }

    /// Changes when the feed has something new.
    pub fn stored(&self) -> watch::Receiver<u64> {
        self.stored.clone()
    }

    /// Runs a small write between two batches. It must be short: deliveries wait meanwhile.
    ///
    /// # Errors
    /// [`StoreError`]; a write that fails has changed nothing.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> diesel::QueryResult<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, result): (Answer<T>, _) = oneshot::channel();
        let task: Task = Box::new(move |conn| {
            let Some(conn) = conn else {
                let _gone = answer.send(Err(StoreError::Away));
                return TaskEnd::Done;
            };
            match work(conn) {
                Ok(value) => {
                    let _gone = answer.send(Ok(value));
                    TaskEnd::Done
                }
                Err(error) => {
                    tracing::error!(cause = %chain(&error), "a write failed");
                    let _gone = answer.send(Err(StoreError::Refused));
                    TaskEnd::Failed
                }
            }
        });
        self.tasks.try_send(task).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Full,
            TrySendError::Disconnected(_) => StoreError::Away,
        })?;
        self.wait_for(result).await
    }
}

struct Worker {
    stats: WriterStats,
    job_queue: Receiver<Job>,
    task_queue: Receiver<Task>,
    stopped: Receiver<()>,
    waiting_bytes: Arc<AtomicUsize>,
    storing: watch::Sender<u64>,
    checkpoints: Option<Sender<()>>,
    pace: Arc<Pace>,
    config: WriterConfig,
    database: Database,
}

impl Worker {
    fn run(&mut self) {
        loop {
            select! {
                recv(self.job_queue) -> job => match job {
                    Ok(job) => self.store_batch(job),
                    Err(_) => return,
                },
                recv(self.task_queue) -> task => match task {
                    Ok(task) => self.run_task(task),
                    Err(_) => return,
                },
                recv(self.stopped) -> _ => return self.drain(),
            }
        }
    }

    fn drain(&mut self) {
        while let Ok(job) = self.job_queue.try_recv() {
            self.store_batch(job);
        }
        while let Ok(task) = self.task_queue.try_recv() {
            self.run_task(task);
        }
    }

    fn run_task(&mut self, task: Task) {
        let begun = Instant::now();
        let conn = self.database.connection();
        if let TaskEnd::Failed = task(conn) {
            self.database.renew();
        }
        self.stats.task_seconds.observe(begun.elapsed().as_secs_f64());
        self.ask_for_a_checkpoint();
    }

    fn ask_for_a_checkpoint(&self) {
        if let Some(checkpoints) = &self.checkpoints {
            // Full means that one is asked for already.
            let _full = checkpoints.try_send(());
        }
    }

    fn store_batch(&mut self, first: Job) {
        let (mut size, mut next) = (0, Some(first));
        let (mut batch, mut answers) = (Vec::new(), Vec::new());
        while let Some(job) = next {
            if job.answer.is_closed() {
                // Its sender has hung up or was told to come again: storing it would be work for
                // nobody, and under more load than can be served all work would become that.
                self.waiting_bytes.fetch_sub(job.delivery.body.bytes.len(), Ordering::Relaxed);
            } else {
                size += job.delivery.body.bytes.len();
                batch.push(job.delivery);
                answers.push(job.answer);
            }
            let has_room = batch.len() < self.config.batch && size < self.config.batch_bytes;
            next = if has_room { self.job_queue.try_recv().ok() } else { None };
        }
        if batch.is_empty() {
            return;
        }
        let began = Instant::now();
        let results = self.database.store(&batch);
        self.pace.note(batch.len(), began.elapsed());
        let failed = results.iter().filter(|result| result.is_err()).count();
        self.stats.count_batch(batch.len(), failed, began.elapsed());
        self.waiting_bytes.fetch_sub(size, Ordering::Relaxed);
        let is_new =
            |result: &Result<StoredReceipt, _>| result.as_ref().is_ok_and(|it| it.effect.is_news());
        if results.iter().any(is_new) {
            self.storing.send_modify(|times| *times = times.wrapping_add(1));
        }
        self.ask_for_a_checkpoint();
        for (answer, result) in answers.into_iter().zip(results) {
            // Nobody waits any more: the sender hung up. What is stored stays stored.
            let _gone = answer.send(result);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_follows_large_batches_and_a_slow_commit_of_a_few_refuses_nobody() {
        let pace = Pace::default();
        pace.note(1, Duration::from_secs(3));
        pace.note(100, SHARED);
        assert_eq!(pace.time_for(1000), Duration::ZERO);
        for _ in 0..20 {
            pace.note(100, SHARED + Duration::from_secs(1));
        }
        assert!(pace.time_for(200) > Duration::from_millis(1900), "{:?}", pace.time_for(200));
        assert_eq!(pace.time_for(0), Duration::ZERO, "an empty queue takes work");
        for _ in 0..20 {
            pace.note(1, Duration::from_millis(1));
        }
        assert!(pace.time_for(200) < Duration::from_millis(300), "{:?}", pace.time_for(200));
    }

    #[test]
    fn a_few_that_a_slow_database_takes_do_not_make_it_look_quick() {
        let pace = Pace::default();
        for _ in 0..20 {
            pace.note(60, SHARED + Duration::from_millis(900));
            pace.note(4, Duration::from_millis(60));
            pace.note(1, Duration::from_millis(15));
        }
        assert!(pace.time_for(100) > Duration::from_millis(1400), "{:?}", pace.time_for(100));
    }
}

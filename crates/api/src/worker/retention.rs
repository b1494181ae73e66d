//! Lets go of what is old or too much, a little at a time.
//!
//! One node of a database does it, by a lease. Every step is a short write between two batches of
//! deliveries, and after each the loop rests several times as long as the step took, so deliveries
//! hardly notice; while there are none it only rests as long. A step that takes long makes the next
//! one smaller.

use crate::config::RetentionConfig;
use crate::error::{ApiError, chain};
use crate::metrics::Removed;
use crate::state::{AppState, State};
use crate::tokens::random_u64;
use crate::writer::StoreError;
use ringback_core::models::Micros;
use ringback_core::queries::leases::claim_lease;
use ringback_core::queries::retention::{
    ExpiryMark, Trust, delete_oldest_callbacks, expire_payloads, fold_untrusted_stats,
    measure_stored_bytes, vacuum_step,
};
use ringback_core::queries::settings::{PAYLOADS_EXPIRED_THROUGH, find_setting, replace_setting};
use std::time::{Duration, Instant};
use tokio::sync::watch;

const EVERY: Duration = Duration::from_secs(300);
const LEASE: &str = "retention";
/// Longer than a round's longest step and pause; renewed before each step.
const LEASE_TTL: Micros = 120 * 1_000_000;
/// Times that a round looks whether enough was taken away.
const PASSES: usize = 3;
/// Callbacks in one step: the most, and where it starts.
const MOST: i64 = 512;
const FEWEST: i64 = 8;
/// A step that takes longer makes the next one smaller.
const LONG_STEP: Duration = Duration::from_millis(20);
/// The pause after a step is so many times as long as the step while deliveries come, on this node
/// or another.
const REST: u32 = 4;
/// And while none come.
const REST_WHEN_QUIET: u32 = 1;
const LONGEST_REST: Duration = Duration::from_millis(500);
/// Pages of a SQLite file that are given back in one step: a megabyte.
const PAGES: i64 = 256;
/// A callback that is large, but not unusually so.
const LARGE_BYTES: i64 = 64 << 10;
/// When there is too much, so much of the limit is made free, in hundredths: not one callback at a
/// time for ever.
const MARGIN_PERCENT: i64 = 2;

/// What a round took away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Callbacks whose time was over.
    pub callbacks: usize,
    /// Callbacks that were not trusted, whose shorter time was over.
    pub untrusted: usize,
    /// Callbacks that went because there was too much.
    pub over_size: usize,
    /// Bodies of callbacks that stay.
    pub payloads: usize,
    /// What is stored now.
    pub stored_bytes: i64,
}

/// One round; `None` when another node does it.
///
/// # Errors
/// When the database is away; what was done until then is done.
pub async fn run_once(state: &AppState, holder: &str) -> Result<Option<Round>, ApiError> {
    let news = [state.writer.stored(), state.feed.elsewhere()];
    let mut steps = Steps { state, holder, size: 64, news };
    if !steps.claim().await? {
        return Ok(None);
    }
    let RetentionConfig { keep, keep_untrusted, keep_payload, keep_bytes } =
        state.config.operations.retention;
    let now = state.clock.now();
    let mut round = Round::default();
    if let Some(keep) = keep {
        round.callbacks =
            steps.delete(Trust::Any, now - keep, i64::MAX, Removed::Callbacks).await?;
    }
    if let Some(keep) = keep_untrusted {
        round.untrusted =
            steps.delete(Trust::Untrusted, now - keep, i64::MAX, Removed::Untrusted).await?;
        while steps.run(move |conn, _| fold_untrusted_stats(conn, now - keep)).await? {}
    }
    if let Some(keep) = keep_payload {
        round.payloads = steps.expire(now - keep).await?;
    }
    let enough = keep_bytes.unwrap_or(i64::MAX);
    let measure = || state.readers.read(move |conn| measure_stored_bytes(conn, enough));
    while steps.run(|conn, _| vacuum_step(conn, PAGES)).await? {}
    round.stored_bytes = measure().await?;
    // What bodies take is known, and what the pages around them take shows afterwards.
    for _ in 0..PASSES {
        if round.stored_bytes <= enough {
            break;
        }
        let surplus = round.stored_bytes - enough + enough / 100 * MARGIN_PERCENT;
        round.over_size += steps.shrink(surplus).await?;
        while steps.run(|conn, _| vacuum_step(conn, PAGES)).await? {}
        round.stored_bytes = measure().await?;
    }
    state.metrics.note_retention(now.div_euclid(1_000_000), round.stored_bytes);
    Ok(Some(round))
}

struct Steps<'a> {
    state: &'a AppState,
    holder: &'a str,
    size: i64,
    /// Change when something is stored here, and elsewhere.
    news: [watch::Receiver<u64>; 2],
}

impl Steps<'_> {
    async fn claim(&self) -> Result<bool, StoreError> {
        let (holder, now) = (self.holder.to_owned(), self.state.clock.now());
        let claim = move |conn: &mut _| claim_lease(conn, LEASE, &holder, now, LEASE_TTL);
        self.state.writer.write(claim).await
    }

    /// One step and the rest after it. The step is told how much it may take.
    async fn run<T: Send + 'static>(
        &mut self,
        step: impl FnOnce(&mut ringback_core::connection::Connection, i64) -> diesel::QueryResult<T>
        + Send
        + 'static,
    ) -> Result<T, StoreError> {
        let size = self.size;
        let timed = move |conn: &mut _| {
            let begun = Instant::now();
            step(conn, size).map(|value| (value, begun.elapsed()))
        };
        let (value, took) = self.state.writer.write(timed).await?;
        self.size = if took > LONG_STEP { size / 2 } else { size * 2 }.clamp(FEWEST, MOST);
        let rest = if self.is_busy() { REST } else { REST_WHEN_QUIET };
        tokio::time::sleep((took * rest).min(LONGEST_REST)).await;
        Ok(value)
    }

    /// Whether anything was stored since this was last asked.
    fn is_busy(&mut self) -> bool {
        self.news.iter_mut().fold(false, |is_busy, news| {
            let has_changed = news.has_changed().unwrap_or(false);
            news.mark_unchanged();
            is_busy || has_changed
        })
    }

    /// Deletes until nothing is left that is old enough, or enough bytes are free.
    async fn delete(
        &mut self,
        trust: Trust,
        before: Micros,
        mut surplus: i64,
        kind: Removed,
    ) -> Result<usize, StoreError> {
        let mut total = 0;
        while surplus > 0 && self.claim().await? {
            let deleted = self
                .run(move |conn, size| delete_oldest_callbacks(conn, trust, before, size))
                .await?;
            if deleted.callbacks == 0 {
                break;
            }
            total += deleted.callbacks;
            surplus = surplus.saturating_sub(deleted.size_bytes);
            self.state.metrics.count_removed(kind, deleted.callbacks);
        }
        Ok(total)
    }

    /// Deletes the oldest, those that are not trusted before the others.
    async fn shrink(&mut self, mut surplus: i64) -> Result<usize, StoreError> {
        let mut total = 0;
        for trust in [Trust::Untrusted, Trust::Any] {
            while surplus > 0 && self.claim().await? {
                // Few when little is to go: large bodies would take much more with them.
                let few = (surplus / LARGE_BYTES).clamp(1, 64);
                let step = move |conn: &mut _, size: i64| {
                    delete_oldest_callbacks(conn, trust, Micros::MAX, size.min(few))
                };
                let deleted = self.run(step).await?;
                if deleted.callbacks == 0 {
                    break;
                }
                total += deleted.callbacks;
                surplus -= deleted.size_bytes;
                self.state.metrics.count_removed(Removed::OverSize, deleted.callbacks);
            }
        }
        Ok(total)
    }

    async fn expire(&mut self, before: Micros) -> Result<usize, StoreError> {
        let mut total = 0;
        while self.claim().await? {
            let step = move |conn: &mut _, size| {
                let mark = find_setting(conn, PAYLOADS_EXPIRED_THROUGH)?;
                let mark = mark.as_deref().and_then(read_mark).unwrap_or_default();
                let (expired, next) = expire_payloads(conn, mark, before, size)?;
                // Lost, the step is done again, and finds nothing to take.
                if let Some(next) = next {
                    let mark = format!("{}:{}", next.received_at, next.id);
                    replace_setting(conn, PAYLOADS_EXPIRED_THROUGH, &mark)?;
                }
                Ok((expired, next.is_some()))
            };
            let (expired, goes_on) = self.run(step).await?;
            if !goes_on {
                break;
            }
            total += expired;
            self.state.metrics.count_removed(Removed::Payloads, expired);
        }
        Ok(total)
    }
}

fn read_mark(text: &str) -> Option<ExpiryMark> {
    let (received_at, id) = text.split_once(':')?;
    Some(ExpiryMark { received_at: received_at.parse().ok()?, id: id.parse().ok()? })
}

/// Runs until it is dropped.
pub async fn run(state: State) {
    let holder = format!("{:016x}", random_u64());
    let mut interval = tokio::time::interval_at(tokio::time::Instant::now() + EVERY, EVERY);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        match run_once(&state, &holder).await {
            Ok(Some(round))
                if round == (Round { stored_bytes: round.stored_bytes, ..Round::default() }) => {}
            Ok(Some(round)) => tracing::info!(
                callbacks = round.callbacks,
                untrusted = round.untrusted,
                over_size = round.over_size,
                payloads = round.payloads,
                stored_bytes = round.stored_bytes,
                "retention took away what was old"
            ),
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(cause = %chain(&error), "retention stopped: it goes on later");
            }
        }
    }
}

//! Keeps the bounds on untrusted deliveries true: asks the database what sources have used, records
//! the refusals that were counted, and forgets who is quiet.

use crate::error::{ApiError, chain};
use crate::state::{AppState, State};
use crate::writer::StoreError;
use ringback_core::models::Micros;
use ringback_core::queries::{refusals, stats};
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(5);
const DAY: Micros = 24 * 3600 * 1_000_000;

/// One round.
///
/// # Errors
/// When the database is away; what was not recorded waits for the next round.
pub async fn run_once(state: &AppState) -> Result<(), ApiError> {
    state.floods.forget_idle();
    let since = state.clock.now() - DAY;
    let counted =
        state.readers.read(move |conn| stats::sum_untrusted_bytes_since(conn, since)).await?;
    state.floods.set_counted(&counted);
    Ok(record_refusals(state).await?)
}

/// Records the refusals that were counted.
///
/// # Errors
/// When the database is away; they wait on.
pub async fn record_refusals(state: &AppState) -> Result<(), StoreError> {
    let refused = state.refusals.take();
    if refused.is_empty() {
        return Ok(());
    }
    let again = refused.clone();
    let recorded = state.writer.write(move |conn| refusals::insert_refusals(conn, &refused)).await;
    if recorded.is_err() {
        state.refusals.put_back(again);
    }
    recorded
}

/// Runs until it is dropped.
pub async fn run(state: State) {
    let mut interval = tokio::time::interval(EVERY);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        if let Err(error) = run_once(&state).await {
            tracing::debug!(cause = %chain(&error), "refusals wait to be recorded");
        }
    }
}

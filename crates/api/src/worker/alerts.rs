//! Rounds of the alerts: soon after something is noted, and every ten seconds; and the sending of what
//! they told, beside them, because a mail server may let one wait.

use crate::alerting::{round, send};
use crate::error::{ApiError, chain};
use crate::state::{AppState, State};
use ringback_core::queries::alerts::Step;
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(10);
/// In a storm a round each second is soon enough.
const AT_MOST_EVERY: Duration = Duration::from_secs(1);

/// One round and the sending of what is due: gives what was told.
pub async fn run_once(state: &AppState) -> Vec<Step> {
    let told = run_round(state).await;
    run_sending(state).await;
    told
}

/// Runs until it is dropped.
pub async fn run(state: State) {
    tokio::join!(run_rounds(&state), run_sendings(&state));
}

/// The last round: tells what was noted and lets another node go on.
pub async fn finish(state: &AppState) {
    if let Err(error) = round::finish(state).await {
        log_failure(&error);
    }
}

async fn run_rounds(state: &AppState) {
    loop {
        state.throttle.forget_idle();
        run_round(state).await;
        tokio::time::sleep(AT_MOST_EVERY).await;
        // Either is a reason for the next round.
        let _ = tokio::time::timeout(EVERY, state.observations.wait()).await;
    }
}

async fn run_sendings(state: &AppState) {
    loop {
        run_sending(state).await;
        let _ = tokio::time::timeout(EVERY, state.alerts.wait_until_told()).await;
    }
}

async fn run_round(state: &AppState) -> Vec<Step> {
    round::run(state).await.unwrap_or_else(|error| {
        log_failure(&error);
        Vec::new()
    })
}

async fn run_sending(state: &AppState) {
    if let Err(error) = send::send_due(state).await {
        log_failure(&error);
    }
}

/// The writer has said what is wrong with the database; that it keeps alerts waiting is a detail.
fn log_failure(error: &ApiError) {
    tracing::debug!(cause = %chain(error), "alerts wait for the database");
}

//! Verifies stored failures again, step by step, after a secret was added or mended.

use crate::error::ApiError;
use crate::reverify::take_one_step;
use crate::state::State;
use ringback_core::queries::reverify::RunRow;
use std::time::Duration;

/// A run that another node has started is found within this time.
const EVERY: Duration = Duration::from_secs(10);
/// After a step that failed.
const PAUSE: Duration = Duration::from_secs(3);

/// Takes one step; gives the run as it stands then, `None` when nothing is to be done.
///
/// # Errors
/// 503.
pub async fn run_once(state: &State) -> Result<Option<RunRow>, ApiError> {
    let run = take_one_step(state).await?;
    if let Some(run) = run.as_ref().filter(|run| run.ended_at.is_some()) {
        tracing::info!(
            source.name = run.source,
            checked = run.checked,
            trusted = run.trusted,
            "stored failures were verified again"
        );
    }
    Ok(run)
}

/// Runs until it is dropped.
pub async fn run(state: State) {
    loop {
        match run_once(&state).await {
            Ok(Some(_)) => {}
            Ok(None) => {
                let _woken_or_late = tokio::time::timeout(EVERY, state.reverify.notified()).await;
            }
            // Logged by the writer or the readers; here it only means later.
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

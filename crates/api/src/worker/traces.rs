//! Sends traces to the collector, when one is configured.

use crate::state::{AppState, State};
use crate::traces::export_once;
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(2);

/// Sends what waits; gives how many spans were sent.
///
/// # Errors
/// A sentence when the collector did not take them.
pub async fn run_once(state: &AppState) -> Result<usize, String> {
    let (Some(traces), Some(endpoint)) = (&state.traces, &state.config.operations.otlp_endpoint)
    else {
        return Ok(0);
    };
    export_once(traces, endpoint, &state.node).await
}

/// Runs until it is dropped.
pub async fn run(state: State) {
    let mut was_taken = true;
    loop {
        tokio::time::sleep(EVERY).await;
        let sent = run_once(&state).await;
        // Said when it begins, not every two seconds.
        if let Err(cause) = &sent
            && was_taken
        {
            tracing::warn!(cause, "traces are lost until the collector takes them again");
        }
        was_taken = sent.is_ok();
    }
}

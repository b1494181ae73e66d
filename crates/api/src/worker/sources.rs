//! Reads the sources again when another node, or the command line, has changed them.

use crate::error::chain;
use crate::state::State;
use ringback_core::queries::sources::find_sources_version;
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(2);

/// One round; true when the sources were read again.
pub async fn run_once(state: &State) -> bool {
    let shared = state.clone();
    let read = state.readers.read(move |conn| {
        if find_sources_version(conn)? == shared.registry.version() {
            return Ok(false);
        }
        shared.registry.reload(conn, &shared.keyring)?;
        Ok(true)
    });
    match read.await {
        Ok(changed) => {
            if changed {
                state.jwks.wake();
            }
            changed
        }
        Err(error) => {
            // The database is away: what is in force stays.
            tracing::debug!(cause = %chain(&error), "the sources were not read again");
            false
        }
    }
}

/// Runs until it is dropped.
pub async fn run(state: State) {
    let mut interval = tokio::time::interval(EVERY);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        run_once(&state).await;
    }
}

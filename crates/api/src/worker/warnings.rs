//! Tells the log what became due, and lets go of idle sign-in counters.

use crate::monitor::{Concern, Told};
use crate::state::{AppState, State};
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(60);

/// One round: gives what was told.
pub fn run_once(state: &AppState) -> Vec<Told> {
    let now = state.clock.now();
    state.throttle.forget_idle();
    let mut told: Vec<Told> = state
        .config
        .sources
        .iter()
        .filter(|source| source.secrets.is_empty())
        // A missing secret is a state: it is told without any callback, hourly until mended.
        .filter_map(|source| state.monitor.note_state(Concern::NoSecret, &source.name, now))
        .collect();
    told.extend(state.monitor.take_due(now));
    for one in &told {
        one.log();
    }
    told
}

/// Runs until it is dropped.
pub async fn run(state: State) {
    let mut interval = tokio::time::interval(EVERY);
    loop {
        interval.tick().await;
        run_once(&state);
    }
}

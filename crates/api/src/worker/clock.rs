//! Compares this node's clock with the database's, which all nodes share: signed times are judged by
//! the node's own. SQLite has no clock of its own, and there is nothing to compare.

use crate::error::ApiError;
use crate::observations::Observation;
use crate::state::{AppState, State};
use ringback_core::models::Micros;
use ringback_core::queries::inspect::find_server_time;
use std::sync::Arc;
use std::time::Duration;

/// Clocks that are further apart are told of.
pub const MOST_APART: Micros = 30 * 1_000_000;
const EVERY: Duration = Duration::from_secs(60);

/// How far this node's clock is ahead of the database's, or behind when negative; `None` when the
/// database has none. Clocks too far apart are noted for the alerts.
///
/// # Errors
/// When the database is away.
pub async fn run_once(state: &AppState) -> Result<Option<Micros>, ApiError> {
    let clock = Arc::clone(&state.clock);
    let compare = move |conn: &mut _| {
        let before = clock.now();
        let there = find_server_time(conn)?;
        Ok(there.map(|there| (there, difference(before, there, clock.now()))))
    };
    let Some((there, ahead)) = state.readers.read(compare).await? else { return Ok(None) };
    if ahead.abs() > MOST_APART {
        let cause = if ahead > 0 { "ahead" } else { "behind" };
        // The later of both, or whoever tells of it would find it long over.
        let at = there.max(state.clock.now());
        state.observations.note(Observation::Clock { cause }, None, at);
    }
    Ok(Some(ahead))
}

/// The database's time is read between two looks at the own clock: what may be the way there and
/// back is not called a difference.
fn difference(before: Micros, there: Micros, after: Micros) -> Micros {
    match (before - there, after - there) {
        (least, _) if least > 0 => least,
        (_, most) if most < 0 => most,
        _ => 0,
    }
}

/// Runs until it is dropped.
pub async fn run(state: State) {
    let mut was_apart = false;
    loop {
        tokio::time::sleep(EVERY).await;
        // A database that is away has told so already.
        let Ok(Some(ahead)) = run_once(&state).await else { continue };
        let (is_apart, ahead_seconds) = (ahead.abs() > MOST_APART, ahead / 1_000_000);
        if is_apart && !was_apart {
            tracing::warn!(
                ahead_seconds,
                "this node's clock is not the database's: is NTP running?"
            );
        } else if was_apart && !is_apart {
            tracing::info!(ahead_seconds, "this node's clock and the database's agree again");
        }
        was_apart = is_apart;
    }
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn the_way_to_the_database_and_back_is_no_difference() {
        assert_eq!(difference(100, 105, 110), 0);
        assert_eq!(difference(100, 100, 100), 0);
        assert_eq!(difference(100, 60, 110), 40);
        assert_eq!(difference(100, 150, 110), -40);
    }
}

//! Fetches the public keys of senders that publish them.
//!
//! A set is used for at most a day and fetched anew after half of one. When the sender is away, or
//! answers something else, the last good set stays in force and the next try comes soon. A request
//! that no key verifies may be signed with a new one, so it asks for the keys, but not more often
//! than every five minutes: a stranger can cause such requests.

use crate::outbound::{OutboundError, OutboundRequest};
use crate::state::State;
use actix_web::http::Method;
use ringback_core::models::Micros;
use ringback_core::queries::jwks::{JwksRow, replace_jwks};
use ringback_core::signature::{Scheme, Severity, check_secret};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use url::Url;

const SECOND: Micros = 1_000_000;
/// A set is fetched anew when it is this old.
const FRESH: Micros = 12 * 3600 * SECOND;
/// A request that no key verifies makes a set of this age due.
const DOUBTED: Micros = 300 * SECOND;
/// After a failure, doubled with each, and the longest.
const FIRST_PAUSE: Micros = 30 * SECOND;
const LONGEST_PAUSE: Micros = 900 * SECOND;
/// Looked at this often, besides whenever somebody asks.
const EVERY: Duration = Duration::from_secs(30);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);
const ANSWER_LIMIT_BYTES: usize = 256 * 1024;

/// What is known of each address between two rounds.
#[derive(Debug, Default)]
pub struct JwksState {
    attempts: Mutex<BTreeMap<String, Attempts>>,
    wanted: Notify,
    /// One round at a time.
    round: tokio::sync::Mutex<()>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Attempts {
    failures: u32,
    not_before: Micros,
    doubted: bool,
}

impl JwksState {
    /// A request came that no key of this set verifies.
    pub fn doubt(&self, url: &str) {
        self.with(url, |attempts| attempts.doubted = true);
        self.wake();
    }

    /// Has the loop look at once: sources were changed.
    pub fn wake(&self) {
        self.wanted.notify_one();
    }

    fn with<T>(&self, url: &str, change: impl FnOnce(&mut Attempts) -> T) -> T {
        let mut all = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        change(all.entry(url.to_owned()).or_default())
    }

    fn is_due(&self, url: &str, fetched_at: Option<Micros>, now: Micros) -> bool {
        let attempts = self.with(url, |attempts| *attempts);
        if now < attempts.not_before {
            return false;
        }
        let longest = if attempts.doubted { DOUBTED } else { FRESH };
        fetched_at.is_none_or(|at| now >= at.saturating_add(longest))
    }

    fn succeeded(&self, url: &str) {
        self.with(url, |attempts| *attempts = Attempts::default());
    }

    fn failed(&self, url: &str, now: Micros) {
        self.with(url, |attempts| {
            let pause = FIRST_PAUSE << attempts.failures.min(10);
            attempts.failures += 1;
            attempts.not_before = now.saturating_add(pause.min(LONGEST_PAUSE));
        });
    }
}

/// Why a set was not taken.
#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    #[error("the address cannot be read")]
    Url,
    #[error("the answer was {0}")]
    Status(u16),
    #[error("the answer holds no key that the scheme can use")]
    NoKey,
}

/// One round: fetches every set that is due; gives how many were taken.
pub async fn run_once(state: &State) -> usize {
    let _alone = state.jwks.round.lock().await;
    let now = state.clock.now();
    let mut wanted: BTreeMap<String, Scheme> = BTreeMap::new();
    for source in state.registry.list() {
        let Some(jwks) = source.jwks.as_ref().filter(|_| !source.is_paused()) else { continue };
        if state.jwks.is_due(&jwks.url, jwks.fetched_at, now) {
            wanted.insert(jwks.url.clone(), source.scheme().clone());
        }
    }
    let mut taken = 0;
    for (url, scheme) in wanted {
        match fetch(state, &url, &scheme).await {
            Ok(document) => {
                let row = JwksRow { url: url.clone(), document, fetched_at: now };
                if keep(state, row).await {
                    state.jwks.succeeded(&url);
                    taken += 1;
                }
            }
            Err(error) => {
                state.jwks.failed(&url, now);
                tracing::warn!(
                    jwks.url = url,
                    cause = %error,
                    "public keys were not fetched; those of the last time stay in force"
                );
            }
        }
    }
    taken
}

async fn fetch(state: &State, url: &str, scheme: &Scheme) -> Result<String, FetchError> {
    let request = OutboundRequest {
        method: Method::GET,
        url: Url::parse(url).map_err(|_| FetchError::Url)?,
        headers: vec![("accept".to_owned(), "application/json".to_owned())],
        body: Vec::new(),
        timeout: ANSWER_TIMEOUT,
        limit_bytes: ANSWER_LIMIT_BYTES,
    };
    let answer = state.outbound.send(request).await?;
    if answer.status != 200 {
        return Err(FetchError::Status(answer.status));
    }
    let document = String::from_utf8(answer.body).map_err(|_| FetchError::NoKey)?;
    // The same look as at a key that somebody types: a page of HTML must not replace a good set.
    let is_wrong = check_secret(scheme, &document).iter().any(|h| h.severity == Severity::Wrong);
    if is_wrong { Err(FetchError::NoKey) } else { Ok(document) }
}

/// Keeps a set for every node and puts it in force on this one.
async fn keep(state: &State, row: JwksRow) -> bool {
    let shared = state.clone();
    let kept = state.writer.write(move |conn| {
        replace_jwks(conn, &row)?;
        shared.registry.reload(conn, &shared.keyring)
    });
    kept.await.is_ok()
}

/// Runs until it is dropped.
pub async fn run(state: State) {
    loop {
        run_once(&state).await;
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = state.jwks.wanted.notified() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_due_after_half_a_day_or_when_it_is_doubted_but_never_in_a_burst() {
        let state = JwksState::default();
        let due = |fetched_at, now| state.is_due("u", fetched_at, now);
        assert!(due(None, 0));
        assert!(!due(Some(0), FRESH - 1) && due(Some(0), FRESH));
        state.doubt("u");
        assert!(!due(Some(0), DOUBTED - 1) && due(Some(0), DOUBTED));
        state.succeeded("u");
        assert!(!due(Some(0), DOUBTED));
    }

    #[test]
    fn failures_make_the_next_try_later_up_to_a_limit() {
        let state = JwksState::default();
        let mut now = 0;
        let mut pauses = Vec::new();
        for _ in 0..8 {
            state.failed("u", now);
            let mut pause = 0;
            while !state.is_due("u", None, now + pause) {
                pause += 30 * SECOND;
            }
            pauses.push(pause / SECOND);
            now += pause;
        }
        assert_eq!(pauses, [30, 60, 120, 240, 480, 900, 900, 900]);
    }
}

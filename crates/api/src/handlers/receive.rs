//! Receiving callbacks. Nothing is refused for its signature alone; a refusal for its size, or for
//! being one untrusted delivery too many, is recorded.

use crate::admission::BodyReservation;
use crate::error::ApiError;
use crate::handlers::handshake::{self, find_url_verification};
use crate::observations::Observation;
use crate::proxies;
use crate::registry::LiveSource;
use crate::state::{AppState, State};
use crate::traces;
use crate::writer::StoreError;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::StreamExt;
use ringback_core::intake::{Request, read_delivery_with_digests};
use ringback_core::models::{NewDelivery, Reason, Signature, StoredReceipt};
use ringback_core::queries::refusals::{self, NewRefusal};
use ringback_core::rule::Effect;
use ringback_core::signature::Headers;
use ringback_wire::Receipt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A sender has this long for its body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// Bodies from this size on are hashed and compressed on a thread that may block.
const LARGE_BYTES: usize = 64 * 1024;

/// Receives for the default source.
///
/// # Errors
/// 413, 408, 503.
pub async fn receive_default(
    request: HttpRequest,
    payload: web::Payload,
    state: State,
) -> Result<HttpResponse, ApiError> {
    receive(&request, payload, state, "default").await
}

/// Receives for a named source.
///
/// # Errors
/// 404 when no such source is configured, 413, 408, 503.
pub async fn receive_named(
    request: HttpRequest,
    payload: web::Payload,
    state: State,
    source: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    receive(&request, payload, state, &source).await
}

async fn receive(
    request: &HttpRequest,
    payload: web::Payload,
    state: State,
    source: &str,
) -> Result<HttpResponse, ApiError> {
    // The memory is held until the answer: the bytes are there as long.
    let Taken { delivery, source: known, challenge, memory: _memory } =
        take_delivery(request, payload, &state, source).await?;
    let (signature, reason) = (delivery.signature, delivery.reason);
    let receipt = store(&state, source, delivery).await?;
    if let Some(jwks) = known.jwks.as_ref().filter(|_| reason == Some(Reason::Wrong)) {
        state.jwks.doubt(&jwks.url);
    }
    let is_trusted = signature.is_trusted();
    if known.is_strict() && !is_trusted {
        return Err(ApiError::SignatureRefused);
    }
    if let Some(challenge) = challenge.filter(|_| is_trusted) {
        return Ok(handshake::repeat(challenge));
    }
    Ok(HttpResponse::Ok().json(receipt))
}

async fn store(state: &State, source: &str, delivery: NewDelivery) -> Result<Receipt, ApiError> {
    let verdict = (delivery.signature, delivery.reason);
    let begun = Instant::now();
    let receipt = match state.writer.store(delivery).await {
        Ok(receipt) => receipt,
        Err(error) => {
            note_not_stored(state, source, error);
            return Err(error.into());
        }
    };
    state.metrics.observe_store(begun.elapsed());
    traces::tell("store", begun, vec![("ringback.source", source.to_owned())]);
    state.metrics.count_delivery(source, verdict.0, receipt.effect);
    note_stored(state, source, verdict, &receipt);
    Ok(Receipt { id: receipt.id, callback_id: receipt.callback_id, duplicate: receipt.duplicate })
}

/// A request that was read, and what its answer depends on.
pub struct Taken {
    /// To be stored.
    pub delivery: NewDelivery,
    /// Whose it is.
    pub source: Arc<LiveSource>,
    /// What its sender wants to be answered, when the signature holds.
    pub challenge: Option<String>,
    /// The memory that the body takes.
    pub memory: BodyReservation,
}

/// Everything before the queue: the limits, the body, the verdict, what it says.
///
/// # Errors
/// 404, 413, 408, 429, 503.
pub async fn take_delivery(
    request: &HttpRequest,
    payload: web::Payload,
    state: &State,
    source: &str,
) -> Result<Taken, ApiError> {
    let Some(found) = state.registry.find(source) else {
        return Err(ApiError::UnknownSource(source.chars().take(64).collect()));
    };
    if found.is_paused() {
        let error = ApiError::SourcePaused(source.to_owned());
        return Err(record_refusal(request, state, source, 0, error).await);
    }
    let mut memory = state.admission.reserve_body();
    let body = match read_body(request, payload, state.config.body_limit_bytes, &mut memory).await {
        Ok(body) => body,
        Err(Refused::TooLarge { size_bytes }) => {
            return Err(record_too_large(request, state, source, size_bytes).await);
        }
        Err(Refused::Incomplete) => {
            state.metrics.count_refusal(source, ApiError::BodyIncomplete.kind().name);
            return Err(ApiError::BodyIncomplete);
        }
        Err(Refused::NoMemory) => {
            state.metrics.count_refusal(source, ApiError::Overloaded.kind().name);
            note_not_stored(state, source, StoreError::Full);
            return Err(ApiError::Overloaded);
        }
    };
    let challenge = if found.verifies_url() { find_url_verification(&body) } else { None };
    let begun = Instant::now();
    let delivery = read(request, state, Arc::clone(&found), body).await?;
    traces::tell("check", begun, vec![("ringback.source", source.to_owned())]);
    let delivery = limit_untrusted(request, state, delivery)?;
    Ok(Taken { delivery, source: found, challenge, memory })
}

/// A genuine delivery passes. Another is refused when there were too many of them, and leaves only
/// its digest when its source has used up its bytes.
fn limit_untrusted(
    request: &HttpRequest,
    state: &State,
    mut delivery: NewDelivery,
) -> Result<NewDelivery, ApiError> {
    if delivery.signature.is_trusted() {
        return Ok(delivery);
    }
    if let Err(seconds) = state.floods.admit(&delivery.source, remote_ip(request, state)) {
        let error = ApiError::RateLimited(seconds);
        let (problem, at) = (error.kind().name, delivery.received_at);
        state.metrics.count_refusal(&delivery.source, problem);
        let size_bytes = delivery.body.size_bytes;
        state.refusals.note(&delivery.source, problem, delivery.remote_addr, (size_bytes, at));
        let refused = Observation::Refused { source: &delivery.source, problem };
        state.observations.note(refused, None, at);
        return Err(error);
    }
    let size_bytes = delivery.body.size_bytes;
    if !state.floods.take_bytes(&delivery.source, size_bytes, delivery.received_at) {
        state.metrics.count_digest_only(&delivery.source);
        delivery.body.omit();
        let cut = Observation::Refused { source: &delivery.source, problem: "over-quota" };
        state.observations.note(cut, None, delivery.received_at);
    }
    Ok(delivery)
}

/// Verifies and reads what came.
async fn read(
    request: &HttpRequest,
    state: &State,
    source: Arc<LiveSource>,
    body: Vec<u8>,
) -> Result<NewDelivery, ApiError> {
    let headers = Headers::new(
        request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes())),
    );
    let remote_addr = remote_addr(request, state);
    let received_at = state.clock.now();
    let is_large = body.len() >= LARGE_BYTES;
    let _turn = if is_large { state.admission.large_body_turn().await } else { None };
    let is_suspect = state.floods.is_suspect(source.name(), remote_ip(request, state));
    let _lane = if is_suspect { Some(state.floods.enter_lane().await?) } else { None };
    let state = state.clone();
    let read = move || {
        let request = Request { headers: &headers, body: &body, remote_addr, received_at };
        read_delivery_with_digests(&source.at(received_at), &request, &state.digest_key)
    };
    Ok(if is_large || is_suspect { web::block(read).await? } else { read() })
}

enum Refused {
    TooLarge { size_bytes: usize },
    Incomplete,
    NoMemory,
}

/// Reads a body and stops at the first byte that is too much.
async fn read_body(
    request: &HttpRequest,
    mut payload: web::Payload,
    limit: usize,
    memory: &mut BodyReservation,
) -> Result<Vec<u8>, Refused> {
    let declared = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if let Some(size_bytes) = declared.filter(|&size| size > limit) {
        return Err(Refused::TooLarge { size_bytes });
    }
    let read = async {
        // What is declared is only believed up to a point: memory is taken as bytes come.
        let mut body = Vec::with_capacity(declared.unwrap_or(0).min(LARGE_BYTES));
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| Refused::Incomplete)?;
            if body.len() + chunk.len() > limit {
                return Err(Refused::TooLarge { size_bytes: body.len() + chunk.len() });
            }
            memory.grow(chunk.len()).map_err(|_| Refused::NoMemory)?;
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    };
    tokio::time::timeout(BODY_TIMEOUT, read).await.unwrap_or(Err(Refused::Incomplete))
}

async fn record_too_large(
    request: &HttpRequest,
    state: &State,
    source: &str,
    size_bytes: usize,
) -> ApiError {
    let refused = Observation::Refused { source, problem: "too-large" };
    state.observations.note(refused, None, state.clock.now());
    let error = ApiError::TooLarge(state.config.body_limit_bytes);
    record_refusal(request, state, source, size_bytes, error).await
}

async fn record_refusal(
    request: &HttpRequest,
    state: &State,
    source: &str,
    size_bytes: usize,
    error: ApiError,
) -> ApiError {
    state.metrics.count_refusal(source, error.kind().name);
    let refusal = NewRefusal {
        source: source.to_owned(),
        problem: error.kind().name.to_owned(),
        size_bytes: i64::try_from(size_bytes).unwrap_or(i64::MAX),
        remote_addr: remote_addr(request, state),
        received_at: state.clock.now(),
        seen: 1,
    };
    // A refusal that cannot be recorded now must not look like one that was.
    match state.writer.write(move |conn| refusals::insert_refusal(conn, &refusal)).await {
        Ok(()) => error,
        Err(unavailable) => unavailable.into(),
    }
}

/// The sender's address; behind a proxy that is trusted, the one that it names.
pub(super) fn remote_addr(request: &HttpRequest, state: &AppState) -> Option<String> {
    remote_ip(request, state).map(|addr| addr.to_string())
}

fn remote_ip(request: &HttpRequest, state: &AppState) -> Option<IpAddr> {
    proxies::remote_addr(request, &state.config.operations.trusted_proxies)
}

/// What is in order is not noted: the way of a genuine callback pays nothing here.
fn note_stored(
    state: &State,
    source: &str,
    (signature, reason): (Signature, Option<Reason>),
    receipt: &StoredReceipt,
) {
    let observation = match signature {
        Signature::Valid if receipt.effect == Effect::Disputed => Observation::Disputed { source },
        Signature::Valid => return,
        Signature::Unchecked => Observation::Unchecked { source },
        Signature::Missing | Signature::Invalid => Observation::BadSignature { source, reason },
    };
    let now = state.clock.now();
    state.observations.note(observation, Some(receipt.id), now);
    if signature != Signature::Valid && receipt.effect == Effect::KeptAsEvidence {
        state.observations.note(Observation::Met { source, callback: receipt.id }, None, now);
    }
}

fn note_not_stored(state: &State, source: &str, error: StoreError) {
    let observation = match error {
        StoreError::Full => Observation::Refused { source, problem: "queue-full" },
        StoreError::Away => Observation::Storage { cause: "away" },
        StoreError::Refused => Observation::Storage { cause: "refused" },
    };
    state.observations.note(observation, None, state.clock.now());
}

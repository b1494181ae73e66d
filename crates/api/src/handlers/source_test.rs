//! Sending a test callback to a source of this server, signed as its sender would, by HTTP.

use super::sources::find;
use crate::error::ApiError;
use crate::extractors::Admin;
use crate::registry::LiveSource;
use crate::sample::Sample;
use crate::state::{AppState, State};
use crate::tokens::random_u64;
use crate::views;
use actix_web::{HttpResponse, web};
use ringback_core::intake::{Request, read_delivery};
use ringback_core::models::Micros;
use ringback_core::queries::callbacks::find_callback_by_key;
use ringback_core::signature::{Headers, KeyKind, Scheme, Secret};
use ringback_wire::TestResponse;
use std::time::Duration;

/// This server answers itself within this.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Sends a test and tells the verdict.
///
/// # Errors
/// 404, 503.
pub async fn send_test(
    _admin: Admin,
    name: web::Path<String>,
    state: State,
) -> Result<HttpResponse, ApiError> {
    let source = find(&state, &name)?;
    let now = state.clock.now();
    let answer = match sign(&source, now) {
        Ok(sample) => deliver(&state, &source, sample).await?,
        Err(detail) => TestResponse {
            sent: false,
            detail: detail.to_owned(),
            status: None,
            signature: None,
            reason: None,
            callback: None,
        },
    };
    Ok(HttpResponse::Ok().json(answer))
}

/// A sample with its signature, or why this server cannot make one.
fn sign(source: &LiveSource, now: Micros) -> Result<Sample, &'static str> {
    let known = source.at(now);
    let mut sample = Sample::new(&known, &format!("test_{:016x}", random_u64()), now);
    if known.secrets.is_empty() {
        return Ok(sample);
    }
    let sign = |secret: &Secret| {
        known.scheme.sign(secret, &sample.id, &sample.body, now.div_euclid(1_000_000))
    };
    match known.secrets.iter().find_map(sign) {
        Some(headers) => {
            sample.add_headers(headers);
            Ok(sample)
        }
        None => Err(why_not(&known.scheme)),
    }
}

fn why_not(scheme: &Scheme) -> &'static str {
    match scheme.key_kind() {
        KeyKind::PublicKey => {
            "this sender signs with a private key that only it has; Ringback holds the public keys. \
             Let the sender send a test: most have a button for it"
        }
        KeyKind::SecretOrPublicKey => {
            "with a public key only the sender can sign, or the secret makes no key: see the hints \
             of its secrets"
        }
        _ => "the secret makes no key for this scheme: see the hints of its secrets",
    }
}

/// The id under which the sample is stored: its digest when the sender names none.
fn stored_id(state: &AppState, source: &LiveSource, sample: &Sample) -> String {
    let now = state.clock.now();
    let headers = Headers::new(sample.headers.iter().map(|(n, v)| (n, v.as_bytes())));
    let request =
        Request { headers: &headers, body: &sample.body, remote_addr: None, received_at: now };
    read_delivery(&source.at(now), &request).callback_id
}

/// To this server's own listener, as any sender's request comes in.
async fn deliver(
    state: &AppState,
    source: &LiveSource,
    sample: Sample,
) -> Result<TestResponse, ApiError> {
    let address = state.own_address().ok_or(ApiError::Unavailable(None))?;
    let url = format!("http://{address}/api/webhooks/llm-callback/{}", source.name());
    let client = awc::Client::builder().timeout(ANSWER_TIMEOUT).disable_redirects().finish();
    let mut request = client.post(url);
    for (name, value) in &sample.headers {
        request = request.insert_header((name.as_str(), value.as_str()));
    }
    let answer = request.send_body(sample.body.clone()).await;
    let mut answer = answer.map_err(|error| ApiError::internal(error.to_string()))?;
    let status = answer.status().as_u16();
    // Read to its end, so that the other side is not cut off while it answers.
    let body = answer.body().limit(64 * 1024).await;
    let (name, id) = (source.name().to_owned(), stored_id(state, source, &sample));
    let stored = state.readers.read(move |conn| find_callback_by_key(conn, &name, &id)).await?;
    let detail = match (&stored, body) {
        (Some(_), _) => "it was received and stored".to_owned(),
        (None, Ok(body)) => serde_json::from_slice::<ringback_wire::Problem>(&body)
            .map_or_else(|_| "it was not stored".to_owned(), |problem| problem.detail),
        (None, Err(_)) => "it was not stored".to_owned(),
    };
    Ok(TestResponse {
        sent: true,
        detail,
        status: Some(status),
        signature: stored.as_ref().map(|stored| views::signature(stored.line.callback.signature())),
        reason: stored.as_ref().and_then(|stored| stored.line.reason).map(views::reason),
        callback: stored.map(|stored| stored.line.callback.id),
    })
}

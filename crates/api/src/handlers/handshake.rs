//! What senders do to a URL before they send callbacks to it.
//!
//! An answer repeats what a stranger sent, so it is short, of few characters, and plain text that no
//! browser takes for anything else.

use crate::error::ApiError;
use crate::state::{AppState, State};
use actix_web::http::header::{ALLOW, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

/// The methods of a source's path.
const METHODS: &str = "POST, GET, OPTIONS";
/// The longest challenge that is repeated.
const LONGEST_CHALLENGE: usize = 512;
/// The longest origin that is repeated: a DNS name with a port.
const LONGEST_ORIGIN: usize = 260;

/// Answers a challenge of the default source.
///
/// # Errors
/// 405 without a challenge, 422 with one that is not repeated.
pub async fn answer_challenge_default(
    request: HttpRequest,
    state: State,
) -> Result<HttpResponse, ApiError> {
    answer_challenge(&request, &state, "default")
}

/// Answers a challenge in the query, as `challenge` or `hub.challenge`.
///
/// # Errors
/// 404, 405 without a challenge, 422 with one that is not repeated.
pub async fn answer_challenge_named(
    request: HttpRequest,
    source: web::Path<String>,
    state: State,
) -> Result<HttpResponse, ApiError> {
    answer_challenge(&request, &state, &source)
}

/// Allows the default source to be sent to.
///
/// # Errors
/// 422.
pub async fn answer_options_default(
    request: HttpRequest,
    state: State,
) -> Result<HttpResponse, ApiError> {
    answer_options(&request, &state, "default")
}

/// Allows a source to be sent to, as the web hooks of `CloudEvents` ask with `WebHook-Request-Origin`. The
/// URL of `WebHook-Request-Callback` is not called: whoever asks may ask again.
///
/// # Errors
/// 404, 422.
pub async fn answer_options_named(
    request: HttpRequest,
    source: web::Path<String>,
    state: State,
) -> Result<HttpResponse, ApiError> {
    answer_options(&request, &state, &source)
}

#[derive(Deserialize)]
struct Challenge {
    challenge: Option<String>,
    #[serde(rename = "hub.challenge")]
    hub_challenge: Option<String>,
}

fn answer_challenge(
    request: &HttpRequest,
    state: &AppState,
    source: &str,
) -> Result<HttpResponse, ApiError> {
    check_open(state, source)?;
    let query = web::Query::<Challenge>::from_query(request.query_string());
    let challenge = query.map(web::Query::into_inner).ok();
    let challenge = challenge.and_then(|query| query.hub_challenge.or(query.challenge));
    let challenge = challenge.ok_or_else(|| ApiError::MethodNotAllowed(METHODS.to_owned()))?;
    if !is_challenge(&challenge) {
        let message = "a challenge takes at most 512 letters, digits and -._~+/=:";
        return Err(ApiError::InvalidInput(message.to_owned()));
    }
    Ok(repeat(challenge))
}

fn answer_options(
    request: &HttpRequest,
    state: &AppState,
    source: &str,
) -> Result<HttpResponse, ApiError> {
    check_open(state, source)?;
    let mut answer = HttpResponse::Ok();
    answer.insert_header((ALLOW, METHODS));
    if let Some(origin) = request.headers().get("webhook-request-origin") {
        let origin = origin.to_str().ok().filter(|origin| is_origin(origin));
        let origin = origin.ok_or_else(|| {
            ApiError::InvalidInput("WebHook-Request-Origin takes the name of a host".to_owned())
        })?;
        answer.insert_header(("webhook-allowed-origin", origin));
        answer.insert_header(("webhook-allowed-rate", "*"));
    }
    Ok(answer.finish())
}

fn check_open(state: &AppState, source: &str) -> Result<(), ApiError> {
    let short = || source.chars().take(64).collect::<String>();
    let found = state.registry.find(source).ok_or_else(|| ApiError::UnknownSource(short()))?;
    if found.is_paused() { Err(ApiError::SourcePaused(short())) } else { Ok(()) }
}

/// Repeats a challenge that is safe to repeat.
pub(super) fn repeat(challenge: String) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/plain; charset=utf-8"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(challenge)
}

/// The challenge of Slack's `url_verification`, when a body is one.
pub(super) fn find_url_verification(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct UrlVerification {
        r#type: String,
        challenge: String,
    }
    let found: UrlVerification = serde_json::from_slice(body).ok()?;
    (found.r#type == "url_verification" && is_challenge(&found.challenge))
        .then_some(found.challenge)
}

fn is_challenge(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=:".contains(&b);
    (1..=LONGEST_CHALLENGE).contains(&text.len()) && text.bytes().all(fits)
}

fn is_origin(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"-.:".contains(&b);
    (1..=LONGEST_ORIGIN).contains(&text.len()) && text.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_cannot_be_markup_is_repeated() {
        for text in ["abc", "1158201444", "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"] {
            assert!(is_challenge(text), "{text}");
        }
        let long = "a".repeat(513);
        for text in ["", "<script>", "a b", "a\nb", "ä", "a&b", "\"", "'", "%3C", &long] {
            assert!(!is_challenge(text), "{text:?}");
        }
        assert!(is_origin("eventgrid.azure.net") && is_origin("127.0.0.1:8080"));
        assert!(!is_origin("a\r\nb") && !is_origin("*") && !is_origin("https://a/"));
    }

    #[test]
    fn a_url_verification_is_told_from_other_bodies() {
        let body = br#"{"token":"x","challenge":"abc","type":"url_verification"}"#;
        assert_eq!(find_url_verification(body).as_deref(), Some("abc"));
        for other in [
            &br#"{"challenge":"abc","type":"event_callback"}"#[..],
            br#"{"challenge":"<b>","type":"url_verification"}"#,
            br#"{"type":"url_verification"}"#,
            b"not json",
        ] {
            assert_eq!(find_url_verification(other), None);
        }
    }
}

//! Webhooks that alerts go out by: Slack-compatible ones, and signed ones as Standard Webhooks says.

use super::message::Message;
use super::send::SendError;
use crate::error::chain;
use crate::outbound::OutboundRequest;
use crate::state::AppState;
use crate::tokens::fill_random;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ringback_core::keys::{NONCE_BYTES, Purpose, ServerKey};
use ringback_core::queries::channels::ChannelRow;
use ringback_core::signature::{Scheme, Secret};
use std::time::Duration;
use url::Url;

const TIMEOUT: Duration = Duration::from_secs(15);
/// What a receiver answers is of no interest beyond its status.
const ANSWER_BYTES: usize = 64 * 1024;
/// What a channel says whose secret went with a lost key.
pub const SECRET_LOST: &str = "its secret was lost with the server's key: give it again";

/// Posts what Slack takes. The URL is the secret.
///
/// # Errors
/// [`SendError`].
pub async fn send_slack(
    state: &AppState,
    channel: &ChannelRow,
    message: &Message,
) -> Result<(), SendError> {
    let url = open_secret(state, channel)?;
    post(state, &url, Vec::new(), message.slack().to_string()).await
}

/// Posts a signed message.
///
/// # Errors
/// [`SendError`].
pub async fn send_webhook(
    state: &AppState,
    channel: &ChannelRow,
    message: &Message,
    at: &str,
) -> Result<(), SendError> {
    let body = message.webhook(at).to_string();
    let secret = Secret::new(&open_secret(state, channel)?);
    let seconds = state.clock.now().div_euclid(1_000_000);
    let headers = secret.and_then(|secret| {
        Scheme::StandardWebhooks.sign(&secret, &message.id, body.as_bytes(), seconds)
    });
    let headers = headers.ok_or_else(|| SendError::plain("the signing secret makes no key"))?;
    post(state, &channel.target, headers, body).await
}

async fn post(
    state: &AppState,
    url: &str,
    mut headers: Vec<(String, String)>,
    body: String,
) -> Result<(), SendError> {
    headers.push(("content-type".to_owned(), "application/json".to_owned()));
    let request = OutboundRequest {
        method: actix_web::http::Method::POST,
        url: Url::parse(url).map_err(|_| SendError::plain("the URL of the channel is none"))?,
        headers,
        body: body.into_bytes(),
        timeout: TIMEOUT,
        limit_bytes: ANSWER_BYTES,
    };
    let answer = state.outbound.send(request).await;
    let answer = answer.map_err(|error| SendError::new("the receiver did not take it", &error))?;
    if (200..300).contains(&answer.status) {
        Ok(())
    } else {
        Err(SendError::plain(&format!("the receiver answered with status {}", answer.status)))
    }
}

/// A new signing secret, as Standard Webhooks writes one.
pub fn new_secret() -> String {
    let mut bytes = [0; 32];
    fill_random(&mut bytes);
    format!("whsec_{}", STANDARD.encode(bytes))
}

/// Seals the secret of a channel for the database. It opens for a channel of this name alone.
pub fn seal_secret(state: &AppState, name: &str, secret: &str) -> Vec<u8> {
    // With the key of now: what the one before it sealed opens nowhere once it is gone.
    read_keys_again(state);
    seal(&state.keyring.current(), name, secret.as_bytes())
}

/// Another process may have changed the key.
fn read_keys_again(state: &AppState) {
    if let Err(error) = state.keyring.reload() {
        tracing::error!(cause = %chain(&error), "the server's key cannot be read again");
    }
}

/// The secret of a channel, sealed anew with the first of the keys; `None` when no key opens it.
pub fn reseal_secret(channel: &ChannelRow, keys: &[ServerKey]) -> Option<Vec<u8>> {
    let secret = open(channel, keys)?;
    Some(seal(keys.first()?, &channel.name, &secret))
}

/// True when one of the keys opens the channel's secret.
pub fn opens(channel: &ChannelRow, keys: &[ServerKey]) -> bool {
    open(channel, keys).is_some()
}

fn seal(key: &ServerKey, name: &str, secret: &[u8]) -> Vec<u8> {
    let mut nonce = [0; NONCE_BYTES];
    fill_random(&mut nonce);
    key.seal(Purpose::AlertChannels, nonce, &context(name), secret)
}

fn open(channel: &ChannelRow, keys: &[ServerKey]) -> Option<Vec<u8>> {
    let (sealed, context) = (channel.secret.as_deref()?, context(&channel.name));
    keys.iter().find_map(|key| key.open(Purpose::AlertChannels, &context, sealed).ok())
}

fn open_secret(state: &AppState, channel: &ChannelRow) -> Result<String, SendError> {
    if channel.lacks_secret() {
        return Err(SendError::plain(SECRET_LOST));
    }
    let opened = open(channel, &state.keyring.keys()).or_else(|| {
        read_keys_again(state);
        open(channel, &state.keyring.keys())
    });
    opened.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(|| {
        SendError::plain("its secret was sealed with another key: is it that of the other nodes?")
    })
}

fn context(name: &str) -> String {
    format!("alert channel {name}")
}

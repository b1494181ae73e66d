//! Where alerts are told.

use super::callbacks::parse_json;
use crate::alerting::hooks;
use crate::alerting::mail::parse_addresses;
use crate::alerting::message::Message;
use crate::alerting::send;
use crate::error::ApiError;
use crate::extractors::{Admin, Viewer};
use crate::state::State;
use crate::tokens::random_u64;
use crate::views;
use actix_web::{HttpResponse, web};
use ringback_core::queries::channels::{self, ChannelRow, NewChannel};
use ringback_wire::{
    ChangeChannelRequest, ChannelKind, ChannelsResponse, NewChannelRequest, NewChannelResponse,
    ReplaceChannelSecretRequest, TestChannelResponse,
};
use std::collections::BTreeMap;
use url::Url;

const NAME_CHARS: usize = 64;

/// Every channel, without its secrets.
///
/// # Errors
/// 503.
pub async fn list_channels(_viewer: Viewer, state: State) -> Result<HttpResponse, ApiError> {
    let (rows, waiting) = state
        .readers
        .read(|conn| Ok((channels::list_channels(conn)?, channels::count_waiting_notices(conn)?)))
        .await?;
    let waiting: BTreeMap<i64, i64> = waiting.into_iter().collect();
    let view = |row: ChannelRow| {
        let waits = waiting.get(&row.id).copied().unwrap_or_default();
        views::channel(row, waits)
    };
    Ok(HttpResponse::Ok().json(ChannelsResponse {
        channels: rows.into_iter().filter_map(view).collect(),
        mail_is_configured: state.config.mail.is_some(),
    }))
}

/// Adds a channel.
///
/// # Errors
/// 422 for a name that is taken or a target that cannot be used.
pub async fn add_channel(
    _admin: Admin,
    body: Result<web::Json<NewChannelRequest>, actix_web::Error>,
    state: State,
) -> Result<HttpResponse, ApiError> {
    let request = parse_json(body)?;
    let (channel, secret) = read_channel(&state, &request).await?;
    let (now, name) = (state.clock.now(), channel.name.clone());
    let added = state
        .writer
        .write(move |conn| match channels::insert_channel(conn, &channel, now)? {
            Some(id) => channels::find_channel(conn, id),
            None => Ok(None),
        })
        .await?
        .and_then(|row| views::channel(row, 0))
        .ok_or_else(|| ApiError::InvalidInput(format!("a channel is named {name:?} already")))?;
    Ok(HttpResponse::Ok().json(NewChannelResponse { channel: added, secret }))
}

/// The channel to add, and the secret to show once.
async fn read_channel(
    state: &State,
    request: &NewChannelRequest,
) -> Result<(NewChannel, Option<String>), ApiError> {
    let name = request.name.trim().to_owned();
    let is_name = (1..=NAME_CHARS).contains(&name.chars().count());
    if !is_name || name.chars().any(char::is_control) {
        return Err(ApiError::InvalidInput(format!(
            "the name of a channel takes 1 to {NAME_CHARS} characters"
        )));
    }
    match request.kind {
        ChannelKind::Mail => {
            parse_addresses(&request.target).map_err(ApiError::InvalidInput)?;
            let target = request.target.trim().to_owned();
            let kind = channels::ChannelKind::Mail;
            Ok((NewChannel { name, kind, target, secret: None }, None))
        }
        ChannelKind::Slack => {
            let url = read_url(state, &request.target).await?;
            let secret = Some(hooks::seal_secret(state, &name, url.as_str()));
            let target = url.host_str().unwrap_or_default().to_owned();
            let kind = channels::ChannelKind::Slack;
            Ok((NewChannel { name, kind, target, secret }, None))
        }
        ChannelKind::Webhook => {
            let target = read_url(state, &request.target).await?.to_string();
            let shown = hooks::new_secret();
            let secret = Some(hooks::seal_secret(state, &name, &shown));
            let kind = channels::ChannelKind::Webhook;
            Ok((NewChannel { name, kind, target, secret }, Some(shown)))
        }
    }
}

/// A URL that may be reached; what cannot is said when it is typed and not when it is needed.
async fn read_url(state: &State, text: &str) -> Result<Url, ApiError> {
    let url = Url::parse(text.trim())
        .map_err(|_| ApiError::InvalidInput("`target` takes a URL with https".to_owned()))?;
    match state.outbound.resolve(&url).await {
        Ok(_) => Ok(url),
        Err(error) => Err(ApiError::InvalidInput(format!("`target`: {error}"))),
    }
}

/// Turns a channel off or on.
///
/// # Errors
/// 404 when there is none of this id.
pub async fn change_channel(
    _admin: Admin,
    id: web::Path<String>,
    body: Result<web::Json<ChangeChannelRequest>, actix_web::Error>,
    state: State,
) -> Result<HttpResponse, ApiError> {
    let (id, enabled) = (parse_id(&id)?, parse_json(body)?.enabled);
    let disabled_at = (!enabled).then(|| state.clock.now());
    let changed =
        state.writer.write(move |conn| channels::disable_channel(conn, id, disabled_at)).await?;
    if changed { Ok(HttpResponse::NoContent().finish()) } else { Err(no_channel()) }
}

/// Gives a webhook its secret anew: the URL of a Slack-compatible one, or a signing secret that is
/// made here and shown once. What waits there goes out next.
///
/// # Errors
/// 404 when there is none of this id, 422 for mail or a target that cannot be used.
pub async fn replace_secret(
    _admin: Admin,
    id: web::Path<String>,
    body: Result<web::Json<ReplaceChannelSecretRequest>, actix_web::Error>,
    state: State,
) -> Result<HttpResponse, ApiError> {
    let (id, request) = (parse_id(&id)?, parse_json(body)?);
    let channel = state.readers.read(move |conn| channels::find_channel(conn, id)).await?;
    let channel = channel.ok_or_else(no_channel)?;
    let (target, sealed, shown) = read_secret(&state, &channel, request).await?;
    let replaced = state.writer.write(move |conn| {
        channels::replace_channel_secret(conn, id, &target, &sealed)?;
        channels::find_channel(conn, id)
    });
    let channel = replaced.await?.and_then(|row| views::channel(row, 0)).ok_or_else(no_channel)?;
    Ok(HttpResponse::Ok().json(NewChannelResponse { channel, secret: shown }))
}

/// Where the channel goes, its sealed secret, and the secret to show once.
async fn read_secret(
    state: &State,
    channel: &ChannelRow,
    request: ReplaceChannelSecretRequest,
) -> Result<(String, Vec<u8>, Option<String>), ApiError> {
    let seal = |secret: &str| hooks::seal_secret(state, &channel.name, secret);
    match (channel.kind(), request.target) {
        (Some(channels::ChannelKind::Slack), Some(target)) => {
            let url = read_url(state, &target).await?;
            Ok((url.host_str().unwrap_or_default().to_owned(), seal(url.as_str()), None))
        }
        (Some(channels::ChannelKind::Webhook), None) => {
            let shown = hooks::new_secret();
            Ok((channel.target.clone(), seal(&shown), Some(shown)))
        }
        _ => Err(ApiError::InvalidInput(
            "a Slack-compatible webhook takes its URL as `target`, a signed one takes none, and \
             mail has no secret"
                .to_owned(),
        )),
    }
}

/// Deletes a channel and what waits for it.
///
/// # Errors
/// 404 when there is none of this id.
pub async fn delete_channel(
    _admin: Admin,
    id: web::Path<String>,
    state: State,
) -> Result<HttpResponse, ApiError> {
    let id = parse_id(&id)?;
    let deleted = state.writer.write(move |conn| channels::delete_channel(conn, id)).await?;
    if deleted { Ok(HttpResponse::NoContent().finish()) } else { Err(no_channel()) }
}

/// Sends a test and says how that went.
///
/// # Errors
/// 404 when there is none of this id.
pub async fn test_channel(
    admin: Admin,
    id: web::Path<String>,
    state: State,
) -> Result<HttpResponse, ApiError> {
    let id = parse_id(&id)?;
    let channel = state.readers.read(move |conn| channels::find_channel(conn, id)).await?;
    let channel = channel.ok_or_else(no_channel)?;
    let test_id = format!("alert_test_{:016x}", random_u64());
    let at = views::time(state.clock.now());
    let message = Message::test(test_id, &channel.name, &admin.0.name, &at, state.base_url());
    let sent = send::send_test(&state, &channel, &message).await?;
    let (sent, error) = match sent {
        Ok(()) => (true, None),
        Err(error) => (false, Some(error.to_string())),
    };
    Ok(HttpResponse::Ok().json(TestChannelResponse { sent, error }))
}

fn parse_id(text: &str) -> Result<i64, ApiError> {
    text.parse().map_err(|_| no_channel())
}

fn no_channel() -> ApiError {
    ApiError::NotFound("no channel of this id is there".to_owned())
}

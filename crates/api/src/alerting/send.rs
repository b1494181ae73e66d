//! Sending what is due, channel by channel.

use super::message::Message;
use super::{hooks, mail};
use crate::error::{ApiError, chain};
use crate::state::AppState;
use crate::views;
use ringback_core::queries::channels::{self, ChannelKind, ChannelRow};

/// The longest reason that is kept.
const WHY_CHARS: usize = 300;

/// Why a message did not go out, as people see it. It never quotes a secret or a secret URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SendError(String);

impl SendError {
    /// A reason with its cause.
    pub fn new(what: &str, cause: &dyn std::error::Error) -> Self {
        Self(format!("{what}: {}", chain(cause)).chars().take(WHY_CHARS).collect())
    }

    /// A reason that needs no cause.
    pub fn plain(what: &str) -> Self {
        Self(what.chars().take(WHY_CHARS).collect())
    }
}

/// Sends what is due on every channel that may be tried now; gives how many messages were taken.
///
/// # Errors
/// When the database does not answer. A channel that fails is tried again later and fails no other.
pub async fn send_due(state: &AppState) -> Result<usize, ApiError> {
    let _sending = state.alerts.sending.lock().await;
    let now = state.clock.now();
    let due = state.readers.read(move |conn| channels::list_due_channels(conn, now)).await?;
    // At the same time: one server that does not answer must not hold up the others.
    let sent = futures_util::future::join_all(due.iter().map(|channel| send_to(state, channel)));
    let sent: Vec<bool> = sent.await.into_iter().collect::<Result<_, ApiError>>()?;
    Ok(sent.into_iter().filter(|sent| *sent).count())
}

/// Claims what is due on a channel and sends it; true when it was taken.
async fn send_to(state: &AppState, channel: &ChannelRow) -> Result<bool, ApiError> {
    let (claim, now) = (channel.clone(), state.clock.now());
    let notices =
        state.writer.write(move |conn| channels::claim_notices(conn, &claim, now)).await?;
    if notices.is_empty() {
        return Ok(false);
    }
    let message = Message::of(&notices, state.base_url());
    let ids: Vec<i64> = notices.iter().map(|notice| notice.id).collect();
    let sent = send(state, channel, &message).await;
    mark(state, channel, &sent, ids).await?;
    Ok(sent.is_ok())
}

async fn mark(
    state: &AppState,
    channel: &ChannelRow,
    sent: &Result<(), SendError>,
    notices: Vec<i64>,
) -> Result<(), ApiError> {
    let (id, now) = (channel.id, state.clock.now());
    match sent {
        Ok(()) => {
            tracing::info!(channel.name = channel.name, "told");
            let mark = move |conn: &mut _| channels::mark_channel_sent(conn, id, &notices, now);
            state.writer.write(mark).await?;
        }
        Err(error) => {
            tracing::warn!(channel.name = channel.name, cause = %error, "a channel failed");
            let why = error.to_string();
            let mark = move |conn: &mut _| channels::mark_channel_failed(conn, id, &why);
            state.writer.write(mark).await?;
        }
    }
    Ok(())
}

/// Sends a test at once, whatever waits, and keeps how that went.
///
/// # Errors
/// The outer one when the database does not answer, the inner one when the channel did not take it.
pub async fn send_test(
    state: &AppState,
    channel: &ChannelRow,
    message: &Message,
) -> Result<Result<(), SendError>, ApiError> {
    let sent = send(state, channel, message).await;
    mark(state, channel, &sent, Vec::new()).await?;
    Ok(sent)
}

/// Sends one message.
///
/// # Errors
/// [`SendError`].
pub async fn send(
    state: &AppState,
    channel: &ChannelRow,
    message: &Message,
) -> Result<(), SendError> {
    match channel.kind() {
        Some(ChannelKind::Mail) => {
            let config = state.config.mail.as_ref().ok_or_else(|| {
                SendError::plain("no mail server is configured: set RINGBACK_SMTP_URL")
            })?;
            mail::send(config, &channel.target, message).await
        }
        Some(ChannelKind::Slack) => hooks::send_slack(state, channel, message).await,
        Some(ChannelKind::Webhook) => {
            hooks::send_webhook(state, channel, message, &views::time(state.clock.now())).await
        }
        None => Err(SendError::plain("this version does not know the kind of this channel")),
    }
}

//! Requests about alerts, and about the channels that tell of them.

use super::{Reply, done, get, send, to_json};
use ringback_wire::{
    Alert, AlertHistoryResponse, AlertsResponse, ChangeChannelRequest, ChannelsResponse,
    MuteRequest, NewChannelRequest, NewChannelResponse, ReplaceChannelSecretRequest,
    TestChannelResponse,
};

/// What is wrong now.
///
/// # Errors
/// When there was no good answer.
pub fn list_alerts() -> Reply<AlertsResponse> {
    get("/api/admin/alerts")
}

/// What was wrong, before the alert of a key when one is given.
///
/// # Errors
/// When there was no good answer.
pub fn list_past_alerts(before: Option<i64>) -> Reply<AlertHistoryResponse> {
    let query = before.map_or_else(String::new, |id| format!("?before={id}"));
    get(&format!("/api/admin/alerts/history{query}"))
}

/// Takes note of an alert.
///
/// # Errors
/// A problem with status 403 when the role does not allow it.
pub fn acknowledge_alert(id: i64) -> Reply<Alert> {
    send("POST", &format!("/api/admin/alerts/{id}/acknowledge"), None)
}

/// Mutes an alert until a time, or ends that.
///
/// # Errors
/// A problem with status 403 when the role does not allow it.
pub fn mute_alert(id: i64, until: Option<String>) -> Reply<Alert> {
    let body = to_json(&MuteRequest { until });
    send("POST", &format!("/api/admin/alerts/{id}/mute"), Some(body))
}

/// Where alerts are told.
///
/// # Errors
/// When there was no good answer.
pub fn list_channels() -> Reply<ChannelsResponse> {
    get("/api/admin/channels")
}

/// Adds a channel.
///
/// # Errors
/// A problem with status 422 that says what will not do.
pub fn add_channel(request: &NewChannelRequest) -> Reply<NewChannelResponse> {
    send("POST", "/api/admin/channels", Some(to_json(request)))
}

/// Gives a channel its secret again: `target` is the URL of a Slack-compatible one.
///
/// # Errors
/// A problem with status 422 that says what will not do.
pub fn replace_channel_secret(id: i64, target: Option<String>) -> Reply<NewChannelResponse> {
    let body = to_json(&ReplaceChannelSecretRequest { target });
    send("POST", &format!("/api/admin/channels/{id}/secret"), Some(body))
}

/// Turns a channel on or off.
///
/// # Errors
/// When the server did not do it.
pub fn enable_channel(id: i64, enabled: bool) -> Reply<()> {
    let body = to_json(&ChangeChannelRequest { enabled });
    done("POST", &format!("/api/admin/channels/{id}"), Some(body))
}

/// Deletes a channel.
///
/// # Errors
/// When the server did not do it.
pub fn delete_channel(id: i64) -> Reply<()> {
    done("DELETE", &format!("/api/admin/channels/{id}"), None)
}

/// Sends a test to a channel.
///
/// # Errors
/// When there was no good answer; that the channel did not take it is an answer.
pub fn test_channel(id: i64) -> Reply<TestChannelResponse> {
    send("POST", &format!("/api/admin/channels/{id}/test"), None)
}

//! Alerts, where they are told, and what each user prefers.

use crate::Signature;
#[cfg(feature = "json")]
use crate::json::Json;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// Something that is wrong, or was.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
pub struct Alert {
    /// Key.
    pub id: i64,
    /// What is wrong: `no_secret`, `bad_signature`, `refused`, `forgery`, `silent`, `storage`,
    /// `secret_ending`, `new_event_type` or `clock`.
    pub condition: String,
    /// Where; empty when it is about no source.
    pub source: String,
    /// Why: a reason, a problem, an event type.
    pub cause: String,
    /// What is wrong, in one line.
    pub title: String,
    /// What to do.
    pub advice: String,
    /// When it started.
    pub started_at: String,
    /// When it happened last.
    pub last_at: String,
    /// How often; 0 for a state that nothing came of yet.
    pub count: i64,
    /// A callback that shows it.
    pub sample: Option<i64>,
    /// When it was last told.
    pub told_at: Option<String>,
    /// When it was over; null while it is open.
    pub resolved_at: Option<String>,
    /// When somebody took note.
    pub acknowledged_at: Option<String>,
    /// Who.
    pub acknowledged_by: Option<String>,
    /// Nothing is told until then.
    pub muted_until: Option<String>,
}

/// What is open now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
pub struct AlertsResponse {
    /// The one that opened last first.
    pub open: Vec<Alert>,
    /// How many of them nobody took note of, those muted left out.
    pub unread: i64,
}

/// What was, and is over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
pub struct AlertHistoryResponse {
    /// Newest first.
    pub alerts: Vec<Alert>,
    /// Gives the next page; null at the end.
    pub before: Option<i64>,
}

/// `POST /api/admin/alerts/{id}/mute`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
#[serde(deny_unknown_fields)]
pub struct MuteRequest {
    /// RFC 3339; null ends a mute.
    pub until: Option<String>,
}

/// How a channel is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    /// Mail by SMTP.
    Mail,
    /// A webhook that takes what Slack takes.
    Slack,
    /// A webhook that is signed as Standard Webhooks says.
    Webhook,
}

/// Where alerts are told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
pub struct Channel {
    /// Key.
    pub id: i64,
    /// Unique.
    pub name: String,
    /// How it is reached.
    pub kind: ChannelKind,
    /// Addresses, or a URL; of a Slack URL, which is secret, only the host.
    pub target: String,
    /// False while nothing is told here.
    pub enabled: bool,
    /// When the last message was taken.
    pub last_sent_at: Option<String>,
    /// How many tries in a row failed.
    pub failures: i64,
    /// When it is tried again.
    pub retry_at: Option<String>,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// How many notices wait.
    pub waiting: i64,
    /// True when its secret went with a lost key: it tells nobody until it is given again.
    pub lacks_secret: bool,
}

/// Every channel.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
pub struct ChannelsResponse {
    /// By name.
    pub channels: Vec<Channel>,
    /// Whether the server knows a mail server.
    pub mail_is_configured: bool,
}

/// `POST /api/admin/channels`.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
#[serde(deny_unknown_fields)]
pub struct NewChannelRequest {
    /// Unique.
    pub name: String,
    /// How it is reached.
    pub kind: ChannelKind,
    /// Mail addresses separated by commas, or a URL.
    pub target: String,
}

impl std::fmt::Debug for NewChannelRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewChannelRequest").field("name", &self.name).finish_non_exhaustive()
    }
}

/// `POST /api/admin/channels/{id}/secret`.
#[derive(Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
#[serde(deny_unknown_fields)]
pub struct ReplaceChannelSecretRequest {
    /// The URL of a Slack-compatible webhook, which is its secret; a signed webhook takes none, as
    /// its secret is made by the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

impl std::fmt::Debug for ReplaceChannelSecretRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReplaceChannelSecretRequest").finish_non_exhaustive()
    }
}

/// A channel that was added, or that has a new secret.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
pub struct NewChannelResponse {
    /// The channel.
    pub channel: Channel,
    /// The secret that a signed webhook is signed with: shown this once.
    pub secret: Option<String>,
}

impl std::fmt::Debug for NewChannelResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewChannelResponse").field("channel", &self.channel).finish_non_exhaustive()
    }
}

/// `POST /api/admin/channels/{id}`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
#[serde(deny_unknown_fields)]
pub struct ChangeChannelRequest {
    /// False turns it off; what waits then waits on.
    pub enabled: bool,
}

/// How a test of a channel went.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
pub struct TestChannelResponse {
    /// True when the message was taken.
    pub sent: bool,
    /// Why not.
    pub error: Option<String>,
}

/// When somebody is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
#[serde(rename_all = "snake_case")]
pub enum Digest {
    /// As it happens.
    #[default]
    AtOnce,
    /// All of an hour together.
    Hourly,
    /// All of a day together, at `digest_at`.
    Daily,
}

/// Times of day, `HH:MM`; over midnight when the end is the earlier.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// First minute.
    pub from: String,
    /// The minute after the last.
    pub to: String,
}

/// Which callbacks somebody wants shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
#[serde(deny_unknown_fields)]
pub struct ShowRules {
    /// False shows none.
    pub enabled: bool,
    /// Only these; all when empty. One that ends with `*` stands for all that begin like it.
    pub event_types: Vec<String>,
    /// Only these; all when empty.
    pub workflows: Vec<String>,
    /// Only these; all when empty.
    pub signatures: Vec<Signature>,
}

/// What a user prefers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
#[serde(deny_unknown_fields)]
pub struct Preferences {
    /// Conditions that are not told to this user.
    pub conditions_off: Vec<String>,
    /// Channels that tell this user; null for all.
    pub channels: Option<Vec<i64>>,
    /// When nothing is told; what waits is told together at the end.
    pub quiet_hours: Option<QuietHours>,
    /// An IANA name like `Europe/Berlin`; empty for UTC.
    pub time_zone: String,
    /// At once or together.
    pub digest: Digest,
    /// When a daily digest comes, `HH:MM`.
    pub digest_at: String,
    /// Which callbacks are shown on the page as they arrive.
    pub toasts: ShowRules,
    /// Which the browser tells of while the page is not looked at.
    pub notifications: ShowRules,
    /// Whether that makes a sound.
    pub sound: bool,
}

impl Default for Preferences {
    fn default() -> Self {
        let show = |enabled| ShowRules {
            enabled,
            event_types: Vec::new(),
            workflows: Vec::new(),
            signatures: Vec::new(),
        };
        Self {
            conditions_off: Vec::new(),
            channels: None,
            quiet_hours: None,
            time_zone: String::new(),
            digest: Digest::AtOnce,
            digest_at: "09:00".to_owned(),
            toasts: show(true),
            notifications: show(false),
            sound: false,
        }
    }
}

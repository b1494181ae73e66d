//! Sources, their secrets, and the senders that sources are made for.

#[cfg(feature = "json")]
use crate::json::Json;
#[cfg(feature = "serde")]
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// A sender, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
pub struct SourceSummary {
    /// Its name, and the last part of its path.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// Where it posts, from the root of this server.
    pub path: String,
    /// How it signs.
    pub scheme: String,
    /// The entry of the provider list; `None` for a source of the configuration.
    pub provider: Option<String>,
    /// True when it is one of the configuration, which is not changed here.
    pub read_only: bool,
    /// How many secrets or fetched key sets are in force.
    pub secrets: usize,
    /// True when it ought to have a secret and has none that is in force.
    pub lacks_secret: bool,
    /// True when what is not valid is answered 401.
    pub strict: bool,
    /// Set while it takes nothing.
    pub paused_at: Option<String>,
    /// What differs from the provider's usual ways.
    pub options: crate::Value,
    /// Its secrets, without what is secret in them.
    pub secret_list: Vec<SecretSummary>,
    /// Where its public keys are fetched.
    pub jwks: Option<JwksSummary>,
    /// When it was made.
    pub created_at: Option<String>,
    /// Who made it.
    pub created_by: Option<String>,
}

/// Every source.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
pub struct SourcesResponse {
    /// Those of the configuration first, then by name.
    pub sources: Vec<SourceSummary>,
}

/// Whether a secret is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
#[serde(rename_all = "snake_case")]
pub enum SecretState {
    /// It is.
    InForce,
    /// Its time has not come.
    Waiting,
    /// Its time is over.
    Ended,
    /// It cannot be opened: this server has another key than the one that sealed it.
    Unreadable,
}

/// A secret, without what is secret in it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
pub struct SecretSummary {
    /// Key.
    pub id: String,
    /// What people call it.
    pub label: String,
    /// Whether it is tried.
    pub state: SecretState,
    /// Not tried before.
    pub starts_at: Option<String>,
    /// Not tried from then on.
    pub ends_at: Option<String>,
    /// When it was added.
    pub created_at: String,
    /// Who added it.
    pub created_by: String,
}

/// Keys that a sender publishes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
pub struct JwksSummary {
    /// Where.
    pub url: String,
    /// When they were last fetched; `None` when that never worked.
    pub fetched_at: Option<String>,
}

/// `POST /api/admin/sources`.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
#[serde(deny_unknown_fields)]
pub struct CreateSourceRequest {
    /// 1 to 63 of a-z, 0-9 and -; the last part of its path.
    pub name: String,
    /// An entry of the provider list.
    pub provider: String,
    /// What people call it; the provider's title when it is not said.
    #[serde(default)]
    pub title: Option<String>,
    /// Whether what is not valid is answered 401.
    #[serde(default)]
    pub strict: bool,
    /// What differs from the provider's usual ways.
    #[serde(default)]
    pub options: Option<crate::Value>,
}

/// `PATCH /api/admin/sources/{name}`: what is not there stays.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
#[serde(deny_unknown_fields)]
pub struct ChangeSourceRequest {
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Whether what is not valid is answered 401.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
    /// Whether it takes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<bool>,
    /// What differs from the provider's usual ways, all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<crate::Value>,
}

/// `POST /api/admin/sources/{name}/secrets`.
#[derive(Clone, Default)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
#[serde(deny_unknown_fields)]
pub struct AddSecretRequest {
    /// What people call it.
    #[serde(default)]
    pub label: String,
    /// The secret; `None` to have one made, which the answer shows once.
    #[serde(default)]
    pub secret: Option<String>,
    /// Not tried before, RFC 3339.
    #[serde(default)]
    pub starts_at: Option<String>,
    /// Not tried from then on, RFC 3339.
    #[serde(default)]
    pub ends_at: Option<String>,
}

impl fmt::Debug for AddSecretRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AddSecretRequest").field("label", &self.label).finish_non_exhaustive()
    }
}

/// The answer to a secret that was added.
#[derive(Clone)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
pub struct AddSecretResponse {
    /// Its key.
    pub id: String,
    /// The secret, when it was made here: it is not shown again.
    pub secret: Option<String>,
}

impl fmt::Debug for AddSecretResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AddSecretResponse").field("id", &self.id).finish_non_exhaustive()
    }
}

/// `PATCH /api/admin/sources/{name}/secrets/{id}`: what is not there stays, `null` takes a date away.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
#[serde(deny_unknown_fields)]
pub struct ChangeSecretRequest {
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Not tried before, RFC 3339.
    #[serde(default, deserialize_with = "there", skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Option<String>>,
    /// Not tried from then on, RFC 3339.
    #[serde(default, deserialize_with = "there", skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Option<String>>,
}

/// Tells `null` from what is not there.
#[cfg(feature = "serde")]
#[expect(clippy::option_option, reason = "three cases: not there, null, a value")]
fn there<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// `POST /api/admin/secret-hints`: what looks odd about a secret that is being typed.
#[derive(Clone)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
#[serde(deny_unknown_fields)]
pub struct SecretHintsRequest {
    /// An entry of the provider list.
    pub provider: String,
    /// What differs from the provider's usual ways.
    #[serde(default)]
    pub options: Option<crate::Value>,
    /// What was typed.
    pub secret: String,
}

impl fmt::Debug for SecretHintsRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretHintsRequest")
            .field("provider", &self.provider)
            .finish_non_exhaustive()
    }
}

/// How bad something odd is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
#[serde(rename_all = "snake_case")]
pub enum HintSeverity {
    /// It works all the same.
    Note,
    /// It may be right, and usually is not.
    Doubtful,
    /// With it nothing will ever verify.
    Wrong,
}

/// Something odd about a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
pub struct SecretHint {
    /// How bad it is.
    pub severity: HintSeverity,
    /// A sentence; it holds nothing of the secret.
    pub text: String,
    /// True when `fix` would be offered: the secret without the oddity.
    pub mended: Option<String>,
}

/// The worst first; none when it looks right.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
pub struct SecretHintsResponse {
    /// What looks odd.
    pub hints: Vec<SecretHint>,
}

/// A sender that sources are made for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
pub struct ProviderSummary {
    /// The name that a source is made with.
    pub name: String,
    /// The name for people.
    pub title: String,
    /// What it is and what to know.
    pub about: String,
    /// How it signs.
    pub scheme: String,
    /// What to paste as its secret, and where it is found; empty when it does not sign.
    pub secret: String,
    /// True when Ringback can make the secret, for a sender that takes one.
    pub makes_secret: bool,
    /// Where it publishes its keys.
    pub jwks_url: Option<String>,
    /// What is known of its retries.
    pub retries: String,
    /// Where its webhooks and secrets are managed.
    pub console_url: Option<String>,
}

/// Every sender that Ringback knows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
pub struct ProvidersResponse {
    /// In the order in which people are shown them.
    pub providers: Vec<ProviderSummary>,
}

/// What became of a test callback.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
pub struct TestResponse {
    /// False when this server cannot sign as the sender does; `detail` says why.
    pub sent: bool,
    /// A sentence about it.
    pub detail: String,
    /// The HTTP status that the sender would see.
    pub status: Option<u16>,
    /// The verdict.
    pub signature: Option<crate::Signature>,
    /// Why it is not valid.
    pub reason: Option<crate::Reason>,
    /// The callback that was stored.
    pub callback: Option<i64>,
}

/// Something that somebody did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
pub struct AuditEntry {
    /// Key; grows with time.
    pub id: i64,
    /// When.
    pub at: String,
    /// Who.
    pub actor: String,
    /// What, as `noun.verb`.
    pub action: String,
    /// To what.
    pub subject: String,
    /// More about it, never a secret.
    pub details: crate::Value,
}

/// What was done, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
pub struct AuditResponse {
    /// 100 at the most.
    pub entries: Vec<AuditEntry>,
    /// The `before` of the next page; `None` when there is none.
    pub before: Option<i64>,
}

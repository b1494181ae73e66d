//! Warnings and refused deliveries.

use serde::{Deserialize, Serialize};

/// What a warning is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningKind {
    /// Callbacks came to a source that has no secret.
    NoSecret,
    /// Callbacks came with a bad or missing signature.
    InvalidSignature,
    /// Deliveries were refused because of their size.
    Refused,
    /// Deliveries without a valid signature were refused because there were too many.
    RateLimited,
    /// The source's unverified callbacks have used up their bytes: only digests are kept of more.
    OverQuota,
}

/// A condition that an admin should know of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// What it is about.
    pub kind: WarningKind,
    /// Where it happened.
    pub source: String,
    /// How often in the last 24 hours; 0 when it is a state of the configuration.
    pub count: i64,
}

/// What the banner shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarningsResponse {
    /// Most urgent first.
    pub warnings: Vec<Warning>,
}

/// A delivery that was refused and not stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Key.
    pub id: i64,
    /// Where it was sent.
    pub source: String,
    /// The `type` of the problem that the sender got.
    pub problem: String,
    /// As declared by the sender, else what was read before it was cut off.
    pub size_bytes: i64,
    /// The sender's address as the server saw it.
    pub remote_addr: Option<String>,
    /// When; the last of them.
    pub received_at: String,
    /// How many requests were refused so.
    pub seen: i64,
}

/// The newest refused deliveries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalsResponse {
    /// Newest first, 100 at the most.
    pub refusals: Vec<Refusal>,
}

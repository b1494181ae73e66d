//! Why a callback is not trusted, and verifying what is stored again.

#[cfg(feature = "json")]
use crate::json::Json;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// How sure a cause is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// The signature was seen to verify that way, or the headers show it.
    Proved,
    /// What remains when everything else was tried.
    Likely,
}

/// Why a delivery is not trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
pub struct DiagnosisResponse {
    /// The delivery that it is about.
    pub delivery: i64,
    /// The cause, for programs.
    pub cause: String,
    /// How sure it is.
    pub certainty: Certainty,
    /// The cause in a sentence or two.
    pub explanation: String,
    /// What to do.
    pub advice: String,
    /// What was seen.
    pub evidence: Vec<String>,
    /// How many signatures were computed.
    pub tries: u32,
    /// True when it can be verified again once the cause is mended.
    pub can_verify_again: bool,
}

/// Which failures are to be verified again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
#[serde(deny_unknown_fields)]
pub struct ReverifyRequest {
    /// Those of this source.
    pub source: String,
    /// Received from then on.
    #[serde(default)]
    pub from: Option<String>,
    /// Received before.
    #[serde(default)]
    pub to: Option<String>,
}

/// A run: verifying the failures of a source again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
pub struct ReverifyRun {
    /// Key.
    pub id: i64,
    /// The source.
    pub source: String,
    /// Who started it.
    pub started_by: String,
    /// When.
    pub started_at: String,
    /// How many failures there were when it started.
    pub total: i64,
    /// How many were looked at.
    pub checked: i64,
    /// How many became trusted.
    pub trusted: i64,
    /// When it ended; `None` while it goes on.
    pub ended_at: Option<String>,
}

/// The newest runs, and how far they are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
pub struct ReverifyRunsResponse {
    /// Newest first.
    pub runs: Vec<ReverifyRun>,
}

/// What verifying one callback again did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
pub struct ReverifiedResponse {
    /// How many failures of it were looked at.
    pub checked: i64,
    /// How many became trusted.
    pub trusted: i64,
}

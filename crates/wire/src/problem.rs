//! Errors as RFC 9457 `application/problem+json`.

#[cfg(feature = "json")]
use crate::json::Json;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// An error body. `docs/API.md` lists every `type`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
pub struct Problem {
    /// `/problems/<name>`: stable, for programs.
    #[serde(rename = "type")]
    pub kind: String,
    /// The same for every problem of a type.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened here and what to do next, for people.
    pub detail: String,
    /// Finds the request in the server's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Where to start over, when that is the way out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_over: Option<String>,
}

//! Refused deliveries.

#[cfg(feature = "json")]
use crate::json::Json;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// A delivery that was refused and not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
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
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
pub struct RefusalsResponse {
    /// Newest first, 100 at the most.
    pub refusals: Vec<Refusal>,
}

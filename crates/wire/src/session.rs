//! Signing in.

#[cfg(feature = "json")]
use crate::json::Json;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};
use std::fmt;

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    Admin,
    /// Reads only.
    Viewer,
}

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
pub struct SessionResponse {
    /// The user's or the token's name.
    pub name: String,
    /// What they may do.
    pub role: Role,
}

/// `POST /api/session`.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
#[serde(deny_unknown_fields)]
pub struct SignInRequest {
    /// The user's name.
    pub name: String,
    /// In clear: it never leaves the request.
    pub password: String,
}

/// `POST /api/session/setup`: makes the first admin with the token of the set-up link.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
#[serde(deny_unknown_fields)]
pub struct SetUpRequest {
    /// From the set-up link; good once.
    pub token: String,
    /// The new admin's name.
    pub name: String,
    /// At least 12 characters.
    pub password: String,
}

impl fmt::Debug for SignInRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignInRequest").field("name", &self.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for SetUpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetUpRequest").field("name", &self.name).finish_non_exhaustive()
    }
}

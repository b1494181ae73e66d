//! A token or a password that travels with each request. It proves who sent it and covers nothing:
//! neither the body nor a time, so whoever sees one request can send others.

use super::claims::is_same_token;
use super::text::BASE64;
use super::{Headers, Secret, Verdict, lower_case};
use crate::models::{Reason, Signature};
use base64::Engine as _;
use serde::{Deserialize, Serialize};

/// A token in a header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenScheme {
    /// The header, in lower case.
    #[serde(default = "authorization", deserialize_with = "lower_case")]
    pub header: String,
    /// How it is written there.
    pub style: TokenStyle,
}

/// How a token is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenStyle {
    /// `Bearer <token>` (RFC 6750).
    Bearer,
    /// `Basic <base64 of user:password>` (RFC 7617); the secret is `user:password`.
    Basic,
    /// The token alone.
    Plain,
}

fn authorization() -> String {
    "authorization".to_owned()
}

impl TokenScheme {
    /// A token in `Authorization`.
    pub fn authorization(style: TokenStyle) -> Self {
        Self { header: authorization(), style }
    }

    pub(super) fn name(&self) -> &'static str {
        match self.style {
            TokenStyle::Bearer => "bearer",
            TokenStyle::Basic => "basic",
            TokenStyle::Plain => "token",
        }
    }

    pub(super) fn verify(&self, secrets: &[Secret], headers: &Headers) -> Verdict {
        if !headers.has(&self.header) {
            return Verdict::not_valid(Signature::Missing, Reason::HeaderMissing);
        }
        let (mut reason, mut claims) = (Reason::Malformed, Vec::new());
        for value in headers.all(&self.header).take(8) {
            match self.read(value) {
                Some(token) => claims.push(token),
                None if value.trim_ascii().contains(&b' ') => reason = Reason::UnknownVersion,
                None => {}
            }
        }
        if !claims.is_empty() {
            reason = Reason::Wrong;
        }
        let mut found = None;
        for (index, secret) in secrets.iter().enumerate() {
            let mut matched = false;
            for claim in &claims {
                matched |= is_same_token(claim, secret.text().as_bytes());
            }
            if matched && found.is_none() {
                found = Some(index);
            }
        }
        if found.is_none() {
            return Verdict::not_valid(Signature::Invalid, reason);
        }
        Verdict {
            signature: Signature::Valid,
            reason: None,
            signed_at: None,
            signed_headers: Vec::new(),
            secret: found,
        }
    }

    /// The token that a value carries; `None` when it is written in another way.
    pub(super) fn read(&self, value: &[u8]) -> Option<Vec<u8>> {
        let value = value.trim_ascii();
        let word = match self.style {
            TokenStyle::Plain => return (!value.is_empty()).then(|| value.to_vec()),
            TokenStyle::Bearer => b"bearer".as_slice(),
            TokenStyle::Basic => b"basic",
        };
        let space = value.iter().position(|&byte| byte == b' ')?;
        if !value[..space].eq_ignore_ascii_case(word) {
            return None;
        }
        let rest = value[space..].trim_ascii();
        match self.style {
            TokenStyle::Basic => BASE64.decode(rest).ok(),
            _ => (!rest.is_empty()).then(|| rest.to_vec()),
        }
    }

    /// Whether a header of this form, as it is kept, may hold a token.
    pub(super) fn could_read(&self, shape: &str) -> bool {
        let word = shape.split(' ').next().unwrap_or_default();
        match self.style {
            TokenStyle::Plain => !shape.trim().is_empty(),
            TokenStyle::Bearer => word.eq_ignore_ascii_case("bearer"),
            TokenStyle::Basic => word.eq_ignore_ascii_case("basic"),
        }
    }

    pub(super) fn sign(&self, secret: &Secret) -> Vec<(String, String)> {
        let value = match self.style {
            TokenStyle::Plain => secret.text().to_owned(),
            TokenStyle::Bearer => format!("Bearer {}", secret.text()),
            TokenStyle::Basic => format!("Basic {}", BASE64.encode(secret.text())),
        };
        vec![(self.header.clone(), value)]
    }
}

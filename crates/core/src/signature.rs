//! Verifying who sent a request, in constant time.
//!
//! A scheme is a value of [`Scheme`]: data where two senders differ only in names and numbers, a
//! small file under `signature/` where they differ in what is signed. Every comparison of a MAC
//! goes through [`Macs::any_match`], which is `constant_time_eq` and nothing else.

mod hmac_body;
mod standard_webhooks;

use crate::models::{Micros, Reason, Signature};
use constant_time_eq::constant_time_eq_32;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;

pub use hmac_body::BodyHmac;

/// How far a signed time may lie from the clock, in seconds, both ways and inclusive.
pub const TOLERANCE_SECONDS: i64 = 300;

/// How a source signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Standard Webhooks when a request carries its signature header, else the body HMAC.
    Automatic(BodyHmac),
    /// Standard Webhooks `v1` (<https://www.standardwebhooks.com>), also under `svix-*` names.
    StandardWebhooks,
    /// HMAC-SHA256 of the body alone.
    BodyHmac(BodyHmac),
}

/// A signing secret as configured. It shows itself to nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the text of a secret; `None` when nothing is left after trimming.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// The text, for the schemes that use it as a key.
    fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The headers of a request in the order received, names in lower case.
#[derive(Clone, Default)]
pub struct Headers(Vec<(String, Vec<u8>)>);

impl Headers {
    /// Takes names in any case and values as received.
    pub fn new<N: AsRef<str>, V: Into<Vec<u8>>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let lower = |(name, value): (N, V)| (name.as_ref().to_ascii_lowercase(), value.into());
        Self(pairs.into_iter().map(lower).collect())
    }

    /// Every value under a lower-case name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_slice())
    }

    /// The one value under a lower-case name; `None` when there is none or several.
    pub fn one<'a>(&'a self, name: &'a str) -> Option<&'a [u8]> {
        let mut values = self.all(name);
        let value = values.next()?;
        values.next().is_none().then_some(value)
    }

    /// True when the name is there at least once.
    pub fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// All pairs in the order received.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_slice()))
    }
}

/// Values may be signatures, so only the names are shown.
impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The verdict.
    pub signature: Signature,
    /// Why it is not valid.
    pub reason: Option<Reason>,
    /// The time that the signature covers, in microseconds; a claim unless the verdict is valid.
    pub signed_at: Option<Micros>,
    /// The lower-case names of the headers that the signature covers; the body always is.
    pub signed_headers: &'static [&'static str],
}

impl Verdict {
    fn not_valid(signature: Signature, reason: Reason) -> Self {
        Self { signature, reason: Some(reason), signed_at: None, signed_headers: &[] }
    }
}

impl Scheme {
    /// The name used in configuration and on the command line.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Automatic(_) => "automatic",
            Self::StandardWebhooks => "standard-webhooks",
            Self::BodyHmac(_) => "hmac-sha256",
        }
    }

    /// The scheme of a name, with its usual header; `None` for an unknown name.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "automatic" => Self::Automatic(BodyHmac::default()),
            "standard-webhooks" => Self::StandardWebhooks,
            "hmac-sha256" => Self::BodyHmac(BodyHmac::default()),
            _ => return None,
        })
    }

    /// Checks a request against every secret. `now_seconds` is Unix time.
    ///
    /// It never fails and never panics: whatever the headers hold, the answer is a verdict.
    pub fn verify(
        &self,
        secrets: &[Secret],
        headers: &Headers,
        body: &[u8],
        now_seconds: i64,
    ) -> Verdict {
        if secrets.is_empty() {
            return Verdict::not_valid(Signature::Unchecked, Reason::NoSecret);
        }
        match self {
            Self::StandardWebhooks => {
                standard_webhooks::verify(secrets, headers, body, now_seconds)
            }
            Self::BodyHmac(form) => form.verify(secrets, headers, body),
            Self::Automatic(form) => {
                if standard_webhooks::is_signed(headers) || !form.is_signed(headers) {
                    standard_webhooks::verify(secrets, headers, body, now_seconds)
                } else {
                    form.verify(secrets, headers, body)
                }
            }
        }
    }

    /// The headers that a sender of this scheme adds to a request.
    ///
    /// `None` when the secret makes no key for the scheme.
    pub fn sign(
        &self,
        secret: &Secret,
        id: &str,
        body: &[u8],
        now_seconds: i64,
    ) -> Option<Vec<(String, String)>> {
        match self {
            Self::StandardWebhooks | Self::Automatic(_) => {
                standard_webhooks::sign(secret, id, body, now_seconds)
            }
            Self::BodyHmac(form) => Some(form.sign(secret, body)),
        }
    }

    /// True when a header can carry a signature of this scheme, and so must not be kept.
    pub fn is_signature_header(&self, name: &str) -> bool {
        match self {
            Self::StandardWebhooks => standard_webhooks::is_signature_header(name),
            Self::BodyHmac(form) => form.header == name,
            Self::Automatic(form) => {
                standard_webhooks::is_signature_header(name) || form.header == name
            }
        }
    }
}

/// HMAC-SHA256 over parts in order.
fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// The signatures that a request claims, read from its headers.
#[derive(Default)]
struct Macs {
    claimed: Vec<[u8; 32]>,
    malformed: bool,
    unknown_version: bool,
}

impl Macs {
    /// More than any sender's rotation needs; the rest of a hostile header is not looked at.
    const MOST: usize = 64;

    fn push(&mut self, bytes: Option<Vec<u8>>) {
        match bytes.and_then(|bytes| bytes.try_into().ok()) {
            Some(mac) if self.claimed.len() < Self::MOST => self.claimed.push(mac),
            _ => self.malformed = true,
        }
    }

    /// Compares every claim with every key's MAC, always all of them, in constant time.
    fn any_match(&self, computed: impl IntoIterator<Item = [u8; 32]>) -> bool {
        let mut matched = false;
        for computed in computed {
            for claimed in &self.claimed {
                matched |= constant_time_eq_32(claimed, &computed);
            }
        }
        matched
    }

    /// Why nothing matched.
    fn reason(&self) -> Reason {
        if !self.claimed.is_empty() {
            Reason::Wrong
        } else if self.unknown_version {
            Reason::UnknownVersion
        } else {
            Reason::Malformed
        }
    }
}

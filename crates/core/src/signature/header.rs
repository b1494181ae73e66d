//! A signature in a header, described by data: which header, how it is written there, what is
//! signed, with which kind of key, and how far the time may lie from the clock.
//!
//! Where the signature covers neither a time nor an id, a captured request verifies for ever; that
//! is why an unsigned id never replaces trusted content (see [`crate::rule`]).

use super::claims::{Claims, mac};
use super::expected::Expected;
use super::kept::is_label;
use super::key::{KeyForm, ed25519_public_keys, ed25519_seed};
use super::template::{Piece, Template};
use super::text::{Encoding, parse_seconds};
use super::{Headers, Secret, Verdict, lower_case};
use crate::models::{Micros, Reason, Signature};
use ring::signature::Ed25519KeyPair;
use serde::{Deserialize, Serialize};

/// A signature in a header. Unless told otherwise `X-Webhook-Signature: sha256=<hex>`, an HMAC of the body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HeaderSignature {
    /// The header, in lower case.
    #[serde(deserialize_with = "lower_case")]
    pub header: String,
    /// How the header's value is built.
    pub syntax: Syntax,
    /// How the bytes of a signature are written.
    pub encoding: Encoding,
    /// What makes the signature.
    pub algorithm: Algorithm,
    /// How the secret's text becomes a key; ed25519 reads its keys by itself.
    pub key: KeyForm,
    /// What is signed.
    pub signed: Template,
    /// Where the time stands and how far it may lie from the clock; `None` when there is none.
    pub time: Option<TimeRule>,
}

/// What makes a signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Algorithm {
    /// HMAC-SHA256 with a shared secret.
    #[default]
    HmacSha256,
    /// Ed25519 (RFC 8032) with the sender's key pair.
    Ed25519,
}

/// How a header's value is built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Syntax {
    /// The signature after this text, which may be empty; several separated by commas.
    Prefix(String),
    /// `name=value` elements separated by commas, as in `t=…,v1=…,v1=…`.
    Elements {
        /// The name before a signature.
        signature: String,
        /// The name before the time.
        time: String,
    },
}

/// Where the time stands and how far it may lie from the clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeRule {
    /// The header of the time, in lower case; without one the time is an element of the signature's header.
    #[serde(
        default,
        deserialize_with = "maybe_lower_case",
        skip_serializing_if = "Option::is_none"
    )]
    pub header: Option<String>,
    /// How it is counted.
    #[serde(default)]
    pub unit: TimeUnit,
    /// How long ago it may be, inclusive.
    pub past_seconds: i64,
    /// How far ahead it may be, inclusive; `None` when the sender's own libraries do not look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub future_seconds: Option<i64>,
}

/// How a time is counted from 1970 on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeUnit {
    /// In seconds.
    #[default]
    Seconds,
    /// In thousandths of a second.
    Milliseconds,
}

impl TimeUnit {
    fn in_seconds(self) -> i64 {
        match self {
            Self::Seconds => 1,
            Self::Milliseconds => 1000,
        }
    }
}

fn maybe_lower_case<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.map(|name| name.to_ascii_lowercase()))
}

impl Default for HeaderSignature {
    fn default() -> Self {
        Self::body_hmac("x-webhook-signature", "sha256=")
    }
}

impl Default for Syntax {
    fn default() -> Self {
        Self::Prefix(String::new())
    }
}

/// What a header's value holds.
struct Parsed<'a> {
    claims: Claims,
    times: Vec<&'a [u8]>,
}

impl HeaderSignature {
    /// An HMAC of the body alone in hex, in a header of this name after this prefix.
    pub fn body_hmac(header: &str, prefix: &str) -> Self {
        Self {
            header: header.to_ascii_lowercase(),
            syntax: Syntax::Prefix(prefix.to_owned()),
            encoding: Encoding::Hex,
            algorithm: Algorithm::HmacSha256,
            key: KeyForm::Text,
            signed: Template::body(),
            time: None,
        }
    }

    pub(super) fn is_signed(&self, headers: &Headers) -> bool {
        headers.has(&self.header)
    }

    /// The headers that a request must have beside the signature's.
    pub(super) fn other_headers(&self) -> impl Iterator<Item = &str> {
        let time = self.time.as_ref().and_then(|rule| rule.header.as_deref());
        self.signed.headers().chain(time)
    }

    pub(super) fn verify(
        &self,
        secrets: &[Secret],
        headers: &Headers,
        body: &[u8],
        now_seconds: i64,
    ) -> Verdict {
        if !self.is_signed(headers) {
            return Verdict::not_valid(Signature::Missing, Reason::HeaderMissing);
        }
        let invalid = |reason| Verdict::not_valid(Signature::Invalid, reason);
        if self.other_headers().any(|name| !headers.has(name)) {
            return invalid(Reason::HeaderMissing);
        }
        let parsed = self.parse(headers);
        let Ok(time) = self.read_time(headers, &parsed) else {
            return invalid(Reason::Malformed);
        };
        let timestamp = time.map_or(b"".as_slice(), |(text, _)| text);
        let Some(parts) = self.signed.fill(timestamp, body, |name| headers.one(name)) else {
            return invalid(Reason::Malformed);
        };
        let claims = &parsed.claims;
        let secret = match self.algorithm {
            Algorithm::HmacSha256 => {
                claims.find_mac_secret(secrets, |secret| self.key.keys(secret.text()), &parts)
            }
            Algorithm::Ed25519 => {
                let keys = |secret: &Secret| ed25519_public_keys(secret.text());
                claims.find_public_key(secrets, keys, &parts)
            }
        };
        let reason = if secret.is_none() {
            Some(claims.reason())
        } else {
            self.time.as_ref().zip(time).and_then(|(rule, (_, at))| rule.check(at, now_seconds))
        };
        Verdict {
            signature: if reason.is_none() { Signature::Valid } else { Signature::Invalid },
            reason,
            signed_at: time.filter(|_| self.signed.has_timestamp()).map(|(_, at)| at),
            signed_headers: self.signed_headers(),
            secret,
        }
    }

    /// The MACs that a value of the header claims.
    pub(super) fn read_macs(&self, value: &[u8]) -> Vec<Vec<u8>> {
        let mut parsed = Parsed { claims: Claims::default(), times: Vec::new() };
        for element in value.split(|&byte| byte == b',') {
            self.parse_element(element.trim_ascii(), &mut parsed);
        }
        parsed.claims.into_macs()
    }

    /// What keys make of a request; nothing when something that is signed cannot be read.
    pub(super) fn expected(
        &self,
        keys: &dyn Fn(KeyForm) -> Vec<Vec<u8>>,
        headers: &Headers,
        body: &[u8],
    ) -> Vec<Expected> {
        let parsed = self.parse(headers);
        let Ok(time) = self.read_time(headers, &parsed) else { return Vec::new() };
        let timestamp = time.map_or(b"".as_slice(), |(text, _)| text);
        let Some(parts) = self.signed.fill(timestamp, body, |name| headers.one(name)) else {
            return Vec::new();
        };
        let expected = |key: Vec<u8>| Expected {
            header: self.header.clone(),
            mac: mac(&key, &parts).to_vec(),
        };
        keys(self.key).into_iter().map(expected).collect()
    }

    /// The time as it is written; empty when its element is not there.
    pub(super) fn time_text(&self, headers: &Headers) -> Option<Vec<u8>> {
        let rule = self.time.as_ref()?;
        if let Some(name) = &rule.header {
            return headers.one(name).map(<[u8]>::to_vec);
        }
        let parsed = self.parse(headers);
        Some(parsed.times.first().map(|text| text.to_vec()).unwrap_or_default())
    }

    /// What stands before a signature, where that is a name.
    pub(super) fn label(&self) -> Option<&str> {
        match &self.syntax {
            Syntax::Prefix(prefix) => prefix.strip_suffix('='),
            Syntax::Elements { signature, .. } => Some(signature.as_str()),
        }
        .filter(|label| is_label(label.as_bytes()))
    }

    /// Whether a header of this form may hold a signature; `None` when the form does not tell.
    pub(super) fn could_read(&self, shape: &str) -> Option<bool> {
        let before = match (&self.syntax, self.label()) {
            (Syntax::Prefix(prefix), None) if !prefix.is_empty() => return None,
            (Syntax::Elements { .. }, None) => return None,
            (_, None) => String::new(),
            (_, Some(label)) => format!("{label}="),
        };
        let bytes = match self.algorithm {
            Algorithm::HmacSha256 => 32,
            Algorithm::Ed25519 => 64,
        };
        let encodings: &[&str] = match self.encoding {
            Encoding::Hex => &["hex"],
            Encoding::Base64 => &["base64"],
            Encoding::Base64Url => &["base64", "base64url"],
        };
        let good = |element: &str| {
            encodings.iter().any(|encoding| element == format!("{before}<{encoding}:{bytes}>"))
        };
        Some(shape.split(',').any(|element| good(element.trim())))
    }

    /// The time that a request names, and why it is not acceptable.
    pub(super) fn signed_time(
        &self,
        headers: &Headers,
        now_seconds: i64,
    ) -> (Option<Micros>, Option<Reason>) {
        let Some(rule) = &self.time else { return (None, None) };
        match self.read_time(headers, &self.parse(headers)) {
            Ok(Some((_, at))) => {
                (Some(at).filter(|_| self.signed.has_timestamp()), rule.check(at, now_seconds))
            }
            Ok(None) | Err(()) => (None, Some(Reason::Malformed)),
        }
    }

    pub(super) fn signed_headers(&self) -> Vec<String> {
        let time = self.time.as_ref().and_then(|rule| rule.header.as_deref());
        let time = time.filter(|_| self.signed.has_timestamp());
        self.signed.headers().chain(time).map(str::to_owned).collect()
    }

    /// The time as written and as understood; `None` when the scheme has none.
    fn read_time<'a>(
        &self,
        headers: &'a Headers,
        parsed: &Parsed<'a>,
    ) -> Result<Option<(&'a [u8], Micros)>, ()> {
        let Some(rule) = &self.time else { return Ok(None) };
        let text = if let Some(name) = &rule.header {
            headers.one(name).ok_or(())?
        } else {
            let text = *parsed.times.first().ok_or(())?;
            // Two times that differ leave open which one was signed.
            if parsed.times.iter().any(|other| *other != text) {
                return Err(());
            }
            text
        };
        let number = parse_seconds(text).ok_or(())?;
        let micros = number.checked_mul(1_000_000 / rule.unit.in_seconds()).ok_or(())?;
        Ok(Some((text, micros)))
    }

    fn parse<'a>(&self, headers: &'a Headers) -> Parsed<'a> {
        let mut parsed = Parsed { claims: Claims::default(), times: Vec::new() };
        for value in headers.all(&self.header) {
            for element in value.split(|&byte| byte == b',') {
                self.parse_element(element.trim_ascii(), &mut parsed);
            }
        }
        parsed
    }

    fn parse_element<'a>(&self, element: &'a [u8], parsed: &mut Parsed<'a>) {
        let claims = &mut parsed.claims;
        match &self.syntax {
            Syntax::Prefix(prefix) => match element.strip_prefix(prefix.as_bytes()) {
                Some(text) => self.push(claims, text),
                None if element.contains(&b'=') => claims.unknown_version = true,
                None => claims.malformed = true,
            },
            Syntax::Elements { signature, time } => {
                let Some(equals) = element.iter().position(|&byte| byte == b'=') else {
                    claims.malformed = true;
                    return;
                };
                let (name, text) = (&element[..equals], &element[equals + 1..]);
                if name == signature.as_bytes() {
                    self.push(claims, text);
                } else if name == time.as_bytes() {
                    parsed.times.push(text);
                } else {
                    claims.unknown_version = true;
                }
            }
        }
    }

    fn push(&self, claims: &mut Claims, text: &[u8]) {
        let bytes = self.encoding.decode(text);
        match self.algorithm {
            Algorithm::HmacSha256 => claims.push_mac(bytes),
            Algorithm::Ed25519 => claims.push_signature(bytes),
        }
    }

    /// The headers of a request that is signed now; every header that the template names holds the id.
    pub(super) fn sign(
        &self,
        secret: &Secret,
        id: &str,
        body: &[u8],
        now_seconds: i64,
    ) -> Option<Vec<(String, String)>> {
        let rule = self.time.as_ref();
        let timestamp = rule.map(|rule| (now_seconds * rule.unit.in_seconds()).to_string());
        let timestamp_bytes = timestamp.as_deref().unwrap_or_default().as_bytes();
        let parts = self.signed.fill(timestamp_bytes, body, |_| Some(id.as_bytes()))?;
        let text = self.encoding.encode(&self.make(secret, &parts)?);
        let mut headers: Vec<(String, String)> =
            self.signed.headers().map(|name| (name.to_owned(), id.to_owned())).collect();
        if let (Some(rule), Some(timestamp)) = (rule, &timestamp)
            && let Some(name) = &rule.header
        {
            headers.push((name.clone(), timestamp.clone()));
        }
        let value = match (&self.syntax, timestamp) {
            (Syntax::Prefix(prefix), _) => format!("{prefix}{text}"),
            (Syntax::Elements { signature, time }, Some(timestamp)) => {
                format!("{time}={timestamp},{signature}={text}")
            }
            (Syntax::Elements { signature, .. }, None) => format!("{signature}={text}"),
        };
        headers.push((self.header.clone(), value));
        Some(headers)
    }

    fn make(&self, secret: &Secret, parts: &[Piece<'_>]) -> Option<Vec<u8>> {
        match self.algorithm {
            Algorithm::HmacSha256 => {
                let key = self.key.keys(secret.text()).into_iter().next()?;
                Some(mac(&key, parts).to_vec())
            }
            Algorithm::Ed25519 => {
                let seed = ed25519_seed(secret.text())?;
                let pair = Ed25519KeyPair::from_seed_unchecked(&seed).ok()?;
                Some(pair.sign(&parts.concat()).as_ref().to_vec())
            }
        }
    }
}

impl TimeRule {
    /// Why a time is not acceptable.
    pub(super) fn check(&self, at: Micros, now_seconds: i64) -> Option<Reason> {
        let seconds = at.div_euclid(1_000_000);
        if seconds < now_seconds.saturating_sub(self.past_seconds) {
            return Some(Reason::TooOld);
        }
        let latest = now_seconds.saturating_add(self.future_seconds?);
        (seconds > latest).then_some(Reason::TooFarAhead)
    }
}

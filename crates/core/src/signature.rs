//! Verifying who sent a request, in constant time.
//!
//! A scheme is a value of [`Scheme`]: data where two senders differ only in names and numbers, a
//! small file under `signature/` where they differ in what is signed. MACs and tokens are compared
//! in `claims.rs` alone, by `constant_time_eq`; signatures of public keys by `ring` alone.

mod claims;
mod expected;
mod header;
mod hint;
mod jwt;
mod kept;
mod key;
mod standard_webhooks;
mod template;
mod text;
mod token;

use crate::models::{Micros, Reason, Signature};
use serde::{Deserialize, Serialize};
use std::fmt;

pub use expected::KeptRequest;
pub use header::{Algorithm, HeaderSignature, Syntax, TimeRule, TimeUnit};
pub use hint::{Hint, HintKind, Severity, check_secret};
pub use jwt::JwtScheme;
pub use kept::MacDigests;
pub(crate) use kept::{is_known_signature_header, is_label, redact};
pub use key::KeyForm;
pub use template::{Template, TemplateError};
pub use text::Encoding;
pub use token::{TokenScheme, TokenStyle};

/// How far a signed time may lie from the clock where nothing else is said, both ways and inclusive.
pub const TOLERANCE_SECONDS: i64 = 300;

/// How a source signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Scheme {
    /// Standard Webhooks when a request carries its signature header, else a signature in a header.
    Automatic(HeaderSignature),
    /// Standard Webhooks (<https://www.standardwebhooks.com>), also under `svix-*` names.
    StandardWebhooks,
    /// An HMAC or an ed25519 signature in a header.
    Header(HeaderSignature),
    /// A JSON Web Token in a header, signed with RS256.
    Jwt(JwtScheme),
    /// A token or a password in a header.
    Token(TokenScheme),
    /// The sender does not sign: nothing is ever trusted.
    None,
}

/// What a scheme needs to verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// A secret that both sides hold.
    Secret,
    /// A secret, or a public key for the asymmetric version.
    SecretOrPublicKey,
    /// The sender's public key, or the set of keys that it publishes.
    PublicKey,
    /// A token.
    Token,
    /// `user:password`.
    Password,
    /// Nothing.
    Nothing,
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
    pub(crate) fn text(&self) -> &str {
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
    pub fn all<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_slice())
    }

    /// The one value under a lower-case name; `None` when there is none or several.
    pub fn one<'a>(&'a self, name: &str) -> Option<&'a [u8]> {
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
    /// The lower-case names of the headers that the signature covers, beside the body.
    pub signed_headers: Vec<String>,
    /// Which of the secrets made the signature, also when it is too old.
    pub secret: Option<usize>,
}

impl Verdict {
    fn not_valid(signature: Signature, reason: Reason) -> Self {
        Self {
            signature,
            reason: Some(reason),
            signed_at: None,
            signed_headers: Vec::new(),
            secret: None,
        }
    }
}

impl Scheme {
    /// The names of the schemes, as [`Self::from_name`] takes them.
    pub const NAMES: [&'static str; 8] = [
        "automatic",
        "standard-webhooks",
        "hmac-sha256",
        "ed25519",
        "rs256-jwt",
        "bearer",
        "basic",
        "none",
    ];

    /// The name used in configuration and on the command line.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Automatic(_) => "automatic",
            Self::StandardWebhooks => "standard-webhooks",
            Self::Header(form) => match form.algorithm {
                Algorithm::HmacSha256 => "hmac-sha256",
                Algorithm::Ed25519 => "ed25519",
            },
            Self::Jwt(_) => "rs256-jwt",
            Self::Token(form) => form.name(),
            Self::None => "none",
        }
    }

    /// The scheme of a name, with its usual headers; `None` for an unknown name.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "automatic" => Self::Automatic(HeaderSignature::default()),
            "standard-webhooks" => Self::StandardWebhooks,
            "hmac-sha256" => Self::Header(HeaderSignature::default()),
            "ed25519" => Self::Header(HeaderSignature {
                algorithm: Algorithm::Ed25519,
                ..HeaderSignature::body_hmac("x-webhook-signature", "")
            }),
            "rs256-jwt" => Self::Jwt(JwtScheme::default()),
            "bearer" => Self::Token(TokenScheme::authorization(TokenStyle::Bearer)),
            "basic" => Self::Token(TokenScheme::authorization(TokenStyle::Basic)),
            "none" => Self::None,
            _ => return None,
        })
    }

    /// What the scheme needs to verify.
    pub fn key_kind(&self) -> KeyKind {
        match self {
            Self::Automatic(_) | Self::StandardWebhooks => KeyKind::SecretOrPublicKey,
            Self::Header(form) => match form.algorithm {
                Algorithm::HmacSha256 => KeyKind::Secret,
                Algorithm::Ed25519 => KeyKind::PublicKey,
            },
            Self::Jwt(_) => KeyKind::PublicKey,
            Self::Token(form) => match form.style {
                TokenStyle::Basic => KeyKind::Password,
                TokenStyle::Bearer | TokenStyle::Plain => KeyKind::Token,
            },
            Self::None => KeyKind::Nothing,
        }
    }

    /// Checks a request against every secret. `now_seconds` is Unix time. A secret is whatever
    /// [`Self::key_kind`] names: a shared secret, a public key, or a JWKS document.
    ///
    /// It never fails and never panics: whatever the headers hold, the answer is a verdict.
    pub fn verify(
        &self,
        secrets: &[Secret],
        headers: &Headers,
        body: &[u8],
        now_seconds: i64,
    ) -> Verdict {
        if *self == Self::None {
            return Verdict::not_valid(Signature::Unchecked, Reason::NotSigned);
        }
        if secrets.is_empty() {
            return Verdict::not_valid(Signature::Unchecked, Reason::NoSecret);
        }
        match self {
            Self::StandardWebhooks => {
                standard_webhooks::verify(secrets, headers, body, now_seconds)
            }
            Self::Header(form) => form.verify(secrets, headers, body, now_seconds),
            Self::Automatic(form) => {
                if standard_webhooks::is_signed(headers) || !form.is_signed(headers) {
                    standard_webhooks::verify(secrets, headers, body, now_seconds)
                } else {
                    form.verify(secrets, headers, body, now_seconds)
                }
            }
            Self::Jwt(form) => form.verify(secrets, headers, now_seconds),
            Self::Token(form) => form.verify(secrets, headers),
            Self::None => Verdict::not_valid(Signature::Unchecked, Reason::NotSigned),
        }
    }

    /// The headers that a sender of this scheme adds to a request. To sign with a key pair the
    /// secret is the private key: `whsk_…` or a JSON Web Key.
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
            Self::Header(form) => form.sign(secret, id, body, now_seconds),
            Self::Jwt(form) => form.sign(secret, now_seconds),
            Self::Token(form) => Some(form.sign(secret)),
            Self::None => Some(Vec::new()),
        }
    }

    /// The headers that can carry a signature of this scheme, in lower case.
    pub fn signature_headers(&self) -> Vec<&str> {
        match self {
            Self::StandardWebhooks => standard_webhooks::SIGNATURE_HEADERS.to_vec(),
            Self::Header(form) => vec![&form.header],
            Self::Automatic(form) => {
                let mut names = standard_webhooks::SIGNATURE_HEADERS.to_vec();
                names.push(&form.header);
                names
            }
            Self::Jwt(form) => vec![&form.header],
            Self::Token(form) => vec![&form.header],
            Self::None => Vec::new(),
        }
    }

    /// The headers beside the signature's that a request must have and has not.
    pub(crate) fn missing_headers(&self, headers: &Headers) -> Vec<String> {
        self.companions(headers).into_iter().filter(|name| !headers.has(name)).collect()
    }

    /// The headers, beside the signature's, that a signature of this scheme may cover.
    pub(crate) fn signed_header_names(&self) -> Vec<&str> {
        match self {
            Self::Header(form) | Self::Automatic(form) => form.other_headers().collect(),
            Self::StandardWebhooks | Self::Jwt(_) | Self::Token(_) | Self::None => Vec::new(),
        }
    }

    /// True when a header can carry a signature of this scheme, and so must not be kept.
    pub fn is_signature_header(&self, name: &str) -> bool {
        self.signature_headers().contains(&name)
    }
}

/// Reads the name of a header in any case.
fn lower_case<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(String::deserialize(from)?.to_ascii_lowercase())
}

//! What a scheme would compare for a request: the MACs that a key makes of it.
//!
//! The doctor and verifying again look for these among what is kept of a request; the way of a
//! request that arrives is [`Scheme::verify`].

use super::kept::MacDigests;
use super::key::KeyForm;
use super::{Algorithm, HeaderSignature, Headers, Scheme, Secret, Verdict, standard_webhooks};
use crate::keys::DigestKey;
use crate::models::{Micros, Reason, Signature};

/// A MAC or a token, and the header in which the scheme would look for it.
pub(crate) struct Expected {
    pub(crate) header: String,
    pub(crate) mac: Vec<u8>,
}

impl Scheme {
    /// What keys make of a request. `keys` gives the keys for the form that the scheme uses.
    /// Nothing for schemes whose sender has a key pair, or when a header that is signed is not there.
    pub(crate) fn expected(
        &self,
        keys: &dyn Fn(KeyForm) -> Vec<Vec<u8>>,
        headers: &Headers,
        body: &[u8],
    ) -> Vec<Expected> {
        match (self.form(headers), self) {
            (Form::Standard, _) => standard_webhooks::expected(keys, headers, body),
            (Form::Header(form), _) if form.algorithm == Algorithm::HmacSha256 => {
                form.expected(keys, headers, body)
            }
            (Form::Other, Self::Token(form)) => keys(KeyForm::Text)
                .into_iter()
                .map(|mac| Expected { header: form.header.clone(), mac })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The time that a request says it was signed at, and why that is not acceptable at `now_seconds`.
    pub(crate) fn signed_time(
        &self,
        headers: &Headers,
        now_seconds: i64,
    ) -> (Option<Micros>, Option<Reason>) {
        match self.form(headers) {
            Form::Standard => standard_webhooks::signed_time(headers, now_seconds),
            Form::Header(form) => form.signed_time(headers, now_seconds),
            Form::Other => (None, None),
        }
    }

    /// The headers that the signature of a request covers.
    fn covered_headers(&self, headers: &Headers) -> Vec<String> {
        match self.form(headers) {
            Form::Standard => standard_webhooks::companions(headers),
            Form::Header(form) => form.signed_headers(),
            Form::Other => Vec::new(),
        }
    }

    /// Which of its forms a request uses.
    fn form(&self, headers: &Headers) -> Form<'_> {
        match self {
            Self::StandardWebhooks => Form::Standard,
            Self::Automatic(_) if standard_webhooks::is_signed(headers) => Form::Standard,
            Self::Header(form) | Self::Automatic(form) => Form::Header(form),
            Self::Jwt(_) | Self::Token(_) | Self::None => Form::Other,
        }
    }

    /// The headers beside the signature's that a request needs.
    pub(crate) fn companions(&self, headers: &Headers) -> Vec<String> {
        match self.form(headers) {
            Form::Standard => standard_webhooks::companions(headers),
            Form::Header(form) => form.other_headers().map(str::to_owned).collect(),
            Form::Other => Vec::new(),
        }
    }

    /// How a secret's text becomes a key for a request.
    pub(crate) fn key_form(&self, headers: &Headers) -> KeyForm {
        match self.form(headers) {
            Form::Standard => KeyForm::Whsec,
            Form::Header(form) => form.key,
            Form::Other => KeyForm::Text,
        }
    }

    /// The time as it is written; empty when the element that should hold it is not there, `None`
    /// when the scheme has no time or its header is missing.
    pub(crate) fn time_text(&self, headers: &Headers) -> Option<Vec<u8>> {
        match self.form(headers) {
            Form::Standard => {
                headers.one(standard_webhooks::time_header(headers)?).map(<[u8]>::to_vec)
            }
            Form::Header(form) => form.time_text(headers),
            Form::Other => None,
        }
    }

    /// Whether the scheme's own reading could find a signature in a header of this form, as
    /// [`super::redact`] writes it; `None` when the form does not tell.
    pub(crate) fn could_read(&self, headers: &Headers, shape: &str) -> Option<bool> {
        match self.form(headers) {
            Form::Standard => Some(shape.split(' ').any(|entry| {
                ["v1,<base64:32>", "<base64:32>", "v1a,<base64:64>"].contains(&entry)
            })),
            Form::Header(form) => form.could_read(shape),
            Form::Other => match self {
                Self::Token(form) => Some(form.could_read(shape)),
                _ => None,
            },
        }
    }

    /// What stands before a signature of this scheme.
    pub(crate) fn label(&self, headers: &Headers) -> Option<String> {
        match self.form(headers) {
            Form::Standard => Some("v1".to_owned()),
            Form::Header(form) => form.label().map(str::to_owned),
            Form::Other => None,
        }
    }

    /// True when a failure of this scheme can be verified again from what is kept of it.
    pub fn can_verify_again(&self) -> bool {
        match self {
            Self::StandardWebhooks | Self::Automatic(_) | Self::Token(_) => true,
            Self::Header(form) => form.algorithm == Algorithm::HmacSha256,
            Self::Jwt(_) | Self::None => false,
        }
    }

    /// Verifies a stored request again, from the headers that are kept and the digests of its MACs,
    /// as if the secrets had been there when it was received. `None` when it does not hold.
    pub fn verify_again(
        &self,
        secrets: &[Secret],
        kept: &KeptRequest<'_>,
        received_seconds: i64,
    ) -> Option<Verdict> {
        let holds = |secret: &Secret| {
            let keys = |form: KeyForm| form.keys(secret.text());
            self.expected(&keys, kept.headers, kept.body)
                .iter()
                .any(|one| kept.digests.has(kept.key, &one.header, &one.mac))
        };
        let secret = secrets.iter().position(holds)?;
        let (signed_at, reason) = self.signed_time(kept.headers, received_seconds);
        reason.is_none().then(|| Verdict {
            signature: Signature::Valid,
            reason: None,
            signed_at,
            signed_headers: self.covered_headers(kept.headers),
            secret: Some(secret),
        })
    }
}

/// The form that a request of a scheme uses.
enum Form<'a> {
    Standard,
    Header(&'a HeaderSignature),
    Other,
}

/// What is kept of a request.
#[derive(Clone, Copy, Debug)]
pub struct KeptRequest<'a> {
    /// The headers that are kept; signatures in their form alone.
    pub headers: &'a Headers,
    /// The body, byte for byte.
    pub body: &'a [u8],
    /// The digests of its MACs.
    pub digests: &'a MacDigests,
    /// The key of the digests.
    pub key: &'a DigestKey,
}

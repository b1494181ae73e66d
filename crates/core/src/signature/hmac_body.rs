//! HMAC-SHA256 of the body alone, in hex, in a header of the sender's choice.
//!
//! The signature covers neither a time nor an id in a header: a captured request verifies for ever,
//! which is why an unsigned id never replaces trusted content (see [`crate::rule`]).

use super::{Headers, Macs, Secret, Verdict, mac};
use crate::models::{Reason, Signature};

/// Where and how the signature is written: `X-Webhook-Signature: sha256=<hex>` unless told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyHmac {
    /// The header, in lower case.
    pub header: String,
    /// What stands before the hex digits.
    pub prefix: String,
}

impl Default for BodyHmac {
    fn default() -> Self {
        Self { header: "x-webhook-signature".to_owned(), prefix: "sha256=".to_owned() }
    }
}

impl BodyHmac {
    pub(super) fn is_signed(&self, headers: &Headers) -> bool {
        headers.has(&self.header)
    }

    pub(super) fn verify(&self, secrets: &[Secret], headers: &Headers, body: &[u8]) -> Verdict {
        if !self.is_signed(headers) {
            return Verdict::not_valid(Signature::Missing, Reason::HeaderMissing);
        }
        let mut macs = Macs::default();
        for entry in headers.all(&self.header) {
            let entry = entry.trim_ascii();
            match entry.strip_prefix(self.prefix.as_bytes()) {
                Some(digits) => macs.push(hex::decode(digits).ok()),
                None if entry.contains(&b'=') => macs.unknown_version = true,
                None => macs.malformed = true,
            }
        }
        let computed = secrets.iter().map(|secret| mac(secret.text().as_bytes(), &[body]));
        let (signature, reason) = if macs.any_match(computed) {
            (Signature::Valid, None)
        } else {
            (Signature::Invalid, Some(macs.reason()))
        };
        Verdict { signature, reason, signed_at: None, signed_headers: &[] }
    }

    pub(super) fn sign(&self, secret: &Secret, body: &[u8]) -> Vec<(String, String)> {
        let mac = mac(secret.text().as_bytes(), &[body]);
        vec![(self.header.clone(), format!("{}{}", self.prefix, hex::encode(mac)))]
    }
}

//! The signatures that a request claims, and the one place where they are compared.

use super::Secret;
use crate::models::Reason;
use constant_time_eq::{constant_time_eq_16, constant_time_eq_32};
use hmac::{Hmac, KeyInit, Mac};
use ring::signature::{ED25519, UnparsedPublicKey};
use sha2::Sha256;

/// HMAC-SHA256 over parts in order.
pub(crate) fn mac<P: AsRef<[u8]>>(key: &[u8], parts: &[P]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part.as_ref());
    }
    mac.finalize().into_bytes().into()
}

/// The signatures that a request claims, read from its headers.
#[derive(Default)]
pub(super) struct Claims {
    /// HMACs.
    pub(super) macs: Vec<[u8; 32]>,
    /// Signatures of ed25519.
    pub(super) signatures: Vec<[u8; 64]>,
    pub(super) malformed: bool,
    pub(super) unknown_version: bool,
}

impl Claims {
    /// More than any sender's rotation needs; the rest of a hostile header is not looked at.
    const MOST: usize = 64;
    /// Verifying a signature costs fifty times a comparison, so fewer are looked at.
    const MOST_SIGNATURES: usize = 8;

    pub(super) fn push_mac(&mut self, bytes: Option<Vec<u8>>) {
        match bytes.and_then(|bytes| bytes.try_into().ok()) {
            Some(mac) if self.macs.len() < Self::MOST => self.macs.push(mac),
            _ => self.malformed = true,
        }
    }

    pub(super) fn push_signature(&mut self, bytes: Option<Vec<u8>>) {
        match bytes.and_then(|bytes| bytes.try_into().ok()) {
            Some(signature) if self.signatures.len() < Self::MOST_SIGNATURES => {
                self.signatures.push(signature);
            }
            _ => self.malformed = true,
        }
    }

    /// Which secret made one of the MACs. Every claim is compared with every key's MAC, always all
    /// of them, in constant time.
    pub(super) fn find_mac_secret<P: AsRef<[u8]>>(
        &self,
        secrets: &[Secret],
        keys: impl Fn(&Secret) -> Vec<Vec<u8>>,
        parts: &[P],
    ) -> Option<usize> {
        let mut found = None;
        for (index, secret) in secrets.iter().enumerate() {
            let mut matched = false;
            for key in keys(secret) {
                let computed = mac(&key, parts);
                for claimed in &self.macs {
                    matched |= constant_time_eq_32(claimed, &computed);
                }
            }
            if matched && found.is_none() {
                found = Some(index);
            }
        }
        found
    }

    /// Which public key verifies one of the signatures.
    pub(super) fn find_public_key<P: AsRef<[u8]>>(
        &self,
        secrets: &[Secret],
        keys: impl Fn(&Secret) -> Vec<[u8; 32]>,
        parts: &[P],
    ) -> Option<usize> {
        if self.signatures.is_empty() {
            return None;
        }
        let message = parts.iter().fold(Vec::new(), |mut message, part| {
            message.extend_from_slice(part.as_ref());
            message
        });
        secrets.iter().position(|secret| {
            keys(secret).iter().any(|key| {
                let key = UnparsedPublicKey::new(&ED25519, key);
                self.signatures.iter().any(|claimed| key.verify(&message, claimed).is_ok())
            })
        })
    }

    /// The claimed MACs, for a digest of them.
    pub(super) fn into_macs(self) -> Vec<Vec<u8>> {
        self.macs.into_iter().map(|mac| mac.to_vec()).collect()
    }

    /// Why nothing matched.
    pub(super) fn reason(&self) -> Reason {
        if !self.macs.is_empty() || !self.signatures.is_empty() {
            Reason::Wrong
        } else if self.unknown_version {
            Reason::UnknownVersion
        } else {
            Reason::Malformed
        }
    }
}

/// Compares two digests in constant time.
pub(super) fn is_same_digest(kept: &[u8; 16], computed: &[u8; 16]) -> bool {
    constant_time_eq_16(kept, computed)
}

/// Compares two tokens in constant time; their digests are compared, so not even the length shows.
pub(super) fn is_same_token(claimed: &[u8], configured: &[u8]) -> bool {
    // The key is not secret: it only makes both digests differ from any other use of SHA-256.
    let digest = |token: &[u8]| mac(b"ringback token", &[token]);
    constant_time_eq_32(&digest(claimed), &digest(configured))
}

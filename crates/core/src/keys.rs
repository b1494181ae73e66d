//! The server's key: what it seals, and the keys that are derived from it.
//!
//! One secret of 32 bytes is kept outside the database. HKDF-SHA256 (RFC 5869) makes a key for each
//! purpose from it, so no two purposes ever share one. What goes into the database is sealed with
//! XChaCha20-Poly1305: its 24-byte nonce is long enough to be drawn at random for as long as the
//! server lives. Randomness is an argument; where the key comes from is the server's business.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use sha2::Sha256;
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The size of a key in bytes.
pub const KEY_BYTES: usize = 32;
/// The size of a nonce in bytes.
pub const NONCE_BYTES: usize = 24;

/// What a derived key is for. The text is what HKDF takes as `info`, and is never changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Sealing signing secrets.
    SourceSecrets,
    /// Sealing small values that the database keeps for the server.
    Settings,
    /// Sealing what alert channels keep secret.
    AlertChannels,
    /// Telling keys apart without showing them.
    KeyId,
}

impl Purpose {
    fn info(self) -> &'static [u8] {
        match self {
            Self::SourceSecrets => b"ringback v1 source secrets",
            Self::Settings => b"ringback v1 settings",
            Self::AlertChannels => b"ringback v1 alert channels",
            Self::KeyId => b"ringback v1 key id",
        }
    }
}

/// The server's key. It shows itself to nobody and is wiped when it is dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct ServerKey([u8; KEY_BYTES]);

/// Why a text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a server key is 64 hex digits: `openssl rand -hex 32` makes one")]
pub struct KeyFormError;

/// Why something sealed cannot be opened: another key sealed it, or it was changed or moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it was sealed with another key, or it was changed")]
pub struct OpenSealError;

impl ServerKey {
    /// A key of random bytes.
    pub fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }

    /// Reads 64 hex digits, with white space around them.
    ///
    /// # Errors
    /// [`KeyFormError`], which never quotes the text.
    pub fn parse(text: &str) -> Result<Self, KeyFormError> {
        let mut bytes = [0; KEY_BYTES];
        hex::decode_to_slice(text.trim(), &mut bytes).map_err(|_| KeyFormError)?;
        Ok(Self(bytes))
    }

    /// The text that [`Self::parse`] reads: for the key file and nothing else.
    pub fn to_text(&self) -> String {
        hex::encode(self.0)
    }

    /// A name for the key that says nothing about it: 16 hex digits.
    pub fn id(&self) -> String {
        hex::encode(&self.derive(Purpose::KeyId)[..8])
    }

    /// The key for a purpose.
    fn derive(&self, purpose: Purpose) -> [u8; KEY_BYTES] {
        let mut key = [0; KEY_BYTES];
        Hkdf::<Sha256>::new(None, &self.0)
            .expand(purpose.info(), &mut key)
            .expect("32 bytes are fewer than HKDF can give");
        key
    }

    /// Seals a value. `context` is not stored and must be the same when it is opened, so a sealed
    /// value that is moved to another row opens nowhere. The nonce is random and stands in front.
    pub fn seal(
        &self,
        purpose: Purpose,
        nonce: [u8; NONCE_BYTES],
        context: &str,
        value: &[u8],
    ) -> Vec<u8> {
        let payload = Payload { msg: value, aad: context.as_bytes() };
        let sealed = self
            .cipher(purpose)
            .encrypt(&XNonce::from(nonce), payload)
            .expect("a value is far below the limit of the cipher");
        [&nonce[..], &sealed].concat()
    }

    /// Opens what [`Self::seal`] made.
    ///
    /// # Errors
    /// [`OpenSealError`].
    pub fn open(
        &self,
        purpose: Purpose,
        context: &str,
        sealed: &[u8],
    ) -> Result<Vec<u8>, OpenSealError> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(OpenSealError)?;
        let payload = Payload { msg: sealed, aad: context.as_bytes() };
        self.cipher(purpose).decrypt(&XNonce::from(*nonce), payload).map_err(|_| OpenSealError)
    }

    fn cipher(&self, purpose: Purpose) -> XChaCha20Poly1305 {
        let mut key = self.derive(purpose);
        let cipher = XChaCha20Poly1305::new(&key.into());
        key.zeroize();
        cipher
    }
}

/// The key of digests that stand for received signatures: random, made once for each database, and
/// sealed with the server's key, so that it outlives a change of that key.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct DigestKey([u8; KEY_BYTES]);

impl DigestKey {
    /// A key of random bytes.
    pub fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }

    /// The key for HMAC-SHA256.
    pub fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

impl fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DigestKey(…)")
    }
}

impl fmt::Debug for ServerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NONCE: [u8; NONCE_BYTES] = [7; NONCE_BYTES];

    fn key(byte: u8) -> ServerKey {
        ServerKey::new([byte; KEY_BYTES])
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_with_its_key_purpose_and_context_alone(
            value in proptest::collection::vec(any::<u8>(), 0..200), context in ".{0,40}"
        ) {
            let sealed = key(1).seal(Purpose::SourceSecrets, NONCE, &context, &value);
            let open = |key: &ServerKey, purpose, context: &str| key.open(purpose, context, &sealed);
            prop_assert_eq!(open(&key(1), Purpose::SourceSecrets, &context), Ok(value));
            prop_assert_eq!(open(&key(2), Purpose::SourceSecrets, &context), Err(OpenSealError));
            prop_assert_eq!(open(&key(1), Purpose::Settings, &context), Err(OpenSealError));
            let moved = format!("{context} ");
            prop_assert_eq!(open(&key(1), Purpose::SourceSecrets, &moved), Err(OpenSealError));
        }

        #[test]
        fn one_changed_or_missing_bit_opens_nothing(bit in 0usize..(24 + 6 + 16) * 8) {
            let mut sealed = key(1).seal(Purpose::Settings, NONCE, "x", b"secret");
            sealed[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(key(1).open(Purpose::Settings, "x", &sealed), Err(OpenSealError));
            let cut = &sealed[..bit / 8];
            prop_assert_eq!(key(1).open(Purpose::Settings, "x", cut), Err(OpenSealError));
        }
    }

    #[test]
    fn a_key_is_read_as_it_is_written_and_nothing_else_is_read() {
        let text = key(0xab).to_text();
        assert_eq!(ServerKey::parse(&format!(" {text}\n")), Ok(key(0xab)));
        for wrong in ["", "ab", &text[1..], &format!("{text}00"), &"zz".repeat(32)] {
            assert_eq!(ServerKey::parse(wrong), Err(KeyFormError), "{wrong}");
        }
    }

    #[test]
    fn keys_and_purposes_are_told_apart_and_a_key_does_not_show_itself() {
        assert_ne!(key(1).id(), key(2).id());
        assert_ne!(key(1).derive(Purpose::Settings), key(1).derive(Purpose::SourceSecrets));
        assert!(!key(1).to_text().contains(&key(1).id()));
        assert_eq!(format!("{:?}", key(1)), "ServerKey(…)");
    }

    #[test]
    fn derivation_and_cipher_are_those_of_their_specifications() {
        // Computed by an independent program. A change would make every stored secret unreadable.
        let key = ServerKey::parse(&"0b".repeat(32)).unwrap();
        let sealed = key.seal(Purpose::SourceSecrets, NONCE, "source secret", b"whsec_");
        assert_eq!(
            hex::encode(&sealed[NONCE_BYTES..]),
            "2f2b4c4aceed25cc9204e9a71d1c2ba7fbcf1a4cb14f"
        );
        assert_eq!(key.id(), "72cf097e9d0d0841");
    }
}

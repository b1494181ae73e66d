//! Random secrets of sessions, API tokens and set-up links, and their digests.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::Rng as _;
use sha2::{Digest, Sha256};

/// 32 random bytes in base64url after a prefix that says what it is.
pub fn random_token(prefix: &str) -> String {
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// Random bytes: keys, nonces.
pub fn fill_random(bytes: &mut [u8]) {
    rand::rng().fill_bytes(bytes);
}

/// A random 64-bit number: the identity of a new feed, a request id.
pub fn random_u64() -> u64 {
    rand::rng().next_u64()
}

/// What is stored of a token. The token has 256 random bits, so a plain digest is enough.
pub fn hash_token(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

//! What a key of each kind looks like.

use super::super::key::{KeyForm, ed25519_public_keys, is_key_set, rsa_public_keys};
use super::super::text::BASE64;
use super::super::{Algorithm, Scheme, Secret};
use super::{Hint, HintKind, Hints, Severity};
use base64::Engine as _;

/// Standard Webhooks allows 24 to 64 bytes.
const STANDARD_KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// Below this a secret can be tried out.
const SHORTEST_TEXT_BYTES: usize = 16;

fn is_pem(text: &str) -> bool {
    text.starts_with("-----BEGIN")
}

/// A key pair's half; false when it was one.
fn check_no_key_pair(hints: &mut Hints, text: &str) -> bool {
    let is_private_jwk = is_key_set(text) && Secret::new(text).is_some_and(|key| !key.is_public());
    if text.starts_with("whsk_") || (is_pem(text) && text.contains("PRIVATE KEY")) || is_private_jwk
    {
        let sentence = "it is a private key: whoever has it can sign as the sender; only the public key belongs here";
        hints.add(HintKind::PrivateKey, Severity::Wrong, sentence);
        return false;
    }
    true
}

pub(super) fn check_shared(hints: &mut Hints, scheme: &Scheme, text: &str) {
    if !check_no_key_pair(hints, text) {
        return;
    }
    if text.starts_with("whpk_") || is_pem(text) || is_key_set(text) {
        let sentence = "it is a public key, and this source needs the secret that both sides share";
        return hints.add(HintKind::PublicKey, Severity::Wrong, sentence);
    }
    let Scheme::Header(form) = scheme else { return };
    let keys = form.key.keys(text);
    match form.key {
        KeyForm::Base64 if keys.is_empty() => {
            return hints.add(
                HintKind::BadBase64,
                Severity::Wrong,
                "it is not base64, which this source needs",
            );
        }
        KeyForm::Hex if keys.is_empty() => {
            return hints.add(
                HintKind::BadHex,
                Severity::Wrong,
                "it is not hex, which this source needs",
            );
        }
        KeyForm::Whsec => return check_standard(hints, scheme, text),
        _ => {}
    }
    let is_stripe = form.header == "stripe-signature";
    let rest = text.strip_prefix("whsec_");
    if is_stripe && rest.is_none() {
        let sentence =
            "Stripe's signing secrets begin with whsec_, and all of the text is the secret";
        hints.add(HintKind::StripeSecret, Severity::Doubtful, sentence);
    }
    if rest.is_some_and(|rest| rest.contains(['+', '/', '='])) {
        let sentence = "it looks like a Standard Webhooks secret, which is decoded there; this source uses it as text";
        hints.add(HintKind::StandardWebhooksSecret, Severity::Doubtful, sentence);
    }
    check_length(hints, text, keys.first().map_or(0, Vec::len));
}

fn check_length(hints: &mut Hints, text: &str, key_bytes: usize) {
    if text.contains(char::is_whitespace) {
        hints.add(HintKind::WhiteSpace, Severity::Doubtful, "white space stands inside it");
    }
    if key_bytes < SHORTEST_TEXT_BYTES {
        let sentence =
            format!("it is {key_bytes} bytes long: a secret that short can be found by trying");
        hints.add(HintKind::TooShort, Severity::Doubtful, sentence);
    }
}

pub(super) fn check_standard(hints: &mut Hints, scheme: &Scheme, text: &str) {
    if !check_no_key_pair(hints, text) {
        return;
    }
    if text.starts_with("whpk_") || is_pem(text) || text.starts_with('{') {
        if ed25519_public_keys(text).is_empty() {
            let sentence =
                "no ed25519 public key can be read from it: whpk_ and 32 bytes in base64";
            hints.add(HintKind::NoUsableKey, Severity::Wrong, sentence);
        }
        return;
    }
    let Some(rest) = text.strip_prefix("whsec_") else {
        // The in-house scheme takes any text.
        let decoded = BASE64.decode(text).map_or(text.len(), |key| key.len());
        return check_length(hints, text, decoded);
    };
    let is_plain = rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let is_hex = rest.len() == 64 && rest.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_in_house = matches!(scheme, Scheme::Automatic(_));
    let Ok(key) = BASE64.decode(rest) else {
        if is_plain && !is_in_house {
            let sentence = "it looks like a signing secret of Stripe, which is used as text: choose the provider Stripe";
            hints.add(HintKind::StripeSecret, Severity::Wrong, sentence);
        } else {
            let sentence =
                "what follows whsec_ is not base64: a character may be missing or too much";
            hints.add(HintKind::BadBase64, Severity::Wrong, sentence);
        }
        return;
    };
    if is_hex || (is_plain && rest.len() == 32) {
        let sentence = "it may be a signing secret of Stripe, which is used as text: if it is, choose the provider Stripe";
        let severity = if is_hex { Severity::Doubtful } else { Severity::Note };
        hints.add(HintKind::StripeSecret, severity, sentence);
    }
    if key.len() < *STANDARD_KEY_BYTES.start() {
        let sentence = format!(
            "the key is {} bytes long, and the specification asks for 24 to 64: a part may be missing",
            key.len()
        );
        let severity = if key.is_empty() { Severity::Wrong } else { Severity::Doubtful };
        hints.add(HintKind::TooShort, severity, sentence);
    } else if key.len() > *STANDARD_KEY_BYTES.end() {
        let sentence =
            format!("the key is {} bytes long, and the specification asks for 24 to 64", key.len());
        hints.add(HintKind::TooLong, Severity::Note, sentence);
    }
}

pub(super) fn check_public(hints: &mut Hints, scheme: &Scheme, text: &str) {
    if !check_no_key_pair(hints, text) {
        return;
    }
    let is_ed25519 = matches!(scheme, Scheme::Header(form) if form.algorithm == Algorithm::Ed25519);
    let (is_usable, kind) = if is_ed25519 {
        (!ed25519_public_keys(text).is_empty(), "an ed25519")
    } else {
        (!rsa_public_keys(text).is_empty(), "an RSA")
    };
    if is_usable {
        return;
    }
    if text.starts_with("whsec_") {
        let sentence = "it is a shared secret, and this source needs the sender's public key";
        return hints.add(HintKind::SecretForPublicKey, Severity::Wrong, sentence);
    }
    let sentence = if text.contains("BEGIN CERTIFICATE") {
        format!(
            "it is a certificate: this source needs {kind} public key, in PEM or as a JWKS document"
        )
    } else if text.starts_with('{') || is_pem(text) {
        format!("there is no {} public key in it that can be used", kind.trim_start_matches("an "))
    } else {
        format!("it is not {kind} public key: PEM, or a JWKS document")
    };
    hints.add(HintKind::NoUsableKey, Severity::Wrong, sentence);
}

pub(super) fn check_token(hints: &mut Hints, text: &str) {
    if let Some((word, rest)) = text.split_once(' ')
        && ["bearer", "basic", "token"].contains(&word.to_ascii_lowercase().as_str())
    {
        let sentence = "it begins with the word of the header: only the token belongs here";
        return hints.mend(HintKind::HeaderWord, Severity::Wrong, sentence, rest.trim());
    }
    check_length(hints, text, text.len());
}

pub(super) fn check_password(hints: &mut Hints, text: &str) {
    if let Some(rest) = text.strip_prefix("Basic ") {
        let decoded =
            BASE64.decode(rest.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let sentence = "it is the header's value: what belongs here is user:password";
        hints.0.push(Hint {
            kind: HintKind::HeaderWord,
            severity: Severity::Wrong,
            text: sentence.to_owned(),
            mended: decoded,
        });
    } else if !text.contains(':') {
        let sentence = "there is no colon in it: what belongs here is user:password";
        hints.add(HintKind::NoColon, Severity::Wrong, sentence);
    }
}

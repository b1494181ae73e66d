//! Standard Webhooks: `v1`, HMAC-SHA256, and `v1a`, ed25519, over `id.timestamp.body`, in base64.
//!
//! Source: the specification at <https://github.com/standard-webhooks/standard-webhooks>. Two habits
//! of real senders are followed: the timestamp is signed as header text, never re-printed, and a
//! secret without `whsec_` may be base64 or plain text, so both readings are tried. An entry without
//! a version counts as `v1`, as in `OpenAI`'s libraries: it is the same MAC or it does not hold.

use super::claims::{Claims, mac};
use super::expected::Expected;
use super::header::{TimeRule, TimeUnit};
use super::key::{KeyForm, ed25519_public_keys, ed25519_seed};
use super::text::{BASE64, parse_seconds};
use super::{Headers, Secret, TOLERANCE_SECONDS, Verdict};
use crate::models::{Micros, Reason, Signature};
use base64::Engine as _;
use ring::signature::Ed25519KeyPair;

struct Names {
    id: &'static str,
    timestamp: &'static str,
    signature: &'static str,
}

const NAMES: [Names; 2] = [
    Names { id: "webhook-id", timestamp: "webhook-timestamp", signature: "webhook-signature" },
    Names { id: "svix-id", timestamp: "svix-timestamp", signature: "svix-signature" },
];

/// Five minutes both ways, inclusive, as the libraries have it.
const TIME_RULE: TimeRule = TimeRule {
    header: None,
    unit: TimeUnit::Seconds,
    past_seconds: TOLERANCE_SECONDS,
    future_seconds: Some(TOLERANCE_SECONDS),
};

/// The headers that carry the signature.
pub(super) const SIGNATURE_HEADERS: [&str; 2] = [NAMES[0].signature, NAMES[1].signature];

pub(super) fn is_signed(headers: &Headers) -> bool {
    NAMES.iter().any(|names| headers.has(names.signature))
}

pub(super) fn verify(
    secrets: &[Secret],
    headers: &Headers,
    body: &[u8],
    now_seconds: i64,
) -> Verdict {
    let Some(names) = NAMES.iter().find(|names| headers.has(names.signature)) else {
        return Verdict::not_valid(Signature::Missing, Reason::HeaderMissing);
    };
    if !headers.has(names.id) || !headers.has(names.timestamp) {
        return Verdict::not_valid(Signature::Invalid, Reason::HeaderMissing);
    }
    let (Some(id), Some(timestamp)) = (headers.one(names.id), headers.one(names.timestamp)) else {
        return Verdict::not_valid(Signature::Invalid, Reason::Malformed);
    };
    let at = parse_seconds(timestamp).and_then(|seconds| seconds.checked_mul(1_000_000));
    let Some(at) = at else {
        return Verdict::not_valid(Signature::Invalid, Reason::Malformed);
    };
    let has_public_key = secrets.iter().any(|secret| !asymmetric_keys(secret).is_empty());
    let claims = read_claims(headers, names.signature, has_public_key);
    let parts = [id, b".".as_slice(), timestamp, b".", body];
    let symmetric_keys = |secret: &Secret| KeyForm::Whsec.keys(secret.text());
    let secret = claims
        .find_mac_secret(secrets, symmetric_keys, &parts)
        .or_else(|| claims.find_public_key(secrets, asymmetric_keys, &parts));
    let reason = match secret {
        None => Some(claims.reason()),
        Some(_) => TIME_RULE.check(at, now_seconds),
    };
    Verdict {
        signature: if reason.is_none() { Signature::Valid } else { Signature::Invalid },
        reason,
        signed_at: Some(at),
        signed_headers: companions(headers),
        secret,
    }
}

/// A space-separated list of `version,base64`, over however many headers. `v1a` is a version
/// that is known only where a public key is.
fn read_claims(headers: &Headers, name: &str, has_public_key: bool) -> Claims {
    let mut claims = Claims::default();
    for value in headers.all(name) {
        for entry in value.split(|&byte| byte == b' ').filter(|entry| !entry.is_empty()) {
            let Some(comma) = entry.iter().position(|&byte| byte == b',') else {
                claims.push_mac(BASE64.decode(entry).ok());
                continue;
            };
            let (version, text) = (&entry[..comma], &entry[comma + 1..]);
            match version {
                b"v1" => claims.push_mac(BASE64.decode(text).ok()),
                b"v1a" if has_public_key => claims.push_signature(BASE64.decode(text).ok()),
                _ => claims.unknown_version = true,
            }
        }
    }
    claims
}

/// The MACs that a value of the signature's header claims.
pub(super) fn read_macs(value: &[u8]) -> Vec<Vec<u8>> {
    let headers = Headers::new([(NAMES[0].signature, value)]);
    read_claims(&headers, NAMES[0].signature, false).into_macs()
}

fn family(headers: &Headers) -> Option<&'static Names> {
    NAMES.iter().find(|names| headers.has(names.signature))
}

/// The family of headers that a request uses, with its id and its timestamp.
fn read_family(headers: &Headers) -> Option<(&'static Names, &[u8], &[u8])> {
    let names = family(headers)?;
    Some((names, headers.one(names.id)?, headers.one(names.timestamp)?))
}

/// What keys make of a request; nothing when a header is not there.
pub(super) fn expected(
    keys: &dyn Fn(KeyForm) -> Vec<Vec<u8>>,
    headers: &Headers,
    body: &[u8],
) -> Vec<Expected> {
    let Some((names, id, timestamp)) = read_family(headers) else { return Vec::new() };
    let parts = [id, b".", timestamp, b".", body];
    let expected = |key: Vec<u8>| Expected {
        header: names.signature.to_owned(),
        mac: mac(&key, &parts).to_vec(),
    };
    keys(KeyForm::Whsec).into_iter().map(expected).collect()
}

/// The time that a request names, and why it is not acceptable.
pub(super) fn signed_time(headers: &Headers, now_seconds: i64) -> (Option<Micros>, Option<Reason>) {
    let timestamp = read_family(headers).and_then(|(_, _, text)| parse_seconds(text));
    match timestamp.and_then(|seconds| seconds.checked_mul(1_000_000)) {
        Some(at) => (Some(at), TIME_RULE.check(at, now_seconds)),
        None => (None, Some(Reason::Malformed)),
    }
}

/// The header of the time in the family that a request uses.
pub(super) fn time_header(headers: &Headers) -> Option<&'static str> {
    family(headers).map(|names| names.timestamp)
}

/// The headers beside the signature's that a request needs, in the family that it uses.
pub(super) fn companions(headers: &Headers) -> Vec<String> {
    let names = family(headers).map(|names| [names.id.to_owned(), names.timestamp.to_owned()]);
    names.into_iter().flatten().collect()
}

pub(super) fn sign(
    secret: &Secret,
    id: &str,
    body: &[u8],
    now_seconds: i64,
) -> Option<Vec<(String, String)>> {
    let timestamp = now_seconds.to_string();
    let parts = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
    let signature = if let Some(seed) = ed25519_seed(secret.text()) {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).ok()?;
        format!("v1a,{}", BASE64.encode(pair.sign(&parts.concat())))
    } else {
        let key = KeyForm::Whsec.keys(secret.text()).into_iter().next()?;
        format!("v1,{}", BASE64.encode(mac(&key, &parts)))
    };
    let names = &NAMES[0];
    Some(vec![
        (names.id.to_owned(), id.to_owned()),
        (names.timestamp.to_owned(), timestamp),
        (names.signature.to_owned(), signature),
    ])
}

/// Public keys by their prefix, or a key set: a plain shared secret may well be 32 bytes of base64
/// and must not be taken for a public key.
fn asymmetric_keys(secret: &Secret) -> Vec<[u8; 32]> {
    let text = secret.text();
    let has_form =
        ["whpk_", "whsk_", "{", "-----BEGIN"].iter().any(|start| text.starts_with(start));
    if has_form { ed25519_public_keys(text) } else { Vec::new() }
}

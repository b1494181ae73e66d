//! Standard Webhooks `v1`: HMAC-SHA256 over `id.timestamp.body`, base64.
//!
//! Source: the specification at <https://github.com/standard-webhooks/standard-webhooks>. Two habits
//! of real senders are followed: the timestamp is signed as header text, never re-printed, and a
//! secret without `whsec_` may be base64 or plain text, so both readings are tried.

use super::{Headers, Macs, Secret, TOLERANCE_SECONDS, Verdict, mac};
use crate::models::{Reason, Signature};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Standard alphabet, padding as the sender likes.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

struct Names {
    id: &'static str,
    timestamp: &'static str,
    signature: &'static str,
    signed: &'static [&'static str],
}

const NAMES: [Names; 2] = [
    Names {
        id: "webhook-id",
        timestamp: "webhook-timestamp",
        signature: "webhook-signature",
        signed: &["webhook-id", "webhook-timestamp"],
    },
    Names {
        id: "svix-id",
        timestamp: "svix-timestamp",
        signature: "svix-signature",
        signed: &["svix-id", "svix-timestamp"],
    },
];

pub(super) fn is_signed(headers: &Headers) -> bool {
    NAMES.iter().any(|names| headers.has(names.signature))
}

pub(super) fn is_signature_header(name: &str) -> bool {
    NAMES.iter().any(|names| names.signature == name)
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
    let Some(seconds) = parse_seconds(timestamp) else {
        return Verdict::not_valid(Signature::Invalid, Reason::Malformed);
    };
    let macs = read_macs(headers, names.signature);
    let computed =
        secrets.iter().flat_map(keys).map(|key| mac(&key, &[id, b".", timestamp, b".", body]));
    let (signature, reason) = if !macs.any_match(computed) {
        (Signature::Invalid, Some(macs.reason()))
    } else if seconds < now_seconds.saturating_sub(TOLERANCE_SECONDS) {
        (Signature::Invalid, Some(Reason::TooOld))
    } else if seconds > now_seconds.saturating_add(TOLERANCE_SECONDS) {
        (Signature::Invalid, Some(Reason::TooFarAhead))
    } else {
        (Signature::Valid, None)
    };
    let signed_at = seconds.checked_mul(1_000_000);
    Verdict { signature, reason, signed_at, signed_headers: names.signed }
}

pub(super) fn sign(
    secret: &Secret,
    id: &str,
    body: &[u8],
    now_seconds: i64,
) -> Option<Vec<(String, String)>> {
    let key = keys(secret).into_iter().next()?;
    let timestamp = now_seconds.to_string();
    let mac = mac(&key, &[id.as_bytes(), b".", timestamp.as_bytes(), b".", body]);
    let signature = format!("v1,{}", BASE64.encode(mac));
    let names = &NAMES[0];
    Some(vec![
        (names.id.to_owned(), id.to_owned()),
        (names.timestamp.to_owned(), timestamp),
        (names.signature.to_owned(), signature),
    ])
}

/// A space-separated list of `version,base64`, over however many headers.
fn read_macs(headers: &Headers, name: &str) -> Macs {
    let mut macs = Macs::default();
    for value in headers.all(name) {
        for entry in value.split(|&byte| byte == b' ').filter(|entry| !entry.is_empty()) {
            let Some(comma) = entry.iter().position(|&byte| byte == b',') else {
                macs.malformed = true;
                continue;
            };
            let (version, text) = (&entry[..comma], &entry[comma + 1..]);
            if version == b"v1" {
                macs.push(BASE64.decode(text).ok());
            } else {
                macs.unknown_version = true;
            }
        }
    }
    macs
}

/// The keys that a secret may mean. With `whsec_` the rest is base64; without it the text may be
/// base64 or the key itself.
fn keys(secret: &Secret) -> Vec<Vec<u8>> {
    let text = secret.text();
    let decoded = |text: &str| BASE64.decode(text).ok().filter(|key| !key.is_empty());
    match text.strip_prefix("whsec_") {
        Some(rest) => decoded(rest).into_iter().collect(),
        None => decoded(text).into_iter().chain([text.as_bytes().to_vec()]).collect(),
    }
}

/// Digits only: some libraries read `1614265330abc` as a number, and the text is what is signed.
fn parse_seconds(text: &[u8]) -> Option<i64> {
    if text.is_empty() || text.len() > 18 || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

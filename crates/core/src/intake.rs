//! From a request to a delivery that can be stored: verify, read, digest, compress. CPU only.

use crate::keys::DigestKey;
use crate::models::{Encoding, IdOrigin, Micros, NewDelivery, StoredBody};
use crate::signature::{Headers, MacDigests, Verdict, is_known_signature_header, redact};
use crate::source::{Fields, Found, Place, Source, parse_time};
use sha2::{Digest, Sha256};
use std::io::Read;

/// The longest id, event type, job or workflow, in bytes.
pub const NAME_LIMIT_BYTES: usize = 255;

/// Bodies from this size on are compressed when that saves a tenth; below, it costs more than it gives.
const COMPRESS_FROM_BYTES: usize = 2048;

/// The headers that are kept as evidence. Signatures, cookies and credentials are never among them.
const KEPT_HEADERS: &[&str] = &[
    "content-type",
    "content-encoding",
    "content-length",
    "user-agent",
    "date",
    "webhook-id",
    "webhook-timestamp",
    "svix-id",
    "svix-timestamp",
    "x-callback-id",
    "x-request-id",
    "x-webhook-id",
    "x-webhook-event",
    "x-webhook-timestamp",
    "x-event-type",
    "x-github-event",
    "x-github-delivery",
    "x-fal-webhook-request-id",
    "x-fal-webhook-timestamp",
    "x-slack-request-timestamp",
    "x-slack-retry-num",
    "x-shopify-topic",
    "x-shopify-webhook-id",
    "traceparent",
];

/// A request as received.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// All headers.
    pub headers: &'a Headers,
    /// The body, byte for byte.
    pub body: &'a [u8],
    /// The sender's address.
    pub remote_addr: Option<String>,
    /// When it was received.
    pub received_at: Micros,
}

/// Verifies and reads a request. Whatever it holds, the answer is a delivery: nothing is refused here.
pub fn read_delivery(source: &Source, request: &Request<'_>) -> NewDelivery {
    let verdict = source.scheme.verify(
        &source.secrets,
        request.headers,
        request.body,
        request.received_at.div_euclid(1_000_000),
    );
    read_verified(source, request, &verdict)
}

/// As [`read_delivery`]; of a signature that did not hold it keeps a digest under the key, so that
/// it can be explained, and verified again once the secret is mended.
pub fn read_delivery_with_digests(
    source: &Source,
    request: &Request<'_>,
    key: &DigestKey,
) -> NewDelivery {
    let mut delivery = read_delivery(source, request);
    if !delivery.signature.is_trusted() {
        delivery.signature_mac = MacDigests::of(key, &source.scheme, request.headers).to_bytes();
    }
    delivery
}

/// Reads a request whose verdict is known.
pub(crate) fn read_verified(
    source: &Source,
    request: &Request<'_>,
    verdict: &Verdict,
) -> NewDelivery {
    let fields = Fields::new(request.headers, request.body);
    let signed_only = |place: &Place| is_signed(place, verdict);
    // A genuine request is read from what its signature covers. Otherwise a captured request with
    // one header changed would pass as another callback.
    let read = |places: &[Place]| {
        let signed = verdict.signature.is_trusted().then(|| fields.find(places, signed_only));
        signed.flatten().or_else(|| fields.find(places, |_| true))
    };
    let sha256: [u8; 32] = Sha256::digest(request.body).into();
    let (callback_id, id_origin, id_is_signed) = match read(&source.map.callback_id) {
        Some(found) if fits(&found.value) => {
            let id_is_signed =
                found.header.as_ref().is_none_or(|name| verdict.signed_headers.contains(name));
            (found.value, IdOrigin::Sent, id_is_signed)
        }
        // The digest is of the signed body, so this id is as good as signed.
        Some(_) => (digest_id(&sha256), IdOrigin::Unfit, true),
        None => (digest_id(&sha256), IdOrigin::Absent, true),
    };
    let name = |places: &[Place]| {
        read(places).map(|Found { value, .. }| value).filter(|value| fits(value))
    };
    let sent_at = || read(&source.map.sent_at).and_then(|found| parse_time(&found.value));
    NewDelivery {
        source: source.name.clone(),
        callback_id,
        id_origin,
        id_is_signed,
        event_type: name(&source.map.event_type).unwrap_or_default(),
        job_id: name(&source.map.job_id),
        workflow: name(&source.map.workflow),
        signature: verdict.signature,
        reason: verdict.reason,
        signed_at: verdict.signed_at.or_else(sent_at),
        received_at: request.received_at,
        remote_addr: request.remote_addr.clone(),
        headers: keep_headers(source, request.headers),
        content_type: request
            .headers
            .one("content-type")
            .map(|value| printable(value, NAME_LIMIT_BYTES)),
        body: encode_body(request.body, sha256),
        signature_mac: None,
    }
}

fn is_signed(place: &Place, verdict: &Verdict) -> bool {
    match place {
        Place::Pointer(_) => true,
        Place::Header(name) => verdict.signed_headers.contains(name),
    }
}

/// Names are shown, searched and compared, so they are short and without control characters.
fn fits(text: &str) -> bool {
    text.len() <= NAME_LIMIT_BYTES && !text.chars().any(char::is_control)
}

/// The id of a callback whose sender names none that fits.
pub fn digest_id(sha256: &[u8; 32]) -> String {
    format!("sha256:{}", hex::encode(sha256))
}

/// Text for people from bytes for machines: control characters and what is not UTF-8 become `�`.
fn printable(bytes: &[u8], limit: usize) -> String {
    let bytes = &bytes[..bytes.len().min(limit)];
    let clean = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    String::from_utf8_lossy(bytes).chars().map(clean).collect()
}

/// Credentials that no map and no template may have kept.
const NEVER_KEPT: &[&str] = &["cookie", "proxy-authorization", "x-api-key", "x-amz-security-token"];

fn keep_headers(source: &Source, headers: &Headers) -> String {
    let scheme = &source.scheme;
    let signed = scheme.signed_header_names();
    let is_kept = |name: &str| {
        KEPT_HEADERS.contains(&name) || signed.contains(&name) || source.map.names_header(name)
    };
    let kept: Vec<(&str, String)> = headers
        .iter()
        .filter(|(name, _)| !NEVER_KEPT.contains(name))
        .filter_map(|(name, value)| {
            if scheme.is_signature_header(name) || is_known_signature_header(name) {
                // Its form says what went wrong; the signature itself is not kept.
                return Some((name, redact(name, value)));
            }
            is_kept(name).then(|| (name, printable(value, 1024)))
        })
        .take(64)
        .collect();
    serde_json::to_string(&kept).expect("text always becomes JSON")
}

fn encode_body(body: &[u8], sha256: [u8; 32]) -> StoredBody {
    let size_bytes = i64::try_from(body.len()).unwrap_or(i64::MAX);
    let raw = || StoredBody { encoding: Encoding::Raw, bytes: body.to_vec(), size_bytes, sha256 };
    if body.len() < COMPRESS_FROM_BYTES {
        return raw();
    }
    match zstd::bulk::compress(body, 1) {
        Ok(bytes) if bytes.len() < body.len() / 10 * 9 => {
            StoredBody { encoding: Encoding::Zstd, bytes, size_bytes, sha256 }
        }
        _ => raw(),
    }
}

/// A stored body cannot be read back.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// It does not decompress to the size that was received.
    #[error("the stored body does not decompress to the size received")]
    Damaged,
    /// Only its digest is kept.
    #[error("the body is not kept")]
    Absent,
    /// A newer version wrote it.
    #[error("the stored body has the unknown encoding {0}")]
    UnknownEncoding(i16),
}

/// The bytes as received, from the bytes as kept. Never reads more than `size_bytes`.
///
/// # Errors
/// [`BodyError`] when the row was damaged or written by a newer version.
pub fn decode_body(encoding: i16, bytes: Vec<u8>, size_bytes: i64) -> Result<Vec<u8>, BodyError> {
    let size = usize::try_from(size_bytes).map_err(|_| BodyError::Damaged)?;
    let body = match Encoding::from_code(encoding) {
        Some(Encoding::Raw) => bytes,
        Some(Encoding::Zstd) => {
            let mut body = Vec::with_capacity(size.min(16 << 20));
            zstd::Decoder::new(bytes.as_slice())
                .and_then(|decoder| decoder.take(size as u64 + 1).read_to_end(&mut body))
                .map_err(|_| BodyError::Damaged)?;
            body
        }
        Some(Encoding::Omitted | Encoding::Expired) => return Err(BodyError::Absent),
        None => return Err(BodyError::UnknownEncoding(encoding)),
    };
    if body.len() == size { Ok(body) } else { Err(BodyError::Damaged) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::{Reason, Signature};
    use crate::signature::{Scheme, Secret};
    use proptest::prelude::*;

    const NOW: i64 = 1_800_000_000;

    fn source() -> Source {
        Source::default_source(vec![Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap()])
    }

    fn deliver(headers: &[(String, String)], body: &[u8]) -> NewDelivery {
        let headers = Headers::new(headers.iter().map(|(n, v)| (n.as_str(), v.as_bytes())));
        let request =
            Request { headers: &headers, body, remote_addr: None, received_at: NOW * 1_000_000 };
        read_delivery(&source(), &request)
    }

    fn signed(scheme: &str, id: &str, body: &[u8]) -> Vec<(String, String)> {
        let scheme = Scheme::from_name(scheme).unwrap();
        scheme.sign(&source().secrets[0], id, body, NOW).unwrap()
    }

    fn header(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn an_in_house_callback_is_read_whole() {
        let body = br#"{"callback_id":"cb_1","event_type":"job.completed","job_id":"job_7","workflow":"review","created_at":"2026-03-15T10:00:00Z"}"#;
        let delivery = deliver(&signed("hmac-sha256", "", body), body);
        assert_eq!(delivery.signature, Signature::Valid);
        assert_eq!(delivery.callback_id, "cb_1");
        assert_eq!(delivery.event_type, "job.completed");
        assert_eq!(delivery.job_id.as_deref(), Some("job_7"));
        assert_eq!(delivery.workflow.as_deref(), Some("review"));
        assert_eq!(delivery.signed_at, Some(1_773_568_800_000_000));
        assert!(delivery.id_is_signed);
    }

    #[test]
    fn a_callback_without_an_id_is_known_by_its_digest() {
        let delivery = deliver(&[], b"not json");
        assert_eq!(delivery.callback_id, digest_id(&Sha256::digest(b"not json").into()));
        assert_eq!(delivery.id_origin, IdOrigin::Absent);
        assert_eq!(
            (delivery.signature, delivery.reason),
            (Signature::Missing, Some(Reason::HeaderMissing))
        );
    }

    #[test]
    fn an_id_that_does_not_fit_gives_way_to_the_digest_and_says_so() {
        for id in ["x".repeat(256), "a\nb".to_owned(), "a\0b".to_owned()] {
            let body = serde_json::to_vec(&serde_json::json!({ "callback_id": id })).unwrap();
            let delivery = deliver(&[], &body);
            assert!(delivery.callback_id.starts_with("sha256:"), "{id:?}");
            assert_eq!(delivery.id_origin, IdOrigin::Unfit);
        }
        let longest = "x".repeat(255);
        let body = serde_json::to_vec(&serde_json::json!({ "callback_id": longest })).unwrap();
        assert_eq!(deliver(&[], &body).callback_id, longest);
    }

    #[test]
    fn a_header_that_the_signature_does_not_cover_never_renames_a_genuine_request() {
        let body = br#"{"callback_id":"mine"}"#;
        let mut headers = signed("hmac-sha256", "", body);
        headers.insert(0, header("x-callback-id", "victim"));
        headers.insert(0, header("webhook-id", "victim"));
        assert_eq!(deliver(&headers, body).callback_id, "mine");

        // Signed under svix names, with the other family's id added on the way.
        let mut headers = signed("standard-webhooks", "msg_mine", b"{}");
        for (name, _) in &mut headers {
            *name = name.replace("webhook-", "svix-");
        }
        headers.insert(0, header("webhook-id", "victim"));
        let delivery = deliver(&headers, b"{}");
        assert_eq!(
            (delivery.signature, delivery.callback_id.as_str()),
            (Signature::Valid, "msg_mine")
        );
    }

    #[test]
    fn an_id_that_only_an_unsigned_header_names_is_used_and_marked() {
        let body = b"{}";
        let mut headers = signed("hmac-sha256", "", body);
        headers.push(header("X-Callback-Id", "cb_9"));
        let delivery = deliver(&headers, body);
        assert_eq!((delivery.callback_id.as_str(), delivery.id_is_signed), ("cb_9", false));
    }

    #[test]
    fn signatures_and_credentials_are_not_kept() {
        let mut headers = signed("standard-webhooks", "msg_1", b"{}");
        let signature = headers[2].1.clone();
        for name in ["x-webhook-signature", "authorization", "cookie", "stripe-signature"] {
            headers.push(header(name, "s3cret"));
        }
        headers.push(header("user-agent", "in\u{7}house"));
        let delivery = deliver(&headers, b"{}");
        assert!(!delivery.headers.contains("s3cret"));
        assert!(!delivery.headers.contains(&signature));
        assert!(delivery.headers.contains("msg_1") && delivery.headers.contains("in�house"));
    }

    proptest! {
        #[test]
        fn any_body_comes_back_byte_for_byte(
            unit in proptest::collection::vec(any::<u8>(), 0..300), times in 1usize..60
        ) {
            let body = unit.repeat(times);
            let kept = encode_body(&body, Sha256::digest(&body).into());
            let back = decode_body(kept.encoding.code(), kept.bytes, kept.size_bytes).unwrap();
            prop_assert_eq!(back, body);
        }

        #[test]
        fn no_request_panics(
            names in proptest::collection::vec("(webhook|svix)-(id|timestamp|signature)|x-webhook-signature|x-callback-id", 0..8),
            values in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 8),
            body in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let headers = Headers::new(names.iter().zip(values));
            let request = Request { headers: &headers, body: &body, remote_addr: None, received_at: 0 };
            let delivery = read_delivery(&source(), &request);
            prop_assert!(delivery.callback_id.len() <= NAME_LIMIT_BYTES);
            prop_assert!(!delivery.callback_id.contains('\0'));
        }
    }

    #[test]
    fn a_decompression_bomb_is_cut_at_the_size_received() {
        let bomb = zstd::bulk::compress(&vec![0; 10 << 20], 1).unwrap();
        assert!(matches!(decode_body(1, bomb, 100), Err(BodyError::Damaged)));
    }
}

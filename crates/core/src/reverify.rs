//! Which stored failures hold with the secrets of now. Pure; [`crate::queries::reverify`] stores it.

use crate::intake::{Request, read_verified};
use crate::keys::DigestKey;
use crate::queries::reverify::{Mended, StoredFailure};
use crate::signature::{Headers, KeptRequest, MacDigests};
use crate::source::Source;

/// The failure as the valid delivery that it is with the source's secrets; `None` when it still
/// does not hold. The time is judged as it was when the request came.
pub fn mend(source: &Source, failure: &StoredFailure, key: &DigestKey) -> Option<Mended> {
    let body = failure.body.as_ref()?;
    let headers = kept_headers(&failure.headers);
    let digests = MacDigests::from_bytes(&failure.signature_mac);
    let kept = KeptRequest { headers: &headers, body, digests: &digests, key };
    let received_seconds = failure.received_at.div_euclid(1_000_000);
    let verdict = source.scheme.verify_again(&source.secrets, &kept, received_seconds)?;
    let request = Request {
        headers: &headers,
        body,
        remote_addr: failure.remote_addr.clone(),
        received_at: failure.received_at,
    };
    let mut delivery = read_verified(source, &request, &verdict);
    delivery.headers.clone_from(&failure.headers);
    delivery.content_type.clone_from(&failure.content_type);
    Some(Mended { callback: failure.callback, id: failure.id, delivery })
}

/// The headers that are kept of a delivery; none when a newer version wrote them otherwise.
pub fn kept_headers(json: &str) -> Headers {
    let pairs: Vec<(String, String)> = serde_json::from_str(json).unwrap_or_default();
    Headers::new(pairs)
}

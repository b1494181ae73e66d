//! What is kept of a signature that did not hold: a keyed digest of each MAC, and the form of its
//! header without the MAC itself.
//!
//! With them a failure can be explained later, and verified again once the secret is mended, though
//! no signature and no token is stored. The key lies outside the database; without it a digest says
//! nothing of the MAC. Signatures of key pairs cannot be made again from a public key, so a digest
//! of them would be of no use: none is kept, and such a failure is not verified again.

use super::claims::{is_same_digest, mac};
use super::text::{BASE64, BASE64_URL};
use super::{Headers, Scheme, standard_webhooks};
use crate::keys::DigestKey;
use crate::provider::providers;
use base64::Engine as _;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Digests of one delivery; what a hostile header holds beyond is not kept.
const MOST_DIGESTS: usize = 16;
const DIGEST_BYTES: usize = 16;
/// A header that is longer is no signature.
const VALUE_LIMIT_BYTES: usize = 4096;

/// Headers in which senders that are not in the table are known to sign.
const OTHER_SIGNATURE_HEADERS: &[&str] =
    &["x-hub-signature", "x-signature", "x-signature-256", "x-hmac-sha256", "x-webhook-secret"];

/// Every header that is known to carry a signature or a token of some scheme.
static SIGNATURE_HEADERS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let of_providers = providers().iter().flat_map(|one| one.scheme.signature_headers());
    let all = of_providers.chain(OTHER_SIGNATURE_HEADERS.iter().copied());
    all.map(str::to_owned).collect()
});

/// True when some scheme is known to put its signature or token there.
pub(crate) fn is_known_signature_header(name: &str) -> bool {
    SIGNATURE_HEADERS.contains(name)
}

fn digest_of(key: &DigestKey, header: &str, claimed: &[u8]) -> [u8; DIGEST_BYTES] {
    let parts = [b"ringback signature_mac v1\0".as_slice(), header.as_bytes(), b"\0", claimed];
    let whole = mac(key.bytes(), &parts);
    whole[..DIGEST_BYTES].try_into().expect("a MAC is longer than a digest")
}

/// The digests of the MACs and tokens that a request carried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MacDigests(Vec<[u8; DIGEST_BYTES]>);

impl MacDigests {
    /// Digests what a request carries in the headers of a scheme and in all others that are known
    /// to carry signatures.
    pub fn of(key: &DigestKey, scheme: &Scheme, headers: &Headers) -> Self {
        let mut digests = Vec::new();
        for (name, value) in headers.iter() {
            if !scheme.is_signature_header(name) && !is_known_signature_header(name) {
                continue;
            }
            for claimed in claimed_in(scheme, name, value) {
                let digest = digest_of(key, name, &claimed);
                if digests.len() < MOST_DIGESTS && !digests.contains(&digest) {
                    digests.push(digest);
                }
            }
        }
        Self(digests)
    }

    /// As a column holds them; `None` when there are none.
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        (!self.0.is_empty()).then(|| self.0.concat())
    }

    /// From a column.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let digests = bytes.chunks_exact(DIGEST_BYTES).filter_map(|chunk| chunk.try_into().ok());
        Self(digests.take(MOST_DIGESTS).collect())
    }

    /// True when the request carried this MAC or token in this header.
    pub(crate) fn has(&self, key: &DigestKey, header: &str, claimed: &[u8]) -> bool {
        let digest = digest_of(key, header, claimed);
        self.0.iter().fold(false, |found, kept| found | is_same_digest(kept, &digest))
    }

    /// True when nothing was kept.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What a value may mean as a MAC or a token: the scheme's own reading, then every usual one.
fn claimed_in(scheme: &Scheme, name: &str, value: &[u8]) -> Vec<Vec<u8>> {
    let value = &value[..value.len().min(VALUE_LIMIT_BYTES)];
    let mut claimed = Vec::new();
    if let Scheme::Token(form) = scheme
        && form.header == name
    {
        claimed.extend(form.read(value));
    }
    if name == "authorization" {
        let rest =
            value.iter().position(|&byte| byte == b' ').map(|space| value[space..].trim_ascii());
        claimed.extend(rest.map(<[u8]>::to_vec));
        claimed.extend(rest.and_then(|rest| BASE64.decode(rest).ok()));
        return claimed;
    }
    if let Scheme::Header(form) | Scheme::Automatic(form) = scheme
        && form.header == name
    {
        claimed.extend(form.read_macs(value));
    }
    if standard_webhooks::SIGNATURE_HEADERS.contains(&name) {
        claimed.extend(standard_webhooks::read_macs(value));
    }
    for element in value.split(|&byte| byte == b' ' || byte == b',') {
        let (_, text) = split_element(element.trim_ascii());
        claimed.extend(decode_any(text).map(|(_, bytes)| bytes).filter(|bytes| bytes.len() == 32));
    }
    claimed
}

/// `name=text`, or a text alone; the signs at the end of base64 are no name.
fn split_element(element: &[u8]) -> (&[u8], &[u8]) {
    match element.iter().position(|&byte| byte == b'=') {
        Some(at) if !element[at..].iter().all(|&byte| byte == b'=') => {
            (&element[..at], &element[at + 1..])
        }
        _ => (b"", element),
    }
}

/// The bytes of a text in whichever encoding it is, and the encoding's name.
fn decode_any(text: &[u8]) -> Option<(&'static str, Vec<u8>)> {
    if text.len() < 16 {
        return None;
    }
    let hex = hex::decode(text).ok().map(|bytes| ("hex", bytes));
    let base64 = || BASE64.decode(text).ok().map(|bytes| ("base64", bytes));
    let url = || BASE64_URL.decode(text).ok().map(|bytes| ("base64url", bytes));
    hex.or_else(base64).or_else(url)
}

/// The form of a signature's header without what is secret: `t=1492774577,v1=<hex:32>`. The number
/// is the length in bytes, of the decoded text where it decodes.
pub(crate) fn redact(name: &str, value: &[u8]) -> String {
    let value = &value[..value.len().min(VALUE_LIMIT_BYTES)];
    if name == "authorization" {
        let word: String = value
            .iter()
            .take_while(|byte| byte.is_ascii_alphabetic())
            .map(|&byte| char::from(byte))
            .collect();
        let known = ["bearer", "basic", "digest", "token", "hmac"];
        let is_known = known.contains(&word.to_ascii_lowercase().as_str());
        return if is_known { format!("{word} <…>") } else { "<…>".to_owned() };
    }
    let mut shown = String::new();
    let mut elements = 0;
    let mut rest = value;
    loop {
        let end = rest.iter().position(|&byte| byte == b' ' || byte == b',').unwrap_or(rest.len());
        redact_element(&rest[..end], &mut shown);
        elements += 1;
        if end == rest.len() {
            return shown;
        }
        if elements == 32 {
            shown.push('…');
            return shown;
        }
        shown.push(char::from(rest[end]));
        rest = &rest[end + 1..];
    }
}

fn redact_element(element: &[u8], shown: &mut String) {
    if is_label(element) {
        shown.push_str(&String::from_utf8_lossy(element));
        return;
    }
    let (name, text) = split_element(element);
    if !name.is_empty() {
        if is_label(name) {
            shown.push_str(&String::from_utf8_lossy(name));
        } else {
            shown.push_str("<…>");
        }
        shown.push('=');
    }
    let is_time =
        (name == b"t" || name == b"ts") && text.len() <= 18 && text.iter().all(u8::is_ascii_digit);
    if is_time || text.is_empty() {
        shown.push_str(&String::from_utf8_lossy(text));
    } else {
        let (encoding, length) =
            decode_any(text).map_or(("text", text.len()), |(name, bytes)| (name, bytes.len()));
        shown.push('<');
        shown.push_str(encoding);
        shown.push(':');
        shown.push_str(&length.to_string());
        shown.push('>');
    }
}

/// The names that senders put before a signature: versions and algorithms, nothing that could be secret.
pub(crate) fn is_label(text: &[u8]) -> bool {
    let text = text.to_ascii_lowercase();
    let names: [&[u8]; 8] = [b"t", b"ts", b"s", b"sha1", b"sha256", b"sha512", b"sig", b"hmac"];
    if names.contains(&text.as_slice()) {
        return true;
    }
    let Some(version) = text.strip_prefix(b"v") else { return false };
    let digits = version.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (1..=2).contains(&digits)
        && version.len() <= digits + 1
        && version[digits..].iter().all(u8::is_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::Secret;
    use proptest::prelude::*;

    const MAC: &str = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    #[test]
    fn a_header_is_kept_in_its_form_alone() {
        let base64 = BASE64.encode(hex::decode(MAC).unwrap());
        let cases = [
            (
                "stripe-signature",
                format!("t=1492774577,v1={MAC},v0={MAC}"),
                "t=1492774577,v1=<hex:32>,v0=<hex:32>",
            ),
            ("webhook-signature", format!("v1,{base64} v1a,AAAA"), "v1,<base64:32> v1a,<text:4>"),
            ("x-hub-signature-256", format!("sha256={MAC}"), "sha256=<hex:32>"),
            ("x-shopify-hmac-sha256", base64.clone(), "<base64:32>"),
            ("x-signature", format!("secretname={MAC}"), "<…>=<hex:32>"),
            ("x-signature", "t=12ab".to_owned(), "t=<text:4>"),
            ("authorization", "Bearer tok_1".to_owned(), "Bearer <…>"),
            ("authorization", "tok_1".to_owned(), "<…>"),
            ("x-signature", String::new(), ""),
        ];
        for (name, value, expected) in cases {
            assert_eq!(redact(name, value.as_bytes()), expected, "{name}: {value}");
        }
    }

    #[test]
    fn a_digest_is_found_under_its_own_key_header_and_mac_alone() {
        let scheme = crate::provider::find_scheme("github").unwrap();
        let headers = scheme.sign(&Secret::new("s").unwrap(), "", b"{}", 0).unwrap();
        let claimed = hex::decode(&headers[0].1[7..]).unwrap();
        let headers = Headers::new(headers);
        let key = DigestKey::new([1; 32]);
        let kept = MacDigests::of(&key, &scheme, &headers).to_bytes().unwrap();
        assert_eq!(kept.len(), DIGEST_BYTES);
        assert!(!kept.windows(8).any(|part| claimed.windows(8).any(|window| window == part)));
        let kept = MacDigests::from_bytes(&kept);
        assert!(kept.has(&key, "x-hub-signature-256", &claimed));
        assert!(!kept.has(&DigestKey::new([2; 32]), "x-hub-signature-256", &claimed));
        assert!(!kept.has(&key, "stripe-signature", &claimed));
        assert!(!kept.has(&key, "x-hub-signature-256", &claimed[1..]));
        assert_eq!(MacDigests::of(&key, &scheme, &Headers::default()).to_bytes(), None);
    }

    proptest! {
        #[test]
        fn no_text_comes_through(secret in "[A-Za-z0-9+/_-]{9,60}", before in "(v1,|v1=|sha256=|t=|x=|)") {
            let value = format!("{before}{secret} {secret},{secret}==");
            for name in ["webhook-signature", "authorization", "x-signature"] {
                let shown = redact(name, value.as_bytes());
                prop_assert!(!shown.contains(&secret), "{}", shown);
            }
        }

        #[test]
        fn no_value_panics_and_nothing_grows(value in proptest::collection::vec(any::<u8>(), 0..300)) {
            let headers = Headers::new([("stripe-signature", value.clone()), ("authorization", value.clone())]);
            let digests = MacDigests::of(&DigestKey::new([3; 32]), &Scheme::None, &headers);
            prop_assert!(digests.to_bytes().map_or(0, |bytes| bytes.len()) <= MOST_DIGESTS * DIGEST_BYTES);
            prop_assert!(redact("x", &value).len() <= 32 * 24 + 400);
        }
    }
}

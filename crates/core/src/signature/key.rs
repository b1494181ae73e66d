//! Keys, from every form in which people hold them: a shared secret as text, base64 or hex; a public
//! key as `whpk_…`, PEM, base64, hex or a set of JSON Web Keys.

use super::Secret;
use super::text::{BASE64, BASE64_URL};
use base64::Engine as _;
use serde::{Deserialize, Serialize};

/// More than any provider publishes; the rest of a hostile document is not looked at.
const MOST_KEYS: usize = 32;

/// How the text of a shared secret becomes the key of an HMAC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyForm {
    /// The text is the key, whatever it begins with.
    #[default]
    Text,
    /// The text is base64 of the key.
    Base64,
    /// The text is hex of the key.
    Hex,
    /// `whsec_` and base64; without the prefix base64 or the key itself, so both are tried.
    Whsec,
}

impl KeyForm {
    /// The keys that a secret may mean; never an empty one, with which anybody could sign.
    pub(crate) fn keys(self, text: &str) -> Vec<Vec<u8>> {
        let base64 = |text: &str| BASE64.decode(text).ok().filter(|key| !key.is_empty());
        match self {
            Self::Text => vec![text.as_bytes().to_vec()],
            Self::Base64 => base64(text).into_iter().collect(),
            Self::Hex => hex::decode(text).ok().filter(|key| !key.is_empty()).into_iter().collect(),
            Self::Whsec => match text.strip_prefix("whsec_") {
                Some(rest) => base64(rest).into_iter().collect(),
                // A key pair of the other version is no shared secret.
                None if text.starts_with("whpk_") || text.starts_with("whsk_") => Vec::new(),
                None => base64(text).into_iter().chain([text.as_bytes().to_vec()]).collect(),
            },
        }
    }
}

/// A JSON Web Key (RFC 7517), as much of it as is used here.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Jwk {
    kty: String,
    crv: String,
    pub(super) kid: Option<String>,
    x: Option<String>,
    d: Option<String>,
    n: Option<String>,
    e: Option<String>,
    p: Option<String>,
    q: Option<String>,
    dp: Option<String>,
    dq: Option<String>,
    qi: Option<String>,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<serde_json::Value>,
}

/// The keys of a JWKS document or of a single JSON Web Key; none when it is neither. A key that
/// cannot be read does not hide the others.
pub(super) fn json_web_keys(text: &str) -> Vec<Jwk> {
    if !text.starts_with('{') {
        return Vec::new();
    }
    if let Ok(set) = serde_json::from_str::<KeySet>(text) {
        let read = |key| serde_json::from_value(key).ok();
        return set.keys.into_iter().take(MOST_KEYS).filter_map(read).collect();
    }
    serde_json::from_str(text).ok().filter(|key: &Jwk| !key.kty.is_empty()).into_iter().collect()
}

impl Jwk {
    fn is_ed25519(&self) -> bool {
        self.kty == "OKP" && self.crv == "Ed25519"
    }
}

/// True when the text is a JWKS document or a JSON Web Key with a key that could be used.
pub(crate) fn is_key_set(text: &str) -> bool {
    json_web_keys(text)
        .iter()
        .any(|key| (key.is_ed25519() && key.x.is_some()) || (key.kty == "RSA" && key.n.is_some()))
}

fn url_bytes(text: Option<&String>) -> Option<Vec<u8>> {
    BASE64_URL.decode(text?).ok()
}

/// The ed25519 public keys that a text holds.
pub(crate) fn ed25519_public_keys(text: &str) -> Vec<[u8; 32]> {
    ed25519_texts(text).into_iter().filter(|key| !is_degenerate(key)).collect()
}

fn ed25519_texts(text: &str) -> Vec<[u8; 32]> {
    if text.starts_with('{') {
        let keys = json_web_keys(text);
        let read = |key: &Jwk| url_bytes(key.x.as_ref())?.try_into().ok();
        return keys.iter().filter(|key| key.is_ed25519()).filter_map(read).collect();
    }
    if text.starts_with("-----BEGIN") {
        return subject_public_key(text, ED25519_OID).and_then(array).into_iter().collect();
    }
    if let Some(rest) = text.strip_prefix("whpk_") {
        return BASE64.decode(rest).ok().and_then(array).into_iter().collect();
    }
    if let Some(rest) = text.strip_prefix("whsk_") {
        let pair = BASE64.decode(rest).ok().filter(|pair| pair.len() == 64);
        return pair.and_then(|pair| array(pair[32..].to_vec())).into_iter().collect();
    }
    let bytes = hex::decode(text).ok().or_else(|| BASE64.decode(text).ok());
    bytes.or_else(|| BASE64_URL.decode(text).ok()).and_then(array).into_iter().collect()
}

/// Two points of small order that a mistake can produce: for them anybody's signature holds.
fn is_degenerate(key: &[u8; 32]) -> bool {
    key[0] <= 1 && key[1..].iter().all(|&byte| byte == 0)
}

fn array<const N: usize>(bytes: Vec<u8>) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

/// The private seed that a text holds, to sign as the sender does: `whsk_…` or a JSON Web Key.
pub(super) fn ed25519_seed(text: &str) -> Option<[u8; 32]> {
    if let Some(rest) = text.strip_prefix("whsk_") {
        return BASE64.decode(rest).ok().filter(|pair| pair.len() == 64)?[..32].try_into().ok();
    }
    json_web_keys(text)
        .iter()
        .filter(|key| key.is_ed25519())
        .find_map(|key| url_bytes(key.d.as_ref()).and_then(array))
}

/// An RSA public key: modulus and exponent, big-endian.
pub(crate) struct RsaPublic {
    pub(super) kid: Option<String>,
    pub(super) n: Vec<u8>,
    pub(super) e: Vec<u8>,
}

/// The RSA public keys that a text holds.
pub(crate) fn rsa_public_keys(text: &str) -> Vec<RsaPublic> {
    if text.starts_with("-----BEGIN") {
        return subject_public_key(text, RSA_OID)
            .and_then(|der| rsa_from_der(&der))
            .into_iter()
            .collect();
    }
    let keys = json_web_keys(text);
    let read = |key: Jwk| {
        let (n, e) = (url_bytes(key.n.as_ref())?, url_bytes(key.e.as_ref())?);
        Some(RsaPublic { kid: key.kid, n, e })
    };
    keys.into_iter().filter(|key| key.kty == "RSA").filter_map(read).collect()
}

/// The RSA key pair of a private JSON Web Key, to sign as the sender does.
pub(super) fn rsa_key_pair(text: &str) -> Option<ring::signature::RsaKeyPair> {
    use ring::rsa::{KeyPairComponents, PublicKeyComponents};
    json_web_keys(text).iter().filter(|key| key.kty == "RSA").find_map(|key| {
        let part = |text: &Option<String>| url_bytes(text.as_ref());
        let components = KeyPairComponents {
            public_key: PublicKeyComponents { n: part(&key.n)?, e: part(&key.e)? },
            d: part(&key.d)?,
            p: part(&key.p)?,
            q: part(&key.q)?,
            dP: part(&key.dp)?,
            dQ: part(&key.dq)?,
            qInv: part(&key.qi)?,
        };
        ring::signature::RsaKeyPair::from_components(&components).ok()
    })
}

const ED25519_OID: &[u8] = &[0x2b, 0x65, 0x70];
const RSA_OID: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

/// The bits of a public key in a PEM `SubjectPublicKeyInfo` (RFC 5280) of the algorithm.
fn subject_public_key(pem: &str, oid: &[u8]) -> Option<Vec<u8>> {
    let mut lines = pem.lines().map(str::trim).filter(|line| !line.is_empty());
    if lines.next()? != "-----BEGIN PUBLIC KEY-----" {
        return None;
    }
    let text: String = lines.take_while(|line| !line.starts_with("-----")).collect();
    let der = BASE64.decode(text).ok()?;
    let (info, _) = der_value(&der, 0x30)?;
    let (algorithm, rest) = der_value(info, 0x30)?;
    let (name, _) = der_value(algorithm, 0x06)?;
    let (bits, _) = der_value(rest, 0x03)?;
    let (unused, key) = bits.split_first()?;
    (name == oid && *unused == 0).then(|| key.to_vec())
}

fn rsa_from_der(der: &[u8]) -> Option<RsaPublic> {
    let (key, _) = der_value(der, 0x30)?;
    let (n, rest) = der_value(key, 0x02)?;
    let (e, _) = der_value(rest, 0x02)?;
    // A leading zero only says that the number is positive.
    let number = |bytes: &[u8]| bytes.strip_prefix(&[0]).unwrap_or(bytes).to_vec();
    Some(RsaPublic { kid: None, n: number(n), e: number(e) })
}

/// The content of a DER value with the tag, and what follows it.
fn der_value(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let digits = usize::from(first & 0x7f);
        if digits == 0 || digits > 4 || rest.len() < digits {
            return None;
        }
        let length = rest[..digits].iter().fold(0, |sum, &byte| sum << 8 | usize::from(byte));
        (length, &rest[digits..])
    };
    (found == tag && rest.len() >= length).then(|| rest.split_at(length))
}

impl Secret {
    /// True when the text holds a public key or a set of them, and so is nothing to hide.
    pub fn is_public(&self) -> bool {
        let text = self.text();
        let is_private =
            text.starts_with("whsk_") || json_web_keys(text).iter().any(|key| key.d.is_some());
        let has_form = text.starts_with("whpk_")
            || text.starts_with("-----BEGIN PUBLIC KEY-----")
            || is_key_set(text);
        has_form && !is_private
    }
}

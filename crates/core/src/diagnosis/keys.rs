//! The forms in which people hold a secret, and the keys that it would be in each.

use crate::signature::KeyForm;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// How the sender uses the secret, where that differs from the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SecretForm {
    /// As text, all of it.
    Text,
    /// As text, without its prefix.
    TextWithoutPrefix,
    /// As text, with `whsec_` before it.
    TextWithPrefix,
    /// Decoded from base64.
    Base64,
    /// Decoded from base64 with the alphabet of URLs.
    Base64Url,
    /// Decoded from hex.
    Hex,
    /// Encoded as base64.
    EncodedBase64,
    /// Encoded as hex.
    EncodedHex,
    /// With a new line at its end.
    NewLine,
    /// With a space at its end.
    Space,
    /// With quotation marks around it.
    Quoted,
    /// Without the quotation marks around it.
    Unquoted,
    /// In small letters.
    LowerCase,
    /// With its escapes of a URL undone.
    UrlDecoded,
}

/// What senders put before a secret.
const PREFIXES: [&str; 5] = ["v1,whsec_", "whsec_", "wsec_", "sha256=", "shpss_"];

/// Every key that a secret may be, with the form that makes it; those that the source itself tries
/// are left out.
pub(super) fn forms(text: &str, own: KeyForm) -> Vec<(SecretForm, Vec<u8>)> {
    let known = own.keys(text);
    let mut found: Vec<(SecretForm, Vec<u8>)> = Vec::new();
    let mut add = |form, key: Option<Vec<u8>>| {
        if let Some(key) = key.filter(|key| !key.is_empty())
            && !known.contains(&key)
            && !found.iter().any(|(_, other)| *other == key)
        {
            found.push((form, key));
        }
    };
    let bytes = |text: &str| Some(text.as_bytes().to_vec());
    let rest = PREFIXES.iter().find_map(|prefix| text.strip_prefix(prefix)).unwrap_or(text);
    let unquoted = text.trim_matches(['"', '\'', '`']);
    add(SecretForm::Text, bytes(text));
    add(SecretForm::TextWithoutPrefix, bytes(rest));
    for text in [rest, text, unquoted] {
        let padded = |text: &str| text.trim_end_matches('=').to_owned();
        add(SecretForm::Base64, STANDARD.decode(text).ok());
        add(SecretForm::Base64Url, URL_SAFE_NO_PAD.decode(padded(text)).ok());
        add(SecretForm::Hex, hex::decode(text).ok());
    }
    add(SecretForm::Unquoted, bytes(unquoted));
    add(SecretForm::Unquoted, bytes(unquoted.strip_prefix("whsec_").unwrap_or(unquoted)));
    add(SecretForm::TextWithPrefix, Some(format!("whsec_{rest}").into_bytes()));
    for text in [text, rest] {
        add(SecretForm::NewLine, Some(format!("{text}\n").into_bytes()));
        add(SecretForm::NewLine, Some(format!("{text}\r\n").into_bytes()));
        add(SecretForm::Space, Some(format!("{text} ").into_bytes()));
        add(SecretForm::Space, Some(format!(" {text}").into_bytes()));
    }
    for key in &known {
        add(SecretForm::NewLine, Some([key.as_slice(), b"\n"].concat()));
        add(SecretForm::NewLine, key.strip_suffix(b"\n").map(<[u8]>::to_vec));
        add(SecretForm::EncodedBase64, Some(STANDARD.encode(key).into_bytes()));
        add(SecretForm::EncodedHex, Some(hex::encode(key).into_bytes()));
    }
    add(SecretForm::EncodedBase64, Some(STANDARD.encode(text).into_bytes()));
    add(SecretForm::EncodedHex, Some(hex::encode(text).into_bytes()));
    for quote in ['"', '\''] {
        add(SecretForm::Quoted, Some(format!("{quote}{text}{quote}").into_bytes()));
    }
    add(SecretForm::LowerCase, Some(text.to_ascii_lowercase().into_bytes()));
    add(SecretForm::UrlDecoded, url_decoded(text));
    found
}

fn url_decoded(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        if byte == b'%' && after.len() >= 2 {
            out.push(*hex::decode(&after[..2]).ok()?.first()?);
            rest = &after[2..];
        } else {
            out.push(byte);
            rest = after;
        }
    }
    Some(out)
}

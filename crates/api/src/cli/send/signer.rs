//! The headers that make a request genuine, forged or unsigned. Pure: the time is an argument.

use super::SchemeArg;
use actix_web::web::Bytes;
use ringback_core::signature::{Scheme, Secret};

/// How a request is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Signing {
    /// With the secret, as the service does; not at all when there is no secret.
    Genuine,
    /// With a secret that nobody configured.
    Forged,
    /// Not at all.
    Unsigned,
    /// With the secret, for another id: a captured request whose id was changed.
    Moved {
        /// The id that was signed.
        signed_id: String,
    },
}

/// A request that is to be sent.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    /// What it is, for the reader of the output.
    pub(super) label: &'static str,
    /// The callback's id, in a header; `None` leaves the id to the body.
    pub(super) id: Option<String>,
    /// The body, byte for byte.
    pub(super) body: Bytes,
    /// Its `Content-Type`.
    pub(super) content_type: &'static str,
    /// How it is signed.
    pub(super) signing: Signing,
}

/// Signs as one scheme does.
pub(super) struct Signer {
    scheme: Scheme,
    id_header: String,
    secret: Option<Secret>,
    forger: Option<Secret>,
}

impl Signer {
    /// `None` when the secret makes no key for the scheme. A forger whose secret makes none, as
    /// where senders have key pairs, does not sign at all.
    pub(super) fn new(how: SchemeArg, secret: Option<Secret>, forger: Secret) -> Option<Self> {
        let SchemeArg { scheme, id_header } = how;
        let is_key = |secret: &Secret| scheme.sign(secret, "", b"", 0).is_some();
        if !secret.as_ref().is_none_or(is_key) {
            return None;
        }
        let forger = Some(forger).filter(is_key);
        Some(Self { scheme, id_header, secret, forger })
    }

    /// All headers of a request that is sent now.
    pub(super) fn headers(&self, outgoing: &Outgoing, now_seconds: i64) -> Vec<(String, String)> {
        let id = outgoing.id.as_deref();
        let (secret, signed_id) = match &outgoing.signing {
            Signing::Genuine => (self.secret.as_ref(), id),
            Signing::Forged => (self.forger.as_ref(), id),
            Signing::Unsigned => (None, id),
            Signing::Moved { signed_id } => (self.secret.as_ref(), Some(signed_id.as_str())),
        };
        let sign = |secret| {
            self.scheme.sign(secret, signed_id.unwrap_or_default(), &outgoing.body, now_seconds)
        };
        let mut headers = secret.and_then(sign).unwrap_or_default();
        headers.retain(|(name, _)| *name != self.id_header);
        headers.extend(id.map(|id| (self.id_header.clone(), id.to_owned())));
        headers.push(("content-type".to_owned(), outgoing.content_type.to_owned()));
        headers
    }

    /// What a receiver with the same secret finds.
    #[cfg(test)]
    pub(super) fn verdict(&self, outgoing: &Outgoing) -> ringback_core::models::Signature {
        let headers = ringback_core::signature::Headers::new(self.headers(outgoing, 1_000));
        let secrets: Vec<Secret> = self.secret.iter().cloned().collect();
        self.scheme.verify(&secrets, &headers, &outgoing.body, 1_000).signature
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse_scheme;
    use super::*;
    use ringback_core::models::Signature;
    use ringback_core::signature::Headers;

    fn signer(scheme: &str, secret: &str) -> Option<Signer> {
        let forger = Secret::new("forger").unwrap();
        Signer::new(parse_scheme(scheme).unwrap(), Secret::new(secret), forger)
    }

    fn outgoing(signing: Signing) -> Outgoing {
        Outgoing {
            label: "",
            id: Some("id".to_owned()),
            body: Bytes::from_static(b"{}"),
            content_type: "application/json",
            signing,
        }
    }

    #[test]
    fn a_receiver_tells_genuine_from_forged_and_unsigned() {
        for scheme in ["standard-webhooks", "hmac-sha256"] {
            let signer = signer(scheme, "a secret of ours").unwrap();
            let verdict = |signing| signer.verdict(&outgoing(signing));
            assert_eq!(verdict(Signing::Genuine), Signature::Valid, "{scheme}");
            assert_eq!(verdict(Signing::Forged), Signature::Invalid, "{scheme}");
            assert_eq!(verdict(Signing::Unsigned), Signature::Missing, "{scheme}");
        }
    }

    #[test]
    fn a_signature_for_another_id_does_not_verify_where_ids_are_signed() {
        let moved = outgoing(Signing::Moved { signed_id: "other".to_owned() });
        let signer = signer("standard-webhooks", "a secret of ours").unwrap();
        assert_eq!(signer.verdict(&moved), Signature::Invalid);
    }

    #[test]
    fn the_id_is_named_once_and_in_the_header_of_the_scheme() {
        for (scheme, name) in [
            ("standard-webhooks", "webhook-id"),
            ("hmac-sha256", "x-callback-id"),
            ("github", "x-github-delivery"),
        ] {
            for signing in [Signing::Genuine, Signing::Forged, Signing::Unsigned] {
                let headers = signer(scheme, "s").unwrap().headers(&outgoing(signing), 1_000);
                assert_eq!(Headers::new(headers).one(name), Some(b"id".as_slice()), "{scheme}");
            }
        }
    }

    #[test]
    fn a_secret_that_makes_no_key_is_refused_before_anything_is_sent() {
        assert!(signer("standard-webhooks", "whsec_!").is_none());
        assert!(signer("hmac-sha256", "whsec_!").is_some());
    }
}

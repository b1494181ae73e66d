//! A JSON Web Token, signed with RS256 by a key of the sender's published set.
//!
//! The token says who sent it, to whom and until when. It does not cover the body: as with a bearer
//! token, what is believed is the sender, over https.

use super::key::{RsaPublic, json_web_keys, rsa_key_pair, rsa_public_keys};
use super::text::BASE64_URL;
use super::{Headers, Secret, Verdict, lower_case};
use crate::models::{Reason, Signature};
use base64::Engine as _;
use ring::rsa::PublicKeyComponents;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256};
use serde::{Deserialize, Serialize};

/// Tokens are about a kilobyte; a hostile one is not worth more.
const TOKEN_LIMIT_BYTES: usize = 8 * 1024;
const MOST_TOKENS: usize = 4;
const LARGEST_MODULUS_BYTES: usize = 1024;

/// A token in a header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JwtScheme {
    /// The header, in lower case.
    #[serde(deserialize_with = "lower_case")]
    pub header: String,
    /// Whom the token must be for, usually this source's URL; `None` accepts any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// How far the two clocks may differ.
    pub leeway_seconds: i64,
}

impl Default for JwtScheme {
    fn default() -> Self {
        Self { header: "webhook-signature".to_owned(), audience: None, leeway_seconds: 60 }
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    exp: Option<f64>,
    nbf: Option<f64>,
    iat: Option<f64>,
    aud: Option<Audience>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn includes(&self, name: &str) -> bool {
        match self {
            Self::One(one) => one == name,
            Self::Several(several) => several.iter().any(|one| one == name),
        }
    }
}

/// What became of one token.
enum Outcome {
    Verified(usize, Claims),
    Failed(Reason),
}

impl JwtScheme {
    pub(super) fn verify(
        &self,
        secrets: &[Secret],
        headers: &Headers,
        now_seconds: i64,
    ) -> Verdict {
        if !headers.has(&self.header) {
            return Verdict::not_valid(Signature::Missing, Reason::HeaderMissing);
        }
        let mut reason = Reason::Malformed;
        for token in tokens(headers, &self.header) {
            match verify_token(token, secrets) {
                Outcome::Verified(secret, claims) => {
                    let reason = self.check(&claims, now_seconds);
                    return Verdict {
                        signature: if reason.is_none() {
                            Signature::Valid
                        } else {
                            Signature::Invalid
                        },
                        reason,
                        signed_at: claims.iat.and_then(seconds_to_micros),
                        signed_headers: Vec::new(),
                        secret: Some(secret),
                    };
                }
                // A signature that was read says more than one that was not.
                Outcome::Failed(found) if reason == Reason::Malformed => reason = found,
                Outcome::Failed(_) => {}
            }
        }
        Verdict::not_valid(Signature::Invalid, reason)
    }

    fn check(&self, claims: &Claims, now_seconds: i64) -> Option<Reason> {
        let at = |seconds: Option<f64>| {
            seconds.and_then(seconds_to_micros).map(|at| at.div_euclid(1_000_000))
        };
        // A token without an end would be good for ever.
        let Some(end) = at(claims.exp) else { return Some(Reason::Malformed) };
        let latest = now_seconds.saturating_add(self.leeway_seconds);
        if now_seconds >= end.saturating_add(self.leeway_seconds) {
            Some(Reason::TooOld)
        } else if [claims.nbf, claims.iat].into_iter().filter_map(at).any(|start| start > latest) {
            Some(Reason::TooFarAhead)
        } else {
            let audience = self.audience.as_ref()?;
            let is_ours = claims.aud.as_ref().is_some_and(|aud| aud.includes(audience));
            (!is_ours).then_some(Reason::OtherAudience)
        }
    }

    /// Signs as the sender does; the secret is a private JSON Web Key.
    pub(super) fn sign(&self, secret: &Secret, now_seconds: i64) -> Option<Vec<(String, String)>> {
        let pair = rsa_key_pair(secret.text())?;
        let kid = json_web_keys(secret.text()).into_iter().find_map(|key| key.kid);
        let header = serde_json::json!({ "alg": "RS256", "typ": "JWT", "kid": kid });
        let claims = serde_json::json!({
            "iat": now_seconds, "exp": now_seconds + 300, "aud": self.audience,
        });
        let part = |value: &serde_json::Value| BASE64_URL.encode(value.to_string());
        let message = format!("{}.{}", part(&header), part(&claims));
        let mut signature = vec![0; pair.public().modulus_len()];
        // PKCS #1 v1.5 signatures take no randomness; the generator only blinds the computation.
        let random = ring::rand::SystemRandom::new();
        pair.sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature).ok()?;
        let token = format!("{message}.{}", BASE64_URL.encode(signature));
        Some(vec![(self.header.clone(), token)])
    }
}

/// Tokens in a header, alone or in a list of `version,token` like other Standard Webhooks.
fn tokens<'a>(headers: &'a Headers, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    headers
        .all(name)
        .flat_map(|value| value.split(|&byte| byte == b' ' || byte == b','))
        .filter(|token| token.len() <= TOKEN_LIMIT_BYTES && token.contains(&b'.'))
        .take(MOST_TOKENS)
}

fn verify_token(token: &[u8], secrets: &[Secret]) -> Outcome {
    let Some((message, header, claims, signature)) = split(token) else {
        return Outcome::Failed(Reason::Malformed);
    };
    // The token does not choose how it is verified.
    if header.alg != "RS256" {
        return Outcome::Failed(Reason::UnknownVersion);
    }
    let holds = |key: &RsaPublic| {
        key.n.len() <= LARGEST_MODULUS_BYTES
            && PublicKeyComponents { n: &key.n, e: &key.e }
                .verify(&RSA_PKCS1_2048_8192_SHA256, message, &signature)
                .is_ok()
    };
    let names_another = |key: &RsaPublic| matches!((&key.kid, &header.kid), (Some(own), Some(named)) if own != named);
    let found = secrets.iter().position(|secret| {
        rsa_public_keys(secret.text()).iter().any(|key| !names_another(key) && holds(key))
    });
    found.map_or(Outcome::Failed(Reason::Wrong), |secret| Outcome::Verified(secret, claims))
}

fn split(token: &[u8]) -> Option<(&[u8], Header, Claims, Vec<u8>)> {
    let last = token.iter().rposition(|&byte| byte == b'.')?;
    let (message, signature) = (&token[..last], &token[last + 1..]);
    let dot = message.iter().position(|&byte| byte == b'.')?;
    let part = |text: &[u8]| BASE64_URL.decode(text).ok();
    let header = serde_json::from_slice(&part(&message[..dot])?).ok()?;
    let claims = serde_json::from_slice(&part(&message[dot + 1..])?).ok()?;
    Some((message, header, claims, part(signature)?))
}

fn seconds_to_micros(seconds: f64) -> Option<i64> {
    let micros = seconds * 1e6;
    // The bounds keep the cast exact enough and inside the range.
    #[expect(clippy::cast_possible_truncation, reason = "checked to be in range just before")]
    (micros.is_finite() && micros.abs() < 9e15).then_some(micros as i64)
}

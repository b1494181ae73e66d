//! Tokens, passwords and JSON Web Tokens: schemes that do not cover the body.

use ringback_core::models::{Reason, Signature};
use ringback_core::provider::find_provider;
use ringback_core::signature::{Headers, JwtScheme, Scheme, Secret};
use serde::Deserialize;

fn secret(text: &str) -> Secret {
    Secret::new(text).expect("not empty")
}

#[test]
fn a_token_is_right_or_has_its_reason() {
    let (valid, missing) = (None, Some(Reason::HeaderMissing));
    let (wrong, malformed, unknown) =
        (Some(Reason::Wrong), Some(Reason::Malformed), Some(Reason::UnknownVersion));
    // provider, secret, header, value, reason
    let table: &[(&str, &str, &str, &str, Option<Reason>)] = &[
        ("generic-bearer", "tok_1", "authorization", "Bearer tok_1", valid),
        ("generic-bearer", "tok_1", "Authorization", "bearer   tok_1 ", valid),
        ("generic-bearer", "tok_1", "x-other", "Bearer tok_1", missing),
        ("generic-bearer", "tok_1", "authorization", "Bearer tok_2", wrong),
        ("generic-bearer", "tok_1", "authorization", "Bearer tok_", wrong),
        ("generic-bearer", "tok_1", "authorization", "Bearer tok_11", wrong),
        ("generic-bearer", "tok_1", "authorization", "Bearer TOK_1", wrong),
        ("generic-bearer", "tok_1", "authorization", "Bearer", malformed),
        ("generic-bearer", "tok_1", "authorization", "", malformed),
        ("generic-bearer", "tok_1", "authorization", "tok_1", malformed),
        ("generic-bearer", "tok_1", "authorization", "Basic tok_1", unknown),
        ("generic-bearer", "tok_1", "authorization", "Digest username=\"x\"", unknown),
        ("generic-bearer", "tok_1", "authorization", "Bearer tök_1", wrong),
        ("generic-basic", "u:p", "authorization", "Basic dTpw", valid),
        ("generic-basic", "u:p", "authorization", "BASIC dTpw", valid),
        ("generic-basic", "u:p", "x-other", "Basic dTpw", missing),
        ("generic-basic", "u:p", "authorization", "Basic dTpx", wrong),
        ("generic-basic", "u:p", "authorization", "Basic dTo=", wrong),
        ("generic-basic", "u:p", "authorization", "Basic OnA=", wrong),
        ("generic-basic", "u:p", "authorization", "Basic dTpwcA==", wrong),
        ("generic-basic", "u:p", "authorization", "Basic u:p", unknown),
        ("generic-basic", "u:p", "authorization", "Basic !!!!", unknown),
        ("generic-basic", "u:p", "authorization", "Basic", malformed),
        ("generic-basic", "u:p", "authorization", "", malformed),
        ("generic-basic", "u:p", "authorization", "dTpw", malformed),
        ("generic-basic", "u:p", "authorization", "Bearer dTpw", unknown),
        ("deepgram", "key-1", "dg-token", "key-1", valid),
        ("deepgram", "key-1", "authorization", "key-1", missing),
        ("deepgram", "key-1", "dg-token", "key-2", wrong),
        ("deepgram", "key-1", "dg-token", "key-", wrong),
        ("deepgram", "key-1", "dg-token", "key-11", wrong),
        ("deepgram", "key-1", "dg-token", "KEY-1", wrong),
        ("deepgram", "key-1", "dg-token", "Bearer key-1", wrong),
        ("deepgram", "key-1", "dg-token", "key 1", wrong),
        ("deepgram", "key-1", "dg-token", "ключ", wrong),
        ("deepgram", "key-1", "dg-token", " ", malformed),
        ("deepgram", "key-1", "dg-token", "", malformed),
        ("deepgram", "key-1", "dg-tokens", "key-1", missing),
    ];
    for &(provider, key, name, value, reason) in table {
        let scheme = &find_provider(provider).expect(provider).scheme;
        let headers = Headers::new([(name, value)]);
        let verdict = scheme.verify(&[secret("other"), secret(key)], &headers, b"{}", 0);
        assert_eq!(verdict.reason, reason, "{provider}: {name}: {value}");
        let expected = match reason {
            None => Signature::Valid,
            Some(Reason::HeaderMissing) => Signature::Missing,
            Some(_) => Signature::Invalid,
        };
        assert_eq!(verdict.signature, expected, "{provider}: {name}: {value}");
        assert_eq!(verdict.secret, reason.is_none().then_some(1));
    }
}

#[test]
fn a_sender_that_does_not_sign_is_never_trusted() {
    let verdict = Scheme::None.verify(&[secret("x")], &Headers::default(), b"{}", 0);
    assert_eq!(
        (verdict.signature, verdict.reason),
        (Signature::Unchecked, Some(Reason::NotSigned))
    );
}

#[derive(Deserialize)]
struct Tokens {
    private: serde_json::Value,
    other_private: serde_json::Value,
    public: serde_json::Value,
    other_public: serde_json::Value,
    audience: String,
    now: i64,
    #[serde(rename = "tokens")]
    table: Vec<(String, String, Option<String>)>,
}

fn fixture() -> Tokens {
    serde_json::from_str(include_str!("../fixtures/jwt.json")).expect("the tokens")
}

fn jwt(audience: &str) -> Scheme {
    Scheme::Jwt(JwtScheme { audience: Some(audience.to_owned()), ..JwtScheme::default() })
}

#[test]
fn every_kind_of_damage_to_a_web_token_has_its_reason() {
    let fixture = fixture();
    let keys = serde_json::json!({ "keys": [fixture.other_public, fixture.public] });
    let of_own = serde_json::json!({ "keys": [fixture.public] }).to_string();
    let scheme = jwt(&fixture.audience);
    assert!(fixture.table.len() >= 20);
    for (name, token, reason) in &fixture.table {
        let reason = reason.as_deref().map(|reason| match reason {
            "wrong" => Reason::Wrong,
            "too_old" => Reason::TooOld,
            "too_far_ahead" => Reason::TooFarAhead,
            "other_audience" => Reason::OtherAudience,
            "unknown_version" => Reason::UnknownVersion,
            "malformed" => Reason::Malformed,
            other => panic!("{other}"),
        });
        // A token of the other key is genuine where that key is known, so there it is not.
        let known = if name.starts_with("another key") { &of_own } else { &keys.to_string() };
        for value in [token.clone(), format!("v1,{token}")] {
            let headers = Headers::new([("webhook-signature", value)]);
            let verdict = scheme.verify(&[secret(known)], &headers, b"{}", fixture.now);
            assert_eq!(verdict.reason, reason, "{name}");
            assert_eq!(verdict.signature == Signature::Valid, reason.is_none(), "{name}");
        }
    }
    let missing = scheme.verify(&[secret(&of_own)], &Headers::default(), b"{}", fixture.now);
    assert_eq!(missing.signature, Signature::Missing);
}

#[test]
fn an_endless_token_or_one_too_long_is_not_looked_at() {
    let fixture = fixture();
    let keys = serde_json::json!({ "keys": [fixture.public] }).to_string();
    let long = format!("{}{}", "A.".repeat(9000), fixture.table[0].1);
    for value in [long, "a.b.c ".repeat(5000), ".".repeat(100)] {
        let headers = Headers::new([("webhook-signature", value)]);
        let verdict = jwt(&fixture.audience).verify(&[secret(&keys)], &headers, b"", fixture.now);
        assert_eq!(verdict.reason, Some(Reason::Malformed));
    }
}

#[test]
fn a_token_that_is_signed_here_verifies_with_the_public_half_alone() {
    let fixture = fixture();
    let scheme = jwt(&fixture.audience);
    let signed = |key: &serde_json::Value| {
        scheme.sign(&secret(&key.to_string()), "", b"", fixture.now).expect("a private key")
    };
    let keys = secret(&serde_json::json!({ "keys": [fixture.public] }).to_string());
    let verdict = |pairs, now| {
        scheme.verify(std::slice::from_ref(&keys), &Headers::new::<String, String>(pairs), b"", now)
    };
    let own = signed(&fixture.private);
    assert_eq!(verdict(own.clone(), fixture.now).signature, Signature::Valid);
    assert_eq!(verdict(own, fixture.now + 361).reason, Some(Reason::TooOld));
    assert_eq!(verdict(signed(&fixture.other_private), fixture.now).reason, Some(Reason::Wrong));
    assert!(scheme.sign(&keys, "", b"", 0).is_none(), "a public key signs nothing");
}

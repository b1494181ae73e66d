//! The published vectors, damage of every kind, and the promise that nothing altered ever verifies.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use ringback_core::models::{Reason, Signature};
use ringback_core::signature::{
    HeaderSignature, Headers, Scheme, Secret, TOLERANCE_SECONDS, Verdict,
};
use serde::Deserialize;
use std::collections::BTreeMap;

const NOW: i64 = 1_800_000_000;
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

#[derive(Deserialize)]
struct Vector {
    id: String,
    scheme: String,
    secret: String,
    headers: BTreeMap<String, String>,
    body_b64: String,
    now: i64,
    expect: String,
}

fn secret(text: &str) -> Secret {
    Secret::new(text).expect("not empty")
}

fn verify(scheme: &Scheme, key: &str, pairs: &[(&str, &str)], body: &[u8], now: i64) -> Verdict {
    scheme.verify(&[secret(key)], &Headers::new(pairs.iter().copied()), body, now)
}

fn signed(scheme: &Scheme, body: &[u8], now: i64) -> Vec<(String, String)> {
    scheme.sign(&secret(SECRET), "msg_1", body, now).expect("the secret makes a key")
}

fn pairs(headers: &[(String, String)]) -> Vec<(&str, &str)> {
    headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

#[test]
fn the_published_vectors_verify() {
    let vectors: Vec<Vector> =
        serde_json::from_str(include_str!("../fixtures/signatures.json")).expect("the vectors");
    let mut checked = 0;
    for vector in vectors {
        let scheme = match vector.scheme.as_str() {
            "standard_webhooks" | "openai" | "anthropic" => Scheme::StandardWebhooks,
            "github" => {
                Scheme::Header(HeaderSignature::body_hmac("x-hub-signature-256", "sha256="))
            }
            _ => continue,
        };
        let body = STANDARD.decode(&vector.body_b64).expect("base64");
        let headers: Vec<(&str, &str)> =
            vector.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let verdict = verify(&scheme, &vector.secret, &headers, &body, vector.now);
        let expected = if vector.expect == "valid" { Signature::Valid } else { Signature::Invalid };
        assert_eq!(verdict.signature, expected, "{}: {:?}", vector.id, verdict.reason);
        checked += 1;
    }
    assert_eq!(checked, 9, "vectors of the schemes known here");
}

type Case<'a> = (&'a str, Vec<(&'a str, &'a str)>, (Signature, Option<Reason>));

#[test]
fn every_kind_of_damage_has_its_reason() {
    let scheme = Scheme::StandardWebhooks;
    let body = b"{\"id\":\"evt_1\"}";
    let good = signed(&scheme, body, NOW);
    let [id, timestamp, signature] = [good[0].1.as_str(), good[1].1.as_str(), good[2].1.as_str()];
    let other = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    let many = format!("v1,!!! {other} v2,zzz nonsense {signature} v1,");
    let unpadded = signature.trim_end_matches('=');
    let (i, t, s) = ("webhook-id", "webhook-timestamp", "webhook-signature");
    let valid = (Signature::Valid, None);
    let invalid = |reason| (Signature::Invalid, Some(reason));
    let missing = (Signature::Missing, Some(Reason::HeaderMissing));
    let cases: Vec<Case<'_>> = vec![
        ("as sent", vec![(i, id), (t, timestamp), (s, signature)], valid),
        (
            "svix names",
            vec![("svix-id", id), ("svix-timestamp", timestamp), ("svix-signature", signature)],
            valid,
        ),
        (
            "upper-case names",
            vec![
                ("Webhook-Id", id),
                ("WEBHOOK-TIMESTAMP", timestamp),
                ("Webhook-Signature", signature),
            ],
            valid,
        ),
        ("one good among bad ones", vec![(i, id), (t, timestamp), (s, &many)], valid),
        ("over two headers", vec![(i, id), (t, timestamp), (s, other), (s, signature)], valid),
        ("without padding", vec![(i, id), (t, timestamp), (s, unpadded)], valid),
        ("nothing", vec![], missing),
        ("no signature", vec![(i, id), (t, timestamp)], missing),
        ("no id", vec![(t, timestamp), (s, signature)], invalid(Reason::HeaderMissing)),
        ("no timestamp", vec![(i, id), (s, signature)], invalid(Reason::HeaderMissing)),
        (
            "names of two families",
            vec![(i, id), ("svix-timestamp", timestamp), (s, signature)],
            invalid(Reason::HeaderMissing),
        ),
        ("another id", vec![(i, "msg_2"), (t, timestamp), (s, signature)], invalid(Reason::Wrong)),
        ("another signature", vec![(i, id), (t, timestamp), (s, other)], invalid(Reason::Wrong)),
        (
            "two ids",
            vec![(i, id), (i, "msg_2"), (t, timestamp), (s, signature)],
            invalid(Reason::Malformed),
        ),
        (
            "a timestamp with letters",
            vec![(i, id), (t, "1800000000abc"), (s, signature)],
            invalid(Reason::Malformed),
        ),
        (
            "a negative timestamp",
            vec![(i, id), (t, "-1800000000"), (s, signature)],
            invalid(Reason::Malformed),
        ),
        (
            "an endless timestamp",
            vec![(i, id), (t, "99999999999999999999999999"), (s, signature)],
            invalid(Reason::Malformed),
        ),
        ("an empty signature", vec![(i, id), (t, timestamp), (s, "")], invalid(Reason::Malformed)),
        (
            "no version, as some libraries accept",
            vec![(i, id), (t, timestamp), (s, &signature[3..])],
            valid,
        ),
        ("no base64", vec![(i, id), (t, timestamp), (s, "v1,%%%")], invalid(Reason::Malformed)),
        ("too short", vec![(i, id), (t, timestamp), (s, "v1,AAAA")], invalid(Reason::Malformed)),
        (
            "another version",
            vec![(i, id), (t, timestamp), (s, "v1a,AAAA v2,BBBB")],
            invalid(Reason::UnknownVersion),
        ),
        ("not ASCII", vec![(i, id), (t, timestamp), (s, "v1,ünïcödé")], invalid(Reason::Malformed)),
    ];
    for (name, headers, expected) in cases {
        for scheme in [Scheme::StandardWebhooks, Scheme::Automatic(HeaderSignature::default())] {
            let verdict = verify(&scheme, SECRET, &headers, body, NOW);
            assert_eq!((verdict.signature, verdict.reason), expected, "{name}");
        }
    }
}

#[test]
fn the_tolerance_is_five_minutes_both_ways_and_inclusive() {
    let scheme = Scheme::StandardWebhooks;
    let cases = [
        (-TOLERANCE_SECONDS - 1, Some(Reason::TooOld)),
        (-TOLERANCE_SECONDS, None),
        (0, None),
        (TOLERANCE_SECONDS, None),
        (TOLERANCE_SECONDS + 1, Some(Reason::TooFarAhead)),
    ];
    for (offset, reason) in cases {
        let headers = signed(&scheme, b"{}", NOW + offset);
        let verdict = verify(&scheme, SECRET, &pairs(&headers), b"{}", NOW);
        assert_eq!(verdict.reason, reason, "{offset} s");
        assert_eq!(verdict.signed_at, Some((NOW + offset) * 1_000_000));
    }
}

#[test]
fn a_wrong_signature_is_wrong_however_old_it_claims_to_be() {
    let headers = signed(&Scheme::StandardWebhooks, b"{}", NOW - 9_999);
    let verdict = verify(&Scheme::StandardWebhooks, SECRET, &pairs(&headers), b"{ }", NOW);
    assert_eq!(verdict.reason, Some(Reason::Wrong));
}

#[test]
fn any_of_several_secrets_may_have_signed() {
    let headers = signed(&Scheme::StandardWebhooks, b"{}", NOW);
    let headers = Headers::new(pairs(&headers));
    let scheme = Scheme::Automatic(HeaderSignature::default());
    let others = [secret("whsec_AAAA"), secret("plain text")];
    let with = [others[0].clone(), secret(SECRET), others[1].clone()];
    assert_eq!(scheme.verify(&with, &headers, b"{}", NOW).signature, Signature::Valid);
    assert_eq!(scheme.verify(&others, &headers, b"{}", NOW).reason, Some(Reason::Wrong));
    let nobody = scheme.verify(&[], &headers, b"{}", NOW);
    assert_eq!((nobody.signature, nobody.reason), (Signature::Unchecked, Some(Reason::NoSecret)));
}

#[test]
fn the_body_hmac_reads_its_header_and_nothing_else() {
    let form = HeaderSignature::default();
    let scheme = Scheme::Header(form.clone());
    let value = signed(&scheme, b"{}", NOW)[0].1.clone();
    let upper = value.to_uppercase().replace("SHA256=", "sha256=");
    let name = "x-webhook-signature";
    let cases = [
        (vec![(name, value.as_str())], (Signature::Valid, None)),
        (vec![(name, upper.as_str())], (Signature::Valid, None)),
        (vec![(name, "sha256=00"), (name, value.as_str())], (Signature::Valid, None)),
        (vec![], (Signature::Missing, Some(Reason::HeaderMissing))),
        (vec![(name, "sha256=zz")], (Signature::Invalid, Some(Reason::Malformed))),
        (vec![(name, &value[7..])], (Signature::Invalid, Some(Reason::Malformed))),
        (vec![(name, "sha1=aabb")], (Signature::Invalid, Some(Reason::UnknownVersion))),
        (vec![(name, "sha256=0")], (Signature::Invalid, Some(Reason::Malformed))),
    ];
    for (headers, expected) in cases {
        let verdict = verify(&scheme, SECRET, &headers, b"{}", NOW);
        assert_eq!((verdict.signature, verdict.reason), expected, "{headers:?}");
    }
    let verdict = verify(&scheme, SECRET, &[(name, value.as_str())], b"{ }", NOW);
    assert_eq!(verdict.reason, Some(Reason::Wrong));
}

#[test]
fn a_whsec_secret_is_decoded_for_one_scheme_and_text_for_the_other() {
    let automatic = Scheme::Automatic(HeaderSignature::default());
    for scheme in [Scheme::StandardWebhooks, Scheme::Header(HeaderSignature::default())] {
        let headers = signed(&scheme, b"{}", NOW);
        let verdict = verify(&automatic, SECRET, &pairs(&headers), b"{}", NOW);
        assert_eq!(verdict.signature, Signature::Valid, "{}", scheme.name());
    }
    // The published vector of the scheme that decodes, so that both sides here cannot agree on a mistake.
    let headers = [
        ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("webhook-timestamp", "1614265330"),
        ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    ];
    let body = b"{\"test\": 2432232314}";
    let verdict = verify(&automatic, SECRET, &headers, body, 1_614_265_330);
    assert_eq!(verdict.signature, Signature::Valid);
}

#[test]
fn a_secret_that_makes_no_key_verifies_nothing() {
    // An empty key would make a MAC that anybody can compute.
    assert!(Secret::new("  ").is_none());
    for empty in ["whsec_", "whsec_!!!"] {
        assert!(Scheme::StandardWebhooks.sign(&secret(empty), "a", b"", NOW).is_none());
        let headers = signed(&Scheme::StandardWebhooks, b"{}", NOW);
        let verdict = verify(&Scheme::StandardWebhooks, empty, &pairs(&headers), b"{}", NOW);
        assert_eq!(verdict.reason, Some(Reason::Wrong));
    }
}

#[test]
fn a_secret_and_the_values_of_headers_show_themselves_to_nobody() {
    let headers = Headers::new([("webhook-signature", "v1,abcdef")]);
    let shown = format!("{:?} {headers:?}", secret(SECRET));
    assert!(!shown.contains("MfKQ") && !shown.contains("abcdef"), "{shown}");
}

proptest! {
    #[test]
    fn what_was_signed_verifies(
        body in proptest::collection::vec(any::<u8>(), 0..200), id in "[!-~]{1,40}", key in "[!-~]{1,40}",
    ) {
        for scheme in [Scheme::StandardWebhooks, Scheme::Header(HeaderSignature::default())] {
            let Some(headers) = scheme.sign(&secret(&key), &id, &body, NOW) else { continue };
            let verdict = verify(&scheme, &key, &pairs(&headers), &body, NOW);
            prop_assert_eq!(verdict.signature, Signature::Valid);
        }
    }

    #[test]
    fn nothing_altered_ever_verifies(
        body in proptest::collection::vec(any::<u8>(), 1..200),
        at in any::<prop::sample::Index>(), flip in 1u8..,
        shift in 1i64..300, key in "[a-z]{16,32}",
    ) {
        let scheme = Scheme::StandardWebhooks;
        let headers = scheme.sign(&secret(&key), "msg_1", &body, NOW).expect("a key");
        let is_valid = |headers: &[(String, String)], body: &[u8], key: &str| {
            verify(&scheme, key, &pairs(headers), body, NOW).signature == Signature::Valid
        };
        let mut altered = body.clone();
        altered[at.index(body.len())] ^= flip;
        prop_assert!(!is_valid(&headers, &altered, &key), "body");
        prop_assert!(!is_valid(&headers, &body[1..], &key), "shorter body");
        let mut other = headers.clone();
        other[0].1.push('x');
        prop_assert!(!is_valid(&other, &body, &key), "id");
        other = headers.clone();
        other[1].1 = (NOW + shift).to_string();
        prop_assert!(!is_valid(&other, &body, &key), "timestamp");
        other[1].1 = format!("0{NOW}");
        prop_assert!(!is_valid(&other, &body, &key), "timestamp written in another way");
        prop_assert!(!is_valid(&headers, &body, &format!("{key}x")), "secret");
        let mut mac = STANDARD.decode(&headers[2].1[3..]).expect("base64");
        let place = at.index(mac.len());
        mac[place] ^= flip;
        other = headers.clone();
        other[2].1 = format!("v1,{}", STANDARD.encode(mac));
        prop_assert!(!is_valid(&other, &body, &key), "signature");

        let scheme = Scheme::Header(HeaderSignature::default());
        let headers = scheme.sign(&secret(&key), "", &body, NOW).expect("a key");
        let verdict = verify(&scheme, &key, &pairs(&headers), &altered, NOW);
        prop_assert_eq!(verdict.reason, Some(Reason::Wrong));
    }

    #[test]
    fn no_header_makes_a_panic_or_a_valid_verdict(
        values in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 4),
        now in any::<i64>(),
    ) {
        let names = ["webhook-id", "webhook-timestamp", "webhook-signature", "x-webhook-signature"];
        let headers = Headers::new(names.into_iter().zip(values));
        let verdict =
            Scheme::Automatic(HeaderSignature::default()).verify(&[secret(SECRET)], &headers, b"{}", now);
        prop_assert_ne!(verdict.signature, Signature::Valid);
    }

    #[test]
    fn a_malformed_entry_never_ends_the_scan(
        before in proptest::collection::vec("[ -~]{0,20}", 0..5),
        after in proptest::collection::vec("[ -~]{0,20}", 0..5),
    ) {
        let scheme = Scheme::StandardWebhooks;
        let mut headers = signed(&scheme, b"{}", NOW);
        headers[2].1 = format!("{} {} {}", before.join(" "), headers[2].1, after.join(" "));
        let verdict = verify(&scheme, SECRET, &pairs(&headers), b"{}", NOW);
        prop_assert_eq!(verdict.signature, Signature::Valid);
    }
}

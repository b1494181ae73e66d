//! At least ten kinds of damage to a request of every provider that signs its body.

use crate::providers::{Vector, vectors};
use proptest::prelude::*;
use ringback_core::models::{Reason, Signature};
use ringback_core::provider::{find_provider, providers};
use ringback_core::signature::{
    Algorithm, Encoding, HeaderSignature, Headers, Scheme, Secret, Syntax, Verdict,
};

const NOW: i64 = 1_800_000_000;
const BODY: &[u8] = br#"{"id":"evt_1","type":"job.completed"}"#;
const ED25519_PRIVATE: &str = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
const ED25519_PUBLIC: &str =
    r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
const OTHER_PUBLIC: &str = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";

type Pairs = Vec<(String, Vec<u8>)>;

/// A provider whose signature covers the body, with the keys of both sides.
struct Case {
    name: &'static str,
    scheme: Scheme,
    signing: Secret,
    verifying: Secret,
    other: Secret,
    pairs: Pairs,
}

fn secret(text: &str) -> Secret {
    Secret::new(text).expect("not empty")
}

fn cases() -> Vec<Case> {
    let signs = |scheme: &Scheme| {
        matches!(scheme, Scheme::Header(_) | Scheme::StandardWebhooks | Scheme::Automatic(_))
    };
    let mut cases: Vec<Case> = providers()
        .iter()
        .filter(|one| signs(&one.scheme))
        .map(|one| {
            let is_pair =
                matches!(&one.scheme, Scheme::Header(form) if form.algorithm == Algorithm::Ed25519);
            let (signing, verifying, other) = if is_pair {
                (ED25519_PRIVATE, ED25519_PUBLIC, OTHER_PUBLIC)
            } else {
                let own = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
                (own, own, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx")
            };
            case(&one.name, one.scheme.clone(), [signing, verifying, other])
        })
        .collect();
    let pair = [
        "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==",
        "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=",
        "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    ];
    cases.push(case("standard-webhooks v1a", Scheme::StandardWebhooks, pair));
    cases
}

fn case(name: &'static str, scheme: Scheme, [signing, verifying, other]: [&str; 3]) -> Case {
    let signing = secret(signing);
    let signed = scheme.sign(&signing, "msg_1", BODY, NOW).expect("the secret makes a key");
    let pairs = signed.into_iter().map(|(name, value)| (name, value.into_bytes())).collect();
    let (verifying, other) = (secret(verifying), secret(other));
    Case { name, scheme, signing, verifying, other, pairs }
}

impl Case {
    fn verify(&self, pairs: &Pairs, body: &[u8]) -> Verdict {
        self.verify_with(std::slice::from_ref(&self.verifying), pairs, body, NOW)
    }

    fn verify_with(&self, secrets: &[Secret], pairs: &Pairs, body: &[u8], now: i64) -> Verdict {
        let headers = Headers::new(pairs.iter().map(|(name, value)| (name, value.clone())));
        self.scheme.verify(secrets, &headers, body, now)
    }

    fn signature(&self) -> (usize, &[u8]) {
        let names = self.scheme.signature_headers();
        let index = self.pairs.iter().position(|(name, _)| names.contains(&name.as_str()));
        let index = index.expect("a signature");
        (index, &self.pairs[index].1)
    }

    fn with_signature(&self, value: impl Into<Vec<u8>>) -> Pairs {
        let mut pairs = self.pairs.clone();
        pairs[self.signature().0].1 = value.into();
        pairs
    }

    /// What stands before the signature's text, and that text.
    fn split(&self) -> (Vec<u8>, Vec<u8>) {
        let value = self.signature().1;
        let is_text = |byte: u8| byte != b'=' && byte != b',';
        let end = value.iter().rposition(|&byte| byte != b'=').expect("a text") + 1;
        let start = value[..end].iter().rposition(|&byte| !is_text(byte)).map_or(0, |at| at + 1);
        (value[..start].to_vec(), value[start..].to_vec())
    }

    fn form(&self) -> Option<&HeaderSignature> {
        match &self.scheme {
            Scheme::Header(form) => Some(form),
            _ => None,
        }
    }
}

#[test]
fn every_kind_of_damage_is_found_for_every_provider() {
    for case in cases() {
        let name = case.name;
        let good = case.verify(&case.pairs, BODY);
        assert_eq!((good.signature, good.secret), (Signature::Valid, Some(0)), "{name}");
        let mut kinds = 0;
        let mut check = |kind: &str, verdict: &Verdict, reason: Option<Reason>| {
            assert_ne!(verdict.signature, Signature::Valid, "{name}: {kind}");
            if let Some(reason) = reason {
                assert_eq!(verdict.reason, Some(reason), "{name}: {kind}");
            }
            kinds += 1;
        };
        let wrong = Some(Reason::Wrong);
        let mut flipped = BODY.to_vec();
        flipped[3] ^= 1;
        check("a bit of the body", &case.verify(&case.pairs, &flipped), wrong);
        check("a body cut short", &case.verify(&case.pairs, &BODY[1..]), wrong);
        let longer = [BODY, b"\n"].concat();
        check("a new line at the end", &case.verify(&case.pairs, &longer), wrong);
        check("no body", &case.verify(&case.pairs, b""), wrong);
        let others = [case.other.clone()];
        check("another secret", &case.verify_with(&others, &case.pairs, BODY, NOW), wrong);

        let mut without = case.pairs.clone();
        without.remove(case.signature().0);
        let missing = case.verify(&without, BODY);
        check("no signature", &missing, Some(Reason::HeaderMissing));
        assert_eq!(missing.signature, Signature::Missing, "{name}");

        let (before, text) = case.split();
        let value = |text: &[u8]| case.with_signature([before.as_slice(), text].concat());
        let mut other = text.clone();
        other[5] = if other[5] == b'1' { b'2' } else { b'1' };
        check("a digit of the signature", &case.verify(&value(&other), BODY), wrong);
        let malformed = Some(Reason::Malformed);
        check("a short signature", &case.verify(&value(&text[..8]), BODY), malformed);
        check("an empty text", &case.verify(&value(b""), BODY), malformed);
        check("not ASCII", &case.verify(&value("ünïcödé".as_bytes()), BODY), malformed);
        check("bytes of no text", &case.verify(&value(&[0xff, 0, 0x80]), BODY), malformed);
        check("an empty header", &case.verify(&case.with_signature(""), BODY), malformed);
        check("twice the text", &case.verify(&value(&[&*text, &*text].concat()), BODY), malformed);
        let renamed = [b"v9=".as_slice(), &text].concat();
        check("another version", &case.verify(&case.with_signature(renamed), BODY), None);

        for index in (0..case.pairs.len()).filter(|&index| index != case.signature().0) {
            let mut changed = case.pairs.clone();
            changed[index].1.push(b'1');
            check("a longer header", &case.verify(&changed, BODY), None);
            changed[index].1 = b"1800000000abc".to_vec();
            check("a header with letters", &case.verify(&changed, BODY), None);
            changed[index].1 = b"-1".to_vec();
            check("a negative header", &case.verify(&changed, BODY), None);
            let mut twice = case.pairs.clone();
            twice.push((twice[index].0.clone(), b"1".to_vec()));
            check("a header that is there twice", &case.verify(&twice, BODY), malformed);
            changed.remove(index);
            check("a header less", &case.verify(&changed, BODY), Some(Reason::HeaderMissing));
        }
        if let Some(rule) = case.form().and_then(|form| form.time.as_ref()) {
            let late = NOW + rule.past_seconds + 1;
            let own = [case.verifying.clone()];
            check(
                "too late",
                &case.verify_with(&own, &case.pairs, BODY, late),
                Some(Reason::TooOld),
            );
            let last = case.verify_with(&own, &case.pairs, BODY, late - 1);
            assert_eq!(last.signature, Signature::Valid, "{name}: the last second");
            if let Some(ahead) = rule.future_seconds {
                let early = case.verify_with(&own, &case.pairs, BODY, NOW - ahead - 1);
                check("too early", &early, Some(Reason::TooFarAhead));
            }
        }
        assert!(kinds >= 14, "{name}: {kinds}");
    }
}

#[test]
fn a_signature_in_the_other_encoding_is_malformed() {
    for case in cases() {
        let Some(form) = case.form() else { continue };
        let (before, text) = case.split();
        let bytes = form.encoding.decode(&text).expect("the encoding");
        let other = if form.encoding == Encoding::Hex { Encoding::Base64 } else { Encoding::Hex };
        let value = [before, other.encode(&bytes).into_bytes()].concat();
        let verdict = case.verify(&case.with_signature(value), BODY);
        assert_eq!(verdict.signature, Signature::Invalid, "{}", case.name);
    }
}

#[test]
fn a_signature_in_elements_needs_one_time() {
    for name in ["stripe", "elevenlabs"] {
        let scheme = find_provider(name).expect(name).scheme.clone();
        let Scheme::Header(form) = &scheme else { panic!("{name}") };
        let Syntax::Elements { signature: version, .. } = &form.syntax else { panic!("{name}") };
        let case = case(name, scheme.clone(), ["secret", "secret", "other"]);
        let text = String::from_utf8(case.split().1).expect("hex");
        let verdict = |value: String| case.verify(&case.with_signature(value), BODY);
        let good = format!("t={NOW},{version}={text}");
        assert_eq!(verdict(good.clone()).signature, Signature::Valid, "{name}");
        let many = format!("junk, =,,{version}=zz, {good} ,{version}=00,v7=1,t={NOW}");
        assert_eq!(verdict(many).signature, Signature::Valid, "{name}: good among bad");
        for bad in [
            format!("{version}={text}"),
            format!("t=,{version}={text}"),
            format!("t={NOW}.0,{version}={text}"),
            format!("t={NOW},t={},{version}={text}", NOW + 1),
            format!("t=+{NOW},{version}={text}"),
        ] {
            assert_eq!(verdict(bad.clone()).reason, Some(Reason::Malformed), "{name}: {bad}");
        }
        assert_eq!(verdict(format!("t={NOW},v7={text}")).reason, Some(Reason::UnknownVersion));
        let moved = format!("t={},{version}={text}", NOW + 1);
        assert_eq!(verdict(moved).reason, Some(Reason::Wrong), "{name}");
    }
}

#[test]
fn a_key_pair_of_small_order_verifies_nothing() {
    let zeros = "00".repeat(32);
    let one = format!("01{}", "00".repeat(31));
    let scheme = find_provider("generic-ed25519").expect("it is there").scheme.clone();
    // For the neutral element the equation holds for this signature of every body.
    let forged = format!("01{}", "00".repeat(63));
    let headers = Headers::new([("x-webhook-signature", forged)]);
    for key in [zeros, one] {
        let verdict = scheme.verify(&[secret(&key)], &headers, BODY, NOW);
        assert_eq!(verdict.reason, Some(Reason::Wrong), "{key}");
    }
}

#[test]
fn which_of_several_secrets_signed_is_said() {
    for case in cases() {
        let secrets = [case.other.clone(), case.verifying.clone(), secret("x")];
        let verdict = case.verify_with(&secrets, &case.pairs, BODY, NOW);
        assert_eq!(verdict.secret, Some(1), "{}", case.name);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn nothing_altered_verifies_under_any_provider(
        body in proptest::collection::vec(any::<u8>(), 1..120),
        at in any::<prop::sample::Index>(), flip in 1u8.., shift in 1i64..300,
    ) {
        for case in cases() {
            let sign = |now| case.scheme.sign(&case.signing, "msg_1", &body, now).expect("a key");
            let signed = sign(NOW);
            let pairs: Pairs = signed.iter().map(|(n, v)| (n.clone(), v.clone().into_bytes())).collect();
            prop_assert_eq!(case.verify(&pairs, &body).signature, Signature::Valid, "{}", case.name);
            let mut altered = body.clone();
            altered[at.index(body.len())] ^= flip;
            prop_assert_ne!(case.verify(&pairs, &altered).signature, Signature::Valid, "{}", case.name);
            let other = case.verify_with(std::slice::from_ref(&case.other), &pairs, &body, NOW);
            prop_assert_ne!(other.signature, Signature::Valid, "{}: secret", case.name);
            // One time's signature under another time or id, in whichever header they stand.
            let later = sign(NOW + shift);
            for (index, (name, value)) in later.iter().enumerate() {
                if *value == signed[index].1 || case.scheme.is_signature_header(name) {
                    continue;
                }
                let mut moved = pairs.clone();
                moved[index].1 = value.clone().into_bytes();
                prop_assert_ne!(case.verify(&moved, &body).signature, Signature::Valid, "{}: {}", case.name, name);
            }
        }
    }

    #[test]
    fn no_header_makes_a_panic_or_a_valid_verdict_under_any_provider(
        values in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..90), 6),
        now in any::<i64>(),
    ) {
        let vectors: Vec<Vector> = vectors();
        for vector in &vectors {
            let names = vector.headers();
            let headers = Headers::new(names.iter().map(|(name, _)| name.to_owned()).zip(values.iter().cloned()));
            let source = vector.source();
            let verdict = source.scheme.verify(&source.secrets, &headers, &vector.body(), now);
            prop_assert_ne!(verdict.signature, Signature::Valid);
        }
    }
}

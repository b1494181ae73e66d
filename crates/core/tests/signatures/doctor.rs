//! The doctor names the true cause of constructed failures, from the request and from what is kept
//! of it, and claims nothing about random ones.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use ringback_core::diagnosis::{
    BodyChange, Cause, Certainty, Diagnosis, Examination, HeadersAre, SecretForm, diagnose,
};
use ringback_core::intake::{Request, read_delivery_with_digests};
use ringback_core::keys::DigestKey;
use ringback_core::models::Signature;
use ringback_core::provider::{Overrides, find_provider, providers};
use ringback_core::signature::{Headers, MacDigests, Scheme, Secret};
use ringback_core::source::Source;

const NOW: i64 = 1_800_000_000;
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const BODY: &str = r#"{"id":"evt_1","n":18446744073709551617,"note":"grün a/b"}"#;

type Pairs = Vec<(String, String)>;

fn secret(text: &str) -> Secret {
    Secret::new(text).expect("not empty")
}

fn source(name: &str, provider: &str, secrets: &[&str]) -> Source {
    let secrets = secrets.iter().map(|text| secret(text)).collect();
    let provider = find_provider(provider).expect(provider);
    provider.source(name, secrets, &Overrides::default()).expect("nothing is overridden")
}

fn sign(provider: &str, key: &str, body: &[u8], at: i64) -> Pairs {
    let scheme = &find_provider(provider).expect(provider).scheme;
    scheme.sign(&secret(key), "msg_1", body, at).expect("the secret makes a key")
}

/// HMAC as a sender makes it, with a key of any bytes.
fn sign_with_key(provider: &str, key: &[u8], body: &[u8]) -> Pairs {
    use base64::Engine as _;
    let whsec = format!("whsec_{}", base64::engine::general_purpose::STANDARD.encode(key));
    match provider {
        "github" => {
            let mut scheme = find_provider("github").expect("it is there").scheme.clone();
            if let Scheme::Header(form) = &mut scheme {
                form.key = ringback_core::signature::KeyForm::Hex;
            }
            scheme.sign(&secret(&hex::encode(key)), "", body, NOW).expect("a key")
        }
        _ => sign(provider, &whsec, body, NOW),
    }
}

struct Case {
    name: &'static str,
    source: Source,
    others: Vec<Source>,
    headers: Pairs,
    body: Vec<u8>,
    now: i64,
    expected: Cause,
}

impl Case {
    fn new(
        name: &'static str,
        source: Source,
        headers: Pairs,
        body: impl AsRef<[u8]>,
        expected: Cause,
    ) -> Self {
        let body = body.as_ref().to_vec();
        Self { name, source, others: Vec::new(), headers, body, now: NOW, expected }
    }
}

/// Both ways: with the request at hand, and from what is kept of it.
fn both(
    source: &Source,
    others: &[Source],
    headers: &Pairs,
    body: &[u8],
    now: i64,
) -> [Diagnosis; 2] {
    let headers = Headers::new(headers.iter().map(|(name, value)| (name, value.as_bytes())));
    let key = DigestKey::new([1; 32]);
    let request =
        Request { headers: &headers, body, remote_addr: None, received_at: now * 1_000_000 };
    let delivery = read_delivery_with_digests(source, &request, &key);
    let received = MacDigests::of(&key, &source.scheme, &headers);
    let kept: Vec<(String, String)> = serde_json::from_str(&delivery.headers).expect("pairs");
    let kept = Headers::new(kept);
    let digests = MacDigests::from_bytes(&delivery.signature_mac.unwrap_or_default());
    let of = |headers, digests, headers_are| {
        diagnose(&Examination {
            source,
            others,
            headers,
            body: Some(body),
            digests,
            key: &key,
            headers_are,
            received_seconds: now,
        })
    };
    [of(&headers, &received, HeadersAre::Received), of(&kept, &digests, HeadersAre::Kept)]
}

fn with(mut headers: Pairs, name: &str, change: impl FnOnce(&str) -> String) -> Pairs {
    let (_, value) = headers.iter_mut().find(|(known, _)| known == name).expect(name);
    *value = change(value);
    headers
}

fn without(mut headers: Pairs, name: &str) -> Pairs {
    headers.retain(|(known, _)| known != name);
    headers
}

fn renamed(mut headers: Pairs, from: &str, to: &str) -> Pairs {
    for (name, _) in &mut headers {
        if name == from {
            to.clone_into(name);
        }
    }
    headers
}

#[expect(clippy::too_many_lines, reason = "one table")]
fn failures() -> Vec<Case> {
    let github = || source("hub", "github", &["top secret of the hub"]);
    let openai = || source("ai", "openai", &[SECRET]);
    let good = || sign("openai", SECRET, BODY.as_bytes(), NOW);
    let hub = |body: &str| sign("github", "top secret of the hub", body.as_bytes(), NOW);
    let changed = |name, signed: &str, arrived: &str, change| {
        Case::new(name, github(), hub(signed), arrived, Cause::BodyChanged(change))
    };
    let form = |name, text: &str, key: &[u8], form| {
        let source = source("hub", "github", &[text]);
        Case::new(name, source, sign_with_key("github", key, b"{}"), "{}", Cause::SecretForm(form))
    };
    let name = |text: &str| text.to_owned();
    let signature = "webhook-signature";
    let mut cases = vec![
        Case::new("no secret", source("ai", "openai", &[]), good(), BODY, Cause::NoSecret),
        Case::new(
            "a sender that does not sign",
            source("x", "unsigned", &[]),
            vec![],
            BODY,
            Cause::NotSigned,
        ),
        Case::new("no header at all", openai(), vec![], BODY, Cause::NoHeader),
        Case::new(
            "no id",
            openai(),
            without(good(), "webhook-id"),
            BODY,
            Cause::HeaderLost(vec![name("webhook-id")]),
        ),
        Case::new(
            "no timestamp",
            openai(),
            without(good(), "webhook-timestamp"),
            BODY,
            Cause::HeaderLost(vec![name("webhook-timestamp")]),
        ),
        Case::new(
            "a second id",
            openai(),
            [good(), vec![(name("webhook-id"), name("other"))]].concat(),
            BODY,
            Cause::HeaderTwice(name("webhook-id")),
        ),
        Case::new(
            "an unknown version",
            openai(),
            with(good(), signature, |_| name("v7,AAAA")),
            BODY,
            Cause::UnknownVersion(vec![name("v7")]),
        ),
        Case::new(
            "the right signature under an unknown version",
            openai(),
            with(good(), signature, |value| value.replace("v1,", "v7,")),
            BODY,
            Cause::WrittenOtherwise,
        ),
        Case::new(
            "a signature cut short",
            openai(),
            with(good(), signature, |value| value[..19].to_owned()),
            BODY,
            Cause::Unreadable(name("v1,<base64:12>")),
        ),
        Case::new(
            "a timestamp that is a date",
            openai(),
            with(good(), "webhook-timestamp", |_| name("2026-11-24T08:00:00Z")),
            BODY,
            Cause::UnreadableTime(name("2026-11-24T08:00:00Z")),
        ),
        Case::new(
            "too old",
            openai(),
            sign("openai", SECRET, BODY.as_bytes(), NOW - 7_260),
            BODY,
            Cause::TooOld(7_260),
        ),
        Case::new(
            "too far ahead",
            openai(),
            sign("openai", SECRET, BODY.as_bytes(), NOW + 3_600),
            BODY,
            Cause::TooFarAhead(3_600),
        ),
        Case::new(
            "a time in milliseconds",
            openai(),
            sign("openai", SECRET, BODY.as_bytes(), NOW * 1000),
            BODY,
            Cause::TimeInMilliseconds,
        ),
        Case::new(
            "another secret",
            openai(),
            sign("openai", "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", BODY.as_bytes(), NOW),
            BODY,
            Cause::WrongSecret,
        ),
        Case::new(
            "signed as GitHub signs, by the same secret",
            openai(),
            sign("github", SECRET, BODY.as_bytes(), NOW),
            BODY,
            Cause::OtherScheme(name("GitHub")),
        ),
        Case::new(
            "signed as Stripe signs, by another secret",
            openai(),
            sign("stripe", "another", BODY.as_bytes(), NOW),
            BODY,
            Cause::OtherScheme(name("Stripe")),
        ),
        Case::new(
            "Standard Webhooks at a source of Stripe",
            source("pay", "stripe", &[SECRET]),
            good(),
            BODY,
            Cause::OtherScheme(name("OpenAI")),
        ),
        Case::new(
            "a header of another name",
            github(),
            renamed(hub(BODY), "x-hub-signature-256", "x-signature-256"),
            BODY,
            Cause::OtherHeader(name("x-signature-256")),
        ),
        Case::new(
            "another version's prefix before the right signature",
            github(),
            with(hub(BODY), "x-hub-signature-256", |value| value.replace("sha256=", "v1=")),
            BODY,
            Cause::WrittenOtherwise,
        ),
        Case::new(
            "SHA-1 in the new header",
            github(),
            with(hub(BODY), "x-hub-signature-256", |_| format!("sha1={}", "ab".repeat(20))),
            BODY,
            Cause::UnknownVersion(vec![name("sha1")]),
        ),
        Case::new(
            "the body alone where the time belongs to it",
            source("chat", "slack", &["signing secret of slack"]),
            {
                let mut form = ringback_core::signature::HeaderSignature::body_hmac(
                    "x-slack-signature",
                    "v0=",
                );
                form.time = None;
                let scheme = Scheme::Header(form);
                let mut headers =
                    scheme.sign(&secret("signing secret of slack"), "", b"{}", NOW).expect("a key");
                headers.push((name("x-slack-request-timestamp"), NOW.to_string()));
                headers
            },
            "{}",
            Cause::SignedOtherwise(name("{body}")),
        ),
        Case::new(
            "a time of Stripe that is not there",
            source("pay", "stripe", &[SECRET]),
            vec![(name("stripe-signature"), format!("v1={}", "ab".repeat(32)))],
            BODY,
            Cause::UnreadableTime(String::new()),
        ),
        Case::new(
            "a token with a new line that was meant to be another",
            source("bot", "generic-bearer", &["token-one-of-the-bot"]),
            vec![(name("authorization"), name("Bearer token-two-of-the-bot"))],
            "{}",
            Cause::WrongSecret,
        ),
        Case::new(
            "a password where a token belongs",
            source("bot", "generic-bearer", &["token-one-of-the-bot"]),
            vec![(name("authorization"), name("Basic dTpw"))],
            "{}",
            Cause::Unreadable(name("Basic <…>")),
        ),
        changed(
            "compacted",
            r#"{"id": "1", "n": 1.50}"#,
            r#"{"id":"1","n":1.50}"#,
            BodyChange::Compacted,
        ),
        changed("indented", r#"{"id":"1"}"#, "{\n  \"id\": \"1\"\n}", BodyChange::Indented),
        changed(
            "spaced",
            r#"{"id":"1","b":[1,2]}"#,
            r#"{"id": "1", "b": [1, 2]}"#,
            BodyChange::Spaced,
        ),
        changed(
            "an indented body compacted",
            "{\n    \"id\": [\n        1\n    ]\n}",
            r#"{"id":[1]}"#,
            BodyChange::Compacted,
        ),
        changed(
            "sorted before signing",
            r#"{"a":1,"b":2}"#,
            r#"{"b":2,"a":1}"#,
            BodyChange::KeysReordered,
        ),
        changed("escapes undone", r#"{"a":"gr\u00fcn"}"#, r#"{"a":"grün"}"#, BodyChange::Unescaped),
        changed("escapes made", r#"{"a":"grün"}"#, r#"{"a":"gr\u00fcn"}"#, BodyChange::Unescaped),
        changed(
            "slashes unescaped",
            r#"{"a":"b\/c"}"#,
            r#"{"a":"b/c"}"#,
            BodyChange::SlashesUnescaped,
        ),
        changed("a new line less", "{}\n", "{}", BodyChange::NewLineCutOff),
        changed("a new line more", "{}", "{}\n", BodyChange::NewLineAdded),
        changed("white space around it", "{}", "  {} \t", BodyChange::WhiteSpaceAdded),
        changed("line ends of Unix", "a\r\nb\r\n", "a\nb\n", BodyChange::LineEndsToUnix),
        changed("line ends of Windows", "a\nb", "a\r\nb", BodyChange::LineEndsToWindows),
        changed("a mark less", "\u{feff}abc", "abc", BodyChange::MarkCutOff),
        changed("a mark more", "abc", "\u{feff}abc", BodyChange::MarkAdded),
        changed("a string around it", r#"{"a":1}"#, r#""{\"a\":1}""#, BodyChange::WrappedInString),
        changed("base64", "some text", "c29tZSB0ZXh0", BodyChange::WrittenAsBase64),
        changed("base64 undone", "c29tZSB0ZXh0", "some text", BodyChange::Base64Decoded),
        changed("an empty body signed", "", "something", BodyChange::SignedEmpty),
        form(
            "text of a base64 secret without prefix",
            "whsec_c2VjcmV0IHNlY3JldA==",
            b"c2VjcmV0IHNlY3JldA==",
            SecretForm::TextWithoutPrefix,
        ),
        form("decoded base64", "whsec_c2VjcmV0IHNlY3JldA==", b"secret secret", SecretForm::Base64),
        form(
            "decoded hex",
            "00ff00ff00ff00ff00ff00ff00ff00fe",
            &hex::decode("00ff00ff00ff00ff00ff00ff00ff00fe").expect("hex"),
            SecretForm::Hex,
        ),
        form("a new line at its end", "a plain secret", b"a plain secret\n", SecretForm::NewLine),
        form(
            "a prefix that is not there",
            "plain-secret-text",
            b"whsec_plain-secret-text",
            SecretForm::TextWithPrefix,
        ),
        form(
            "quotation marks at the sender",
            "plain-secret-text",
            b"\"plain-secret-text\"",
            SecretForm::Quoted,
        ),
        form(
            "quotation marks here",
            "\"plain-secret-text\"",
            b"plain-secret-text",
            SecretForm::Unquoted,
        ),
        form("capital letters", "PLAIN-SECRET-TEXT", b"plain-secret-text", SecretForm::LowerCase),
        form("escapes of a URL", "plain%2Fsecret", b"plain/secret", SecretForm::UrlDecoded),
        Case::new(
            "whsec_ used as text",
            openai(),
            sign_with_key("openai", SECRET.as_bytes(), BODY.as_bytes()),
            BODY,
            Cause::SecretForm(SecretForm::Text),
        ),
    ];
    let mut latin = Case::new(
        "Latin-1 became UTF-8",
        github(),
        sign("github", "top secret of the hub", b"gr\xfcn", NOW),
        "grün",
        Cause::BodyChanged(BodyChange::Latin1ToUtf8),
    );
    cases.push(std::mem::replace(
        &mut latin,
        Case::new(
            "UTF-8 became Latin-1",
            github(),
            hub("grün"),
            b"gr\xfcn",
            Cause::BodyChanged(BodyChange::Utf8ToLatin1),
        ),
    ));
    cases.push(latin);
    let other = || vec![source("billing", "openai", &["whsec_BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"])];
    let of_other = sign("openai", "whsec_BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB", BODY.as_bytes(), NOW);
    for (name, source) in [
        ("a secret of another source", openai()),
        ("a secret of another source while this one has none", source("ai", "openai", &[])),
    ] {
        let expected = Cause::SecretOfOtherSource("billing".to_owned());
        cases.push(Case {
            others: other(),
            ..Case::new(name, source, of_other.clone(), BODY, expected)
        });
    }
    let late = |name, source: Source, headers, now, expected| Case {
        now,
        ..Case::new(name, source, headers, BODY, expected)
    };
    let stripe = sign("stripe", SECRET, BODY.as_bytes(), NOW);
    let pay = source("pay", "stripe", &[SECRET]);
    cases.push(late("Stripe too old", pay, stripe, NOW + 301, Cause::TooOld(301)));
    cases
}

#[test]
fn the_true_cause_of_every_constructed_failure_is_named() {
    let failures = failures();
    assert!(failures.len() >= 50, "{}", failures.len());
    let mut wrong = Vec::new();
    for case in failures {
        let both = both(&case.source, &case.others, &case.headers, &case.body, case.now);
        for (diagnosis, way) in both.into_iter().zip(["at hand", "kept"]) {
            if diagnosis.cause != case.expected {
                wrong.push(format!("{} ({way}): {:?}", case.name, diagnosis.cause));
                continue;
            }
            let is_guess = matches!(diagnosis.cause, Cause::WrongSecret)
                || (case.name.contains("by another secret"));
            assert_eq!(diagnosis.certainty == Certainty::Likely, is_guess, "{} ({way})", case.name);
            assert!(!diagnosis.explanation.is_empty() && !diagnosis.advice.is_empty());
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_key_pair_is_examined_with_the_request_at_hand() {
    let private = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let public = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    let other = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
    let fal = |keys: &[&str]| source("img", "fal", keys);
    let signed = |body: &[u8], at| sign("fal", private, body, at);
    let others = [fal(&[public])];
    let table = [
        (fal(&[public]), signed(b"{}\n", NOW), Cause::BodyChanged(BodyChange::NewLineCutOff)),
        (fal(&[public]), signed(b"{}", NOW - 400), Cause::TooOld(400)),
        (fal(&[other]), signed(b"{}", NOW), Cause::SecretOfOtherSource("img".to_owned())),
        (fal(&[public]), signed(b"{}", NOW), Cause::WouldPassNow),
        (fal(&[public]), signed(b"another", NOW), Cause::WrongSecret),
    ];
    for (source, headers, expected) in table {
        let [at_hand, _] = both(&source, &others, &headers, b"{}", NOW);
        assert_eq!(at_hand.cause, expected);
    }
}

#[test]
fn nothing_secret_is_shown() {
    for case in failures() {
        let shown =
            format!("{:?}", both(&case.source, &case.others, &case.headers, &case.body, case.now));
        let signatures = case.headers.iter().filter(|(name, _)| {
            case.source.scheme.is_signature_header(name) || name.contains("signature")
        });
        for (_, value) in signatures {
            for part in value.split([' ', ',', '=']).filter(|part| part.len() >= 12) {
                assert!(!shown.contains(part), "{}: {part}", case.name);
            }
        }
        for text in ["MfKQ9r8G", "top secret", "plain-secret", "BBBBBBBB", "of slack"] {
            assert!(!shown.contains(text), "{}: {text}", case.name);
        }
    }
}

#[test]
fn nothing_is_claimed_about_a_thousand_random_failures() {
    let config = Config {
        cases: 1000,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(0xd0c),
        ..Config::default()
    };
    let signing: Vec<&str> = providers()
        .iter()
        .filter(|one| one.scheme.can_verify_again() && !matches!(one.scheme, Scheme::Token(_)))
        .map(|one| one.name.as_str())
        .collect();
    let bodies = prop_oneof![
        "\\{\"id\":\"[a-z]{3,9}\",\"n\":[1-9]{1,5}\\}".prop_map(String::into_bytes),
        proptest::collection::vec(any::<u8>(), 0..120),
    ];
    let inputs = (
        prop::sample::select(signing),
        "[A-Za-z0-9]{20,40}",
        "[A-Za-z0-9]{20,40}",
        bodies,
        1i64..300,
    );
    let mut runner = TestRunner::new(config);
    let result = runner.run(&inputs, |(provider, ours, theirs, body, ago)| {
        prop_assume!(ours != theirs);
        let own = source("own", provider, &[&ours]);
        let others = [source("other", "github", &["some other secret"])];
        let headers = sign(provider, &theirs, &body, NOW - ago);
        for diagnosis in both(&own, &others, &headers, &body, NOW) {
            prop_assert_eq!(&diagnosis.cause, &Cause::WrongSecret);
            prop_assert_eq!(diagnosis.certainty, Certainty::Likely);
            prop_assert!(diagnosis.tries <= 1500);
        }
        Ok(())
    });
    result.expect("no cause is named falsely");
}

#[test]
fn a_large_body_and_many_sources_stay_within_the_bounds() {
    let body = format!("{{\"text\":\"{}\"}}", "x".repeat(1 << 20));
    let own = source("own", "github", &["one", "two", "three", "four", "five"]);
    let others: Vec<Source> =
        (0..500).map(|n| source(&format!("s{n}"), "github", &[&format!("secret {n}")])).collect();
    let headers = sign("github", "none of them", body.as_bytes(), NOW);
    let [at_hand, kept] = both(&own, &others, &headers, body.as_bytes(), NOW);
    for diagnosis in [at_hand, kept] {
        assert_eq!(diagnosis.cause, Cause::WrongSecret);
        assert!(diagnosis.tries < 200, "{}", diagnosis.tries);
        assert!(diagnosis.evidence.iter().any(|line| line.starts_with("Stopped")));
    }
}

#[test]
fn what_verifies_by_now_is_said_and_is_verified_again() {
    let mended = source("ai", "openai", &[SECRET]);
    let headers = sign("openai", SECRET, BODY.as_bytes(), NOW);
    for diagnosis in both(&mended, &[], &headers, BODY.as_bytes(), NOW) {
        // Not stored as a failure, for it is none: only the request at hand has digests here.
        assert!(matches!(diagnosis.cause, Cause::WouldPassNow | Cause::WrongSecret));
    }
    let before = source("ai", "openai", &["whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]);
    let headers = Headers::new(headers);
    let key = DigestKey::new([2; 32]);
    let request = Request {
        headers: &headers,
        body: BODY.as_bytes(),
        remote_addr: None,
        received_at: NOW * 1_000_000,
    };
    let stored = read_delivery_with_digests(&before, &request, &key);
    assert_eq!(stored.signature, Signature::Invalid);
    let kept: Vec<(String, String)> = serde_json::from_str(&stored.headers).expect("pairs");
    let kept = Headers::new(kept);
    let digests = MacDigests::from_bytes(&stored.signature_mac.expect("digests"));
    let again = |source: &Source, body: &[u8], at| {
        let kept = ringback_core::signature::KeptRequest {
            headers: &kept,
            body,
            digests: &digests,
            key: &key,
        };
        source.scheme.verify_again(&source.secrets, &kept, at).map(|verdict| verdict.signature)
    };
    assert_eq!(again(&mended, BODY.as_bytes(), NOW), Some(Signature::Valid));
    assert_eq!(again(&mended, b"{}", NOW), None, "another body");
    assert_eq!(again(&mended, BODY.as_bytes(), NOW + 301), None, "too old when it came");
    assert_eq!(again(&before, BODY.as_bytes(), NOW), None, "the old secret");
}

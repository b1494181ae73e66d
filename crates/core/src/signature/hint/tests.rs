use super::*;
use crate::provider::find_scheme;
use HintKind as K;

fn first(scheme: &str, text: &str) -> Option<(HintKind, Severity)> {
    let scheme = find_scheme(scheme).expect("a scheme");
    check_secret(&scheme, text).first().map(|hint| (hint.kind, hint.severity))
}

type Row<'a> = (&'a str, &'a str, Option<(HintKind, Severity)>);

const GOOD: &str = "whsec_RdvaYFYUXuIFuEbvZHwMfYFhUf7aMYjYcmM24+Aj40c=";

#[test]
fn each_oddity_is_recognised_by_its_look() {
    use Severity::{Doubtful, Note, Wrong};
    let public = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
    let pem = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----";
    let table: &[Row<'_>] = &[
        ("openai", GOOD, None),
        ("openai", "a long enough text without meaning", Some((K::WhiteSpace, Doubtful))),
        ("openai", &format!(" {GOOD}\n"), Some((K::WhiteSpace, Note))),
        ("openai", &format!("\"{GOOD}\""), Some((K::Quoted, Wrong))),
        ("openai", &format!("OPENAI_WEBHOOK_SECRET={GOOD}"), Some((K::NameAndValue, Wrong))),
        ("openai", &format!("v1,{GOOD}"), Some((K::VersionPrefix, Wrong))),
        ("openai", &format!("{GOOD}\u{200b}"), Some((K::Invisible, Wrong))),
        ("openai", "whsec_••••••••", Some((K::Masked, Wrong))),
        ("openai", "whsec_abc...xyz", Some((K::Masked, Wrong))),
        ("openai", "", Some((K::Empty, Wrong))),
        ("openai", "https://example.com", Some((K::Url, Wrong))),
        ("openai", "sk-proj-abcdefghijklmnopqrst", Some((K::ApiKey, Wrong))),
        ("anthropic", "sk-ant-abcdefghijklmnopqrst", Some((K::ApiKey, Wrong))),
        ("replicate", "r8_abcdefghijklmnopqrstu", Some((K::ApiKey, Wrong))),
        ("openai", "sk_live_abcdefghijklmnop", Some((K::ApiKey, Wrong))),
        ("openai", "whsec_test_secret", Some((K::StripeSecret, Wrong))),
        ("openai", &format!("whsec_{}", "0a".repeat(32)), Some((K::StripeSecret, Doubtful))),
        ("openai", "whsec_!!!", Some((K::BadBase64, Wrong))),
        ("openai", "whsec_AAAA", Some((K::TooShort, Doubtful))),
        ("openai", "whsec_", Some((K::TooShort, Wrong))),
        ("openai", &format!("whsec_{}", "A".repeat(100)), Some((K::TooLong, Note))),
        ("standard-webhooks", public, None),
        ("standard-webhooks", pem, None),
        ("standard-webhooks", "whpk_AAAA", Some((K::NoUsableKey, Wrong))),
        ("standard-webhooks", &format!("whsk_{}", "A".repeat(86)), Some((K::PrivateKey, Wrong))),
        ("in-house", "any text that is long enough", Some((K::WhiteSpace, Doubtful))),
        ("in-house", "any-text-that-is-long-enough", None),
        ("in-house", "short", Some((K::TooShort, Doubtful))),
        ("stripe", "whsec_abcdefghijklmnopqrstuvwxyz", None),
        ("stripe", "abcdefghijklmnopqrstuvwxyz", Some((K::StripeSecret, Doubtful))),
        ("stripe", GOOD, Some((K::StandardWebhooksSecret, Doubtful))),
        ("github", public, Some((K::PublicKey, Wrong))),
        ("github", "your_secret_here", Some((K::Placeholder, Doubtful))),
        ("github", "ghp_abcdefghijklmnop", Some((K::ApiKey, Wrong))),
        ("generic-ed25519", pem, None),
        ("generic-ed25519", GOOD, Some((K::SecretForPublicKey, Wrong))),
        ("generic-ed25519", "not a key", Some((K::NoUsableKey, Wrong))),
        ("fal", r#"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}"#, Some((K::NoUsableKey, Wrong))),
        ("gemini-dynamic", pem, Some((K::NoUsableKey, Wrong))),
        ("gemini-dynamic", "-----BEGIN PRIVATE KEY-----", Some((K::PrivateKey, Wrong))),
        ("generic-bearer", "a-token-that-is-long-enough", None),
        ("generic-bearer", "Bearer a-token-that-is-long-enough", Some((K::HeaderWord, Wrong))),
        ("generic-basic", "user:password", None),
        ("generic-basic", "password", Some((K::NoColon, Wrong))),
        ("generic-basic", "Basic dTpw", Some((K::HeaderWord, Wrong))),
        ("unsigned", "x", Some((K::NotNeeded, Note))),
        ("unsigned", "", None),
    ];
    for (scheme, text, expected) in table {
        assert_eq!(first(scheme, text), *expected, "{scheme}: {text}");
    }
}

#[test]
fn what_can_be_mended_is_mended() {
    let scheme = find_scheme("openai").unwrap();
    for text in [
        format!(" {GOOD}\n"),
        format!("'{GOOD}'"),
        format!("WEBHOOK_SECRET={GOOD}"),
        format!("WEBHOOK_SECRET=\"{GOOD}\""),
        format!("v1,{GOOD}"),
        format!("\u{feff}{GOOD}"),
    ] {
        let hints = check_secret(&scheme, &text);
        assert!(hints.iter().any(|hint| hint.mended.as_deref() == Some(GOOD)), "{text:?}");
    }
}

#[test]
fn a_hint_shows_nothing_of_the_key() {
    for provider in crate::provider::providers() {
        for text in [GOOD, " whsec_RdvaYFYU!", "\"RdvaYFYUXuIFuEbv\"", "v1,RdvaYFYU"] {
            for hint in check_secret(&provider.scheme, text) {
                assert!(!format!("{hint:?} {}", hint.text).contains("RdvaYFYU"));
            }
        }
    }
}

#[test]
fn every_published_secret_passes_for_its_provider() {
    for (provider, text) in [
        ("openai", GOOD),
        ("replicate", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"),
        ("slack", "8f742231b10e8888abcd99yyyzzz85a5"),
        ("svix", "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="),
    ] {
        assert_eq!(first(provider, text), None, "{provider}");
    }
}

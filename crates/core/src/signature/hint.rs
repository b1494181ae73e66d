//! Recognises a key that cannot be right for its scheme when somebody types it.
//!
//! A hint never refuses: people know their senders better. It says what the text looks like and what
//! the scheme expects, and where the mend is plain it gives the mended text.

use super::key::{KeyForm, ed25519_public_keys, is_key_set, rsa_public_keys};
use super::text::BASE64;
use super::{Algorithm, KeyKind, Scheme};
use base64::Engine as _;
use std::fmt;

/// What is odd about a key.
#[derive(Clone, PartialEq, Eq)]
pub struct Hint {
    /// What kind of oddity.
    pub kind: HintKind,
    /// How bad it is.
    pub severity: Severity,
    /// A sentence for the person who typed it; it holds nothing of the key.
    pub text: String,
    /// The text without the oddity, where that is plain.
    pub mended: Option<String>,
}

/// The mended text is a secret.
impl fmt::Debug for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hint")
            .field("kind", &self.kind)
            .field("severity", &self.severity)
            .field("is_mended", &self.mended.is_some())
            .finish_non_exhaustive()
    }
}

/// How bad an oddity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It works, or is put right without asking.
    Note,
    /// It may be right, and usually is not.
    Doubtful,
    /// With this text nothing will ever verify.
    Wrong,
}

/// What kind of oddity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HintKind {
    /// Nothing is there.
    Empty,
    /// White space around or inside.
    WhiteSpace,
    /// Characters that nobody sees.
    Invisible,
    /// Quotation marks around it.
    Quoted,
    /// The line of a settings file, with the name.
    NameAndValue,
    /// Dots or stars instead of the text.
    Masked,
    /// An example from a document.
    Placeholder,
    /// A version before the secret, as in `v1,whsec_…`.
    VersionPrefix,
    /// The word of the header before the token.
    HeaderWord,
    /// A URL.
    Url,
    /// A key for the sender's API.
    ApiKey,
    /// A signing secret of Stripe in a source that decodes it.
    StripeSecret,
    /// A Standard Webhooks secret in a source that does not decode it.
    StandardWebhooksSecret,
    /// Not base64 where base64 is needed.
    BadBase64,
    /// Not hex where hex is needed.
    BadHex,
    /// Too short to be safe.
    TooShort,
    /// Longer than the specification allows.
    TooLong,
    /// A public key where a secret belongs.
    PublicKey,
    /// A private key.
    PrivateKey,
    /// A secret where a public key belongs.
    SecretForPublicKey,
    /// No key in it that the scheme can use.
    NoUsableKey,
    /// No colon between user and password.
    NoColon,
    /// The scheme takes no key.
    NotNeeded,
}

/// The beginnings of keys that open an API and sign nothing.
const API_KEYS: &[(&str, &str)] = &[
    ("sk-ant-", "Anthropic"),
    ("sk-proj-", "OpenAI"),
    ("sk-svcacct-", "OpenAI"),
    ("sk-", "OpenAI"),
    ("sk_live_", "Stripe"),
    ("sk_test_", "Stripe"),
    ("rk_live_", "Stripe"),
    ("rk_test_", "Stripe"),
    ("pk_live_", "Stripe"),
    ("pk_test_", "Stripe"),
    ("r8_", "Replicate"),
    ("ghp_", "GitHub"),
    ("github_pat_", "GitHub"),
    ("xoxb-", "Slack"),
    ("xoxp-", "Slack"),
    ("xapp-", "Slack"),
    ("AIza", "Google"),
    ("shpat_", "Shopify"),
];

/// Standard Webhooks allows 24 to 64 bytes.
const STANDARD_KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// Below this a secret can be tried out.
const SHORTEST_TEXT_BYTES: usize = 16;

/// What is odd about a text as the key of a scheme, the worst first; nothing when it looks right.
pub fn check_secret(scheme: &Scheme, text: &str) -> Vec<Hint> {
    let mut hints = Hints(Vec::new());
    let clean = check_writing(&mut hints, text);
    if scheme.key_kind() == KeyKind::Nothing {
        if !clean.is_empty() {
            hints.add(
                HintKind::NotNeeded,
                Severity::Note,
                "this sender does not sign, so no key is needed",
            );
        }
        return hints.sorted();
    }
    if clean.is_empty() {
        hints.add(HintKind::Empty, Severity::Wrong, "nothing is left after trimming");
        return hints.sorted();
    }
    if check_look(&mut hints, &clean) {
        match scheme.key_kind() {
            KeyKind::Secret => check_shared(&mut hints, scheme, &clean),
            KeyKind::SecretOrPublicKey => check_standard(&mut hints, scheme, &clean),
            KeyKind::PublicKey => check_public(&mut hints, scheme, &clean),
            KeyKind::Token => check_token(&mut hints, &clean),
            KeyKind::Password => check_password(&mut hints, &clean),
            KeyKind::Nothing => {}
        }
    }
    hints.sorted()
}

struct Hints(Vec<Hint>);

impl Hints {
    fn add(&mut self, kind: HintKind, severity: Severity, text: impl Into<String>) {
        self.0.push(Hint { kind, severity, text: text.into(), mended: None });
    }

    fn mend(&mut self, kind: HintKind, severity: Severity, text: &str, mended: &str) {
        let mended = Some(mended.to_owned());
        self.0.push(Hint { kind, severity, text: text.to_owned(), mended });
    }

    fn sorted(mut self) -> Vec<Hint> {
        self.0.sort_by_key(|hint| std::cmp::Reverse(hint.severity));
        self.0
    }
}

/// What came with the text when it was copied; gives the text without it.
fn check_writing(hints: &mut Hints, text: &str) -> String {
    let is_invisible = |c: char| {
        matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}' | '\u{a0}')
            || (c.is_control() && !c.is_whitespace())
    };
    let mut clean = text.to_owned();
    if clean.contains(is_invisible) {
        clean.retain(|c| !is_invisible(c));
        let text =
            "it holds characters that nobody sees, as text copied from a web page or a chat does";
        hints.mend(HintKind::Invisible, Severity::Wrong, text, clean.trim());
    }
    if clean.trim() != clean {
        clean = clean.trim().to_owned();
        hints.mend(
            HintKind::WhiteSpace,
            Severity::Note,
            "white space around it is left out",
            &clean,
        );
    }
    let is_quoted =
        |quote: char| clean.len() > 2 && clean.starts_with(quote) && clean.ends_with(quote);
    if ['"', '\'', '`'].into_iter().any(is_quoted) {
        clean = clean[1..clean.len() - 1].trim().to_owned();
        hints.mend(HintKind::Quoted, Severity::Wrong, "quotation marks stand around it", &clean);
    }
    let name_ends = clean.find(['=', ':']).filter(|&end| {
        let name = &clean[..end];
        let is_name = name.len() > 2
            && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
            && name.contains('_');
        is_name && end + 1 < clean.len()
    });
    if let Some(end) = name_ends {
        clean = clean[end + 1..].trim().trim_matches(['"', '\'']).to_owned();
        let text = "it begins with the name of a setting: only what follows belongs here";
        hints.mend(HintKind::NameAndValue, Severity::Wrong, text, &clean);
    }
    if let Some(rest) = clean.strip_prefix("v1,").or_else(|| clean.strip_prefix("v1a,")) {
        clean = rest.to_owned();
        let text =
            "it begins with a version, which some consoles put before the secret: leave it out";
        hints.mend(HintKind::VersionPrefix, Severity::Wrong, text, &clean);
    }
    clean
}

/// What is no key at all. False when there is nothing more to say.
fn check_look(hints: &mut Hints, text: &str) -> bool {
    if text.contains(['…', '•', '●']) || text.contains("***") || text.contains("...") {
        let sentence = "part of it is hidden by dots or stars: reveal it in the sender's console and copy it whole";
        hints.add(HintKind::Masked, Severity::Wrong, sentence);
        return false;
    }
    let lower = text.to_ascii_lowercase();
    let bare = lower.strip_prefix("whsec_").unwrap_or(&lower);
    let examples =
        ["your_", "your-", "<", "changeme", "change-me", "xxxx", "placeholder", "example"];
    if examples.iter().any(|start| bare.starts_with(start)) {
        hints.add(
            HintKind::Placeholder,
            Severity::Doubtful,
            "it looks like an example from a document",
        );
    }
    if lower.starts_with("https://") || lower.starts_with("http://") {
        let sentence = "it is an address: what belongs here is what is found there";
        hints.add(HintKind::Url, Severity::Wrong, sentence);
        return false;
    }
    if let Some((_, sender)) = API_KEYS.iter().find(|(start, _)| text.starts_with(start)) {
        let sentence = format!(
            "it looks like a key for {sender}'s API, which signs nothing: what belongs here is the signing secret of the webhook"
        );
        hints.add(HintKind::ApiKey, Severity::Wrong, sentence);
        return false;
    }
    true
}

fn is_pem(text: &str) -> bool {
    text.starts_with("-----BEGIN")
}

/// A key pair's half; false when it was one.
fn check_no_key_pair(hints: &mut Hints, text: &str) -> bool {
    let is_private_jwk =
        is_key_set(text) && super::Secret::new(text).is_some_and(|key| !key.is_public());
    if text.starts_with("whsk_") || (is_pem(text) && text.contains("PRIVATE KEY")) || is_private_jwk
    {
        let sentence = "it is a private key: whoever has it can sign as the sender; only the public key belongs here";
        hints.add(HintKind::PrivateKey, Severity::Wrong, sentence);
        return false;
    }
    true
}

fn check_shared(hints: &mut Hints, scheme: &Scheme, text: &str) {
    if !check_no_key_pair(hints, text) {
        return;
    }
    if text.starts_with("whpk_") || is_pem(text) || is_key_set(text) {
        let sentence = "it is a public key, and this source needs the secret that both sides share";
        return hints.add(HintKind::PublicKey, Severity::Wrong, sentence);
    }
    let Scheme::Header(form) = scheme else { return };
    let keys = form.key.keys(text);
    match form.key {
        KeyForm::Base64 if keys.is_empty() => {
            return hints.add(
                HintKind::BadBase64,
                Severity::Wrong,
                "it is not base64, which this source needs",
            );
        }
        KeyForm::Hex if keys.is_empty() => {
            return hints.add(
                HintKind::BadHex,
                Severity::Wrong,
                "it is not hex, which this source needs",
            );
        }
        KeyForm::Whsec => return check_standard(hints, scheme, text),
        _ => {}
    }
    let is_stripe = form.header == "stripe-signature";
    let rest = text.strip_prefix("whsec_");
    if is_stripe && rest.is_none() {
        let sentence =
            "Stripe's signing secrets begin with whsec_, and all of the text is the secret";
        hints.add(HintKind::StripeSecret, Severity::Doubtful, sentence);
    }
    if rest.is_some_and(|rest| rest.contains(['+', '/', '='])) {
        let sentence = "it looks like a Standard Webhooks secret, which is decoded there; this source uses it as text";
        hints.add(HintKind::StandardWebhooksSecret, Severity::Doubtful, sentence);
    }
    check_length(hints, text, keys.first().map_or(0, Vec::len));
}

fn check_length(hints: &mut Hints, text: &str, key_bytes: usize) {
    if text.contains(char::is_whitespace) {
        hints.add(HintKind::WhiteSpace, Severity::Doubtful, "white space stands inside it");
    }
    if key_bytes < SHORTEST_TEXT_BYTES {
        let sentence =
            format!("it is {key_bytes} bytes long: a secret that short can be found by trying");
        hints.add(HintKind::TooShort, Severity::Doubtful, sentence);
    }
}

fn check_standard(hints: &mut Hints, scheme: &Scheme, text: &str) {
    if !check_no_key_pair(hints, text) {
        return;
    }
    if text.starts_with("whpk_") || is_pem(text) || text.starts_with('{') {
        if ed25519_public_keys(text).is_empty() {
            let sentence =
                "no ed25519 public key can be read from it: whpk_ and 32 bytes in base64";
            hints.add(HintKind::NoUsableKey, Severity::Wrong, sentence);
        }
        return;
    }
    let Some(rest) = text.strip_prefix("whsec_") else {
        // The in-house scheme takes any text.
        let decoded = BASE64.decode(text).map_or(text.len(), |key| key.len());
        return check_length(hints, text, decoded);
    };
    let is_plain = rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let is_hex = rest.len() == 64 && rest.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_in_house = matches!(scheme, Scheme::Automatic(_));
    let Ok(key) = BASE64.decode(rest) else {
        if is_plain && !is_in_house {
            let sentence = "it looks like a signing secret of Stripe, which is used as text: choose the provider Stripe";
            hints.add(HintKind::StripeSecret, Severity::Wrong, sentence);
        } else {
            let sentence =
                "what follows whsec_ is not base64: a character may be missing or too much";
            hints.add(HintKind::BadBase64, Severity::Wrong, sentence);
        }
        return;
    };
    if is_hex || (is_plain && rest.len() == 32) {
        let sentence = "it may be a signing secret of Stripe, which is used as text: if it is, choose the provider Stripe";
        let severity = if is_hex { Severity::Doubtful } else { Severity::Note };
        hints.add(HintKind::StripeSecret, severity, sentence);
    }
    if key.len() < *STANDARD_KEY_BYTES.start() {
        let sentence = format!(
            "the key is {} bytes long, and the specification asks for 24 to 64: a part may be missing",
            key.len()
        );
        let severity = if key.is_empty() { Severity::Wrong } else { Severity::Doubtful };
        hints.add(HintKind::TooShort, severity, sentence);
    } else if key.len() > *STANDARD_KEY_BYTES.end() {
        let sentence =
            format!("the key is {} bytes long, and the specification asks for 24 to 64", key.len());
        hints.add(HintKind::TooLong, Severity::Note, sentence);
    }
}

fn check_public(hints: &mut Hints, scheme: &Scheme, text: &str) {
    if !check_no_key_pair(hints, text) {
        return;
    }
    let is_ed25519 = matches!(scheme, Scheme::Header(form) if form.algorithm == Algorithm::Ed25519);
    let (is_usable, kind) = if is_ed25519 {
        (!ed25519_public_keys(text).is_empty(), "an ed25519")
    } else {
        (!rsa_public_keys(text).is_empty(), "an RSA")
    };
    if is_usable {
        return;
    }
    if text.starts_with("whsec_") {
        let sentence = "it is a shared secret, and this source needs the sender's public key";
        return hints.add(HintKind::SecretForPublicKey, Severity::Wrong, sentence);
    }
    let sentence = if text.contains("BEGIN CERTIFICATE") {
        format!(
            "it is a certificate: this source needs {kind} public key, in PEM or as a JWKS document"
        )
    } else if text.starts_with('{') || is_pem(text) {
        format!("there is no {} public key in it that can be used", kind.trim_start_matches("an "))
    } else {
        format!("it is not {kind} public key: PEM, or a JWKS document")
    };
    hints.add(HintKind::NoUsableKey, Severity::Wrong, sentence);
}

fn check_token(hints: &mut Hints, text: &str) {
    if let Some((word, rest)) = text.split_once(' ')
        && ["bearer", "basic", "token"].contains(&word.to_ascii_lowercase().as_str())
    {
        let sentence = "it begins with the word of the header: only the token belongs here";
        return hints.mend(HintKind::HeaderWord, Severity::Wrong, sentence, rest.trim());
    }
    check_length(hints, text, text.len());
}

fn check_password(hints: &mut Hints, text: &str) {
    if let Some(rest) = text.strip_prefix("Basic ") {
        let decoded =
            BASE64.decode(rest.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let sentence = "it is the header's value: what belongs here is user:password";
        hints.0.push(Hint {
            kind: HintKind::HeaderWord,
            severity: Severity::Wrong,
            text: sentence.to_owned(),
            mended: decoded,
        });
    } else if !text.contains(':') {
        let sentence = "there is no colon in it: what belongs here is user:password";
        hints.add(HintKind::NoColon, Severity::Wrong, sentence);
    }
}

#[cfg(test)]
mod tests {
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
            (
                "standard-webhooks",
                &format!("whsk_{}", "A".repeat(86)),
                Some((K::PrivateKey, Wrong)),
            ),
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
            (
                "fal",
                r#"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}"#,
                Some((K::NoUsableKey, Wrong)),
            ),
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
}

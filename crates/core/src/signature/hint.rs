//! Recognises a key that cannot be right for its scheme when somebody types it.
//!
//! A hint never refuses: people know their senders better. It says what the text looks like and what
//! the scheme expects, and where the mend is plain it gives the mended text.

mod keys;
mod writing;

use super::{KeyKind, Scheme};
use keys::{check_password, check_public, check_shared, check_standard, check_token};
use std::fmt;
use writing::{check_look, check_writing};

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

#[cfg(test)]
mod tests;

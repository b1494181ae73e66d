//! What came with a text when it was copied, and what is no key at all.

use super::{HintKind, Hints, Severity};

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

/// What came with the text when it was copied; gives the text without it.
pub(super) fn check_writing(hints: &mut Hints, text: &str) -> String {
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
pub(super) fn check_look(hints: &mut Hints, text: &str) -> bool {
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

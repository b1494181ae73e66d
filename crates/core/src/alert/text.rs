//! What is said of an alert, in a person's words. The log, mails, webhooks and the page say the same.

use super::{Condition, Key, Telling};

/// What is wrong and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// One line: what is wrong and where.
    pub title: String,
    /// What to do about it.
    pub advice: String,
}

/// The words of an alert.
pub fn words(key: &Key) -> Words {
    let source = &key.source;
    let (title, advice) = match key.condition {
        Condition::NoSecret => (
            format!("Source “{source}” has no secret, so its signatures cannot be checked"),
            "Callbacks are stored unchecked. Give the source its sender's secret; the default \
             source takes it from LLM_WEBHOOK_SECRET."
                .to_owned(),
        ),
        Condition::BadSignature => (
            format!("Bad signatures from “{source}”: {}", reason(&key.cause)),
            format!(
                "{} Do not act on these callbacks until you know who sent them.",
                reason_advice(&key.cause)
            ),
        ),
        Condition::Refused => refused(key),
        Condition::Forgery if key.cause == "disputed" => (
            format!("A genuine delivery to “{source}” reuses the id of a trusted callback"),
            "The id is not signed, so the content stays and the delivery is kept beside it. \
             Open the callback and compare the two."
                .to_owned(),
        ),
        Condition::Forgery => (
            format!("A forged delivery names a trusted callback of “{source}”"),
            "The callback was not touched; the delivery is kept as evidence. Somebody may be \
             guessing or replaying ids: look at the addresses in the evidence."
                .to_owned(),
        ),
        Condition::Silent => (
            format!("Source “{source}” is silent for longer than it usually is"),
            "Check the sender's console for failed deliveries, and that its URL still points here."
                .to_owned(),
        ),
        Condition::Storage => (
            "The database does not take what it is given".to_owned(),
            format!(
                "{} Senders are told to try again, so nothing acknowledged is lost.",
                match key.cause.as_str() {
                    "away" => "It does not answer: check that it runs and has room.",
                    _ => "It refuses a write: the server's log has the cause.",
                }
            ),
        ),
        Condition::SecretEnding => (
            format!("A secret of “{source}” is about to end: {}", key.cause),
            "Add the next secret before this one ends, then change it at the sender.".to_owned(),
        ),
        Condition::NewEventType => (
            format!("“{source}” sent an event type for the first time: {}", key.cause),
            "If workflows depend on event types, check that they know this one.".to_owned(),
        ),
        Condition::Clock => (
            format!(
                "The clock of a node is {} the database's by more than 30 seconds",
                if key.cause == "behind" { "behind" } else { "ahead of" }
            ),
            "Signed times are judged by it, so genuine callbacks may be flagged. Let all machines \
             keep time by NTP; the log of the node says how far it is off."
                .to_owned(),
        ),
    };
    Words { title, advice }
}

fn refused(key: &Key) -> (String, String) {
    if key.cause == "over-quota" {
        return (
            format!("Unverified callbacks of “{}” have used up their space", key.source),
            "Of more, only digests are kept. If these are yours, give the source its secret, or \
             raise RINGBACK_UNTRUSTED_BYTES_PER_DAY."
                .to_owned(),
        );
    }
    let (why, advice) = match key.cause.as_str() {
        "too-large" => (
            "too large",
            "Ask the sender for smaller callbacks, or raise RINGBACK_BODY_LIMIT_BYTES.",
        ),
        "rate-limited" => (
            "too many in a short time",
            "Find out who sends that much: genuine deliveries are tried again by the sender.",
        ),
        "queue-full" => (
            "more came than could be stored",
            "Senders try again. If it lasts, the database is too slow for the load.",
        ),
        _ => ("refused", "The refusals are listed with size, address and time."),
    };
    (format!("Deliveries to “{}” were refused: {why}", key.source), advice.to_owned())
}

fn reason(cause: &str) -> &'static str {
    match cause {
        "header_missing" => "there is no signature",
        "malformed" => "the signature cannot be read",
        "wrong" => "no configured secret makes them",
        "too_old" => "signed too long ago",
        "too_far_ahead" => "signed in the future",
        "unknown_version" => "of a version that is not known",
        "not_signed" => "this sender does not sign",
        "other_audience" => "made for somebody else",
        _ => "they do not hold",
    }
}

fn reason_advice(cause: &str) -> &'static str {
    match cause {
        "header_missing" => "Check that the sender signs, and that no proxy strips its headers.",
        "malformed" | "unknown_version" => "Check that the source's scheme is the sender's.",
        "too_old" | "too_far_ahead" => {
            "Check both clocks; a delivery that waited for long is signed again by its sender."
        }
        _ => "Compare the sender's secret with the configured one.",
    }
}

/// The line of a telling, with the count that belongs to it.
pub fn headline(key: &Key, telling: Telling, count: i64) -> String {
    let title = words(key).title;
    let times = match count {
        0 | 1 => String::new(),
        _ => format!(" ({} times)", with_commas(count)),
    };
    match telling {
        Telling::Started => format!("{title}{times}"),
        Telling::Again => format!("Again: {title}{times}"),
        Telling::Grown => format!("More of it: {title}{times}"),
        Telling::Reminder => format!("Still: {title}{times}"),
        Telling::Resolved => format!("Resolved: {title}{times}"),
    }
}

fn with_commas(count: i64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::Reason;

    #[test]
    fn every_condition_says_where_and_what_to_do() {
        for condition in Condition::ALL {
            let words = words(&Key::new(*condition, "openai", "wrong"));
            let of_no_source = matches!(condition, Condition::Storage | Condition::Clock);
            assert!(of_no_source || words.title.contains("openai"));
            assert!(words.advice.len() > 20 && words.advice.ends_with('.'), "{words:?}");
        }
    }

    #[test]
    fn every_reason_of_a_bad_signature_has_its_own_words() {
        let causes: Vec<&str> = Reason::ALL.iter().map(|reason| reason.name()).collect();
        let mut said: Vec<&str> = causes
            .iter()
            .filter(|cause| **cause != "no_secret")
            .map(|cause| reason(cause))
            .collect();
        let all = said.len();
        said.sort_unstable();
        said.dedup();
        assert_eq!(said.len(), all, "{said:?}");
    }

    #[test]
    fn a_headline_says_what_is_new_and_how_often() {
        let key = Key::new(Condition::Silent, "openai", "");
        assert!(headline(&key, Telling::Started, 0).starts_with("Source “openai” is silent"));
        assert!(headline(&key, Telling::Resolved, 12_345).ends_with("(12,345 times)"));
        assert_eq!(with_commas(100), "100");
        assert_eq!(with_commas(1_234_567), "1,234,567");
    }
}

//! What the reader of the output sees: a line for each request, or progress, and a summary.

use super::client::Outcome;
use super::signer::Outgoing;
use sha2::{Digest, Sha256};
use std::io::Write;
use std::time::Duration;

/// How much is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A line for each request.
    Lines,
    /// A line from time to time.
    Progress,
    /// A JSON object for each request, on standard output alone.
    Json,
}

/// Counts outcomes and prints them.
pub(super) struct Report {
    form: Form,
    sent: u64,
    acknowledged: u64,
    duplicates: u64,
    failed: u64,
    next_progress: Duration,
}

impl Report {
    /// Nothing is sent yet.
    pub(super) fn new(form: Form) -> Self {
        let next_progress = Duration::from_secs(1);
        Self { form, sent: 0, acknowledged: 0, duplicates: 0, failed: 0, next_progress }
    }

    /// True when everything that was sent is stored.
    pub(super) fn is_complete(&self) -> bool {
        self.acknowledged == self.sent
    }

    /// Counts and prints one outcome, `elapsed` after the start.
    pub(super) fn note(
        &mut self,
        outgoing: &Outgoing,
        outcome: &Outcome,
        elapsed: Duration,
    ) -> std::io::Result<()> {
        self.count(outcome);
        match self.form {
            Form::Lines => writeln!(std::io::stdout(), "{}", line(outgoing, outcome)),
            Form::Json => writeln!(std::io::stdout(), "{}", json(outgoing, outcome)),
            Form::Progress => {
                if let Some(cause) = cause(outcome).filter(|_| self.failed <= 10) {
                    eprintln!("ringback: not acknowledged: {cause}");
                }
                if elapsed < self.next_progress {
                    return Ok(());
                }
                self.next_progress = elapsed + Duration::from_secs(1);
                writeln!(std::io::stdout(), "{}", self.summary(elapsed))
            }
        }
    }

    /// Prints the summary; beside JSON it goes to standard error.
    pub(super) fn finish(&self, elapsed: Duration) -> std::io::Result<()> {
        let summary = self.summary(elapsed);
        match self.form {
            Form::Json => writeln!(std::io::stderr(), "{summary}"),
            Form::Lines | Form::Progress => writeln!(std::io::stdout(), "{summary}"),
        }
    }

    fn count(&mut self, outcome: &Outcome) {
        self.sent += 1;
        match outcome {
            Outcome::Acknowledged { receipt, .. } => {
                self.acknowledged += 1;
                self.duplicates += u64::from(receipt.as_ref().is_some_and(|r| r.duplicate));
            }
            Outcome::Refused { .. } | Outcome::Unanswered { .. } => self.failed += 1,
        }
    }

    fn summary(&self, elapsed: Duration) -> String {
        format!(
            "sent {}, acknowledged {}, duplicates {}, failed {}, in {:.1} s",
            self.sent,
            self.acknowledged,
            self.duplicates,
            self.failed,
            elapsed.as_secs_f64()
        )
    }
}

fn line(outgoing: &Outgoing, outcome: &Outcome) -> String {
    let (status, effect) = match outcome {
        Outcome::Acknowledged { status, receipt } => (
            status.to_string(),
            match receipt {
                Some(receipt) if receipt.duplicate => "duplicate",
                Some(_) => "new",
                None => "",
            },
        ),
        Outcome::Refused { status, .. } => (status.to_string(), "failed"),
        Outcome::Unanswered { .. } => ("-".to_owned(), "failed"),
    };
    let id = callback_id(outgoing, outcome).unwrap_or("-");
    let rest = cause(outcome).unwrap_or_else(|| outgoing.label.to_owned());
    format!("{status:<3}  {effect:<9}  {id:<22}  {rest}").trim_end().to_owned()
}

/// What scripts read of a request.
#[derive(serde::Serialize)]
struct JsonLine<'a> {
    callback_id: Option<&'a str>,
    status: Option<u16>,
    duplicate: Option<bool>,
    sha256: String,
}

fn json(outgoing: &Outgoing, outcome: &Outcome) -> String {
    let (status, duplicate) = match outcome {
        Outcome::Acknowledged { status, receipt } => {
            (Some(*status), receipt.as_ref().map(|receipt| receipt.duplicate))
        }
        Outcome::Refused { status, .. } => (Some(*status), None),
        Outcome::Unanswered { .. } => (None, None),
    };
    let callback_id = callback_id(outgoing, outcome);
    let sha256 = hex::encode(Sha256::digest(&outgoing.body));
    let line = JsonLine { callback_id, status, duplicate, sha256 };
    serde_json::to_string(&line).expect("text and numbers always become JSON")
}

/// The id under which it is stored; before that, the one it was sent with.
fn callback_id<'a>(outgoing: &'a Outgoing, outcome: &'a Outcome) -> Option<&'a str> {
    match outcome {
        Outcome::Acknowledged { receipt: Some(receipt), .. } => Some(&receipt.callback_id),
        _ => outgoing.id.as_deref(),
    }
}

fn cause(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Acknowledged { .. } => None,
        Outcome::Refused { status, detail } => Some(format!("{status}: {detail}")),
        Outcome::Unanswered { cause } => Some(cause.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::signer::Signing;
    use super::*;
    use actix_web::web::Bytes;
    use ringback_wire::Receipt;

    fn outgoing() -> Outgoing {
        Outgoing {
            label: "a label",
            id: Some("sent".to_owned()),
            body: Bytes::from_static(b"abc"),
            content_type: "text/plain",
            signing: Signing::Unsigned,
        }
    }

    fn acknowledged(duplicate: bool) -> Outcome {
        let receipt = Some(Receipt { id: 1, callback_id: "stored".to_owned(), duplicate });
        Outcome::Acknowledged { status: 200, receipt }
    }

    #[test]
    fn a_line_says_what_the_server_said() {
        let text = |outcome| line(&outgoing(), &outcome);
        assert_eq!(text(acknowledged(true)), "200  duplicate  stored                  a label");
        let refused = Outcome::Refused { status: 413, detail: "too large".to_owned() };
        assert_eq!(text(refused), "413  failed     sent                    413: too large");
        let unanswered = Outcome::Unanswered { cause: "no route".to_owned() };
        assert_eq!(text(unanswered), "-    failed     sent                    no route");
    }

    #[test]
    fn json_has_four_fields_for_scripts() {
        assert_eq!(
            json(&outgoing(), &acknowledged(false)),
            concat!(
                r#"{"callback_id":"stored","status":200,"duplicate":false,"#,
                r#""sha256":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}"#
            )
        );
        let unanswered = json(&outgoing(), &Outcome::Unanswered { cause: String::new() });
        assert!(unanswered.starts_with(r#"{"callback_id":"sent","status":null,"duplicate":null,"#));
    }

    #[test]
    fn one_that_is_not_acknowledged_makes_the_run_incomplete() {
        let mut report = Report::new(Form::Json);
        report.count(&acknowledged(false));
        report.count(&acknowledged(true));
        assert!(report.is_complete());
        report.count(&Outcome::Unanswered { cause: String::new() });
        assert!(!report.is_complete());
        assert_eq!(
            report.summary(Duration::from_millis(1500)),
            "sent 3, acknowledged 2, duplicates 1, failed 1, in 1.5 s"
        );
    }
}

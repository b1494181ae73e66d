//! What was counted, as Markdown.

use std::fmt::Write;
use std::time::Duration;

/// What a scenario found. Everything but `callbacks` and `seen` counts versions: a callback that
/// changes is two.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Faults that were injected.
    pub(crate) faults: u32,
    /// Sent at least once.
    pub(crate) sent: u64,
    /// Acknowledged.
    pub(crate) acknowledged: u64,
    /// Stored, each with its bytes.
    pub(crate) stored: u64,
    /// Callbacks stored.
    pub(crate) callbacks: u64,
    /// Callbacks that the reader saw.
    pub(crate) seen: u64,
    /// Attempts after the first.
    pub(crate) retries: u64,
    /// The longest way to an acknowledgement.
    pub(crate) longest: Duration,
    /// What is worth saying.
    pub(crate) notes: Vec<String>,
    /// What is wrong; nothing when the scenario passed.
    pub(crate) failures: Vec<String>,
}

/// How a scenario ended.
pub(crate) enum Ending {
    /// It ran to its end; it passed when nothing was wrong.
    Ran(Outcome),
    /// It could not be run here.
    NotRun(String),
    /// It broke off.
    Broke(String),
}

impl Ending {
    /// True when it ran and nothing was wrong.
    pub(crate) fn has_passed(&self) -> bool {
        matches!(self, Self::Ran(outcome) if outcome.failures.is_empty())
    }
}

/// The table, and below it what is worth saying.
pub(crate) fn table(endings: &[(&str, Ending)]) -> String {
    let mut text = String::from(
        "| scenario | faults | sent | acknowledged | stored | callbacks | seen | tried again | longest wait | |\n\
         |---|---|---|---|---|---|---|---|---|---|\n",
    );
    for (name, ending) in endings {
        let _ok = match ending {
            Ending::Ran(found) => writeln!(
                text,
                "| {name} | {} | {} | {} | {} | {} | {} | {} | {:.1} s | {} |",
                found.faults,
                found.sent,
                found.acknowledged,
                found.stored,
                found.callbacks,
                found.seen,
                found.retries,
                found.longest.as_secs_f64(),
                if found.failures.is_empty() { "passed" } else { "**failed**" }
            ),
            Ending::NotRun(_) => writeln!(text, "| {name} | | | | | | | | | not run |"),
            Ending::Broke(_) => writeln!(text, "| {name} | | | | | | | | | **broke off** |"),
        };
    }
    text.push('\n');
    for (name, ending) in endings {
        let lines: Vec<&String> = match ending {
            Ending::Ran(found) => found.notes.iter().chain(&found.failures).collect(),
            Ending::NotRun(why) | Ending::Broke(why) => vec![why],
        };
        for line in lines {
            let _ok = writeln!(text, "- {name}: {line}");
        }
    }
    text
}

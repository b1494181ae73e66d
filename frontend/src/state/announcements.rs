//! What waits to be told to screen readers, who are told one message in five seconds at the most.

use super::toasts::{count_invalid, summary_text};
use ringback_wire::CallbackSummary;

/// The pause between two messages.
pub const PAUSE_MS: i64 = 5_000;

/// What waits: arrivals are added up, of anything else the last word counts.
#[derive(Clone, Debug, Default)]
pub struct Announcements {
    arrived: usize,
    invalid: usize,
    only: String,
    said: String,
    spoke_at_ms: i64,
    current: String,
}

impl Announcements {
    /// Callbacks arrived.
    pub fn arrive(&mut self, rows: &[CallbackSummary]) {
        self.arrived += rows.len();
        self.invalid += count_invalid(rows);
        if let Some(row) = rows.first().filter(|_| self.arrived == 1) {
            let verdict = crate::format::verdict_word(row.signature).to_ascii_lowercase();
            self.only =
                ["New callback ", &row.event_type, " ", &row.callback_id, ", ", &verdict].concat();
        }
    }

    /// Something else is to be told.
    pub fn say(&mut self, message: &str) {
        message.clone_into(&mut self.said);
    }

    /// How long what waits has to wait yet.
    pub fn wait_ms(&self, now_ms: i64) -> u32 {
        u32::try_from(self.spoke_at_ms + PAUSE_MS - now_ms).unwrap_or(0)
    }

    /// What is told now.
    pub fn take(&mut self, now_ms: i64) -> String {
        self.spoke_at_ms = now_ms;
        let mut text = match self.arrived {
            0 => String::new(),
            1 => std::mem::take(&mut self.only),
            count => summary_text(count, self.invalid),
        };
        (self.arrived, self.invalid) = (0, 0);
        let said = std::mem::take(&mut self.said);
        if !text.is_empty() && !said.is_empty() {
            text.push_str(". ");
        }
        text.push_str(&said);
        // The same words again are told only when the document changes.
        if text == self.current {
            text.push('\u{a0}');
        }
        self.current.clone_from(&text);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::sample::row;
    use ringback_wire::Signature;

    #[test]
    fn arrivals_that_wait_are_added_up_and_nothing_else_replaces_them() {
        let mut waiting = Announcements::default();
        waiting.arrive(&[row(1)]);
        assert_eq!(waiting.wait_ms(PAUSE_MS), 0);
        assert_eq!(waiting.take(PAUSE_MS), "New callback batch.completed evt_1, valid");
        waiting.arrive(&[row(2)]);
        waiting.arrive(&[CallbackSummary { signature: Signature::Invalid, ..row(3) }]);
        waiting.say("Saved");
        waiting.say("Copied");
        waiting.arrive(&[row(4)]);
        assert_eq!(waiting.wait_ms(PAUSE_MS + 1), 4_999);
        let told = "3 new callbacks, 1 with an invalid signature. Copied";
        assert_eq!(waiting.take(2 * PAUSE_MS), told);
        waiting.arrive(&[row(5)]);
        assert_eq!(waiting.take(3 * PAUSE_MS), "New callback batch.completed evt_5, valid");
    }

    #[test]
    fn the_same_words_again_are_another_text() {
        let mut waiting = Announcements::default();
        let mut told = Vec::new();
        for _ in 0..3 {
            waiting.say("Copied");
            told.push(waiting.take(0));
        }
        assert_eq!(told, ["Copied", "Copied\u{a0}", "Copied"]);
    }
}

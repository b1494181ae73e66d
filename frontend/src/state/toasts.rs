//! Which notifications are on screen: three at the most, everything else is counted in a summary.

use ringback_wire::{CallbackSummary, Signature};

/// Most toasts on screen, the summary included.
pub const VISIBLE: usize = 3;
/// A batch larger than this is told in one summary.
pub const BURST: usize = 10;

/// Names a toast on screen.
pub type ToastId = u32;

/// What a toast says.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// One new or changed callback.
    Callback(CallbackSummary),
    /// More than fit; callbacks that are not to be trusted are counted apart.
    Summary {
        /// All of them.
        count: usize,
        /// Those with an invalid signature.
        invalid: usize,
    },
    /// Something the app has to say for itself.
    Notice(String),
}

/// One notification.
#[derive(Clone, Debug, PartialEq)]
pub struct Toast {
    /// Stays the same while it is on screen.
    pub id: ToastId,
    /// What it says.
    pub content: Content,
    /// `None` when it stays until somebody dismisses it.
    left_ms: Option<u32>,
}

/// The stack, newest last.
#[derive(Clone, Debug, Default)]
pub struct ToastStack {
    toasts: Vec<Toast>,
    held: Vec<Vec<CallbackSummary>>,
    paused: bool,
    life_ms: Option<u32>,
    next_id: ToastId,
}

impl ToastStack {
    /// Sets how long a toast stays while nobody looks at it closer; those on screen begin anew.
    pub fn set_life(&mut self, life_ms: Option<u32>) {
        self.life_ms = life_ms;
        for toast in &mut self.toasts {
            toast.left_ms = life_ms;
        }
    }

    /// What is on screen, oldest first.
    pub fn toasts(&self) -> &[Toast] {
        &self.toasts
    }

    /// True when nothing is on screen and nothing waits to be.
    pub fn is_empty(&self) -> bool {
        self.toasts.is_empty() && self.held.is_empty()
    }

    /// Tells of a batch. While the stack is paused it waits: nothing moves under a pointer.
    pub fn push_batch(&mut self, rows: Vec<CallbackSummary>, more: bool) {
        if rows.is_empty() {
            return;
        }
        if self.paused && self.toasts.len() >= VISIBLE {
            self.held.push(rows);
            return;
        }
        let burst = rows.len() > BURST || more;
        if burst {
            let invalid = count_invalid(&rows);
            self.add_to_summary(rows.len(), invalid);
        } else {
            for row in rows {
                self.push(Content::Callback(row));
            }
        }
        self.fold();
    }

    /// Says one line.
    pub fn push_notice(&mut self, text: String) {
        self.push(Content::Notice(text));
        self.fold();
    }

    /// Takes one away.
    pub fn dismiss(&mut self, id: ToastId) {
        self.toasts.retain(|toast| toast.id != id);
    }

    /// Takes all away, also those that wait.
    pub fn clear(&mut self) {
        self.toasts.clear();
        self.held.clear();
    }

    /// Takes those about one callback away: somebody opened it.
    pub fn dismiss_callback(&mut self, callback: i64) {
        self.toasts.retain(
            |toast| !matches!(&toast.content, Content::Callback(row) if row.id == callback),
        );
    }

    /// Stops the clocks while a pointer or the focus is inside, or the tab is hidden.
    pub fn pause(&mut self) {
        self.paused = true;
    }

    /// Starts the clocks again and shows what waited.
    pub fn resume(&mut self) {
        self.paused = false;
        for rows in std::mem::take(&mut self.held) {
            self.push_batch(rows, false);
        }
    }

    /// Lets time pass; true when something went away.
    pub fn tick(&mut self, elapsed_ms: u32) -> bool {
        if self.paused {
            return false;
        }
        let before = self.toasts.len();
        for toast in &mut self.toasts {
            toast.left_ms = toast.left_ms.map(|left_ms| left_ms.saturating_sub(elapsed_ms));
        }
        self.toasts.retain(|toast| toast.left_ms != Some(0));
        before != self.toasts.len()
    }

    fn push(&mut self, content: Content) {
        self.next_id += 1;
        self.toasts.push(Toast { id: self.next_id, content, left_ms: self.life_ms });
    }

    fn add_to_summary(&mut self, more: usize, more_invalid: usize) {
        for toast in &mut self.toasts {
            if let Content::Summary { count, invalid } = &mut toast.content {
                *count += more;
                *invalid += more_invalid;
                toast.left_ms = self.life_ms;
                return;
            }
        }
        self.push(Content::Summary { count: more, invalid: more_invalid });
    }

    /// Counts the oldest single callbacks in the summary until the stack fits.
    fn fold(&mut self) {
        while self.toasts.len() > VISIBLE {
            let oldest =
                self.toasts.iter().position(|toast| matches!(toast.content, Content::Callback(_)));
            match oldest.map(|at| self.toasts.remove(at).content) {
                Some(Content::Callback(row)) => {
                    self.add_to_summary(1, usize::from(row.signature == Signature::Invalid));
                }
                _ => {
                    self.toasts.remove(0);
                }
            }
        }
    }
}

/// What a screen reader is told of a batch.
pub fn announce(rows: &[CallbackSummary]) -> String {
    if let [row] = rows {
        let verdict = crate::format::verdict_word(row.signature).to_ascii_lowercase();
        return format!("New callback {} {}, {verdict}", row.event_type, row.callback_id);
    }
    summary_text(rows.len(), count_invalid(rows))
}

/// `12 new callbacks, 2 with an invalid signature`.
pub fn summary_text(count: usize, invalid: usize) -> String {
    let noun = if count == 1 { "callback" } else { "callbacks" };
    if invalid == 0 {
        return format!("{count} new {noun}");
    }
    format!("{count} new {noun}, {invalid} with an invalid signature")
}

fn count_invalid(rows: &[CallbackSummary]) -> usize {
    rows.iter().filter(|row| row.signature == Signature::Invalid).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE_MS: u32 = 10_000;

    fn rows(ids: std::ops::RangeInclusive<i64>, signature: Signature) -> Vec<CallbackSummary> {
        ids.map(|id| CallbackSummary { signature, ..crate::state::history::tests::row(id) })
            .collect()
    }

    fn stack_of(batches: Vec<Vec<CallbackSummary>>) -> ToastStack {
        let mut stack = ToastStack::default();
        stack.set_life(Some(LIFE_MS));
        for batch in batches {
            stack.push_batch(batch, false);
        }
        stack
    }

    #[test]
    fn three_callbacks_are_three_toasts() {
        assert_eq!(stack_of(vec![rows(1..=3, Signature::Valid)]).toasts().len(), 3);
    }

    #[test]
    fn what_does_not_fit_is_counted_in_a_summary() {
        let stack = stack_of(vec![rows(1..=6, Signature::Invalid)]);
        assert_eq!(stack.toasts().len(), VISIBLE);
        let summary = stack.toasts().iter().find_map(|toast| match toast.content {
            Content::Summary { count, invalid } => Some((count, invalid)),
            _ => None,
        });
        assert_eq!(summary, Some((4, 4)));
    }

    #[test]
    fn a_burst_is_one_summary_that_counts_invalid_apart() {
        let mut batch = rows(1..=188, Signature::Valid);
        batch.extend(rows(200..=211, Signature::Invalid));
        let stack = stack_of(vec![batch, rows(300..=320, Signature::Missing)]);
        let contents: Vec<_> = stack.toasts().iter().map(|toast| &toast.content).collect();
        assert_eq!(contents, [&Content::Summary { count: 221, invalid: 12 }]);
    }

    #[test]
    fn a_toast_goes_away_after_its_life() {
        let mut stack = stack_of(vec![rows(1..=1, Signature::Valid)]);
        assert!(!stack.tick(LIFE_MS - 1));
        assert!(stack.tick(1));
        assert!(stack.is_empty());
    }

    #[test]
    fn a_toast_without_end_stays_until_it_is_dismissed() {
        let mut stack = stack_of(vec![rows(1..=1, Signature::Valid)]);
        stack.set_life(None);
        assert!(!stack.tick(u32::MAX));
        stack.set_life(Some(5_000));
        assert!(stack.tick(5_000));
    }

    #[test]
    fn nothing_moves_while_the_stack_is_paused() {
        let mut stack = stack_of(vec![rows(1..=3, Signature::Valid)]);
        stack.pause();
        let before = stack.toasts().to_vec();
        assert!(!stack.tick(60_000));
        stack.push_batch(rows(4..=4, Signature::Valid), false);
        assert_eq!(stack.toasts(), before);
        stack.resume();
        assert_ne!(stack.toasts(), before);
    }

    #[test]
    fn opening_a_callback_dismisses_its_toast() {
        let mut stack = stack_of(vec![rows(1..=2, Signature::Valid)]);
        stack.dismiss_callback(1);
        assert_eq!(stack.toasts().len(), 1);
    }
}

//! Which notifications are on screen: three at the most, everything else is counted in a summary.

use ringback_wire::{CallbackSummary, Signature};

/// Most toasts on screen, the summary included.
pub const VISIBLE: usize = 3;
/// More than these within [`BURST_MS`] are told in one summary.
pub const BURST: usize = 5;
/// How long what arrived counts as one burst.
pub const BURST_MS: i64 = 10_000;

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
    held: Vec<Content>,
    paused: bool,
    /// When the last ones arrived, the newest last.
    recent_ms: [i64; BURST + 1],
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

    /// Tells of a batch.
    pub fn push_batch(&mut self, rows: Vec<CallbackSummary>, now_ms: i64) {
        self.push_all(rows.into_iter().map(Content::Callback).collect(), now_ms);
    }

    /// Says one line.
    pub fn push_notice(&mut self, text: String, now_ms: i64) {
        self.push_all(vec![Content::Notice(text)], now_ms);
    }

    /// While the stack is paused all waits: nothing moves under a pointer.
    fn push_all(&mut self, contents: Vec<Content>, now_ms: i64) {
        if self.paused && !self.toasts.is_empty() {
            self.held.extend(contents);
            return;
        }
        for content in contents {
            if let Content::Callback(_) = content {
                self.recent_ms.rotate_left(1);
                self.recent_ms[BURST] = now_ms;
            }
            self.push(content);
        }
        // However many pages they came in.
        self.fold(now_ms - self.recent_ms[0] < BURST_MS);
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
    pub fn resume(&mut self, now_ms: i64) {
        self.paused = false;
        let held = std::mem::take(&mut self.held);
        self.push_all(held, now_ms);
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

    /// Counts the oldest single callbacks in the summary until the stack fits; all of them in a
    /// burst.
    fn fold(&mut self, burst: bool) {
        while burst || self.toasts.len() > VISIBLE {
            let oldest =
                self.toasts.iter().position(|toast| matches!(toast.content, Content::Callback(_)));
            match oldest.map(|at| self.toasts.remove(at).content) {
                Some(Content::Callback(row)) => {
                    self.add_to_summary(1, usize::from(row.signature == Signature::Invalid));
                }
                _ if self.toasts.len() > VISIBLE => {
                    self.toasts.remove(0);
                }
                _ => return,
            }
        }
    }
}

/// `12 new callbacks, 2 with an invalid signature`.
pub fn summary_text(count: usize, invalid: usize) -> String {
    let noun = if count == 1 { "callback" } else { "callbacks" };
    if invalid == 0 {
        return format!("{count} new {noun}");
    }
    format!("{count} new {noun}, {invalid} with an invalid signature")
}

/// How many have an invalid signature.
pub fn count_invalid(rows: &[CallbackSummary]) -> usize {
    rows.iter().filter(|row| row.signature == Signature::Invalid).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE_MS: u32 = 10_000;

    fn rows(ids: std::ops::RangeInclusive<i64>, signature: Signature) -> Vec<CallbackSummary> {
        ids.map(|id| CallbackSummary { signature, ..crate::state::sample::row(id) }).collect()
    }

    const NOW_MS: i64 = 1_000_000;

    fn stack_of(batches: Vec<Vec<CallbackSummary>>) -> ToastStack {
        let mut stack = ToastStack::default();
        stack.set_life(Some(LIFE_MS));
        for batch in batches {
            stack.push_batch(batch, NOW_MS);
        }
        stack
    }

    fn contents(stack: &ToastStack) -> Vec<Content> {
        stack.toasts().iter().map(|toast| toast.content.clone()).collect()
    }

    fn toast(id: i64) -> Content {
        Content::Callback(crate::state::sample::row(id))
    }

    #[test]
    fn three_callbacks_are_three_toasts() {
        let stack = stack_of(vec![rows(1..=3, Signature::Valid)]);
        assert_eq!(contents(&stack), [toast(1), toast(2), toast(3)]);
    }

    #[test]
    fn what_does_not_fit_is_counted_in_a_summary() {
        let mut batch = rows(1..=3, Signature::Invalid);
        batch.extend(rows(4..=5, Signature::Valid));
        let summary = Content::Summary { count: 3, invalid: 3 };
        assert_eq!(contents(&stack_of(vec![batch])), [toast(4), toast(5), summary]);
    }

    #[test]
    fn a_burst_is_one_summary_that_counts_invalid_apart() {
        let mut batch = rows(1..=188, Signature::Valid);
        batch.extend(rows(200..=211, Signature::Invalid));
        let stack = stack_of(vec![batch, rows(300..=320, Signature::Missing)]);
        assert_eq!(contents(&stack), [Content::Summary { count: 221, invalid: 12 }]);
    }

    #[test]
    fn a_burst_is_one_summary_however_small_its_pages_are() {
        let pages = |last: i64| (1..=last).map(|id| rows(id..=id, Signature::Valid)).collect();
        let three = Content::Summary { count: 3, invalid: 0 };
        let five = contents(&stack_of(pages(5)));
        assert!(five.len() == VISIBLE && five.contains(&three) && five.contains(&toast(5)));
        for last in [6, 200] {
            let count = usize::try_from(last).unwrap();
            let summary = Content::Summary { count, invalid: 0 };
            assert_eq!(contents(&stack_of(pages(last))), [summary]);
        }
        let pages = vec![
            rows(1..=100, Signature::Valid),
            rows(101..=200, Signature::Valid),
            rows(201..=205, Signature::Valid),
        ];
        let summary = Content::Summary { count: 205, invalid: 0 };
        assert_eq!(contents(&stack_of(pages)), [summary]);
    }

    #[test]
    fn five_in_ten_seconds_are_no_burst() {
        let mut stack = ToastStack::default();
        for id in 1..=20 {
            stack.push_batch(rows(id..=id, Signature::Valid), NOW_MS + id * BURST_MS / 5);
        }
        let summary = Content::Summary { count: 18, invalid: 0 };
        assert!(contents(&stack).contains(&summary) && contents(&stack).contains(&toast(20)));
    }

    #[test]
    fn a_toast_goes_away_after_its_life() {
        let mut stack = stack_of(vec![rows(1..=1, Signature::Valid)]);
        assert!(!stack.tick(LIFE_MS - 1));
        assert!(stack.tick(1));
        assert!(stack.toasts().is_empty());
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
        let mut stack = stack_of(vec![rows(1..=1, Signature::Valid)]);
        stack.pause();
        assert!(!stack.tick(60_000));
        for id in 2..=205 {
            stack.push_batch(rows(id..=id, Signature::Valid), NOW_MS + id * BURST_MS);
        }
        stack.push_notice("Something".into(), NOW_MS);
        assert_eq!(contents(&stack), [toast(1)]);
        stack.resume(NOW_MS + 300 * BURST_MS);
        let summary = Content::Summary { count: 205, invalid: 0 };
        assert_eq!(contents(&stack), [Content::Notice("Something".into()), summary]);
    }

    #[test]
    fn a_pause_holds_nothing_back_while_nothing_is_shown() {
        let mut stack = ToastStack::default();
        stack.pause();
        stack.push_batch(rows(1..=1, Signature::Valid), NOW_MS);
        assert_eq!(contents(&stack), [toast(1)]);
    }

    #[test]
    fn opening_a_callback_dismisses_its_toast() {
        let mut stack = stack_of(vec![rows(1..=2, Signature::Valid)]);
        stack.dismiss_callback(1);
        assert_eq!(stack.toasts().len(), 1);
    }
}

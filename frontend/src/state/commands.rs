//! What the keyboard and the command palette can do: the form of a command, which keys mean it,
//! and which commands a search finds.

use super::find::holds;

/// A command as pages register it with `hooks::commands`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// What it does, as a person would say it.
    pub title: String,
    /// Its heading on the sheet of shortcuts.
    pub group: &'static str,
    /// `j`, `?` or, in sequence, `g c`; empty when only the palette offers it.
    pub keys: &'static str,
}

impl Command {
    /// A command with a shortcut.
    pub fn new(group: &'static str, title: impl Into<String>, keys: &'static str) -> Self {
        Self { title: title.into(), group, keys }
    }
}

/// A sequence has to go on within this time.
pub const SEQUENCE_MS: i64 = 1_500;

/// Follows key presses and finds the command they mean.
#[derive(Clone, Debug, Default)]
pub struct KeyMatcher {
    pressed: String,
    last_ms: i64,
}

impl KeyMatcher {
    /// Takes a key; the place of the command that is complete with it. Of several with the same
    /// keys the last one registered counts: a page may put its own in the place of the app's.
    pub fn press(&mut self, key: &str, now_ms: i64, keys: &[&str]) -> Option<usize> {
        if now_ms - self.last_ms > SEQUENCE_MS {
            self.pressed.clear();
        }
        self.last_ms = now_ms;
        if !self.pressed.is_empty() {
            let whole = format!("{} {key}", self.pressed);
            match self.find(&whole, keys) {
                // What does not go on begins anew.
                Found::Nothing => self.pressed.clear(),
                found => return found.place(),
            }
        }
        self.find(key, keys).place()
    }

    fn find(&mut self, pressed: &str, keys: &[&str]) -> Found {
        if let Some(at) = keys.iter().rposition(|keys| *keys == pressed) {
            self.pressed.clear();
            return Found::Command(at);
        }
        let begins =
            |keys: &&str| keys.strip_prefix(pressed).is_some_and(|rest| rest.starts_with(' '));
        if keys.iter().any(begins) {
            pressed.clone_into(&mut self.pressed);
            return Found::Beginning;
        }
        Found::Nothing
    }
}

/// What keys mean.
enum Found {
    /// All of a command's keys.
    Command(usize),
    /// The first of them.
    Beginning,
    /// Nothing.
    Nothing,
}

impl Found {
    fn place(&self) -> Option<usize> {
        match self {
            Self::Command(at) => Some(*at),
            Self::Beginning | Self::Nothing => None,
        }
    }
}

/// The places of the titles in which every word of a search is found, the best first: a title that
/// begins with the search, then one that has it as it is, then the others in their order.
pub fn search(titles: &[String], text: &str) -> Vec<usize> {
    let text = text.trim().to_ascii_lowercase();
    let rank = |title: &str| {
        let title = title.to_ascii_lowercase();
        if title.starts_with(&text) {
            return Some(0);
        }
        if holds(&title, &text) {
            return Some(1);
        }
        text.split_whitespace().all(|word| holds(&title, word)).then_some(2)
    };
    let ranks: Vec<Option<u8>> = titles.iter().map(|title| rank(title)).collect();
    let mut found = Vec::new();
    for wanted in 0..=2 {
        found.extend((0..titles.len()).filter(|at| ranks[*at] == Some(wanted)));
    }
    found
}

/// The next choice in a list that goes round.
pub fn step(at: usize, count: usize, by: isize) -> usize {
    let count = isize::try_from(count).unwrap_or(isize::MAX);
    if count == 0 {
        return 0;
    }
    let at = isize::try_from(at).unwrap_or(0);
    usize::try_from((at + by).rem_euclid(count)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 5] = ["j", "g c", "g s", "", "?"];

    #[test]
    fn a_single_key_is_a_command_at_once() {
        let mut keys = KeyMatcher::default();
        assert_eq!(keys.press("j", 0, &KEYS), Some(0));
        assert_eq!(keys.press("?", 10, &KEYS), Some(4));
        assert_eq!(keys.press("x", 20, &KEYS), None);
    }

    #[test]
    fn a_sequence_is_complete_with_its_last_key() {
        let mut keys = KeyMatcher::default();
        assert_eq!(keys.press("g", 0, &KEYS), None);
        assert_eq!(keys.press("s", 400, &KEYS), Some(2));
        assert_eq!(keys.press("s", 500, &KEYS), None);
    }

    #[test]
    fn a_sequence_that_is_left_alone_is_forgotten() {
        let mut keys = KeyMatcher::default();
        keys.press("g", 0, &KEYS);
        assert_eq!(keys.press("s", SEQUENCE_MS + 1, &KEYS), None);
    }

    #[test]
    fn a_key_that_does_not_go_on_counts_by_itself() {
        let mut keys = KeyMatcher::default();
        keys.press("g", 0, &KEYS);
        assert_eq!(keys.press("j", 100, &KEYS), Some(0));
    }

    #[test]
    fn what_is_registered_last_takes_the_key() {
        assert_eq!(KeyMatcher::default().press("j", 0, &["j", "j"]), Some(1));
    }

    #[test]
    fn a_search_finds_words_in_any_order_and_the_best_first() {
        let titles =
            ["Mark all as viewed", "Go to the settings", "Settings of all"].map(str::to_owned);
        assert_eq!(search(&titles, "settings"), [2, 1]);
        assert_eq!(search(&titles, "viewed mark"), [0]);
        assert_eq!(search(&titles, " "), [0, 1, 2]);
        assert!(search(&titles, "nothing").is_empty());
    }

    #[test]
    fn the_choice_goes_round() {
        assert_eq!((step(2, 3, 1), step(0, 3, -1), step(0, 0, 1)), (0, 2, 0));
    }
}

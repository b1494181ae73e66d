//! The names that the program and its script share, and what stands for them.

use std::collections::{HashMap, HashSet};

/// Short names for long ones, given out in the order in which they are asked for.
#[derive(Debug, Default)]
pub(crate) struct Names {
    words: HashSet<String>,
    short: HashMap<String, String>,
}

impl Names {
    /// For a script: only what it has as a whole word gets another name, and no word that it has.
    pub(crate) fn of(script: &str) -> Self {
        let words = script.split(|letter| !is_of_word(letter));
        Self {
            words: words.filter(|word| !word.is_empty()).map(str::to_owned).collect(),
            short: HashMap::new(),
        }
    }

    /// What stands for a name; itself when it is short already or not the script's.
    pub(crate) fn shorten(&mut self, name: &str) -> String {
        if let Some(short) = self.short.get(name) {
            return short.clone();
        }
        let is_made = name.trim_start_matches('_').starts_with("wbg_")
            || name.trim_start_matches('_').starts_with("wbindgen")
            || name.contains("wasm_bindgen")
            || ends_with_hash(name);
        if !is_made || !self.words.contains(name) {
            return name.to_owned();
        }
        let mut number = self.short.len();
        let short = loop {
            let short = format!("${number}");
            if !self.words.contains(&short) {
                break short;
            }
            number += 1;
        };
        self.words.insert(short.clone());
        self.short.insert(name.to_owned(), short.clone());
        short
    }

    /// The script with the short names.
    pub(crate) fn replace(&self, script: &str) -> String {
        let mut out = String::with_capacity(script.len());
        let mut rest = script;
        while !rest.is_empty() {
            let word = rest.find(|letter| !is_of_word(letter)).unwrap_or(rest.len());
            let (name, after) = rest.split_at(word);
            out.push_str(self.short.get(name).map_or(name, String::as_str));
            let gap = after.find(is_of_word).unwrap_or(after.len());
            out.push_str(&after[..gap]);
            rest = &after[gap..];
        }
        out
    }
}

fn is_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == '$'
}

/// Sixteen hexadecimal digits after an `h` or a `_`, which keep two names apart.
fn ends_with_hash(name: &str) -> bool {
    let Some(at) = name.len().checked_sub(17) else { return false };
    let end = name.as_bytes().get(at..).unwrap_or_default();
    matches!(end.first(), Some(b'h' | b'_')) && end[1..].iter().all(u8::is_ascii_hexdigit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_made_names_that_the_script_has_get_another_one() {
        let mut names = Names::of("__wbg_get_0123456789abcdef: function() {} $0 memory");
        assert_eq!(names.shorten("__wbg_get_0123456789abcdef"), "$1", "$0 is a word already");
        assert_eq!(names.shorten("__wbg_get_0123456789abcdef"), "$1");
        assert_eq!(names.shorten("memory"), "memory");
        assert_eq!(names.shorten("__wbg_set_0123456789abcdef"), "__wbg_set_0123456789abcdef");
    }

    #[test]
    fn a_name_is_replaced_as_a_whole_word_alone() {
        let mut names = Names::of("__wbg_a __wbg_ab");
        names.shorten("__wbg_a");
        assert_eq!(names.replace("__wbg_a=__wbg_ab+x.__wbg_a()"), "$0=__wbg_ab+x.$0()");
    }
}

//! What changed from one JSON text to another, by path.

use super::{Row, is_closing, pointer, value};
use std::collections::BTreeMap;

/// A value that is not the same in both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where, as a JSON pointer.
    pub pointer: String,
    /// As it was sent before; `None` when it is new.
    pub before: Option<String>,
    /// As it was sent after; `None` when it is gone.
    pub after: Option<String>,
}

/// A text and the rows found in it.
pub type Indexed<'a> = (&'a [u8], &'a [Row]);

/// The values that differ, `most` at the most, in the order of their paths. Of what is repeated in
/// an object the last counts; values are compared as they are written.
pub fn changes(before: Indexed<'_>, after: Indexed<'_>, most: usize) -> Vec<Change> {
    let (mut before, after) = (leaves(before), leaves(after));
    let mut all: BTreeMap<String, (Option<String>, Option<String>)> = BTreeMap::new();
    for (pointer, after) in after {
        let before = before.remove(&pointer);
        if before.as_ref() != Some(&after) {
            all.insert(pointer, (before, Some(after)));
        }
    }
    all.extend(before.into_iter().map(|(pointer, before)| (pointer, (Some(before), None))));
    let all = all.into_iter().take(most);
    all.map(|(pointer, (before, after))| Change { pointer, before, after }).collect()
}

fn leaves((bytes, rows): Indexed<'_>) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for (index, row) in (0..).zip(rows) {
        if row.span > 0 || is_closing(bytes, *row) {
            continue;
        }
        if let Some((start, end)) = value(bytes, rows, index) {
            let text = String::from_utf8_lossy(&bytes[start..end]).into_owned();
            out.insert(pointer(bytes, rows, index), text);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::json::rows;

    fn told(before: &str, after: &str) -> Vec<String> {
        let (old, new) = (rows(before.as_bytes()).unwrap(), rows(after.as_bytes()).unwrap());
        changes((before.as_bytes(), &old), (after.as_bytes(), &new), 10)
            .into_iter()
            .map(|change| {
                let text = |side: Option<String>| side.unwrap_or_else(|| "-".to_owned());
                format!("{}: {} > {}", change.pointer, text(change.before), text(change.after))
            })
            .collect()
    }

    #[test]
    fn changed_new_and_gone_values_are_told_by_path() {
        let before = r#"{"status":"running","n":[1,2],"gone":true}"#;
        let after = r#"{ "n": [1, 3, 4], "status": "failed" }"#;
        let expected =
            ["/gone: true > -", "/n/1: 2 > 3", "/n/2: - > 4", "/status: \"running\" > \"failed\""];
        assert_eq!(told(before, after), expected);
    }

    #[test]
    fn order_and_white_space_are_no_change_and_big_numbers_are_compared_as_written() {
        assert!(told(r#"{"a":1,"b":{}}"#, "{ \"b\" : {}, \"a\" : 1 }").is_empty());
        let changed = told("[12345678901234567890]", "[12345678901234567891]");
        assert_eq!(changed, ["/0: 12345678901234567890 > 12345678901234567891"]);
    }
}

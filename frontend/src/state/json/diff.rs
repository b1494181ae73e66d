//! What changed from one JSON text to another, by path.

use super::{Row, is_closing, pointer, value};
use std::cmp::Ordering;

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
    let mut before = leaves(before).into_iter().peekable();
    let mut after = leaves(after).into_iter().peekable();
    let mut changes = Vec::new();
    while changes.len() < most {
        let order = match (before.peek(), after.peek()) {
            (Some((before, _)), Some((after, _))) => before.cmp(after),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => break,
        };
        let before = if order.is_le() { before.next() } else { None };
        let after = if order.is_ge() { after.next() } else { None };
        if before != after {
            let pointer = before.as_ref().or(after.as_ref()).map(|(pointer, _)| pointer.clone());
            changes.push(Change {
                pointer: pointer.unwrap_or_default(),
                before: before.map(|(_, value)| value),
                after: after.map(|(_, value)| value),
            });
        }
    }
    changes
}

type Leaf = (String, String);

/// Every value with its pointer, in the order of those.
fn leaves((bytes, rows): Indexed<'_>) -> Vec<Leaf> {
    let mut out = Vec::new();
    for (index, row) in (0..).zip(rows) {
        if row.span > 0 || is_closing(bytes, *row) {
            continue;
        }
        if let Some((start, end)) = value(bytes, rows, index) {
            let text = String::from_utf8_lossy(&bytes[start..end]).into_owned();
            out.push((pointer(bytes, rows, index), text));
        }
    }
    let mut sorted = sorted(out);
    sorted.dedup_by(|later, kept| {
        let is_repeated = later.0 == kept.0;
        if is_repeated {
            std::mem::swap(later, kept);
        }
        is_repeated
    });
    sorted
}

/// Equal ones keep their order. The standard library's sort is ten times as much to download.
fn sorted(mut first: Vec<Leaf>) -> Vec<Leaf> {
    if first.len() < 2 {
        return first;
    }
    let second = sorted(first.split_off(first.len() / 2)).into_iter();
    let mut all = Vec::with_capacity(first.len() + second.len());
    let mut first = sorted(first).into_iter().peekable();
    for leaf in second {
        while let Some(earlier) = first.next_if(|earlier| earlier.0 <= leaf.0) {
            all.push(earlier);
        }
        all.push(leaf);
    }
    all.extend(first);
    all
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

    #[test]
    fn of_what_is_repeated_the_last_counts() {
        assert_eq!(told(r#"{"a":1,"b":0,"a":2}"#, r#"{"a":2,"b":0}"#), [""; 0]);
        assert_eq!(told(r#"{"a":2}"#, r#"{"a":2,"a":3}"#), ["/a: 2 > 3"]);
    }

    #[test]
    fn the_first_differences_by_path_are_told_when_there_are_too_many() {
        let texts = [1, 2].map(|value| {
            let members: Vec<String> =
                (0..40).map(|n| format!("\"{}\":{value}", n * 7 % 40)).collect();
            format!("{{{}}}", members.join(","))
        });
        let mut pointers: Vec<String> = (0..40).map(|n| format!("/{n}")).collect();
        pointers.sort();
        let expected: Vec<String> =
            pointers[..10].iter().map(|pointer| pointer.clone() + ": 1 > 2").collect();
        assert_eq!(told(&texts[0], &texts[1]), expected);
    }
}

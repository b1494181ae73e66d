//! Where a row is, and what it holds.

use super::{Kind, NONE, Row, row_tokens};

/// The place of a row as a JSON pointer (RFC 6901); empty for the outermost value.
pub fn pointer(bytes: &[u8], rows: &[Row], index: u32) -> String {
    let mut out = String::new();
    for step in steps(bytes, rows, index) {
        out.push('/');
        match step {
            Step::Index(place) => out.push_str(&place.to_string()),
            Step::Key(key) => out.push_str(&key.replace('~', "~0").replace('/', "~1")),
        }
    }
    out
}

/// The place of a row as a `JSONPath` (RFC 9535).
pub fn json_path(bytes: &[u8], rows: &[Row], index: u32) -> String {
    let mut out = "$".to_owned();
    for step in steps(bytes, rows, index) {
        match step {
            Step::Index(place) => {
                out.push('[');
                out.push_str(&place.to_string());
                out.push(']');
            }
            Step::Key(key) if is_name(&key) => {
                out.push('.');
                out.push_str(&key);
            }
            Step::Key(key) => {
                out.push_str("['");
                for character in key.chars() {
                    match character {
                        '\'' | '\\' => out.extend(['\\', character]),
                        '\n' => out.push_str("\\n"),
                        '\r' => out.push_str("\\r"),
                        '\t' => out.push_str("\\t"),
                        _ => out.push(character),
                    }
                }
                out.push_str("']");
            }
        }
    }
    out
}

/// The bytes of the value that a row begins or is: without key, colon and comma.
pub fn value(bytes: &[u8], rows: &[Row], index: u32) -> Option<(usize, usize)> {
    let row = rows.get(index as usize)?;
    let tokens = row_tokens(bytes, *row);
    let start = match tokens.as_slice() {
        [key, _colon, first, ..] if key.kind == Kind::Key => first.start,
        [first, ..] => first.start,
        [] => return None,
    };
    let last = match row.span {
        0 => *row,
        span => *rows.get((index + span) as usize)?,
    };
    let end = row_tokens(bytes, last)
        .iter()
        .rev()
        .find(|token| &bytes[token.start..token.end] != b",")
        .map(|token| token.end)?;
    Some((start, end))
}

/// How many members of the same object have the key of this row; 0 for what has no key. Looks at
/// so many siblings at the most.
pub fn duplicates(bytes: &[u8], rows: &[Row], index: u32, most: usize) -> usize {
    let Some(row) = rows.get(index as usize) else { return 0 };
    let Some(wanted) = key(bytes, *row) else { return 0 };
    let Some(opener) = rows.get(row.parent as usize) else { return 0 };
    let mut at = row.parent as usize + 1;
    let end = row.parent as usize + opener.span as usize;
    let mut found = 0;
    for _ in 0..most {
        let Some(sibling) = rows.get(at).filter(|_| at < end) else { break };
        found += usize::from(key(bytes, *sibling).as_deref() == Some(&wanted));
        // Behind a container comes its closing row.
        at += sibling.span as usize + 1;
    }
    found
}

enum Step {
    Index(u32),
    Key(String),
}

fn steps(bytes: &[u8], rows: &[Row], index: u32) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut at = index;
    while let Some(row) = rows.get(at as usize) {
        if row.parent == NONE {
            break;
        }
        // A closing row is where its opener is.
        if !is_closing(bytes, *row) {
            steps.push(key(bytes, *row).map_or(Step::Index(row.place - 1), Step::Key));
        }
        at = row.parent;
    }
    steps.reverse();
    steps
}

/// True for the row that ends a container.
pub fn is_closing(bytes: &[u8], row: Row) -> bool {
    matches!(bytes.get(row.start as usize), Some(b'}' | b']'))
}

fn key(bytes: &[u8], row: Row) -> Option<String> {
    let first = *row_tokens(bytes, row).first()?;
    (first.kind == Kind::Key).then(|| unescape(&bytes[first.start..first.end]))
}

fn is_name(key: &str) -> bool {
    let mut bytes = key.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The text that a JSON string, with its quotes, stands for. Half a surrogate pair is shown as �.
pub fn unescape(string: &[u8]) -> String {
    let inside = string.strip_prefix(b"\"").unwrap_or(string);
    let inside = inside.strip_suffix(b"\"").unwrap_or(inside);
    let mut out = Vec::with_capacity(inside.len());
    let mut at = 0;
    let hex = |at: usize| {
        let digits = inside.get(at..at + 4).and_then(|hex| std::str::from_utf8(hex).ok())?;
        u32::from_str_radix(digits, 16).ok()
    };
    while let Some(&byte) = inside.get(at) {
        if byte != b'\\' {
            out.push(byte);
            at += 1;
            continue;
        }
        let escaped = inside.get(at + 1).copied().unwrap_or(b'\\');
        at += 2;
        let character = match escaped {
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'u' => {
                let mut code = hex(at).unwrap_or(0xfffd);
                at += 4;
                if (0xd800..0xdc00).contains(&code)
                    && inside.get(at..at + 2) == Some(b"\\u")
                    && let Some(low) = hex(at + 2).filter(|low| (0xdc00..0xe000).contains(low))
                {
                    code = 0x1_0000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                    at += 6;
                }
                char::from_u32(code).unwrap_or('\u{fffd}')
            }
            other => char::from(other),
        };
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
    String::from_utf8_lossy(&out).into_owned()
}

//! The tokens of rows, found only for the rows that are shown.

use super::{Row, is_white_space, skip_white_space};

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The name of a member.
    Key,
    /// A string.
    String,
    /// A number.
    Number,
    /// `true`, `false` or `null`.
    Literal,
    /// Brackets, commas and colons.
    Punctuation,
}

/// A piece of the raw text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Offset of its first byte.
    pub start: usize,
    /// Offset after its last byte.
    pub end: usize,
}

/// The tokens of one row, in order, without the white space between them.
pub fn row_tokens(bytes: &[u8], row: Row) -> Vec<Token> {
    let end = row.end as usize;
    let mut at = row.start as usize;
    let mut tokens = Vec::new();
    while at < end {
        at = skip_white_space(bytes, at);
        if at >= end {
            break;
        }
        let (kind, token_end) = match bytes[at] {
            b'"' => {
                let token_end = string_end(bytes, at, end);
                let next = skip_white_space(bytes, token_end);
                let is_key = next < end && bytes[next] == b':' && tokens.is_empty();
                (if is_key { Kind::Key } else { Kind::String }, token_end)
            }
            b'{' | b'}' | b'[' | b']' | b',' | b':' => (Kind::Punctuation, at + 1),
            first => {
                let length = bytes[at..end]
                    .iter()
                    .take_while(|byte| {
                        !matches!(byte, b',' | b'}' | b']') && !is_white_space(**byte)
                    })
                    .count();
                let number = first == b'-' || first.is_ascii_digit();
                (if number { Kind::Number } else { Kind::Literal }, at + length.max(1))
            }
        };
        tokens.push(Token { kind, start: at, end: token_end });
        at = token_end;
    }
    tokens
}

/// The whole text re-indented by two spaces: the same tokens, only other white space.
pub fn pretty(bytes: &[u8], rows: &[Row]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() * 2);
    for row in rows {
        if !out.is_empty() {
            out.push(b'\n');
        }
        for _ in 0..row.depth {
            out.extend_from_slice(b"  ");
        }
        for token in row_tokens(bytes, *row) {
            let piece = &bytes[token.start..token.end];
            out.extend_from_slice(piece);
            if token.kind == Kind::Punctuation && piece == b":" {
                out.push(b' ');
            }
        }
    }
    out
}

fn string_end(bytes: &[u8], start: usize, limit: usize) -> usize {
    let mut at = start + 1;
    while at < limit {
        match bytes[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    limit
}

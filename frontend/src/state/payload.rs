//! What the payload viewer shows: rows of coloured text over the bytes as they were sent.

use super::json::{self, Kind, NotJson, Row};
use crate::format;
use ringback_wire::{CallbackDetail, PayloadAbsence};

/// Characters of one string shown in a row of the pretty view.
const STRING_CHARS: usize = 1_000;
/// Characters in one row of the raw view; longer lines go on in the next row.
const RAW_CHARS: usize = 400;
const HEX_BYTES: usize = 16;
/// Deeper rows are not indented further.
const DEEPEST: u32 = 60;

/// A piece of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Names its colour in `components.css`; empty for plain text.
    pub class: &'static str,
    /// Text, never markup.
    pub text: String,
}

/// A payload, indexed once when its window opens.
#[derive(Clone, Debug)]
pub struct Payload {
    body: Body,
}

#[derive(Clone, Debug)]
enum Body {
    Text { text: String, lines: Vec<(u32, u32)>, json: Result<Vec<Row>, NotJson> },
    Binary(Vec<u8>),
    Nothing(Option<PayloadAbsence>),
}

/// One of the ways to look at a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum View {
    /// Re-indented.
    Pretty,
    /// As sent.
    Raw,
    /// Bytes that are not text.
    Hex,
}

impl Payload {
    /// Takes the body out of a detail answer.
    pub fn from_detail(detail: &CallbackDetail) -> Self {
        let body = match (&detail.payload, &detail.payload_base64) {
            (Some(text), _) => {
                Body::Text { lines: split_lines(text), json: json::rows(text), text: text.clone() }
            }
            (None, Some(encoded)) => {
                decode_base64(encoded).map_or(Body::Nothing(None), Body::Binary)
            }
            (None, None) => Body::Nothing(detail.payload_absence),
        };
        Self { body }
    }

    /// The ways this payload can be looked at, the best first.
    pub fn views(&self) -> &'static [View] {
        match &self.body {
            Body::Text { json: Ok(_), .. } => &[View::Pretty, View::Raw],
            Body::Text { .. } => &[View::Raw],
            Body::Binary(_) => &[View::Hex],
            Body::Nothing(_) => &[],
        }
    }

    /// What to say about a payload that is not plain JSON.
    pub fn remark(&self) -> Option<String> {
        match &self.body {
            Body::Text { text, .. } if text.is_empty() => Some("The body is empty.".to_owned()),
            Body::Text { json: Err(error), .. } => Some(format!(
                "Not JSON: {} at line {}, column {}. Shown as it was sent.",
                error.message, error.line, error.column
            )),
            Body::Text { .. } => None,
            Body::Binary(_) => {
                Some("Not text in UTF-8: the bytes are shown in hexadecimal.".to_owned())
            }
            Body::Nothing(Some(absence)) => Some(format::absence(*absence).to_owned()),
            Body::Nothing(None) => Some("The server kept no body for this callback.".to_owned()),
        }
    }

    /// How many rows a view has.
    pub fn row_count(&self, view: View) -> usize {
        match (&self.body, view) {
            (Body::Text { json: Ok(rows), .. }, View::Pretty) => rows.len(),
            (Body::Text { lines, .. }, View::Raw) => lines.len(),
            (Body::Binary(bytes), View::Hex) => bytes.len().div_ceil(HEX_BYTES),
            _ => 0,
        }
    }

    /// One row of a view.
    pub fn row(&self, view: View, index: usize) -> Vec<Span> {
        match (&self.body, view) {
            (Body::Text { text, json: Ok(rows), .. }, View::Pretty) => {
                rows.get(index).map_or_else(Vec::new, |row| pretty_row(text, *row))
            }
            (Body::Text { text, lines, .. }, View::Raw) => {
                let line =
                    lines.get(index).map(|&(start, end)| &text[start as usize..end as usize]);
                vec![Span { class: "", text: line.unwrap_or_default().to_owned() }]
            }
            (Body::Binary(bytes), View::Hex) => hex_row(bytes, index),
            _ => Vec::new(),
        }
    }

    /// The whole of a view, for the clipboard; the raw view is the body to the byte.
    pub fn copy_text(&self, view: View) -> String {
        match (&self.body, view) {
            (Body::Text { text, json: Ok(rows), .. }, View::Pretty) => json::pretty(text, rows),
            (Body::Text { text, .. }, _) => text.clone(),
            (Body::Binary(_), _) => {
                let rows = (0..self.row_count(View::Hex)).map(|index| {
                    self.row(View::Hex, index).into_iter().map(|span| span.text).collect::<String>()
                });
                rows.collect::<Vec<_>>().join("\n")
            }
            (Body::Nothing(_), _) => String::new(),
        }
    }
}

fn pretty_row(text: &str, row: Row) -> Vec<Span> {
    let indent = "  ".repeat(row.depth.min(DEEPEST) as usize);
    let mut spans = vec![Span { class: "", text: indent }];
    for token in json::row_tokens(text, row) {
        let piece = &text[token.start..token.end];
        let class = match token.kind {
            Kind::Key => "json-key",
            Kind::String => "json-string",
            Kind::Number => "json-number",
            Kind::Literal => "json-literal",
            Kind::Punctuation => "json-punctuation",
        };
        let (shown, hidden) = cut(piece, STRING_CHARS);
        let colon = if piece == ":" { " " } else { "" };
        spans.push(Span { class, text: format!("{shown}{colon}") });
        if hidden > 0 {
            let text = format!(" … {} more, see Raw", crate::format::size(hidden as u64));
            spans.push(Span { class: "cut", text });
        }
    }
    spans
}

/// At most so many characters, and how many bytes were left off.
fn cut(text: &str, chars: usize) -> (&str, usize) {
    match text.char_indices().nth(chars) {
        Some((at, _)) => (&text[..at], text.len() - at),
        None => (text, 0),
    }
}

fn split_lines(text: &str) -> Vec<(u32, u32)> {
    let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let mut lines = Vec::new();
    let (mut start, mut chars) = (0, 0);
    for (at, character) in text.char_indices() {
        if character == '\n' {
            lines.push((narrow(start), narrow(at)));
            (start, chars) = (at + 1, 0);
        } else if chars == RAW_CHARS {
            lines.push((narrow(start), narrow(at)));
            (start, chars) = (at, 1);
        } else {
            chars += 1;
        }
    }
    if start < text.len() {
        lines.push((narrow(start), narrow(text.len())));
    }
    lines
}

fn hex_row(bytes: &[u8], index: usize) -> Vec<Span> {
    let start = index * HEX_BYTES;
    let Some(chunk) = bytes.get(start..bytes.len().min(start + HEX_BYTES)) else {
        return Vec::new();
    };
    let mut hex = String::with_capacity(HEX_BYTES * 3 + 1);
    let mut ascii = String::with_capacity(HEX_BYTES);
    for position in 0..HEX_BYTES {
        if position == HEX_BYTES / 2 {
            hex.push(' ');
        }
        match chunk.get(position) {
            Some(byte) => {
                for nibble in [byte >> 4, byte & 15] {
                    hex.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
                }
                hex.push(' ');
                let visible = byte.is_ascii_graphic() || *byte == b' ';
                ascii.push(if visible { char::from(*byte) } else { '·' });
            }
            None => hex.push_str("   "),
        }
    }
    vec![
        Span { class: "hex-offset", text: format!("{start:08x}  ") },
        Span { class: "", text: hex },
        Span { class: "hex-text", text: format!(" {ascii}") },
    ]
}

/// Standard base64 with padding; `None` when it is not.
fn decode_base64(encoded: &str) -> Option<Vec<u8>> {
    let digits = encoded.trim_end_matches('=');
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    let (mut window, mut bits) = (0_u32, 0_u32);
    for digit in digits.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        window = (window << 6) | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((window >> bits) & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Payload {
        let body =
            Body::Text { lines: split_lines(text), json: json::rows(text), text: text.to_owned() };
        Payload { body }
    }

    fn shown(payload: &Payload, view: View) -> Vec<String> {
        (0..payload.row_count(view))
            .map(|index| payload.row(view, index).into_iter().map(|span| span.text).collect())
            .collect()
    }

    #[test]
    fn json_is_shown_pretty_and_raw() {
        let payload = text("{\"a\":1}");
        assert_eq!(payload.views(), [View::Pretty, View::Raw]);
        assert_eq!(shown(&payload, View::Pretty), ["{", "  \"a\": 1", "}"]);
        assert_eq!(payload.copy_text(View::Raw), "{\"a\":1}");
    }

    #[test]
    fn what_is_not_json_is_shown_raw_with_the_place() {
        let payload = text("hello\nworld");
        assert_eq!(payload.views(), [View::Raw]);
        assert_eq!(shown(&payload, View::Raw), ["hello", "world"]);
        assert!(payload.remark().unwrap().contains("line 1, column 1"));
    }

    #[test]
    fn one_long_line_is_many_rows_and_nothing_is_lost() {
        let line = "é".repeat(RAW_CHARS * 2 + 7);
        let rows = shown(&text(&line), View::Raw);
        assert_eq!(rows.len(), 3);
        assert_eq!(rows.concat(), line);
    }

    #[test]
    fn a_long_string_is_cut_in_the_pretty_view_only() {
        let json = format!("[\"{}\"]", "x".repeat(50_000));
        let payload = text(&json);
        assert!(shown(&payload, View::Pretty)[1].len() < 1_100);
        assert!(payload.copy_text(View::Pretty).len() > 50_000);
    }

    #[test]
    fn bytes_that_are_not_text_are_a_hex_dump() {
        let payload = Payload { body: Body::Binary(decode_base64("AP9oaQ==").unwrap()) };
        let rows = shown(&payload, View::Hex);
        assert!(rows[0].starts_with("00000000  00 ff 68 69"), "{}", rows[0]);
        assert!(rows[0].ends_with("··hi"), "{}", rows[0]);
    }

    #[test]
    fn base64_is_decoded_whatever_its_length() {
        assert_eq!(decode_base64("").unwrap(), b"");
        assert_eq!(decode_base64("YQ==").unwrap(), b"a");
        assert_eq!(decode_base64("YWI=").unwrap(), b"ab");
        assert_eq!(decode_base64("YWJj").unwrap(), b"abc");
        assert_eq!(decode_base64("a*c"), None);
    }
}

//! The rows of bytes that are no tree: lines as sent, and hexadecimal.

use super::{FOUND, Span, add, add_letter};
use crate::format::hex;

/// Bytes in one row of the raw view; longer lines go on in the next row.
pub(super) const RAW_BYTES: usize = 400;
pub(super) const HEX_BYTES: usize = 16;

/// The first place from here that does not cut a character.
pub(super) fn boundary(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(|byte| byte & 0xc0 == 0x80) {
        at += 1;
    }
    at
}

/// Where the rows of the raw view begin and end; a line feed belongs to neither side.
pub(super) fn split_lines(bytes: &[u8]) -> Vec<(u32, u32)> {
    let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let mut lines = Vec::new();
    let mut start = 0;
    while start < bytes.len() {
        let room = boundary(bytes, (start + RAW_BYTES).min(bytes.len()));
        let newline = bytes[start..room].iter().position(|byte| *byte == b'\n');
        let end = newline.map_or(room, |length| start + length);
        lines.push((narrow(start), narrow(end)));
        start = end + usize::from(bytes.get(end) == Some(&b'\n'));
    }
    lines
}

/// A row of the hexadecimal view, with the match that one has gone to marked in both columns.
pub(super) fn hex_row(bytes: &[u8], index: usize, mark: Option<(usize, usize)>) -> Vec<Span> {
    let start = index * HEX_BYTES;
    let (from, to) = mark.unwrap_or_default();
    let offset = u32::try_from(start).unwrap_or(u32::MAX);
    let mut spans = vec![Span { class: "hex-offset", text: hex(&offset.to_be_bytes()) + "  " }];
    let mut letters = vec![Span { class: "hex-text", text: " ".to_owned() }];
    for at in start..start + HEX_BYTES {
        let is_marked = from <= at && at < to;
        if let Some(byte) = bytes.get(at) {
            let visible = byte.is_ascii_graphic() || *byte == b' ';
            let letter = if visible { char::from(*byte) } else { '·' };
            add(&mut spans, if is_marked { FOUND } else { "" }, &hex(&[*byte]));
            add_letter(&mut letters, if is_marked { FOUND } else { "hex-text" }, letter);
        } else {
            add(&mut spans, "", "  ");
        }
        add(&mut spans, "", if at == start + HEX_BYTES / 2 - 1 { "  " } else { " " });
    }
    spans.append(&mut letters);
    spans
}

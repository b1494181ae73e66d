//! The rows of bytes that are no tree: lines as sent, and hexadecimal.

use super::Span;

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

/// A row of the hexadecimal view.
pub(super) fn hex_row(bytes: &[u8], index: usize) -> Vec<Span> {
    let start = index * HEX_BYTES;
    let Some(chunk) = bytes.get(start..bytes.len().min(start + HEX_BYTES)) else {
        return Vec::new();
    };
    let mut text = String::with_capacity(HEX_BYTES * 3 + 1);
    let mut ascii = String::with_capacity(HEX_BYTES);
    for position in 0..HEX_BYTES {
        if position == HEX_BYTES / 2 {
            text.push(' ');
        }
        match chunk.get(position) {
            Some(byte) => {
                text.push_str(&hex(&[*byte]));
                text.push(' ');
                let visible = byte.is_ascii_graphic() || *byte == b' ';
                ascii.push(if visible { char::from(*byte) } else { '·' });
            }
            None => text.push_str("   "),
        }
    }
    vec![
        Span { class: "hex-offset", text: format!("{start:08x}  ") },
        Span { class: "", text },
        Span { class: "hex-text", text: format!(" {ascii}") },
    ]
}

/// Two digits a byte.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            out.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
        }
    }
    out
}

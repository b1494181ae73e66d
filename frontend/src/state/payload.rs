//! What the payload viewer shows: rows of coloured text over the bytes as they were sent.

mod bytes;

use super::find::Find;
use super::json::{self, Folds, Indexer, Kind, Row};
use crate::format::{hex, is_hidden, push_visible, size};
use bytes::{HEX_BYTES, boundary, hex_row, split_lines};

/// Bytes that are indexed before the page may answer again.
pub const SLICE: usize = 192 * 1024;
/// Bytes of one string shown in a row of the tree.
const STRING_BYTES: usize = 1_000;
/// Up to here the raw view is one text that the browser can search and select.
const WHOLE_BYTES: usize = 64 * 1024;
/// Rows that Page Up and Page Down go.
const PAGE: usize = 15;
/// Deeper rows are not indented further, so that they fit on a phone; the number of their level says
/// how deep they are.
const DEEPEST: u32 = 12;

/// The class of the match that one has gone to.
const FOUND: &str = "found found-current";

/// A piece of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Names its colour in `payload.css`; empty for plain text.
    pub class: &'static str,
    /// Text, never markup.
    pub text: String,
}

/// One of the ways to look at a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum View {
    /// JSON, with what is folded left out.
    Tree,
    /// As sent.
    Raw,
    /// The bytes.
    Hex,
}

/// A row as a part of a tree (the ARIA pattern).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeItem {
    /// From one.
    pub level: u32,
    /// Among its siblings, from one.
    pub place: u32,
    /// How many there are; `None` while that is not known yet.
    pub siblings: Option<u32>,
    /// Whether what is inside is shown; `None` when there is nothing inside.
    pub open: Option<bool>,
}

/// Where a key leads in the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The next row.
    Down,
    /// The row before.
    Up,
    /// Some rows down.
    PageDown,
    /// Some rows up.
    PageUp,
    /// The first row.
    Home,
    /// The last row.
    End,
    /// What this row is inside of.
    Parent,
}

/// The bytes of a payload and what is known of them.
#[derive(Clone, Debug)]
pub struct Payload {
    bytes: Vec<u8>,
    /// Where it stops to be UTF-8.
    not_utf8: Option<usize>,
    index: Indexer,
    lines: Vec<(u32, u32)>,
    /// Which containers are folded.
    pub folds: Folds,
    /// What is searched for.
    pub find: Find,
}

impl Payload {
    /// Takes the bytes; [`Self::run`] indexes them.
    pub fn new(bytes: Vec<u8>) -> Self {
        let not_utf8 = std::str::from_utf8(&bytes).err().map(|error| error.valid_up_to());
        let (folds, find) = (Folds::default(), Find::default());
        Self { bytes, not_utf8, index: Indexer::default(), lines: Vec::new(), folds, find }
    }

    /// Indexes one more slice; false when all is done.
    pub fn run(&mut self) -> bool {
        if self.not_utf8.is_some() || self.bytes.is_empty() {
            return false;
        }
        self.index.run(&self.bytes, SLICE);
        self.index.end.is_none()
    }

    /// Folds or unfolds.
    pub fn change_folds(&mut self, change: impl FnOnce(&mut Folds, &[Row])) {
        change(&mut self.folds, &self.index.rows);
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The text, when it is one.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }

    /// The rows of the tree found so far.
    pub fn rows(&self) -> &[Row] {
        &self.index.rows
    }

    /// True when it is JSON, or looks so as far as it was read.
    pub fn is_json(&self) -> bool {
        self.not_utf8.is_none()
            && !self.bytes.is_empty()
            && !matches!(self.index.end, Some(Err(_)))
            && !self.index.rows.is_empty()
    }

    /// The ways this payload can be looked at, the best first.
    pub fn views(&self) -> &'static [View] {
        if self.bytes.is_empty() {
            &[]
        } else if self.not_utf8.is_some() {
            &[View::Hex, View::Raw]
        } else if self.is_json() {
            &[View::Tree, View::Raw, View::Hex]
        } else {
            &[View::Raw, View::Hex]
        }
    }

    /// What to say about a payload that is not plain JSON.
    pub fn remark(&self) -> Option<String> {
        if self.bytes.is_empty() {
            return Some("The body is empty.".to_owned());
        }
        if let Some(at) = self.not_utf8 {
            let byte = self.bytes.get(at).copied().unwrap_or_default();
            return Some(format!(
                "Not text in UTF-8: byte {} at offset {at}, {}. Shown in hexadecimal; the raw view \
                 puts \u{fffd} in such places.",
                hex(&[byte]),
                self.place(at)
            ));
        }
        let Some(Err(error)) = &self.index.end else { return None };
        Some(format!(
            "Not JSON: {} at {}, offset {}. Shown as it was sent.",
            error.message,
            self.place(error.at),
            error.at
        ))
    }

    /// Line and column, in characters, of an offset.
    fn place(&self, at: usize) -> String {
        let before = &self.bytes[..at.min(self.bytes.len())];
        let line = before.split(|byte| *byte == b'\n').count();
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let column = String::from_utf8_lossy(&before[start..]).chars().count() + 1;
        format!("line {line}, column {column}")
    }

    /// Where the JSON ends, for the raw view to go to.
    pub fn error_at(&self) -> Option<usize> {
        match (&self.index.end, self.not_utf8) {
            (_, Some(at)) => Some(at),
            (Some(Err(error)), None) if !self.bytes.is_empty() => Some(error.at),
            _ => None,
        }
    }

    /// The raw view as one text, when it is short enough for that.
    pub fn whole(&self) -> Option<Vec<Span>> {
        (self.bytes.len() <= WHOLE_BYTES).then(|| {
            let mut spans = Vec::new();
            self.push(&mut spans, "", 0, self.bytes.len());
            spans
        })
    }

    /// Finds the lines of the raw view, once somebody looks at it.
    pub fn split_lines(&mut self) {
        if self.lines.is_empty() {
            self.lines = split_lines(&self.bytes);
        }
    }

    /// How many rows a view has.
    pub fn row_count(&self, view: View) -> usize {
        match view {
            View::Tree => self.folds.count(&self.index.rows),
            View::Raw => self.lines.len(),
            View::Hex => self.bytes.len().div_ceil(HEX_BYTES),
        }
    }

    /// One row of a view.
    pub fn row(&self, view: View, place: usize) -> Vec<Span> {
        match view {
            View::Tree => self.tree_row(self.folds.row_at(place)),
            View::Raw => {
                let (start, end) = self.lines.get(place).copied().unwrap_or_default();
                let mut spans = Vec::new();
                self.push(&mut spans, "", start as usize, end as usize);
                spans
            }
            View::Hex => hex_row(&self.bytes, place, self.find.current()),
        }
    }

    /// The row of a view in which an offset lies.
    pub fn row_of(&self, view: View, at: usize) -> usize {
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        let last = |after: usize| after.saturating_sub(1);
        match view {
            View::Tree => last(self.index.rows.partition_point(|row| row.start <= at)),
            View::Raw => last(self.lines.partition_point(|(start, _)| *start <= at)),
            View::Hex => at as usize / HEX_BYTES,
        }
    }

    /// The value of a row as sent; the text that it stands for when it is a string.
    pub fn value(&self, row: u32) -> String {
        let Some((start, end)) = json::value(&self.bytes, self.rows(), row) else {
            return String::new();
        };
        let raw = &self.bytes[start..end];
        if raw.first() == Some(&b'"') {
            return json::unescape(raw);
        }
        String::from_utf8_lossy(raw).into_owned()
    }

    /// The body for the clipboard: the text to the byte, or its bytes in hexadecimal.
    pub fn copy_text(&self) -> String {
        self.text().map_or_else(|| hex(&self.bytes), str::to_owned)
    }

    /// Re-indented, for the clipboard.
    pub fn pretty(&self) -> String {
        String::from_utf8_lossy(&json::pretty(&self.bytes, self.rows())).into_owned()
    }

    /// What is worth knowing of a row and cannot be seen in it.
    pub fn note(&self, row: u32) -> Option<&'static str> {
        const SIBLINGS: usize = 20_000;
        if json::duplicates(&self.bytes, self.rows(), row, SIBLINGS) > 1 {
            return Some("this key is there more than once");
        }
        let (start, end) = json::value(&self.bytes, self.rows(), row)?;
        let number = &self.bytes[start..end];
        let is_number = number[0] == b'-' || number[0].is_ascii_digit();
        let digits = number.iter().filter(|byte| byte.is_ascii_digit()).count();
        (is_number && digits > 15).then_some("more digits than most programs keep; shown as sent")
    }

    /// What assistive technology is told of a row; `None` for a row that only closes.
    pub fn item(&self, row: u32) -> Option<TreeItem> {
        let rows = self.rows();
        let at = *rows.get(row as usize)?;
        if json::is_closing(&self.bytes, at) {
            return None;
        }
        let siblings = rows.get(at.parent as usize).map_or(Some(1), |opener| {
            let closing = rows.get((at.parent + opener.span) as usize)?;
            (opener.span > 0).then_some(closing.place)
        });
        Some(TreeItem {
            level: at.depth + 1,
            place: at.place,
            siblings,
            open: (at.span > 0).then(|| !self.folds.is_closed(row)),
        })
    }

    /// The row that a key leads to from another one.
    pub fn go(&self, from: u32, step: Step) -> u32 {
        let rows = self.rows();
        let count = self.folds.count(rows);
        let here = self.folds.place_of(from);
        let is_item = |place: &usize| self.item(self.folds.row_at(*place)).is_some();
        let place = match step {
            Step::Down => (here + 1..count).find(is_item),
            Step::Up => (0..here).rev().find(is_item),
            Step::PageDown => {
                (here + PAGE..count).find(is_item).or_else(|| (here..count).rev().find(is_item))
            }
            Step::PageUp => (0..=here.saturating_sub(PAGE)).rev().find(is_item),
            Step::Home => Some(0),
            Step::End => (0..count).rev().find(is_item),
            Step::Parent => {
                return rows
                    .get(from as usize)
                    .map_or(0, |row| if row.parent == json::NONE { from } else { row.parent });
            }
        };
        place.map_or(from, |place| self.folds.row_at(place))
    }

    /// The text that a string stands for, when the row shows only a part of it.
    pub fn long_text(&self, row: u32) -> bool {
        json::value(&self.bytes, self.rows(), row)
            .is_some_and(|(start, end)| self.bytes[start] == b'"' && end - start > STRING_BYTES)
    }

    fn tree_row(&self, index: u32) -> Vec<Span> {
        let rows = &self.index.rows;
        let Some(row) = rows.get(index as usize).copied() else { return Vec::new() };
        let mut indent = "  ".repeat(row.depth.min(DEEPEST) as usize);
        if row.depth > DEEPEST {
            indent.push_str(&(row.depth + 1).to_string());
        }
        let mut spans = vec![Span { class: "cut", text: indent }];
        for token in json::row_tokens(&self.bytes, row) {
            let class = match token.kind {
                Kind::Key => "json-key",
                Kind::String => "json-string",
                Kind::Number => "json-number",
                Kind::Literal => "json-literal",
                Kind::Punctuation => "json-punctuation",
            };
            self.push_cut(&mut spans, class, token.start, token.end);
            if &self.bytes[token.start..token.end] == b":"
                && let Some(colon) = spans.last_mut()
            {
                colon.text.push(' ');
            }
        }
        if self.folds.is_closed(index)
            && let Some(closing) = rows.get((index + row.span) as usize)
        {
            let closing_bracket =
                if self.bytes[closing.start as usize] == b'}' { "}" } else { "]" };
            let many = if closing.place == 1 { "item" } else { "items" };
            spans.push(Span { class: "cut", text: " … ".to_owned() });
            spans.push(Span { class: "json-punctuation", text: closing_bracket.to_owned() });
            spans.push(Span { class: "cut", text: format!(" {} {many}", closing.place) });
        }
        spans
    }

    /// A token, cut when it is very long; the current match is always in what is left.
    fn push_cut(&self, spans: &mut Vec<Span>, class: &'static str, start: usize, end: usize) {
        if end - start <= STRING_BYTES {
            return self.push(spans, class, start, end);
        }
        let wanted = self.find.current().map(|(at, _)| at).filter(|at| (start..end).contains(at));
        let from = wanted.map_or(start, |at| at.saturating_sub(200).max(start));
        let from = boundary(&self.bytes, from);
        let to = boundary(&self.bytes, (from + STRING_BYTES).min(end));
        let cut = |bytes: usize| format!(" … {} more … ", size(bytes as u64));
        if from > start {
            spans.push(Span { class: "cut", text: cut(from - start) });
        }
        self.push(spans, class, from, to);
        if to < end {
            spans.push(Span { class: "cut", text: cut(end - to) });
        }
    }

    /// A piece of the text, with what was found in it marked.
    fn push(&self, spans: &mut Vec<Span>, class: &'static str, start: usize, end: usize) {
        let mut put = |class: &'static str, from: usize, to: usize| {
            add(spans, class, &String::from_utf8_lossy(&self.bytes[from..to]));
        };
        let mut at = start;
        // More marks than anybody can look at would only make the page slow.
        for (from, to, current) in self.find.within(start, end).into_iter().take(200) {
            put(class, at, from);
            put(if current { FOUND } else { "found" }, from, to);
            at = to;
        }
        put(class, at, end);
    }
}

/// Adds a piece of text to a row. What cannot be seen of it is written out in a colour of its own.
fn add(spans: &mut Vec<Span>, class: &'static str, text: &str) {
    for letter in text.chars() {
        add_letter(spans, class, letter);
    }
}

fn add_letter(spans: &mut Vec<Span>, class: &'static str, letter: char) {
    let class = if is_hidden(letter) { "unseen" } else { class };
    if spans.last().is_none_or(|last| last.class != class) {
        spans.push(Span { class, text: String::new() });
    }
    if let Some(last) = spans.last_mut() {
        push_visible(&mut last.text, letter);
    }
}

#[cfg(test)]
mod tests;

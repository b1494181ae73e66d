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
mod tests {
    use super::bytes::RAW_BYTES;
    use super::*;

    fn payload(bytes: impl AsRef<[u8]>) -> Payload {
        let mut payload = Payload::new(bytes.as_ref().to_vec());
        while payload.run() {}
        payload.split_lines();
        payload
    }

    fn shown(payload: &Payload, view: View) -> Vec<String> {
        (0..payload.row_count(view))
            .map(|index| payload.row(view, index).into_iter().map(|span| span.text).collect())
            .collect()
    }

    #[test]
    fn json_is_shown_as_a_tree_and_raw() {
        let payload = payload("{\"a\":1}");
        assert_eq!(payload.views(), [View::Tree, View::Raw, View::Hex]);
        assert_eq!(shown(&payload, View::Tree), ["{", "  \"a\": 1", "}"]);
        assert_eq!(payload.copy_text(), "{\"a\":1}");
    }

    #[test]
    fn a_folded_container_is_one_row_that_counts_what_is_inside() {
        let mut payload = payload(r#"{"a":[1,2,3],"b":{"c":null}}"#);
        let rows = payload.rows().to_vec();
        payload.folds.set(&rows, 1, true);
        payload.folds.set(&rows, 6, true);
        let expected = ["{", "  \"a\": [ … ] 3 items", "  \"b\": { … } 1 item", "}"];
        assert_eq!(shown(&payload, View::Tree), expected);
    }

    #[test]
    fn what_is_found_is_marked_in_both_columns_of_the_hex_view() {
        let mut payload = payload(b"0123456789abcdefgh\n");
        payload.find = Find::new(payload.bytes(), "FG");
        let marked = |place| -> Vec<String> {
            let spans = payload.row(View::Hex, place).into_iter();
            spans.filter(|span| span.class == FOUND).map(|span| span.text).collect()
        };
        assert_eq!(
            (marked(0), marked(1)),
            (vec!["66".into(), "f".into()], vec!["67".into(), "g".into()])
        );
        let rows = shown(&payload, View::Hex);
        assert_eq!(
            rows[0],
            "00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  0123456789abcdef"
        );
        assert_eq!(rows[1], format!("00000010  67 68 0a {} gh·", " ".repeat(13 * 3 + 1)));
    }

    #[test]
    fn rows_too_deep_to_be_indented_tell_their_level() {
        let payload = payload("[".repeat(40) + &"]".repeat(40));
        let rows = shown(&payload, View::Tree);
        let indent = "  ".repeat(DEEPEST as usize);
        assert_eq!(rows[12], indent.clone() + "[");
        assert_eq!(rows[13], indent.clone() + "14[");
        assert_eq!(rows[40], indent + "39]");
    }

    #[test]
    fn what_cannot_be_seen_is_written_out_and_copied_as_sent() {
        let json = "{\"\u{202e}evil\":\"\u{202e}gnp.exe\"}";
        let mut payload = payload(json);
        payload.find = Find::new(payload.bytes(), "gnp");
        let row: Vec<(&str, String)> =
            payload.row(View::Tree, 1).into_iter().map(|span| (span.class, span.text)).collect();
        let expected = [
            ("cut", "  "),
            ("json-key", "\""),
            ("unseen", "⟨U+202E⟩"),
            ("json-key", "evil\""),
            ("json-punctuation", ": "),
            ("json-string", "\""),
            ("unseen", "⟨U+202E⟩"),
            ("found found-current", "gnp"),
            ("json-string", ".exe\""),
        ];
        assert_eq!(row, expected.map(|(class, text)| (class, text.to_owned())));
        assert_eq!(shown(&payload, View::Raw), ["{\"⟨U+202E⟩evil\":\"⟨U+202E⟩gnp.exe\"}"]);
        assert_eq!(
            (payload.copy_text().as_str(), payload.value(1).as_str()),
            (json, "\u{202e}gnp.exe")
        );
        assert_eq!(json::pointer(payload.bytes(), payload.rows(), 1), "/\u{202e}evil");
    }

    #[test]
    fn what_is_not_json_is_shown_raw_with_the_place() {
        let payload = payload("hello\nworld");
        assert_eq!(payload.views(), [View::Raw, View::Hex]);
        assert_eq!(shown(&payload, View::Raw), ["hello", "world"]);
        let remark = payload.remark().unwrap();
        assert!(remark.contains("a value is expected at line 1, column 1, offset 0"), "{remark}");
        let cut = super::tests::payload("{\n  \"é\": nope\n}");
        assert!(cut.remark().unwrap().contains("line 2, column 8, offset 10"));
        assert_eq!(cut.error_at(), Some(10));
    }

    #[test]
    fn what_is_not_utf8_is_shown_in_hex_with_the_place() {
        let payload = payload(b"ab\n\xff\xfe");
        assert_eq!(payload.views(), [View::Hex, View::Raw]);
        let remark = payload.remark().unwrap();
        assert!(remark.contains("byte ff at offset 3, line 2, column 1"), "{remark}");
        assert_eq!(shown(&payload, View::Raw), ["ab", "\u{fffd}\u{fffd}"]);
        assert!(shown(&payload, View::Hex)[0].starts_with("00000000  61 62 0a ff fe"));
        assert!(shown(&payload, View::Hex)[0].ends_with("ab···"));
        assert_eq!(payload.copy_text(), "61620afffe");
    }

    #[test]
    fn one_long_line_is_many_rows_and_nothing_is_lost() {
        let line = "é".repeat(RAW_BYTES + 7);
        let rows = shown(&payload(&line), View::Raw);
        assert_eq!(rows.len(), 3);
        assert_eq!(rows.concat(), line);
        assert_eq!(shown(&payload("\n\nx\n"), View::Raw), ["", "", "x"]);
    }

    #[test]
    fn a_long_string_is_cut_in_the_tree_and_copied_whole() {
        let json = format!("[\"{}needle{}\"]", "x".repeat(50_000), "y".repeat(9));
        let mut payload = payload(&json);
        let row = shown(&payload, View::Tree).remove(1);
        assert!(row.len() < 1_100 && row.contains("47.9 KB more"), "{row}");
        assert_eq!(payload.value(1).len(), 50_015);
        payload.find = Find::new(payload.bytes(), "needle");
        let row = payload.row(View::Tree, 1);
        assert!(row.iter().any(|span| span.class.contains("found") && span.text == "needle"));
    }

    #[test]
    fn what_is_found_leads_to_its_row_in_every_view() {
        let mut payload = payload("{\"a\":1,\n\"b\":[\"needle\"]}");
        payload.find = Find::new(payload.bytes(), "NEEDLE");
        let (at, _) = payload.find.current().unwrap();
        assert_eq!(payload.row_of(View::Tree, at), 3);
        assert_eq!(payload.row_of(View::Raw, at), 1);
        assert_eq!(payload.row_of(View::Hex, at), 0);
    }

    #[test]
    fn big_numbers_and_repeated_keys_are_remarked_on() {
        let payload =
            payload(r#"{"a":12345678901234567890,"b":1,"a":2,"c":"12345678901234567890"}"#);
        assert!(payload.note(1).unwrap().contains("more than once"));
        assert_eq!((payload.note(2), payload.note(4)), (None, None));
        let number = super::tests::payload("[-12345678901234567890]");
        assert!(number.note(1).unwrap().contains("digits"));
        assert_eq!(number.value(1), "-12345678901234567890");
    }

    #[test]
    fn keys_lead_through_the_tree_and_past_what_only_closes() {
        let mut payload = payload(r#"{"a":[1,2],"b":{"c":[]},"d":3}"#);
        let rows = payload.rows().to_vec();
        // 0 { 1 a 2 1 3 2 4 ] 5 b 6 c 7 } 8 d 9 }
        assert_eq!(payload.go(3, Step::Down), 5);
        assert_eq!(payload.go(5, Step::Up), 3);
        assert_eq!(payload.go(6, Step::Parent), 5);
        assert_eq!((payload.go(0, Step::Parent), payload.go(0, Step::Up)), (0, 0));
        assert_eq!((payload.go(3, Step::End), payload.go(8, Step::Home)), (8, 0));
        assert_eq!((payload.go(8, Step::Down), payload.go(1, Step::PageDown)), (8, 8));
        payload.folds.set(&rows, 1, true);
        assert_eq!(payload.go(1, Step::Down), 5);
        let item = payload.item(1).unwrap();
        assert_eq!(
            (item.level, item.place, item.siblings, item.open),
            (2, 1, Some(3), Some(false))
        );
        assert_eq!(payload.item(6).unwrap().open, None, "nothing is inside");
        assert_eq!(payload.item(7), None);
    }

    #[test]
    fn an_empty_body_says_so() {
        let payload = payload("");
        assert!(payload.views().is_empty() && payload.remark().unwrap().contains("empty"));
    }
}

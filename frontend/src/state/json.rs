//! JSON as it was sent: an index of rows over the raw bytes.
//!
//! Nothing is parsed into values, so numbers beyond 2^53, duplicate keys, key order and escapes
//! stay what the signature covers. The tree is a list of rows, each a range of the bytes at a
//! depth; colours are found by scanning only the rows in sight. There is no recursion: a payload
//! nested a million deep costs memory, never the stack. [`Indexer`] works in slices, so that a
//! payload of any size never keeps the page from answering.

mod diff;
mod folds;
mod path;
mod tokens;

pub use diff::{Change, Indexed, changes};
pub use folds::Folds;
pub use path::{duplicates, is_closing, json_path, pointer, unescape, value};
pub use tokens::{Kind, Token, pretty, row_tokens};

/// No row: the parent of the outermost value.
pub const NONE: u32 = u32::MAX;

/// A row of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Offset of its first byte.
    pub start: u32,
    /// Offset after its last byte.
    pub end: u32,
    /// How far it is indented.
    pub depth: u32,
    /// The row that opens the container it is in; [`NONE`] outermost. Of a closing row: its opener.
    pub parent: u32,
    /// Its place among its siblings, from one. Of a closing row: how many there are inside.
    pub place: u32,
    /// Of an opening row: how many rows further the closing row is. 0 for all others, and while
    /// the closing row is not found yet.
    pub span: u32,
}

/// Where and why a text is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotJson {
    /// Offset in bytes.
    pub at: usize,
    /// What is wrong there.
    pub message: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Expect {
    Value,
    ValueOrEnd,
    KeyOrEnd,
    Key,
    Colon,
    CommaOrEnd,
    Nothing,
}

/// Finds the rows of a text, a slice at a time. Every call must be given the same bytes.
#[derive(Clone, Debug)]
pub struct Indexer {
    /// The rows found so far.
    pub rows: Vec<Row>,
    /// How the text ended, once it did.
    pub end: Option<Result<(), NotJson>>,
    at: usize,
    last_end: usize,
    expect: Expect,
    /// Opening rows and the number of children each has had.
    open: Vec<(u32, u32)>,
    /// Start of the row that is being filled.
    line: Option<usize>,
    /// The opener and the number of children of the closing row that is being filled.
    closing: Option<(u32, u32)>,
}

impl Default for Indexer {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            end: None,
            at: 0,
            last_end: 0,
            expect: Expect::Value,
            open: Vec::new(),
            line: None,
            closing: None,
        }
    }
}

/// All rows at once.
///
/// # Errors
/// The first place where the text is not JSON.
pub fn rows(bytes: &[u8]) -> Result<Vec<Row>, NotJson> {
    let mut indexer = Indexer::default();
    indexer.run(bytes, usize::MAX);
    match indexer.end {
        Some(Err(error)) => Err(error),
        _ => Ok(indexer.rows),
    }
}

impl Indexer {
    /// How far it has come.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Goes on for about so many bytes; a single string may make it more.
    pub fn run(&mut self, bytes: &[u8], budget: usize) {
        if u32::try_from(bytes.len()).is_err() {
            self.end = Some(Err(NotJson { at: 0, message: "too large to index" }));
        }
        let stop = self.at.saturating_add(budget);
        while self.end.is_none() && self.at < stop {
            if let Err(error) = self.step(bytes) {
                self.end = Some(Err(error));
            }
        }
    }

    fn step(&mut self, bytes: &[u8]) -> Result<(), NotJson> {
        let at = skip_white_space(bytes, self.at);
        let Some(&byte) = bytes.get(at) else {
            self.at = bytes.len();
            if self.expect != Expect::Nothing {
                return Err(NotJson { at: bytes.len(), message: "the text ends too early" });
            }
            self.finish(self.last_end);
            self.end = Some(Ok(()));
            return Ok(());
        };
        let fail = |message| Err(NotJson { at, message });
        let in_object = self.opener(bytes) == Some(b'{');
        let end = match (self.expect, byte) {
            (Expect::Nothing, _) => return fail("text after the end"),
            (Expect::Value | Expect::ValueOrEnd, b'{' | b'[') => self.begin_container(bytes, at),
            (Expect::KeyOrEnd | Expect::CommaOrEnd, b'}') if in_object => self.close(at),
            (Expect::ValueOrEnd | Expect::CommaOrEnd, b']') if self.opener(bytes) == Some(b'[') => {
                self.close(at)
            }
            (Expect::KeyOrEnd | Expect::Key, b'"') => {
                self.begin(at);
                self.expect = Expect::Colon;
                string_end(bytes, at)?
            }
            (Expect::Colon, b':') => {
                self.expect = Expect::Value;
                at + 1
            }
            (Expect::CommaOrEnd, b',') => {
                self.finish(at + 1);
                self.expect = if in_object { Expect::Key } else { Expect::Value };
                at + 1
            }
            (Expect::Value | Expect::ValueOrEnd, _) => {
                self.begin(at);
                let end = scalar_end(bytes, at)?;
                self.after_value();
                end
            }
            (Expect::Key | Expect::KeyOrEnd, _) => {
                return fail("a member's name in double quotes is expected");
            }
            (Expect::Colon, _) => return fail("a colon is expected"),
            (Expect::CommaOrEnd, _) => return fail("a comma or a closing bracket is expected"),
        };
        self.at = end;
        self.last_end = end;
        Ok(())
    }

    /// The bracket of the innermost open container: the last byte of its row.
    fn opener(&self, bytes: &[u8]) -> Option<u8> {
        let (row, _) = self.open.last()?;
        let end = self.rows.get(*row as usize)?.end as usize;
        bytes.get(end - 1).copied()
    }

    fn begin(&mut self, at: usize) {
        if self.line.is_none() {
            self.line = Some(at);
        }
    }

    fn begin_container(&mut self, bytes: &[u8], at: usize) -> usize {
        self.begin(at);
        let close = skip_white_space(bytes, at + 1);
        let (closer, expect) = match bytes[at] {
            b'{' => (b'}', Expect::KeyOrEnd),
            _ => (b']', Expect::ValueOrEnd),
        };
        if bytes.get(close) == Some(&closer) {
            self.after_value();
            return close + 1;
        }
        let row = narrow(self.rows.len());
        self.finish(at + 1);
        self.open.push((row, 0));
        self.expect = expect;
        at + 1
    }

    /// Ends the row that is being filled.
    fn finish(&mut self, end: usize) {
        let Some(start) = self.line.take() else { return };
        let depth = narrow(self.open.len());
        let index = narrow(self.rows.len());
        let (parent, place) = if let Some((opener, children)) = self.closing.take() {
            if let Some(row) = self.rows.get_mut(opener as usize) {
                row.span = index - opener;
            }
            (opener, children)
        } else if let Some((parent, children)) = self.open.last_mut() {
            *children += 1;
            (*parent, *children)
        } else {
            (NONE, 1)
        };
        let (start, end) = (narrow(start), narrow(end));
        self.rows.push(Row { start, end, depth, parent, place, span: 0 });
    }

    fn close(&mut self, at: usize) -> usize {
        self.finish(self.last_end);
        self.closing = self.open.pop();
        self.begin(at);
        self.after_value();
        at + 1
    }

    fn after_value(&mut self) {
        self.expect = if self.open.is_empty() { Expect::Nothing } else { Expect::CommaOrEnd };
    }
}

fn scalar_end(bytes: &[u8], at: usize) -> Result<usize, NotJson> {
    let word = match bytes[at] {
        b'"' => return string_end(bytes, at),
        b'-' | b'0'..=b'9' => return number_end(bytes, at),
        b't' => "true",
        b'f' => "false",
        _ => "null",
    };
    if bytes[at..].starts_with(word.as_bytes()) {
        return Ok(at + word.len());
    }
    Err(NotJson { at, message: "a value is expected" })
}

fn number_end(bytes: &[u8], start: usize) -> Result<usize, NotJson> {
    let digits =
        |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let digit_missing = |at| Err(NotJson { at, message: "a digit is expected" });
    let mut at = start + usize::from(bytes[start] == b'-');
    let whole = digits(at);
    if whole == 0 || (whole > 1 && bytes[at] == b'0') {
        return Err(NotJson { at, message: "not a number as JSON writes them" });
    }
    at += whole;
    if bytes.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if fraction == 0 {
            return digit_missing(at + 1);
        }
        at += 1 + fraction;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at);
        if exponent == 0 {
            return digit_missing(at);
        }
        at += exponent;
    }
    Ok(at)
}

fn string_end(bytes: &[u8], start: usize) -> Result<usize, NotJson> {
    let mut at = start + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => return Ok(at + 1),
            b'\\' => {
                at += match bytes.get(at + 1) {
                    Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
                    Some(b'u') => {
                        let hex = bytes.get(at + 2..at + 6).unwrap_or_default();
                        if hex.len() != 4 || !hex.iter().all(u8::is_ascii_hexdigit) {
                            let message = "four hexadecimal digits are expected";
                            return Err(NotJson { at, message });
                        }
                        6
                    }
                    _ => return Err(NotJson { at, message: "an escape that JSON does not know" }),
                };
            }
            0..0x20 => {
                return Err(NotJson { at, message: "a control character inside a string" });
            }
            _ => at += 1,
        }
    }
    Err(NotJson { at: start, message: "a string that does not end" })
}

fn narrow(n: usize) -> u32 {
    u32::try_from(n).expect("longer texts are refused at the start")
}

fn skip_white_space(bytes: &[u8], at: usize) -> usize {
    at + bytes[at.min(bytes.len())..].iter().take_while(|byte| is_white_space(**byte)).count()
}

fn is_white_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests;

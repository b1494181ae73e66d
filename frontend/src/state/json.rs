//! JSON as it was sent: a tokenizer over the raw text.
//!
//! Nothing is parsed into values, so numbers beyond 2^53, duplicate keys, key order and escapes
//! stay what the signature covers. The pretty view is a list of rows, each a range of the raw text
//! at a depth; colours are found by scanning only the rows in sight. There is no recursion: a
//! payload nested a million deep costs a million bytes.

mod tokens;

pub use tokens::{Kind, Token, pretty, row_tokens};

/// A row of the pretty view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    start: u32,
    end: u32,
    /// How far it is indented.
    pub depth: u32,
}

/// Where and why a text is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotJson {
    /// Offset in bytes.
    pub at: usize,
    /// Counted from one.
    pub line: usize,
    /// In characters, counted from one.
    pub column: usize,
    /// What is wrong there.
    pub message: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    ValueOrEnd,
    KeyOrEnd,
    Key,
    Colon,
    CommaOrEnd,
    Nothing,
}

/// Splits a JSON text into the rows of the pretty view.
///
/// # Errors
/// The first place where the text is not JSON. Texts of 4 GiB and more are refused.
pub fn rows(text: &str) -> Result<Vec<Row>, NotJson> {
    if u32::try_from(text.len()).is_err() {
        return Err(not_json(text, 0, "too large to index"));
    }
    Indexer { text, bytes: text.as_bytes(), rows: Vec::new(), open: Vec::new(), line: None }.run()
}

struct Indexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    rows: Vec<Row>,
    /// `{` or `[` for each open container.
    open: Vec<u8>,
    /// Start and depth of the row that is being filled.
    line: Option<(usize, usize)>,
}

impl Indexer<'_> {
    fn run(mut self) -> Result<Vec<Row>, NotJson> {
        let mut expect = Expect::Value;
        let mut at = 0;
        let mut last_end = 0;
        loop {
            at = skip_white_space(self.bytes, at);
            let Some(&byte) = self.bytes.get(at) else { break };
            let end = match (expect, byte) {
                (Expect::Nothing, _) => return Err(self.error(at, "text after the end")),
                (Expect::Value | Expect::ValueOrEnd, b'{' | b'[') => {
                    self.begin(at);
                    let close = skip_white_space(self.bytes, at + 1);
                    let closer = if byte == b'{' { b'}' } else { b']' };
                    if self.bytes.get(close) == Some(&closer) {
                        expect = self.after_value();
                        at = close + 1;
                        last_end = at;
                        continue;
                    }
                    self.finish(at + 1);
                    self.open.push(byte);
                    expect = if byte == b'{' { Expect::KeyOrEnd } else { Expect::ValueOrEnd };
                    at + 1
                }
                (Expect::KeyOrEnd | Expect::CommaOrEnd, b'}')
                    if self.open.last() == Some(&b'{') =>
                {
                    expect = self.close(at, last_end);
                    at + 1
                }
                (Expect::ValueOrEnd | Expect::CommaOrEnd, b']')
                    if self.open.last() == Some(&b'[') =>
                {
                    expect = self.close(at, last_end);
                    at + 1
                }
                (Expect::KeyOrEnd | Expect::Key, b'"') => {
                    self.begin(at);
                    expect = Expect::Colon;
                    self.string(at)?
                }
                (Expect::Colon, b':') => {
                    expect = Expect::Value;
                    at + 1
                }
                (Expect::CommaOrEnd, b',') => {
                    self.finish(at + 1);
                    let object = self.open.last() == Some(&b'{');
                    expect = if object { Expect::Key } else { Expect::Value };
                    at + 1
                }
                (Expect::Value | Expect::ValueOrEnd, _) => {
                    self.begin(at);
                    let end = self.scalar(at)?;
                    expect = self.after_value();
                    end
                }
                (Expect::Key | Expect::KeyOrEnd, _) => {
                    return Err(self.error(at, "a member's name in double quotes is expected"));
                }
                (Expect::Colon, _) => return Err(self.error(at, "a colon is expected")),
                (Expect::CommaOrEnd, _) => {
                    return Err(self.error(at, "a comma or a closing bracket is expected"));
                }
            };
            at = end;
            last_end = end;
        }
        if expect != Expect::Nothing {
            return Err(self.error(self.bytes.len(), "the text ends too early"));
        }
        self.finish(last_end);
        Ok(self.rows)
    }

    fn begin(&mut self, at: usize) {
        if self.line.is_none() {
            self.line = Some((at, self.open.len()));
        }
    }

    fn finish(&mut self, end: usize) {
        let Some((start, depth)) = self.line.take() else { return };
        let narrow = |n: usize| u32::try_from(n).expect("the text is shorter than 4 GiB");
        self.rows.push(Row { start: narrow(start), end: narrow(end), depth: narrow(depth) });
    }

    fn close(&mut self, at: usize, last_end: usize) -> Expect {
        self.finish(last_end);
        self.open.pop();
        self.begin(at);
        self.after_value()
    }

    fn after_value(&self) -> Expect {
        if self.open.is_empty() { Expect::Nothing } else { Expect::CommaOrEnd }
    }

    fn scalar(&self, at: usize) -> Result<usize, NotJson> {
        match self.bytes[at] {
            b'"' => self.string(at),
            b't' => self.word(at, b"true"),
            b'f' => self.word(at, b"false"),
            b'n' => self.word(at, b"null"),
            b'-' | b'0'..=b'9' => self.number(at),
            _ => Err(self.error(at, "a value is expected")),
        }
    }

    fn word(&self, at: usize, word: &[u8]) -> Result<usize, NotJson> {
        if self.bytes[at..].starts_with(word) {
            return Ok(at + word.len());
        }
        Err(self.error(at, "a value is expected"))
    }

    fn number(&self, start: usize) -> Result<usize, NotJson> {
        let digits = |from: usize| {
            self.bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count()
        };
        let mut at = start + usize::from(self.bytes[start] == b'-');
        let whole = digits(at);
        if whole == 0 || (whole > 1 && self.bytes[at] == b'0') {
            return Err(self.error(at, "not a number as JSON writes them"));
        }
        at += whole;
        if self.bytes.get(at) == Some(&b'.') {
            let fraction = digits(at + 1);
            if fraction == 0 {
                return Err(self.error(at + 1, "a digit is expected"));
            }
            at += 1 + fraction;
        }
        if matches!(self.bytes.get(at), Some(b'e' | b'E')) {
            at += 1 + usize::from(matches!(self.bytes.get(at + 1), Some(b'+' | b'-')));
            let exponent = digits(at);
            if exponent == 0 {
                return Err(self.error(at, "a digit is expected"));
            }
            at += exponent;
        }
        Ok(at)
    }

    fn string(&self, start: usize) -> Result<usize, NotJson> {
        let mut at = start + 1;
        while let Some(&byte) = self.bytes.get(at) {
            match byte {
                b'"' => return Ok(at + 1),
                b'\\' => {
                    at += match self.bytes.get(at + 1) {
                        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
                        Some(b'u') => {
                            let hex = self.bytes.get(at + 2..at + 6).unwrap_or_default();
                            if hex.len() != 4 || !hex.iter().all(u8::is_ascii_hexdigit) {
                                return Err(self.error(at, "four hexadecimal digits are expected"));
                            }
                            6
                        }
                        _ => return Err(self.error(at, "an escape that JSON does not know")),
                    };
                }
                0..0x20 => return Err(self.error(at, "a control character inside a string")),
                _ => at += 1,
            }
        }
        Err(self.error(start, "a string that does not end"))
    }

    fn error(&self, at: usize, message: &'static str) -> NotJson {
        not_json(self.text, at, message)
    }
}

fn not_json(text: &str, at: usize, message: &'static str) -> NotJson {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    NotJson {
        at,
        line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        message,
    }
}

fn skip_white_space(bytes: &[u8], at: usize) -> usize {
    at + bytes[at.min(bytes.len())..].iter().take_while(|byte| is_white_space(**byte)).count()
}

fn is_white_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests;

//! What happens to bodies on the way, undone.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;

/// What was done to a body after it was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BodyChange {
    /// JSON was read and written again without white space.
    Compacted,
    /// JSON was read and written again with a space after each comma and colon.
    Spaced,
    /// JSON was read and written again over several lines.
    Indented,
    /// The keys of JSON objects were put in another order: sorted before they were signed.
    KeysReordered,
    /// Characters beyond ASCII were unescaped, or escaped, in JSON strings.
    Unescaped,
    /// Slashes were unescaped in JSON strings.
    SlashesUnescaped,
    /// A new line at the end was cut off.
    NewLineCutOff,
    /// A new line at the end was added.
    NewLineAdded,
    /// White space around it was added.
    WhiteSpaceAdded,
    /// `\r\n` became `\n`.
    LineEndsToUnix,
    /// `\n` became `\r\n`.
    LineEndsToWindows,
    /// A byte order mark was cut off.
    MarkCutOff,
    /// A byte order mark was added.
    MarkAdded,
    /// Latin-1 became UTF-8.
    Latin1ToUtf8,
    /// UTF-8 became Latin-1.
    Utf8ToLatin1,
    /// The body was wrapped into a JSON string.
    WrappedInString,
    /// The body was written as base64.
    WrittenAsBase64,
    /// Base64 was decoded.
    Base64Decoded,
    /// The sender signed an empty body.
    SignedEmpty,
}

/// A way in which a body may have been changed, and the body before that.
pub(super) struct Candidate {
    pub(super) change: BodyChange,
    pub(super) body: Vec<u8>,
}

/// No nesting deeper than this is written anew.
const DEEPEST: usize = 128;

/// The bodies from which this one may have come, the usual ones first.
pub(super) fn candidates(body: &[u8]) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    let mut add = |change, candidate: Option<Vec<u8>>| {
        if let Some(candidate) = candidate
            && candidate != body
            && !found.iter().any(|known| known.body == candidate)
        {
            found.push(Candidate { change, body: candidate });
        }
    };
    let ending = |end: &[u8]| Some([body, end].concat());
    add(BodyChange::NewLineCutOff, ending(b"\n"));
    add(BodyChange::NewLineCutOff, ending(b"\r\n"));
    let without_line =
        body.strip_suffix(b"\n").map(|rest| rest.strip_suffix(b"\r").unwrap_or(rest));
    add(BodyChange::NewLineAdded, without_line.map(<[u8]>::to_vec));
    add(BodyChange::WhiteSpaceAdded, Some(body.trim_ascii().to_vec()));
    add(BodyChange::LineEndsToUnix, Some(replace(&replace(body, b"\r\n", b"\n"), b"\n", b"\r\n")));
    add(BodyChange::LineEndsToWindows, Some(replace(body, b"\r\n", b"\n")));
    add(BodyChange::MarkCutOff, Some([b"\xef\xbb\xbf".as_slice(), body].concat()));
    add(BodyChange::MarkAdded, body.strip_prefix(b"\xef\xbb\xbf").map(<[u8]>::to_vec));
    if let Ok(text) = std::str::from_utf8(body) {
        add_json(&mut add, text);
        add(BodyChange::Latin1ToUtf8, latin1(text));
        if text.starts_with('"') {
            let inner = serde_json::from_str::<String>(text.trim()).ok();
            add(BodyChange::WrappedInString, inner.map(String::into_bytes));
        }
        let decoded = STANDARD.decode(text.trim()).ok();
        add(BodyChange::WrittenAsBase64, decoded.filter(|bytes| !bytes.is_empty()));
    }
    let as_utf8: String = body.iter().map(|&byte| char::from(byte)).collect();
    add(BodyChange::Utf8ToLatin1, Some(as_utf8.into_bytes()));
    add(BodyChange::Base64Decoded, Some(STANDARD.encode(body).into_bytes()));
    add(BodyChange::SignedEmpty, Some(Vec::new()));
    found
}

fn replace(body: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}

/// The bytes of a text as Latin-1; `None` when it does not fit.
fn latin1(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect()
}

/// How JSON is written.
#[derive(Clone, Copy)]
struct Layout {
    comma: &'static str,
    colon: &'static str,
    indent: Option<&'static str>,
}

const COMPACT: Layout = Layout { comma: ",", colon: ":", indent: None };
const SPACED: Layout = Layout { comma: ", ", colon: ": ", indent: None };
const TWO: Layout = Layout { comma: ",", colon: ": ", indent: Some("  ") };
const FOUR: Layout = Layout { comma: ",", colon: ": ", indent: Some("    ") };
const TAB: Layout = Layout { comma: ",", colon: ": ", indent: Some("\t") };

/// The name of a change says what was done to the signed form, so the one that is tried is its
/// opposite: a body that was signed in one line is now indented, or the other way round.
fn add_json(add: &mut impl FnMut(BodyChange, Option<Vec<u8>>), text: &str) {
    let Some(value) = Json::parse(text) else { return };
    let layouts = [
        (COMPACT, change_from_one_line(text)),
        (SPACED, change_from_spaced(text)),
        (TWO, BodyChange::Compacted),
        (FOUR, BodyChange::Compacted),
        (TAB, BodyChange::Compacted),
    ];
    let write = |value: &Json<'_>, layout: Layout, strings: Strings| {
        let mut out = String::with_capacity(text.len());
        value.write(&mut out, layout, strings, 0);
        Some(out.into_bytes())
    };
    for (layout, change) in layouts {
        add(change, write(&value, layout, Strings::AsTheyAre));
    }
    let sorted = value.sorted();
    for layout in [COMPACT, SPACED, TWO, FOUR] {
        add(BodyChange::KeysReordered, write(&sorted, layout, Strings::AsTheyAre));
    }
    for layout in [COMPACT, SPACED] {
        add(BodyChange::Unescaped, write(&value, layout, Strings::Ascii));
        add(BodyChange::Unescaped, write(&value, layout, Strings::Unicode));
        add(BodyChange::SlashesUnescaped, write(&value, layout, Strings::Slashes));
        add(BodyChange::SlashesUnescaped, write(&value, layout, Strings::AsciiAndSlashes));
        add(BodyChange::KeysReordered, write(&sorted, layout, Strings::Ascii));
    }
}

fn change_from_one_line(text: &str) -> BodyChange {
    if text.contains('\n') { BodyChange::Indented } else { BodyChange::Spaced }
}

fn change_from_spaced(text: &str) -> BodyChange {
    if text.contains('\n') { BodyChange::Indented } else { BodyChange::Compacted }
}

/// How strings are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Strings {
    AsTheyAre,
    Ascii,
    Unicode,
    Slashes,
    AsciiAndSlashes,
}

/// JSON whose numbers and strings stay as they were written.
enum Json<'a> {
    Raw(&'a str),
    Text(&'a str),
    List(Vec<Json<'a>>),
    Object(Vec<(&'a str, Json<'a>)>),
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Json<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        // The strict parser says whether it is JSON at all; the reader below may then be simple.
        serde_json::from_str::<serde::de::IgnoredAny>(text).ok()?;
        Reader { text, at: 0 }.value(0)
    }

    fn sorted(&self) -> Json<'a> {
        match self {
            Self::Raw(text) => Json::Raw(text),
            Self::Text(text) => Json::Text(text),
            Self::List(items) => Json::List(items.iter().map(Self::sorted).collect()),
            Self::Object(entries) => {
                let mut entries: Vec<_> =
                    entries.iter().map(|(key, value)| (*key, value.sorted())).collect();
                entries.sort_by_key(|(key, _)| *key);
                Json::Object(entries)
            }
        }
    }

    fn write(&self, out: &mut String, layout: Layout, strings: Strings, depth: usize) {
        let line = |out: &mut String, depth: usize| {
            if let Some(indent) = layout.indent {
                out.push('\n');
                for _ in 0..depth {
                    out.push_str(indent);
                }
            }
        };
        match self {
            Self::Raw(text) => out.push_str(text),
            Self::Text(text) => out.push_str(&rewrite(text, strings)),
            Self::List(items) if items.is_empty() => out.push_str("[]"),
            Self::Object(entries) if entries.is_empty() => out.push_str("{}"),
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push_str(layout.comma);
                    }
                    line(out, depth + 1);
                    item.write(out, layout, strings, depth + 1);
                }
                line(out, depth);
                out.push(']');
            }
            Self::Object(entries) => {
                out.push('{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    if index > 0 {
                        out.push_str(layout.comma);
                    }
                    line(out, depth + 1);
                    out.push_str(&rewrite(key, strings));
                    out.push_str(layout.colon);
                    value.write(out, layout, strings, depth + 1);
                }
                line(out, depth);
                out.push('}');
            }
        }
    }
}

impl<'a> Reader<'a> {
    fn skip_space(&mut self) {
        while self.text[self.at..].starts_with([' ', '\n', '\r', '\t']) {
            self.at += 1;
        }
    }

    fn peek(&mut self) -> Option<u8> {
        self.skip_space();
        self.text.as_bytes().get(self.at).copied()
    }

    fn value(&mut self, depth: usize) -> Option<Json<'a>> {
        if depth > DEEPEST {
            return None;
        }
        match self.peek()? {
            b'{' => self.entries(depth).map(Json::Object),
            b'[' => self.items(depth).map(Json::List),
            b'"' => self.string().map(Json::Text),
            _ => {
                let start = self.at;
                let ends = |c: char| matches!(c, ',' | ']' | '}' | ' ' | '\n' | '\r' | '\t');
                let length = self.text[start..].find(ends).unwrap_or(self.text.len() - start);
                self.at += length;
                Some(Json::Raw(&self.text[start..self.at]))
            }
        }
    }

    fn items(&mut self, depth: usize) -> Option<Vec<Json<'a>>> {
        self.at += 1;
        let mut items = Vec::new();
        while self.peek()? != b']' {
            if self.peek()? == b',' {
                self.at += 1;
            }
            items.push(self.value(depth + 1)?);
        }
        self.at += 1;
        Some(items)
    }

    fn entries(&mut self, depth: usize) -> Option<Vec<(&'a str, Json<'a>)>> {
        self.at += 1;
        let mut entries = Vec::new();
        while self.peek()? != b'}' {
            if self.peek()? == b',' {
                self.at += 1;
                self.peek()?;
            }
            let key = self.string()?;
            if self.peek()? != b':' {
                return None;
            }
            self.at += 1;
            entries.push((key, self.value(depth + 1)?));
        }
        self.at += 1;
        Some(entries)
    }

    /// A string with its quotation marks.
    fn string(&mut self) -> Option<&'a str> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut at = start + 1;
        loop {
            match bytes.get(at)? {
                b'\\' => at += 2,
                b'"' => break,
                _ => at += 1,
            }
        }
        self.at = at + 1;
        Some(&self.text[start..self.at])
    }
}

/// A string, quotation marks and all, written in another way.
fn rewrite(text: &str, strings: Strings) -> Cow<'_, str> {
    match strings {
        Strings::AsTheyAre => Cow::Borrowed(text),
        Strings::Ascii => Cow::Owned(escape(text)),
        Strings::Slashes => Cow::Owned(text.replace("\\/", "/").replace('/', "\\/")),
        Strings::AsciiAndSlashes => {
            Cow::Owned(escape(text).replace("\\/", "/").replace('/', "\\/"))
        }
        Strings::Unicode => match serde_json::from_str::<String>(text) {
            Ok(plain) => serde_json::to_string(&plain).map_or(Cow::Borrowed(text), Cow::Owned),
            Err(_) => Cow::Borrowed(text),
        },
    }
}

fn escape(text: &str) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _infallible = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(body: &str) -> Vec<(BodyChange, String)> {
        let text = |one: Candidate| (one.change, String::from_utf8_lossy(&one.body).into_owned());
        candidates(body.as_bytes()).into_iter().map(text).collect()
    }

    #[test]
    fn json_is_written_in_every_usual_way_and_numbers_keep_their_digits() {
        let body = r#"{"b": 18446744073709551617, "a": [1.50, {}, []], "ü": "a/b"}"#;
        let found = texts(body);
        for expected in [
            r#"{"b":18446744073709551617,"a":[1.50,{},[]],"ü":"a/b"}"#,
            "{\n  \"b\": 18446744073709551617,\n  \"a\": [\n    1.50,\n    {},\n    []\n  ],\n  \"ü\": \"a/b\"\n}",
            r#"{"a":[1.50,{},[]],"b":18446744073709551617,"ü":"a/b"}"#,
            r#"{"b": 18446744073709551617, "a": [1.50, {}, []], "\u00fc": "a/b"}"#,
            r#"{"b":18446744073709551617,"a":[1.50,{},[]],"ü":"a\/b"}"#,
        ] {
            assert!(found.iter().any(|(_, text)| text == expected), "{expected}");
        }
    }

    #[test]
    fn a_body_that_is_no_json_or_is_very_deep_does_no_harm() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for body in ["", "{", "nonsense", "\"\\", &deep, "[1,2", "{\"a\" 1}"] {
            assert!(candidates(body.as_bytes()).len() < 16, "{}", &body[..body.len().min(9)]);
        }
    }

    proptest! {
        #[test]
        fn every_candidate_of_json_is_the_same_json(value in json()) {
            let body = value.to_string();
            let numbers: serde_json::Value = serde_json::from_str(&body).unwrap();
            for one in candidates(body.as_bytes()) {
                let is_json = matches!(
                    one.change,
                    BodyChange::Compacted | BodyChange::Spaced | BodyChange::Indented
                        | BodyChange::KeysReordered | BodyChange::Unescaped | BodyChange::SlashesUnescaped
                );
                if is_json {
                    let back: serde_json::Value = serde_json::from_slice(&one.body).unwrap();
                    prop_assert_eq!(&back, &numbers);
                }
            }
        }

        #[test]
        fn no_body_panics(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let found = candidates(&body);
            prop_assert!(found.len() < 40);
        }
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            "\\PC{0,8}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                proptest::collection::btree_map("[a-zü/\"]{0,4}", inner, 0..4)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }
}

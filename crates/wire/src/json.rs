//! JSON for the single-page app: small in WebAssembly, where serde's code for these types made a
//! tenth of what a browser had to download.
//!
//! A text becomes a tree of [`Value`]s, and each type takes its fields out of it. Numbers stay the
//! text that they are, so none loses its last digits.

pub use ringback_wire_derive::Json;

/// Deeper documents are refused, as serde refuses them.
const DEEPEST: u8 = 126;

/// A JSON document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Value {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// As it is written.
    Number(String),
    /// Without its escapes.
    Text(String),
    /// `[…]`
    List(Vec<Value>),
    /// `{…}`, in the order of the document.
    Map(Vec<(String, Value)>),
}

/// What crosses the network.
pub trait Json: Sized {
    /// Takes it out of a document; nothing when it is not in there.
    fn read(value: &mut Value) -> Option<Self>;

    /// What it is when the document does not name it: nothing, for most.
    fn absent() -> Option<Self> {
        None
    }

    /// Adds it to a text.
    fn write(&self, to: &mut String);
}

/// Reads a text.
pub fn from_str<T: Json>(text: &str) -> Option<T> {
    T::read(&mut Value::parse(text)?)
}

/// Writes a text.
pub fn to_string(value: &impl Json) -> String {
    let mut text = String::new();
    value.write(&mut text);
    text
}

impl Value {
    /// Reads a whole document.
    pub fn parse(text: &str) -> Option<Self> {
        let mut reader = Reader { text, at: 0 };
        let value = reader.value(DEEPEST)?;
        reader.skip_space();
        (reader.at == text.len()).then_some(value)
    }

    /// The text, when it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    fn find(&mut self, name: &str) -> Option<&mut Self> {
        let Self::Map(members) = self else { return None };
        members.iter_mut().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

/// A member that must be there, unless its type knows what its absence means.
pub fn member<T: Json>(value: &mut Value, name: &str) -> Option<T> {
    match value.find(name) {
        Some(value) => T::read(value),
        None => T::absent(),
    }
}

/// A member that may be left out.
pub fn or_default<T: Json + Default>(value: &mut Value, name: &str) -> Option<T> {
    match value.find(name) {
        Some(value) => T::read(value),
        None => Some(T::default()),
    }
}

/// A member of which `null` says something else than its absence.
pub fn present<T: Json>(value: &mut Value, name: &str) -> Option<Option<T>> {
    match value.find(name) {
        Some(value) => T::read(value).map(Some),
        None => Some(None),
    }
}

/// Adds a member to an object that is not closed yet.
pub fn write_member(name: &str, value: &impl Json, to: &mut String) {
    write_name(name, to);
    value.write(to);
    to.push(',');
}

fn write_name(name: &str, to: &mut String) {
    write_text(name, to);
    to.push(':');
}

/// Closes an object.
pub fn close(to: &mut String) {
    if to.ends_with(',') {
        to.pop();
    }
    to.push('}');
}

/// Adds a text in its quotes.
pub fn write_text(text: &str, to: &mut String) {
    to.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => {
                to.push('\\');
                to.push(letter);
            }
            '\n' => to.push_str("\\n"),
            '\r' => to.push_str("\\r"),
            '\t' => to.push_str("\\t"),
            '\u{8}' => to.push_str("\\b"),
            '\u{c}' => to.push_str("\\f"),
            '\0'..' ' => {
                let hex = |nibble: u32| char::from_digit(nibble, 16).unwrap_or('0');
                to.push_str("\\u00");
                to.push(hex(u32::from(letter) >> 4));
                to.push(hex(u32::from(letter) & 15));
            }
            letter => to.push(letter),
        }
    }
    to.push('"');
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
    }

    /// Takes this byte, if it is the next one after white space.
    fn eat(&mut self, byte: u8) -> bool {
        self.skip_space();
        let is_next = self.peek() == byte;
        self.at += usize::from(is_next);
        is_next
    }

    fn value(&mut self, deeper: u8) -> Option<Value> {
        self.skip_space();
        match self.peek() {
            b'"' => self.string().map(Value::Text),
            b'{' => {
                self.at += 1;
                let mut members: Vec<(String, Value)> = Vec::new();
                if self.eat(b'}') {
                    return Some(Value::Map(members));
                }
                loop {
                    self.skip_space();
                    let name = self.string()?;
                    if !self.eat(b':') {
                        return None;
                    }
                    members.push((name, self.value(deeper.checked_sub(1)?)?));
                    if !self.eat(b',') {
                        return self.eat(b'}').then_some(Value::Map(members));
                    }
                }
            }
            b'[' => {
                self.at += 1;
                let mut values = Vec::new();
                if self.eat(b']') {
                    return Some(Value::List(values));
                }
                loop {
                    values.push(self.value(deeper.checked_sub(1)?)?);
                    if !self.eat(b',') {
                        return self.eat(b']').then_some(Value::List(values));
                    }
                }
            }
            b'-' | b'0'..=b'9' => self.number().map(Value::Number),
            _ => {
                let words = [
                    ("null", Value::Null),
                    ("true", Value::Bool(true)),
                    ("false", Value::Bool(false)),
                ];
                let rest = self.text.get(self.at..)?;
                let (word, value) = words.into_iter().find(|(word, _)| rest.starts_with(word))?;
                self.at += word.len();
                Some(value)
            }
        }
    }

    fn digits(&mut self) -> Option<()> {
        let begin = self.at;
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        (self.at > begin).then_some(())
    }

    fn number(&mut self) -> Option<String> {
        let begin = self.at;
        self.at += usize::from(self.peek() == b'-');
        if self.peek() == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == b'.' {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), b'e' | b'E') {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), b'+' | b'-'));
            self.digits()?;
        }
        self.text.get(begin..self.at).map(str::to_owned)
    }

    fn string(&mut self) -> Option<String> {
        if self.peek() != b'"' {
            return None;
        }
        self.at += 1;
        let mut string = String::new();
        loop {
            let begin = self.at;
            while !matches!(self.peek(), b'"' | b'\\' | 0..=31) {
                self.at += 1;
            }
            string.push_str(self.text.get(begin..self.at)?);
            let end = self.peek();
            self.at += 1;
            match end {
                b'"' => return Some(string),
                b'\\' => string.push(self.escape()?),
                // A control character, or the end of the text.
                _ => return None,
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let letter = self.peek();
        self.at += 1;
        Some(match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.hex()?;
                if !(0xd800..0xdc00).contains(&first) {
                    return char::from_u32(first);
                }
                // The first half of a pair.
                if self.peek() != b'\\' || self.text.as_bytes().get(self.at + 1) != Some(&b'u') {
                    return None;
                }
                self.at += 2;
                let second = self.hex()?.checked_sub(0xdc00).filter(|half| *half < 0x400)?;
                return char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + second);
            }
            _ => return None,
        })
    }

    fn hex(&mut self) -> Option<u32> {
        let mut number = 0;
        for _ in 0..4 {
            number = number * 16 + char::from(self.peek()).to_digit(16)?;
            self.at += 1;
        }
        Some(number)
    }
}

impl Json for Value {
    fn read(value: &mut Value) -> Option<Self> {
        Some(std::mem::take(value))
    }

    fn write(&self, to: &mut String) {
        match self {
            Self::Null => to.push_str("null"),
            Self::Bool(value) => value.write(to),
            Self::Number(number) => to.push_str(number),
            Self::Text(text) => write_text(text, to),
            Self::List(values) => values.write(to),
            Self::Map(members) => {
                to.push('{');
                for (name, value) in members {
                    write_member(name, value, to);
                }
                close(to);
            }
        }
    }
}

impl Json for bool {
    fn read(value: &mut Value) -> Option<Self> {
        match value {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    fn write(&self, to: &mut String) {
        to.push_str(if *self { "true" } else { "false" });
    }
}

impl Json for String {
    fn read(value: &mut Value) -> Option<Self> {
        match value {
            Value::Text(text) => Some(std::mem::take(text)),
            _ => None,
        }
    }

    fn write(&self, to: &mut String) {
        write_text(self, to);
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {
        $(impl Json for $number {
            fn read(value: &mut Value) -> Option<Self> {
                match value {
                    // Whatever it is to be, it is read by one piece of code.
                    Value::Number(number) => number.parse::<i64>().ok()?.try_into().ok(),
                    _ => None,
                }
            }

            fn write(&self, to: &mut String) {
                to.push_str(&self.to_string());
            }
        })*
    };
}

numbers!(i64, u16, u32, usize);

impl<T: Json> Json for Option<T> {
    fn read(value: &mut Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::read(value).map(Some),
        }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn write(&self, to: &mut String) {
        match self {
            Some(value) => value.write(to),
            None => to.push_str("null"),
        }
    }
}

impl<T: Json> Json for Vec<T> {
    fn read(value: &mut Value) -> Option<Self> {
        let Value::List(values) = value else { return None };
        // To collect options takes more code, for each kind of value anew.
        let mut list = Vec::new();
        for value in values {
            list.push(T::read(value)?);
        }
        Some(list)
    }

    fn write(&self, to: &mut String) {
        to.push('[');
        for value in self {
            value.write(to);
            to.push(',');
        }
        if to.ends_with(',') {
            to.pop();
        }
        to.push(']');
    }
}

impl<T: Json, U: Json> Json for (T, U) {
    fn read(value: &mut Value) -> Option<Self> {
        match value {
            Value::List(values) => match &mut values[..] {
                [first, second] => Some((T::read(first)?, U::read(second)?)),
                _ => None,
            },
            _ => None,
        }
    }

    fn write(&self, to: &mut String) {
        to.push('[');
        self.0.write(to);
        to.push(',');
        self.1.write(to);
        to.push(']');
    }
}

/// Where serde is there too, what is passed on as it is comes in its type.
#[cfg(feature = "serde")]
impl Json for serde_json::Value {
    fn read(value: &mut Value) -> Option<Self> {
        serde_json::from_str(&to_string(value)).ok()
    }

    fn write(&self, to: &mut String) {
        to.push_str(&self.to_string());
    }
}

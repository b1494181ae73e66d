//! Query strings: percent-encoding, names and values.

/// One value out of a query.
pub fn find_parameter(search: &str, wanted: &str) -> Option<String> {
    parse_pairs(search).into_iter().find(|(name, _)| name == wanted).map(|(_, value)| value)
}

/// A path of this app to go on to, out of `?next=`; anything else leads to the first page.
pub fn safe_next(search: &str) -> String {
    find_parameter(search, "next")
        .filter(|next| {
            let mut characters = next.chars();
            characters.next() == Some('/') && !matches!(characters.next(), Some('/' | '\\'))
        })
        .unwrap_or_else(|| "/".to_owned())
}

/// A query that is being written.
#[derive(Default)]
pub(super) struct Pairs(String);

impl Pairs {
    pub(super) fn push(&mut self, name: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.push_str(name);
        self.0.push('=');
        self.0.push_str(&percent_encode(value));
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

/// Encodes everything but what RFC 3986 leaves unreserved.
pub fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b':' | b',') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for nibble in [byte >> 4, byte & 15] {
                out.push(char::from(b"0123456789ABCDEF"[usize::from(nibble)]));
            }
        }
    }
    out
}

/// The names and values of a query, with or without `?`, in order.
pub(super) fn parse_pairs(search: &str) -> Vec<(String, String)> {
    let search = search.strip_prefix('?').unwrap_or(search);
    let pairs = search.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (percent_decode(name), percent_decode(value))
        })
        .collect()
}

fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let code = bytes.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        match (byte, code.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(decoded)) => {
                out.push(decoded);
                at += 3;
            }
            (b'+', _) => {
                out.push(b' ');
                at += 1;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_signing_in_one_stays_on_this_site() {
        assert_eq!(safe_next("?next=%2F%3Fcallback%3D7"), "/?callback=7");
        for search in
            ["", "?next=https://evil.example", "?next=//evil.example", "?next=/%5Cevil.example"]
        {
            assert_eq!(safe_next(search), "/", "{search}");
        }
    }
}

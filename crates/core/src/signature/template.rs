//! The string that a sender signs, as a template: `{timestamp}.{body}`.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::borrow::Cow;

/// What a sender signs, written as text with these places: `{body}`, `{body_sha256}` (its digest
/// in hex), `{timestamp}` and `{header:NAME}`. A backslash and `n` stand for a new line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Template {
    text: String,
    parts: Vec<Part>,
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Text(Vec<u8>),
    Body,
    BodySha256,
    Timestamp,
    Header(String),
}

/// Why a template cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A place that nobody knows.
    #[error(
        "the place {{{0}}} is unknown: {{body}}, {{body_sha256}}, {{timestamp}} or {{header:NAME}}"
    )]
    Unknown(String),
    /// A brace that is not closed.
    #[error("a brace is not closed")]
    Open,
    /// A signature that does not cover the body says nothing of it.
    #[error("the template has neither {{body}} nor {{body_sha256}}")]
    WithoutBody,
}

impl Template {
    /// The body alone.
    pub fn body() -> Self {
        Self { text: "{body}".to_owned(), parts: vec![Part::Body] }
    }

    /// Reads a template.
    ///
    /// # Errors
    /// [`TemplateError`].
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            push_text(&mut parts, &rest[..open]);
            let close = rest[open..].find('}').ok_or(TemplateError::Open)? + open;
            let place = &rest[open + 1..close];
            parts.push(match place {
                "body" => Part::Body,
                "body_sha256" => Part::BodySha256,
                "timestamp" => Part::Timestamp,
                other => match other.strip_prefix("header:").filter(|name| !name.is_empty()) {
                    Some(name) => Part::Header(name.to_ascii_lowercase()),
                    None => return Err(TemplateError::Unknown(other.to_owned())),
                },
            });
            rest = &rest[close + 1..];
        }
        push_text(&mut parts, rest);
        if !parts.iter().any(|part| matches!(part, Part::Body | Part::BodySha256)) {
            return Err(TemplateError::WithoutBody);
        }
        Ok(Self { text: text.to_owned(), parts })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// True when the timestamp is signed.
    pub fn has_timestamp(&self) -> bool {
        self.parts.contains(&Part::Timestamp)
    }

    /// The headers whose values are signed, in lower case.
    pub fn headers(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Header(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Gives the signed bytes piece by piece; nothing when a header is not known.
    pub(super) fn fill<'a>(
        &'a self,
        timestamp: &'a [u8],
        body: &'a [u8],
        header: impl Fn(&str) -> Option<&'a [u8]>,
    ) -> Option<Vec<Piece<'a>>> {
        let piece = |part: &'a Part| {
            Some(match part {
                Part::Text(text) => Cow::Borrowed(text.as_slice()),
                Part::Body => Cow::Borrowed(body),
                Part::BodySha256 => Cow::Owned(hex::encode(Sha256::digest(body)).into_bytes()),
                Part::Timestamp => Cow::Borrowed(timestamp),
                Part::Header(name) => Cow::Borrowed(header(name)?),
            })
        };
        self.parts.iter().map(piece).collect()
    }
}

/// A part of what is signed.
pub(super) type Piece<'a> = Cow<'a, [u8]>;

fn push_text(parts: &mut Vec<Part>, text: &str) {
    if !text.is_empty() {
        parts.push(Part::Text(text.replace("\\n", "\n").into_bytes()));
    }
}

impl TryFrom<String> for Template {
    type Error = TemplateError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Template> for String {
    fn from(template: Template) -> Self {
        template.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_filled_with_what_is_signed() {
        let template =
            Template::parse(r"v0:{timestamp}:{header:X-Id}\n{body}/{body_sha256}").unwrap();
        let pieces =
            template.fill(b"12", b"{}", |name| (name == "x-id").then_some(b"a".as_slice()));
        let digest = hex::encode(Sha256::digest(b"{}"));
        assert_eq!(pieces.unwrap().concat(), format!("v0:12:a\n{{}}/{digest}").into_bytes());
        assert_eq!(template.headers().collect::<Vec<_>>(), ["x-id"]);
        assert!(template.fill(b"", b"", |_| None).is_none());
    }

    #[test]
    fn a_template_that_cannot_be_used_says_why() {
        assert_eq!(Template::parse("{bdy}"), Err(TemplateError::Unknown("bdy".to_owned())));
        assert_eq!(Template::parse("{body"), Err(TemplateError::Open));
        assert_eq!(Template::parse("{timestamp}"), Err(TemplateError::WithoutBody));
        assert_eq!(
            Template::parse("{header:}{body}"),
            Err(TemplateError::Unknown("header:".to_owned()))
        );
    }
}

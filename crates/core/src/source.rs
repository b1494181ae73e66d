//! A configured sender, and how its requests name their id, type, job, workflow and time.

use crate::models::Micros;
use crate::signature::{HeaderSignature, Headers, Scheme, Secret};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::HashMap;

/// A sender: its name, how it signs, and where its requests say what.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name, and the last part of its path.
    pub name: String,
    /// How it signs.
    pub scheme: Scheme,
    /// Any of these may have signed; several while one is being replaced.
    pub secrets: Vec<Secret>,
    /// Where its requests say what.
    pub map: FieldMap,
}

/// One place to look for a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Place {
    /// A header, in lower case.
    Header(String),
    /// A JSON pointer (RFC 6901) into the body.
    Pointer(String),
}

/// Where to look for each field; the first place that has a value wins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldMap {
    /// The callback's id.
    pub callback_id: Vec<Place>,
    /// What happened.
    pub event_type: Vec<Place>,
    /// The upstream object.
    pub job_id: Vec<Place>,
    /// The workflow.
    pub workflow: Vec<Place>,
    /// When it was sent.
    pub sent_at: Vec<Place>,
}

impl Place {
    /// A JSON pointer when the text starts with `/`, else the name of a header.
    pub fn parse(text: &str) -> Self {
        if text.starts_with('/') {
            Self::Pointer(text.to_owned())
        } else {
            Self::Header(text.to_ascii_lowercase())
        }
    }

    /// Several at once, see [`Self::parse`].
    pub fn parse_all(texts: &[&str]) -> Vec<Self> {
        texts.iter().map(|text| Self::parse(text)).collect()
    }
}

impl FieldMap {
    /// True when a field may stand in the header.
    pub(crate) fn names_header(&self, name: &str) -> bool {
        [&self.callback_id, &self.event_type, &self.job_id, &self.workflow, &self.sent_at]
            .into_iter()
            .flatten()
            .any(|place| matches!(place, Place::Header(known) if known == name))
    }
}

impl From<String> for Place {
    fn from(text: String) -> Self {
        Self::parse(&text)
    }
}

impl From<Place> for String {
    fn from(place: Place) -> Self {
        match place {
            Place::Header(text) | Place::Pointer(text) => text,
        }
    }
}

impl Default for FieldMap {
    fn default() -> Self {
        Self {
            callback_id: Place::parse_all(&[
                "webhook-id",
                "svix-id",
                "x-callback-id",
                "/callback_id",
                "/id",
            ]),
            event_type: Place::parse_all(&["/event_type", "/type"]),
            job_id: Place::parse_all(&["/job_id", "/data/job_id", "/data/id"]),
            workflow: Place::parse_all(&["/workflow", "/metadata/workflow"]),
            sent_at: Place::parse_all(&["webhook-timestamp", "/created_at", "/timestamp"]),
        }
    }
}

impl Source {
    /// The source that `LLM_WEBHOOK_SECRET` configures: an in-house LLM service or any sender of
    /// Standard Webhooks works with it without a setting.
    pub fn default_source(secrets: Vec<Secret>) -> Self {
        Self {
            name: "default".to_owned(),
            scheme: Scheme::Automatic(HeaderSignature::default()),
            secrets,
            map: FieldMap::default(),
        }
    }
}

/// A value found, and whether it stood in a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The value as text.
    pub value: String,
    /// The header's name; `None` when it came from the body.
    pub header: Option<String>,
}

/// A request as the map reads it. The body is parsed once and only as deep as pointers go; values
/// stay raw text, so a number above 2^53 keeps every digit.
#[derive(Debug)]
pub struct Fields<'a> {
    headers: &'a Headers,
    top: Option<HashMap<String, &'a RawValue>>,
}

impl<'a> Fields<'a> {
    /// Prepares to read a request. A body that is not a JSON object has no fields.
    pub fn new(headers: &'a Headers, body: &'a [u8]) -> Self {
        Self { headers, top: serde_json::from_slice(body).ok() }
    }

    /// The first value that the places hold, of those that `accept` takes.
    pub fn find(&self, places: &[Place], accept: impl Fn(&Place) -> bool) -> Option<Found> {
        places.iter().filter(|place| accept(place)).find_map(|place| match place {
            Place::Header(name) => {
                let value = std::str::from_utf8(self.headers.one(name)?).ok()?.trim();
                (!value.is_empty())
                    .then(|| Found { value: value.to_owned(), header: Some(name.clone()) })
            }
            Place::Pointer(pointer) => {
                self.point(pointer).map(|value| Found { value, header: None })
            }
        })
    }

    /// The text of a string or a number at a pointer.
    fn point(&self, pointer: &str) -> Option<String> {
        let mut steps = pointer.strip_prefix('/')?.split('/');
        let unescape = |step: &str| step.replace("~1", "/").replace("~0", "~");
        let mut value: &RawValue = self.top.as_ref()?.get(&unescape(steps.next()?))?;
        for step in steps {
            let object: HashMap<String, &RawValue> = serde_json::from_str(value.get()).ok()?;
            value = object.get(&unescape(step))?;
        }
        let raw = value.get();
        match raw.as_bytes().first()? {
            b'"' => serde_json::from_str(raw).ok().filter(|text: &String| !text.is_empty()),
            b'-' | b'0'..=b'9' => Some(raw.to_owned()),
            _ => None,
        }
    }
}

/// Reads a time: Unix seconds, whole or with a fraction, or RFC 3339.
pub fn parse_time(text: &str) -> Option<Micros> {
    if let Ok(seconds) = text.parse::<i64>() {
        return seconds.checked_mul(1_000_000);
    }
    if let Ok(seconds) = text.parse::<f64>() {
        let micros = seconds * 1e6;
        // The bounds keep the cast exact enough and inside the range.
        #[expect(clippy::cast_possible_truncation, reason = "checked to be in range just before")]
        return (micros.is_finite() && micros.abs() < 9e15).then_some(micros as i64);
    }
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_microsecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(headers: &[(&str, &str)], body: &str, places: &[&str]) -> Option<String> {
        let headers = Headers::new(headers.iter().copied());
        let fields = Fields::new(&headers, body.as_bytes());
        fields.find(&Place::parse_all(places), |_| true).map(|found| found.value)
    }

    #[test]
    fn the_first_place_with_a_value_wins() {
        let body = r#"{"id":"body","data":{"id":"deep"},"n":18446744073709551617,"empty":""}"#;
        let headers = [("X-Id", "header"), ("x-twice", "a"), ("x-twice", "b"), ("x-blank", " ")];
        let cases: &[(&[&str], Option<&str>)] = &[
            (&["x-id", "/id"], Some("header")),
            (&["/id", "x-id"], Some("body")),
            (&["x-none", "/none", "/data/id"], Some("deep")),
            (&["x-twice", "/data"], None),
            (&["x-blank", "/empty", "/n"], Some("18446744073709551617")),
            (&["/id/deeper"], None),
        ];
        for (places, expected) in cases {
            assert_eq!(find(&headers, body, places).as_deref(), *expected, "{places:?}");
        }
    }

    #[test]
    fn a_body_that_is_no_object_or_is_very_deep_has_no_fields_and_does_not_panic() {
        for body in ["", "[1]", "null", "{", "\"id\""] {
            assert_eq!(find(&[], body, &["/id"]), None, "{body}");
        }
        let deep = format!("{{\"id\":\"x\",\"d\":{}{}}}", "[".repeat(200_000), "]".repeat(200_000));
        assert!(matches!(find(&[], &deep, &["/id"]).as_deref(), None | Some("x")));
    }

    #[test]
    fn the_last_of_duplicate_keys_wins_as_in_most_parsers() {
        assert_eq!(find(&[], r#"{"id":"a","id":"b"}"#, &["/id"]).as_deref(), Some("b"));
    }

    #[test]
    fn times_are_read_in_every_form_that_senders_use() {
        let cases = [
            ("1719168000", Some(1_719_168_000_000_000)),
            ("1719168000.5", Some(1_719_168_000_500_000)),
            ("2026-03-15T10:00:00Z", Some(1_773_568_800_000_000)),
            ("2026-03-15T12:00:00.000001+02:00", Some(1_773_568_800_000_001)),
            ("yesterday", None),
            ("9e99", None),
            ("NaN", None),
            ("9223372036854775807", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_time(text), expected, "{text}");
        }
    }
}

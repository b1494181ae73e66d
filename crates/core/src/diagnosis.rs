//! The signature doctor: why a delivery is not trusted, in a person's words, with the evidence.
//!
//! It tries what commonly goes wrong: the secret in another form, the body as it was before a proxy
//! wrote it anew, the scheme of another sender, the secrets of other sources. What it names as proved
//! it has seen verify; all else it calls likely. The number of tries and of bytes is bounded. What it
//! says holds no secret and no signature, neither the one received nor the one that would be right.
//!
//! It works on what is kept of a delivery: headers, body, and keyed digests of its MACs. A request at
//! hand is brought into that form first, so there is one way for both. Only signatures of key pairs
//! need the request itself.

mod bodies;
mod keys;
mod trial;
mod words;

use crate::keys::DigestKey;
use crate::models::{Reason, Signature};
use crate::provider::providers;
use crate::signature::{Headers, MacDigests, Scheme, is_known_signature_header, is_label, redact};
use crate::source::Source;
use trial::Trial;

pub use bodies::BodyChange;
pub use keys::SecretForm;

/// What is to be explained.
#[derive(Clone, Copy, Debug)]
pub struct Examination<'a> {
    /// The source that received it.
    pub source: &'a Source,
    /// The other sources: their secrets and schemes are tried.
    pub others: &'a [Source],
    /// The headers as received, or as kept.
    pub headers: &'a Headers,
    /// The body; `None` when only its digest is kept.
    pub body: Option<&'a [u8]>,
    /// Digests of the MACs that it carried.
    pub digests: &'a MacDigests,
    /// The key of the digests.
    pub key: &'a DigestKey,
    /// Whether the headers are those received, signatures and all.
    pub headers_are: HeadersAre,
    /// When it was received, in Unix seconds.
    pub received_seconds: i64,
}

/// Whether signatures stand in the headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadersAre {
    /// As received.
    Received,
    /// As kept: of a signature only its form.
    Kept,
}

/// How sure a cause is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Certainty {
    /// The signature was seen to verify that way, or the headers show it.
    Proved,
    /// What remains when everything else was tried.
    Likely,
}

/// Why a delivery is not trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// With the secrets of now it would be trusted.
    WouldPassNow,
    /// The sender does not sign.
    NotSigned,
    /// The source has no secret.
    NoSecret,
    /// No header of the scheme, and none of another.
    NoHeader,
    /// A header beside the signature's is not there.
    HeaderLost(Vec<String>),
    /// A header is there more than once.
    HeaderTwice(String),
    /// The signature stands in a header of another name.
    OtherHeader(String),
    /// Signed as another sender signs.
    OtherScheme(String),
    /// Only versions that the scheme does not know.
    UnknownVersion(Vec<String>),
    /// The signature cannot be read.
    Unreadable(String),
    /// The time cannot be read.
    UnreadableTime(String),
    /// The time counts thousandths of seconds.
    TimeInMilliseconds,
    /// Right, and signed this many seconds before it came.
    TooOld(i64),
    /// Right, and signed this many seconds after it came.
    TooFarAhead(i64),
    /// A token for somebody else.
    OtherAudience,
    /// Right, and written in another way than the scheme's.
    WrittenOtherwise,
    /// Another part of the request is signed than the scheme says.
    SignedOtherwise(String),
    /// A secret of another source made it.
    SecretOfOtherSource(String),
    /// The right secret in the wrong form.
    SecretForm(SecretForm),
    /// The body was changed on the way.
    BodyChanged(BodyChange),
    /// No secret makes it in any way that was tried.
    WrongSecret,
    /// The body is not kept, so nothing can be tried.
    BodyNotKept,
}

/// An explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// The cause.
    pub cause: Cause,
    /// How sure it is.
    pub certainty: Certainty,
    /// The cause in a sentence or two.
    pub explanation: String,
    /// What to do.
    pub advice: String,
    /// What was seen.
    pub evidence: Vec<String>,
    /// How many signatures were computed.
    pub tries: u32,
}

impl Cause {
    /// A name for programs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::WouldPassNow => "would_pass_now",
            Self::NotSigned => "not_signed",
            Self::NoSecret => "no_secret",
            Self::NoHeader => "no_header",
            Self::HeaderLost(_) => "header_lost",
            Self::HeaderTwice(_) => "header_twice",
            Self::OtherHeader(_) => "other_header",
            Self::OtherScheme(_) => "other_scheme",
            Self::UnknownVersion(_) => "unknown_version",
            Self::Unreadable(_) => "unreadable",
            Self::UnreadableTime(_) => "unreadable_time",
            Self::TimeInMilliseconds => "time_in_milliseconds",
            Self::TooOld(_) => "too_old",
            Self::TooFarAhead(_) => "too_far_ahead",
            Self::OtherAudience => "other_audience",
            Self::WrittenOtherwise => "written_otherwise",
            Self::SignedOtherwise(_) => "signed_otherwise",
            Self::SecretOfOtherSource(_) => "secret_of_other_source",
            Self::SecretForm(_) => "secret_form",
            Self::BodyChanged(_) => "body_changed",
            Self::WrongSecret => "wrong_secret",
            Self::BodyNotKept => "body_not_kept",
        }
    }
}

/// Explains why a delivery is not trusted.
pub fn diagnose(examination: &Examination<'_>) -> Diagnosis {
    let mut trial = Trial::new(examination);
    let (cause, certainty) = find_cause(examination, &mut trial);
    let (explanation, advice) = words::explain(&cause, certainty, examination);
    let mut evidence = describe(examination);
    if trial.is_exhausted() {
        evidence.push(format!("Stopped after {} tries.", trial.tries()));
    } else if trial.tries() > 0 {
        evidence.push(format!("{} combinations of secret and body were tried.", trial.tries()));
    }
    Diagnosis { cause, certainty, explanation, advice, evidence, tries: trial.tries() }
}

fn find_cause(examination: &Examination<'_>, trial: &mut Trial<'_>) -> (Cause, Certainty) {
    let (source, headers) = (examination.source, examination.headers);
    if source.scheme == Scheme::None {
        return (Cause::NotSigned, Certainty::Proved);
    }
    if source.secrets.is_empty() {
        if let Some(name) = trial.find_other_source() {
            return (Cause::SecretOfOtherSource(name), Certainty::Proved);
        }
        return (Cause::NoSecret, Certainty::Proved);
    }
    if source.scheme.signature_headers().iter().all(|name| !headers.has(name)) {
        return without_header(examination, trial);
    }
    let lost = source.scheme.missing_headers(headers);
    if !lost.is_empty() {
        return (Cause::HeaderLost(lost), Certainty::Proved);
    }
    let twice =
        source.scheme.companions(headers).into_iter().find(|name| headers.one(name).is_none());
    if let Some(name) = twice {
        return (Cause::HeaderTwice(name), Certainty::Proved);
    }
    if trial.body().is_none() {
        return (Cause::BodyNotKept, Certainty::Proved);
    }
    if let Some(cause) = trial.find_time_mistake() {
        return (cause, Certainty::Proved);
    }
    if trial.matches_as_configured() {
        return (after_a_match(examination), Certainty::Proved);
    }
    if let Some(cause) = trial.find_proof() {
        return (cause, Certainty::Proved);
    }
    without_proof(examination)
}

/// No header of the scheme: is it somebody else's, or nobody's?
fn without_header(examination: &Examination<'_>, trial: &mut Trial<'_>) -> (Cause, Certainty) {
    if let Some(provider) = trial.find_other_scheme() {
        return (Cause::OtherScheme(provider), Certainty::Proved);
    }
    if let Some(name) = trial.find_other_header() {
        return (Cause::OtherHeader(name), Certainty::Proved);
    }
    let present = present_schemes(examination);
    match present.first() {
        Some(title) => (Cause::OtherScheme(title.clone()), Certainty::Likely),
        None => (Cause::NoHeader, Certainty::Proved),
    }
}

/// The titles of providers whose signature's header is there, and is not this source's.
fn present_schemes(examination: &Examination<'_>) -> Vec<String> {
    let own = examination.source.scheme.signature_headers();
    let is_there = |scheme: &Scheme| {
        scheme.signature_headers().iter().any(|name| {
            *name != "authorization" && !own.contains(name) && examination.headers.has(name)
        })
    };
    providers().iter().filter(|one| is_there(&one.scheme)).map(|one| one.title.clone()).collect()
}

/// The signature is right: what else was the matter?
fn after_a_match(examination: &Examination<'_>) -> Cause {
    let scheme = &examination.source.scheme;
    let (signed_at, reason) = scheme.signed_time(examination.headers, examination.received_seconds);
    let offset = signed_at
        .map_or(0, |at| at.div_euclid(1_000_000).saturating_sub(examination.received_seconds));
    match reason {
        Some(Reason::TooOld) => Cause::TooOld(offset.saturating_neg()),
        Some(Reason::TooFarAhead) => Cause::TooFarAhead(offset),
        Some(_) => Cause::UnreadableTime(String::new()),
        None if is_written_otherwise(examination) => Cause::WrittenOtherwise,
        None => Cause::WouldPassNow,
    }
}

/// True when the header's own reading finds nothing although the MAC is in it.
fn is_written_otherwise(examination: &Examination<'_>) -> bool {
    let own = examination.source.scheme.signature_headers();
    let mut values =
        own.iter().flat_map(|name| examination.headers.all(name).map(|value| (*name, value)));
    values.all(|(name, value)| {
        let shape = shape_of(examination, name, value);
        examination.source.scheme.could_read(examination.headers, &shape).is_none_or(|could| !could)
    })
}

fn shape_of(examination: &Examination<'_>, name: &str, value: &[u8]) -> String {
    match examination.headers_are {
        HeadersAre::Received => redact(name, value),
        HeadersAre::Kept => String::from_utf8_lossy(value).into_owned(),
    }
}

/// Nothing that was tried verifies: what the header looks like is what is left.
fn without_proof(examination: &Examination<'_>) -> (Cause, Certainty) {
    let scheme = &examination.source.scheme;
    if examination.headers_are == HeadersAre::Received {
        let verdict = scheme.verify(
            &examination.source.secrets,
            examination.headers,
            examination.body.unwrap_or_default(),
            examination.received_seconds,
        );
        let offset = verdict
            .signed_at
            .map_or(0, |at| at.div_euclid(1_000_000).saturating_sub(examination.received_seconds));
        match (verdict.signature, verdict.reason) {
            (Signature::Valid, _) => return (Cause::WouldPassNow, Certainty::Proved),
            (_, Some(Reason::OtherAudience)) => return (Cause::OtherAudience, Certainty::Proved),
            (_, Some(Reason::TooOld)) => {
                return (Cause::TooOld(offset.saturating_neg()), Certainty::Proved);
            }
            (_, Some(Reason::TooFarAhead)) => {
                return (Cause::TooFarAhead(offset), Certainty::Proved);
            }
            _ => {}
        }
    }
    let own = scheme.signature_headers();
    let shapes: Vec<String> = own
        .iter()
        .flat_map(|name| examination.headers.all(name).map(|value| (*name, value)))
        .map(|(name, value)| shape_of(examination, name, value))
        .collect();
    let readable: Vec<bool> =
        shapes.iter().filter_map(|shape| scheme.could_read(examination.headers, shape)).collect();
    if readable.iter().any(|could| *could) || readable.is_empty() {
        return (Cause::WrongSecret, Certainty::Likely);
    }
    let shown = shapes.join("; ");
    let versions = labels_in(&shapes);
    if !versions.is_empty()
        && scheme.label(examination.headers).is_some_and(|label| !versions.contains(&label))
    {
        return (Cause::UnknownVersion(versions), Certainty::Proved);
    }
    (Cause::Unreadable(shown), Certainty::Proved)
}

/// The versions that stand before signatures, times left out.
fn labels_in(shapes: &[String]) -> Vec<String> {
    let mut labels: Vec<String> = Vec::new();
    for shape in shapes {
        for element in shape.split([' ', ',']) {
            let label = element.split('=').next().unwrap_or_default();
            let is_time = matches!(label, "t" | "ts");
            if !is_time && is_label(label.as_bytes()) && !labels.iter().any(|known| known == label)
            {
                labels.push(label.to_owned());
            }
        }
    }
    labels
}

/// What was seen, for the reader to check.
fn describe(examination: &Examination<'_>) -> Vec<String> {
    let (source, headers) = (examination.source, examination.headers);
    let mut lines = Vec::new();
    let looked_for = source.scheme.signature_headers();
    if !looked_for.is_empty() {
        lines.push(format!("Looked for: {}.", looked_for.join(", ")));
    }
    let found: Vec<String> = headers
        .iter()
        .filter(|(name, _)| looked_for.contains(name) || is_known_signature_header(name))
        .take(16)
        .map(|(name, value)| format!("{name}: {}", shape_of(examination, name, value)))
        .collect();
    lines.push(if found.is_empty() {
        "No header of any known signature was there.".to_owned()
    } else {
        format!("Found: {}.", found.join("; "))
    });
    if let (Some(at), _) = source.scheme.signed_time(headers, examination.received_seconds) {
        let offset = at.div_euclid(1_000_000).saturating_sub(examination.received_seconds);
        lines.push(match offset {
            0 => "Signed in the second in which it came.".to_owned(),
            ahead if ahead > 0 => format!("Signed {} after it came.", words::duration(ahead)),
            ago => format!("Signed {} before it came.", words::duration(ago.saturating_neg())),
        });
    }
    if headers.has("content-encoding") {
        lines.push("The request names a content-encoding: something on the way may have packed or unpacked the body.".to_owned());
    }
    if examination.body.is_some_and(<[u8]>::is_empty) {
        lines.push("The body came empty.".to_owned());
    }
    lines
}

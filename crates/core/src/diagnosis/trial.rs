//! Trying: which secret, form, body and scheme makes a MAC that the request carries.

use super::{BodyChange, Cause, Examination, HeadersAre, bodies, keys};
use crate::provider::{Provider, providers};
use crate::signature::{
    HeaderSignature, Headers, KeyForm, Scheme, Secret, Template, TimeRule, TimeUnit,
};

/// Tries of one diagnosis.
const MOST_TRIES: u32 = 1500;
/// Bytes that are hashed for one diagnosis.
const MOST_BYTES: usize = 96 << 20;
/// Secrets of other sources that are tried.
const MOST_SOURCES: usize = 200;

pub(super) struct Trial<'a> {
    examination: &'a Examination<'a>,
    tries: u32,
    bytes_left: usize,
    is_exhausted: bool,
}

impl<'a> Trial<'a> {
    pub(super) fn new(examination: &'a Examination<'a>) -> Self {
        Self { examination, tries: 0, bytes_left: MOST_BYTES, is_exhausted: false }
    }

    pub(super) fn tries(&self) -> u32 {
        self.tries
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.is_exhausted
    }

    pub(super) fn body(&self) -> Option<&'a [u8]> {
        self.examination.body
    }

    /// True when there is still something to spend on a body of this size.
    fn may_try(&mut self, size_bytes: usize, count: usize) -> bool {
        let count = u32::try_from(count).unwrap_or(MOST_TRIES);
        let cost = (size_bytes + 128).saturating_mul(count as usize);
        if self.tries.saturating_add(count) > MOST_TRIES || cost > self.bytes_left {
            self.is_exhausted = true;
            return false;
        }
        self.tries += count;
        self.bytes_left -= cost;
        true
    }

    /// The header under which the request carries what these keys make of the body.
    fn matches(
        &mut self,
        scheme: &Scheme,
        keys: &dyn Fn(KeyForm) -> Vec<Vec<u8>>,
        body: &[u8],
    ) -> bool {
        if !self.may_try(body.len(), 1) {
            return false;
        }
        let Examination { headers, digests, key, .. } = *self.examination;
        scheme
            .expected(keys, headers, body)
            .iter()
            .any(|one| digests.has(key, &one.header, &one.mac))
    }

    /// With a secret as the scheme itself uses it; for key pairs the request itself is needed.
    fn holds(&mut self, scheme: &Scheme, secret: &Secret, body: &[u8]) -> bool {
        if scheme.can_verify_again() {
            let keys = |form: KeyForm| form.keys(secret.text());
            if self.matches(scheme, &keys, body) {
                return true;
            }
        }
        let has_pair = !scheme.can_verify_again() || secret.is_public();
        if !has_pair || self.examination.headers_are != HeadersAre::Received {
            return false;
        }
        // A signature of a key pair costs about fifty MACs.
        if !self.may_try(body.len(), 20) {
            return false;
        }
        let secrets = std::slice::from_ref(secret);
        let now = self.examination.received_seconds;
        scheme.verify(secrets, self.examination.headers, body, now).secret.is_some()
    }

    pub(super) fn matches_as_configured(&mut self) -> bool {
        let source = self.examination.source;
        let Some(body) = self.body() else { return false };
        source.scheme.can_verify_again()
            && source.secrets.iter().any(|secret| {
                let keys = |form: KeyForm| form.keys(secret.text());
                self.matches(&source.scheme, &keys, body)
            })
    }

    /// The first way in which the signature verifies, the likeliest first.
    pub(super) fn find_proof(&mut self) -> Option<Cause> {
        self.find_other_source()
            .map(Cause::SecretOfOtherSource)
            .or_else(|| self.find_form().map(Cause::SecretForm))
            .or_else(|| self.find_change().map(Cause::BodyChanged))
            .or_else(|| self.find_other_string().map(Cause::SignedOtherwise))
            .or_else(|| self.find_other_header().map(Cause::OtherHeader))
            .or_else(|| self.find_other_scheme().map(Cause::OtherScheme))
    }

    /// Another source whose secret made the signature, by this source's scheme or by its own.
    pub(super) fn find_other_source(&mut self) -> Option<String> {
        let (own, body) = (self.examination.source, self.body()?);
        for other in self.examination.others.iter().take(MOST_SOURCES) {
            for secret in other.secrets.iter().filter(|secret| !own.secrets.contains(secret)) {
                let by_own = self.holds(&own.scheme, secret, body);
                if by_own || (other.scheme != own.scheme && self.holds(&other.scheme, secret, body))
                {
                    return Some(other.name.clone());
                }
            }
        }
        None
    }

    fn find_form(&mut self) -> Option<keys::SecretForm> {
        let (source, body) = (self.examination.source, self.body()?);
        if !source.scheme.can_verify_again() {
            return None;
        }
        let own = source.scheme.key_form(self.examination.headers);
        for secret in &source.secrets {
            for (form, key) in keys::forms(secret.text(), own) {
                if self.matches(&source.scheme, &|_| vec![key.clone()], body) {
                    return Some(form);
                }
            }
        }
        None
    }

    fn find_change(&mut self) -> Option<BodyChange> {
        let (source, body) = (self.examination.source, self.body()?);
        if matches!(source.scheme, Scheme::Token(_) | Scheme::Jwt(_)) {
            return None;
        }
        for candidate in bodies::candidates(body) {
            for secret in &source.secrets {
                if self.holds(&source.scheme, secret, &candidate.body) {
                    return Some(candidate.change);
                }
            }
        }
        None
    }

    /// The scheme's header over another string: the body alone, or with the time before it.
    fn find_other_string(&mut self) -> Option<String> {
        let (source, body) = (self.examination.source, self.body()?);
        let headers = self.examination.headers;
        let names = source.scheme.signature_headers();
        let present: Vec<&str> = names.into_iter().filter(|name| headers.has(name)).collect();
        for name in present {
            for text in [
                "{body}",
                "{timestamp}.{body}",
                "{timestamp}:{body}",
                "{timestamp}{body}",
                "v0:{timestamp}:{body}",
            ] {
                let signed = Template::parse(text).ok()?;
                for time in times(headers, &signed) {
                    let form = HeaderSignature {
                        signed: signed.clone(),
                        time,
                        ..HeaderSignature::body_hmac(name, "")
                    };
                    let scheme = Scheme::Header(form);
                    if scheme == source.scheme {
                        continue;
                    }
                    for secret in &source.secrets {
                        for form in [KeyForm::Text, KeyForm::Whsec] {
                            if self.matches(&scheme, &|_| form.keys(secret.text()), body) {
                                return Some(text.to_owned());
                            }
                        }
                    }
                }
            }
        }
        None
    }

    /// The right MAC in a header of another name.
    pub(super) fn find_other_header(&mut self) -> Option<String> {
        let (source, body) = (self.examination.source, self.body()?);
        let (Scheme::Header(form) | Scheme::Automatic(form)) = &source.scheme else { return None };
        let names: Vec<String> = self
            .examination
            .headers
            .iter()
            .map(|(name, _)| name)
            .filter(|name| {
                *name != form.header && crate::signature::is_known_signature_header(name)
            })
            .map(str::to_owned)
            .collect();
        for name in names {
            let moved = Scheme::Header(HeaderSignature { header: name.clone(), ..form.clone() });
            if source.secrets.iter().any(|secret| self.holds(&moved, secret, body)) {
                return Some(name);
            }
        }
        None
    }

    /// A provider as which this was signed, with one of the source's secrets.
    pub(super) fn find_other_scheme(&mut self) -> Option<String> {
        let (source, body) = (self.examination.source, self.body()?);
        let mut tried: Vec<&Scheme> = vec![&source.scheme];
        let is_there = |one: &&Provider| {
            let names = one.scheme.signature_headers();
            names.iter().any(|name| self.examination.headers.has(name))
        };
        let present: Vec<&Provider> = providers().iter().filter(is_there).collect();
        for provider in present {
            if tried.contains(&&provider.scheme) {
                continue;
            }
            tried.push(&provider.scheme);
            if source.secrets.iter().any(|secret| self.holds(&provider.scheme, secret, body)) {
                return Some(provider.title.clone());
            }
        }
        None
    }

    /// A time that cannot be read, or that counts in thousandths.
    pub(super) fn find_time_mistake(&mut self) -> Option<Cause> {
        let (source, headers) = (self.examination.source, self.examination.headers);
        let text = source.scheme.time_text(headers)?;
        let text = String::from_utf8_lossy(&text).into_owned();
        let digits = text.trim().len();
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number {
            let shown: String = text.chars().filter(|c| !c.is_control()).take(40).collect();
            return Some(Cause::UnreadableTime(shown));
        }
        // Thirteen digits in seconds would be the year 33658.
        let now = self.examination.received_seconds;
        let seconds = text.parse::<i64>().ok()?;
        let in_thousandths = digits == 13 && (seconds / 1000 - now).abs() < 10 * 366 * 86_400;
        let is_right = in_thousandths && self.matches_as_configured();
        is_right.then_some(Cause::TimeInMilliseconds)
    }
}

/// Where the time of another string may stand.
fn times(headers: &Headers, signed: &Template) -> Vec<Option<TimeRule>> {
    if !signed.has_timestamp() {
        return vec![None];
    }
    let rule = |name: &str| TimeRule {
        header: Some(name.to_owned()),
        unit: TimeUnit::Seconds,
        past_seconds: i64::MAX / 4,
        future_seconds: None,
    };
    ["webhook-timestamp", "svix-timestamp", "x-webhook-timestamp", "x-slack-request-timestamp"]
        .into_iter()
        .filter(|name| headers.has(name))
        .map(|name| Some(rule(name)))
        .collect()
}

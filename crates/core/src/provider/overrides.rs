//! What a source does otherwise than its provider.

use crate::signature::{
    Encoding, HeaderSignature, KeyForm, Scheme, Syntax, Template, TemplateError, TimeRule, TimeUnit,
};
use crate::source::{FieldMap, Place};
use serde::{Deserialize, Serialize};

/// What a source does otherwise than its provider; what is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Overrides {
    /// The header of the signature or token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// What stands before the signature in its header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// How the signature is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// How the secret's text becomes a key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyForm>,
    /// What is signed, see [`Template`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed: Option<String>,
    /// The header of the time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp_header: Option<String>,
    /// How the time is counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp_unit: Option<TimeUnit>,
    /// How far the time may lie from the clock, both ways.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tolerance_seconds: Option<u32>,
    /// Whom a JSON Web Token must be for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// Where the callback's id is: headers by name, JSON pointers with their slash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_id: Option<Vec<Place>>,
    /// Where the event type is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_type: Option<Vec<Place>>,
    /// Where the job is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<Vec<Place>>,
    /// Where the workflow is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<Vec<Place>>,
    /// Where the time of sending is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Vec<Place>>,
}

/// An override that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OverrideError {
    /// The scheme has nothing of that name.
    #[error("`{field}` means nothing to the scheme {scheme}")]
    NotOfScheme {
        /// The field.
        field: &'static str,
        /// The scheme.
        scheme: &'static str,
    },
    /// The header's name is none.
    #[error("{0:?} is not the name of a header")]
    HeaderName(String),
    /// The template of what is signed cannot be used.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The template names a time that nothing gives.
    #[error("what is signed names {{timestamp}}: say which header holds it")]
    NoTimestamp,
}

impl Overrides {
    /// The fields that change how a signature in a header is read, and whether they are there.
    fn header_fields(&self) -> [(&'static str, bool); 7] {
        [
            ("prefix", self.prefix.is_some()),
            ("encoding", self.encoding.is_some()),
            ("key", self.key.is_some()),
            ("signed", self.signed.is_some()),
            ("timestamp_header", self.timestamp_header.is_some()),
            ("timestamp_unit", self.timestamp_unit.is_some()),
            ("tolerance_seconds", self.tolerance_seconds.is_some()),
        ]
    }

    /// The scheme with what differs.
    ///
    /// # Errors
    /// [`OverrideError`].
    pub fn change_scheme(&self, mut scheme: Scheme) -> Result<Scheme, OverrideError> {
        let name = scheme.name();
        let not_of_scheme = |field| OverrideError::NotOfScheme { field, scheme: name };
        for header in [&self.header, &self.timestamp_header].into_iter().flatten() {
            check_header_name(header)?;
        }
        let is_header = matches!(scheme, Scheme::Header(_) | Scheme::Automatic(_));
        if let Some((field, _)) = self.header_fields().into_iter().find(|(_, is_there)| *is_there)
            && !is_header
        {
            return Err(not_of_scheme(field));
        }
        if self.audience.is_some() && !matches!(scheme, Scheme::Jwt(_)) {
            return Err(not_of_scheme("audience"));
        }
        let header = self.header.as_ref().map(|header| header.to_ascii_lowercase());
        match &mut scheme {
            Scheme::Header(form) | Scheme::Automatic(form) => self.change_form(form)?,
            Scheme::Jwt(form) => {
                form.audience = self.audience.clone().or(form.audience.take());
                form.header = header.unwrap_or(std::mem::take(&mut form.header));
            }
            Scheme::Token(form) => {
                form.header = header.unwrap_or(std::mem::take(&mut form.header));
            }
            Scheme::StandardWebhooks | Scheme::None => {
                if header.is_some() {
                    return Err(not_of_scheme("header"));
                }
            }
        }
        Ok(scheme)
    }

    fn change_form(&self, form: &mut HeaderSignature) -> Result<(), OverrideError> {
        if let Some(header) = &self.header {
            form.header = header.to_ascii_lowercase();
        }
        if let Some(prefix) = &self.prefix {
            form.syntax = Syntax::Prefix(prefix.clone());
        }
        form.encoding = self.encoding.unwrap_or(form.encoding);
        form.key = self.key.unwrap_or(form.key);
        if let Some(signed) = &self.signed {
            form.signed = Template::parse(signed)?;
        }
        if let Some(header) = &self.timestamp_header {
            let rule = form.time.get_or_insert(TimeRule {
                header: None,
                unit: TimeUnit::Seconds,
                past_seconds: crate::signature::TOLERANCE_SECONDS,
                future_seconds: Some(crate::signature::TOLERANCE_SECONDS),
            });
            rule.header = Some(header.to_ascii_lowercase());
        }
        if let Some(rule) = &mut form.time {
            rule.unit = self.timestamp_unit.unwrap_or(rule.unit);
            if let Some(seconds) = self.tolerance_seconds {
                rule.past_seconds = i64::from(seconds);
                rule.future_seconds = rule.future_seconds.map(|_| i64::from(seconds));
            }
        }
        let has_place = match &form.time {
            None => false,
            Some(rule) => rule.header.is_some() || matches!(form.syntax, Syntax::Elements { .. }),
        };
        if !has_place && (form.signed.has_timestamp() || form.time.is_some()) {
            return Err(OverrideError::NoTimestamp);
        }
        Ok(())
    }

    /// The map with what differs.
    pub fn change_map(&self, mut map: FieldMap) -> FieldMap {
        let fields = [
            (&self.callback_id, &mut map.callback_id),
            (&self.event_type, &mut map.event_type),
            (&self.job_id, &mut map.job_id),
            (&self.workflow, &mut map.workflow),
            (&self.sent_at, &mut map.sent_at),
        ];
        for (given, usual) in fields {
            if let Some(places) = given {
                usual.clone_from(places);
            }
        }
        map
    }
}

/// The characters of RFC 9110's `token`, not too many.
fn check_header_name(name: &str) -> Result<(), OverrideError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let is_name = (1..=128).contains(&name.len()) && name.chars().all(fits);
    if is_name { Ok(()) } else { Err(OverrideError::HeaderName(name.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::find_provider;

    fn change(provider: &str, overrides: &Overrides) -> Result<Scheme, OverrideError> {
        overrides.change_scheme(find_provider(provider).unwrap().scheme.clone())
    }

    #[test]
    fn a_generic_hmac_takes_every_difference() {
        let overrides: Overrides = serde_json::from_str(
            r#"{"header":"X-Sig","prefix":"v1=","encoding":"base64","key":"hex",
                "signed":"{timestamp}.{body}","timestamp_header":"X-Time","tolerance_seconds":60}"#,
        )
        .unwrap();
        let Ok(Scheme::Header(form)) = change("generic-hmac", &overrides) else { panic!() };
        assert_eq!((form.header.as_str(), form.encoding), ("x-sig", Encoding::Base64));
        assert_eq!(form.syntax, Syntax::Prefix("v1=".to_owned()));
        let rule = form.time.unwrap();
        assert_eq!((rule.header.as_deref(), rule.past_seconds), (Some("x-time"), 60));
        let text = serde_json::to_string(&overrides).unwrap();
        assert_eq!(serde_json::from_str::<Overrides>(&text).unwrap(), overrides);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let with = |change: fn(&mut Overrides)| {
            let mut overrides = Overrides::default();
            change(&mut overrides);
            overrides
        };
        let prefix = with(|o| o.prefix = Some("x".to_owned()));
        let message = change("openai", &prefix).unwrap_err().to_string();
        assert!(message.contains("prefix") && message.contains("standard-webhooks"), "{message}");
        let audience = with(|o| o.audience = Some("x".to_owned()));
        assert!(change("github", &audience).is_err());
        assert!(change("gemini-dynamic", &audience).is_ok());
        let header = with(|o| o.header = Some("a b".to_owned()));
        assert!(matches!(change("generic-bearer", &header), Err(OverrideError::HeaderName(_))));
        let signed = with(|o| o.signed = Some("{timestamp}{body}".to_owned()));
        assert_eq!(change("generic-hmac", &signed), Err(OverrideError::NoTimestamp));
        let signed = with(|o| o.signed = Some("{timestamp}".to_owned()));
        assert!(matches!(change("generic-hmac", &signed), Err(OverrideError::Template(_))));
    }

    #[test]
    fn nothing_overridden_changes_nothing() {
        for one in crate::provider::providers() {
            let source = one.source("x", Vec::new(), &Overrides::default()).unwrap();
            assert_eq!((source.scheme, source.map), (one.scheme.clone(), one.map.clone()));
        }
    }
}

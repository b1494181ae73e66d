//! What a source does otherwise than its provider.

use super::SourceError;
use ringback_core::provider::{Overrides, Provider};
use ringback_core::signature::{KeyKind, Scheme};
use serde_json::{Value, json};
use url::Url;

/// What a source does otherwise than its provider, and where its keys are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceOptions {
    /// Where its public keys are fetched, when it is not the provider's usual place.
    pub jwks_url: Option<Url>,
    /// The rest.
    pub overrides: Overrides,
}

impl SourceOptions {
    /// Reads the JSON object of a row or a request.
    ///
    /// # Errors
    /// A sentence that says what does not fit.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let Some(object) = value.as_object_mut() else {
            return Err("the options are a JSON object".to_owned());
        };
        let jwks_url = match object.remove("jwks_url") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => {
                let url = Url::parse(&text).map_err(|_| "jwks_url is not a URL".to_owned())?;
                let has_password = !url.username().is_empty() || url.password().is_some();
                if !matches!(url.scheme(), "https" | "http") || has_password || text.len() > 2000 {
                    return Err("jwks_url takes https, without a name and password".to_owned());
                }
                Some(url)
            }
            Some(_) => return Err("jwks_url is text".to_owned()),
        };
        let overrides = serde_json::from_value(value).map_err(|error| error.to_string())?;
        Ok(Self { jwks_url, overrides })
    }

    /// As [`Self::parse`] reads it.
    pub fn to_value(&self) -> Value {
        let mut value = serde_json::to_value(&self.overrides).unwrap_or_default();
        if let (Some(object), Some(url)) = (value.as_object_mut(), &self.jwks_url) {
            object.insert("jwks_url".to_owned(), json!(url.as_str()));
        }
        value
    }

    /// Reads and tries options on a provider; gives them with the scheme that they make.
    ///
    /// # Errors
    /// [`SourceError::Invalid`].
    pub fn fit(provider: &Provider, value: Option<&Value>) -> Result<(Self, Scheme), SourceError> {
        let text = value.map_or_else(|| "{}".to_owned(), Value::to_string);
        let options =
            Self::parse(&text).map_err(|why| SourceError::Invalid(format!("options: {why}")))?;
        let source = provider
            .source("x", Vec::new(), &options.overrides)
            .map_err(|error| SourceError::Invalid(format!("options: {error}")))?;
        if options.jwks_url.is_some() && source.scheme.key_kind() != KeyKind::PublicKey {
            let message = "options: jwks_url is for senders that sign with a private key";
            return Err(SourceError::Invalid(message.to_owned()));
        }
        Ok((options, source.scheme))
    }
}

#[cfg(test)]
mod tests {
    use super::super::provider;
    use super::*;

    #[test]
    fn options_are_read_as_they_are_written_and_must_fit_the_provider() {
        let text = r#"{"jwks_url":"https://keys.example/jwks.json","event_type":["/kind"]}"#;
        let options = SourceOptions::parse(text).unwrap();
        assert_eq!(SourceOptions::parse(&options.to_value().to_string()).unwrap(), options);
        let fit = |name: &str, text: &str| {
            SourceOptions::fit(provider(name).unwrap(), Some(&serde_json::from_str(text).unwrap()))
        };
        assert!(fit("generic-ed25519", text).is_ok());
        assert!(fit("github", text).is_err(), "an HMAC has no public keys");
        for wrong in [
            r#"{"jwks_url":"file:///etc/passwd"}"#,
            r#"{"jwks_url":"https://me:s3cret@keys.example/"}"#,
            r#"{"jwks_url":5}"#,
            r#"{"rot13":true}"#,
            "[]",
        ] {
            let error = fit("generic-ed25519", wrong).unwrap_err().to_string();
            assert!(!error.contains("s3cret"), "{error}");
        }
    }
}

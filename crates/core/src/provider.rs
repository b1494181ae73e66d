//! The senders that Ringback knows, as data.
//!
//! `providers.toml` holds them: how each signs, where its requests name id, type, job, workflow and
//! time, for how long it tries again, and where its console is. A sender that signs as another one
//! does is one more entry there and its vectors; nothing here changes.

mod overrides;

use crate::signature::{Scheme, Secret};
use crate::source::{FieldMap, Source};
use serde::Deserialize;
use std::sync::LazyLock;

pub use overrides::{OverrideError, Overrides};

/// A sender that Ringback knows.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// The name in configuration, URLs and on the command line.
    pub name: String,
    /// The name for people.
    pub title: String,
    /// What it is and what to know, in a sentence or two.
    pub about: String,
    /// How it signs.
    pub scheme: Scheme,
    /// What to paste as its secret and where it is found.
    pub secret: String,
    /// Whether the entry was read from the sender's own libraries and documents.
    pub origin: Origin,
    /// Where its requests say what.
    #[serde(default)]
    pub map: FieldMap,
    /// For how long it tries again when it is not answered, in hours; `None` when it is not known.
    pub retry_hours: Option<u32>,
    /// What is known of its retries.
    #[serde(default)]
    pub retries: String,
    /// Where its public keys are published.
    pub jwks_url: Option<String>,
    /// Where its webhooks and secrets are managed.
    pub console_url: Option<String>,
    /// Pages about one job; the first that fits the job's name counts.
    #[serde(default)]
    pub job_urls: Vec<JobUrl>,
    /// What it sends before it sends callbacks.
    #[serde(default)]
    pub handshake: Handshake,
}

/// A page about one job.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobUrl {
    /// How the names of such jobs begin.
    pub starts_with: String,
    /// The page; `{job_id}` stands for the job.
    pub url: String,
}

/// Where an entry was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// In the sender's own libraries, specification or documents.
    Published,
    /// At second hand: look at the first requests.
    Secondary,
    /// Nowhere: a form that people fill in.
    Generic,
}

/// What a sender does to a URL before it sends callbacks to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Handshake {
    /// Nothing.
    #[default]
    None,
    /// A POST of type `url_verification` whose `challenge` is to be answered.
    UrlVerification,
}

/// A source cannot be made from a provider.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// Nobody knows the name.
    #[error("the provider {0:?} is unknown")]
    Unknown(String),
    /// What should differ does not fit.
    #[error(transparent)]
    Override(#[from] OverrideError),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    provider: Vec<Provider>,
}

static PROVIDERS: LazyLock<Vec<Provider>> = LazyLock::new(|| {
    let document: Document =
        toml::from_str(include_str!("../providers.toml")).expect("a test reads the same text");
    document.provider
});

/// All of them, in the order in which people are shown them.
pub fn providers() -> &'static [Provider] {
    &PROVIDERS
}

/// The provider of a name.
pub fn find_provider(name: &str) -> Option<&'static Provider> {
    providers().iter().find(|provider| provider.name == name)
}

/// The scheme of a name: a scheme's own or a provider's.
pub fn find_scheme(name: &str) -> Option<Scheme> {
    Scheme::from_name(name).or_else(|| find_provider(name).map(|provider| provider.scheme.clone()))
}

impl Provider {
    /// A source of this provider.
    ///
    /// # Errors
    /// [`OverrideError`] when what should differ does not fit the provider's scheme.
    pub fn source(
        &self,
        name: &str,
        secrets: Vec<Secret>,
        overrides: &Overrides,
    ) -> Result<Source, OverrideError> {
        Ok(Source {
            name: name.to_owned(),
            scheme: overrides.change_scheme(self.scheme.clone())?,
            secrets,
            map: overrides.change_map(self.map.clone()),
        })
    }

    /// The page about a job; `None` when the provider has none or the job's name does not fit a URL.
    pub fn job_link(&self, job_id: &str) -> Option<String> {
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_.~".contains(c);
        let is_plain = !job_id.is_empty() && job_id.chars().all(fits);
        if !is_plain {
            return None;
        }
        let link = self.job_urls.iter().find(|link| job_id.starts_with(&link.starts_with))?;
        Some(link.url.replace("{job_id}", job_id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_document_holds_every_sender_once() {
        let names: HashSet<&str> = providers().iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names.len(), providers().len());
        for name in [
            "openai",
            "anthropic",
            "replicate",
            "gemini",
            "gemini-dynamic",
            "svix",
            "fal",
            "elevenlabs",
            "github",
            "stripe",
            "slack",
            "shopify",
            "cursor",
            "deepgram",
            "deepgram-basic",
            "standard-webhooks",
            "in-house",
            "generic-hmac",
            "generic-ed25519",
            "generic-bearer",
            "generic-basic",
            "unsigned",
        ] {
            assert!(names.contains(name), "{name} is missing");
        }
    }

    #[test]
    fn every_text_for_people_is_there_and_every_link_is_https() {
        for one in providers() {
            assert!(!one.title.is_empty() && !one.about.is_empty(), "{}", one.name);
            assert_eq!(one.secret.is_empty(), one.scheme == Scheme::None, "{}", one.name);
            let jobs = one.job_urls.iter().map(|link| &link.url);
            for link in one.jwks_url.iter().chain(&one.console_url).chain(jobs) {
                assert!(link.starts_with("https://"), "{link}");
            }
        }
    }

    #[test]
    fn a_job_is_linked_only_when_its_name_can_stand_in_a_url() {
        let replicate = find_provider("replicate").unwrap();
        assert_eq!(replicate.job_link("abc1").unwrap(), "https://replicate.com/p/abc1");
        for name in ["", "a/b", "a?b", "javascript:x", "ä"] {
            assert_eq!(replicate.job_link(name), None, "{name}");
        }
    }

    #[test]
    fn a_scheme_written_as_json_is_read_back() {
        for one in providers() {
            let text = serde_json::to_string(&one.scheme).unwrap();
            assert_eq!(serde_json::from_str::<Scheme>(&text).unwrap(), one.scheme, "{text}");
        }
    }
}

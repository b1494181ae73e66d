//! What the page of sources decides: which senders a search finds, and a name that is free.

use super::find::holds;
use ringback_wire::{ProviderSummary, SourceSummary};

/// The senders that hold every word of a search, in their order.
pub fn search(providers: &[ProviderSummary], text: &str) -> Vec<ProviderSummary> {
    let is_found = |one: &&ProviderSummary| {
        let all = [&*one.name, &one.title, &one.about, &one.scheme].join(" ");
        text.split_whitespace().all(|word| holds(&all, word))
    };
    providers.iter().filter(is_found).cloned().collect()
}

/// A name for a new source of a sender that no source has.
pub fn free_name(provider: &str, taken: &[SourceSummary]) -> String {
    let is_free = |name: &str| taken.iter().all(|source| source.name != name);
    if is_free(provider) {
        return provider.to_owned();
    }
    let numbered = (2..).map(|n: u32| format!("{provider}-{n}"));
    numbered.into_iter().find(|name| is_free(name)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider(name: &str, title: &str) -> ProviderSummary {
        ProviderSummary {
            name: name.to_owned(),
            title: title.to_owned(),
            about: String::new(),
            scheme: "standard-webhooks".to_owned(),
            secret: String::new(),
            makes_secret: false,
            jwks_url: None,
            retries: String::new(),
            console_url: None,
        }
    }

    #[test]
    fn a_search_finds_what_holds_every_word() {
        let all = [provider("openai", "OpenAI"), provider("fal", "fal.ai"), provider("x", "X")];
        let names = |text: &str| {
            search(&all, text).into_iter().map(|one| one.name).collect::<Vec<_>>().join(",")
        };
        assert_eq!(names(""), "openai,fal,x");
        assert_eq!(names("AI"), "openai,fal");
        assert_eq!(names("standard open"), "openai");
        assert_eq!(names("nobody"), "");
    }
}

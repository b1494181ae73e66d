//! What the page of sources decides: which senders a search finds, and a name that is free.

use ringback_wire::{ProviderSummary, SourceSummary};

/// The senders that hold every word of a search, in their order.
pub fn search(providers: &[ProviderSummary], text: &str) -> Vec<ProviderSummary> {
    let words: Vec<String> = text.split_whitespace().map(str::to_ascii_lowercase).collect();
    let holds = |one: &&ProviderSummary| {
        let all =
            format!("{} {} {} {}", one.name, one.title, one.about, one.scheme).to_ascii_lowercase();
        words.iter().all(|word| all.contains(word.as_str()))
    };
    providers.iter().filter(holds).cloned().collect()
}

/// What the provider list says, without the marks of code, which belong in documents.
pub fn plain(text: &str) -> String {
    text.replace('`', "")
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

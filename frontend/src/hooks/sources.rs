//! The sources as the server has them.

use crate::api;
use crate::ui::prelude::*;
use ringback_wire::{ProviderSummary, SourceSummary};

/// The sources and the senders that sources are made for.
#[derive(Clone, Copy)]
pub struct Sources {
    /// `None` until the first answer.
    pub list: RwSignal<Option<Vec<SourceSummary>>>,
    /// Empty until the first answer.
    pub providers: RwSignal<Vec<ProviderSummary>>,
    /// What to tell when there was no good answer.
    pub error: RwSignal<String>,
}

/// Loads the sources for the page that shows them.
pub fn provide_sources() -> Sources {
    let sources = Sources {
        list: RwSignal::new(None),
        providers: RwSignal::default(),
        error: RwSignal::default(),
    };
    provide_context(sources);
    sources.reload();
    spawn_local(async move {
        match api::list_providers().await {
            Ok(answer) => sources.providers.set(answer.providers),
            Err(error) => sources.error.set(error.message()),
        }
    });
    sources
}

/// The sources.
pub fn use_sources() -> Sources {
    expect_context()
}

impl Sources {
    /// Asks the server again.
    pub fn reload(self) {
        spawn_local(async move {
            match api::list_sources().await {
                Ok(answer) => {
                    self.error.set(String::new());
                    self.list.set(Some(answer.sources));
                }
                Err(error) => self.error.set(error.message()),
            }
        });
    }

    /// One of them; follows changes.
    pub fn find(self, name: &str) -> Option<SourceSummary> {
        self.list.with(|list| list.as_ref()?.iter().find(|one| one.name == name).cloned())
    }

    /// A sender by its name; follows changes.
    pub fn provider(self, name: &str) -> Option<ProviderSummary> {
        self.providers.with(|list| list.iter().find(|one| one.name == name).cloned())
    }
}

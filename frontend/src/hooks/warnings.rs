//! What an admin should know of: read at the start, when callbacks arrive, and each minute.

use super::context::context;
use crate::api;
use gloo_timers::callback::Interval;
use leptos::prelude::*;
use leptos::task::spawn_local;
use ringback_wire::Warning;

const INTERVAL_MS: u32 = 60_000;

/// The warnings.
#[derive(Clone, Copy)]
pub struct Warnings {
    /// Most urgent first; follows changes.
    pub list: RwSignal<Vec<Warning>>,
    loading: StoredValue<bool>,
}

/// Makes the warnings available and keeps them fresh.
pub fn provide_warnings() -> Warnings {
    let warnings = Warnings { list: RwSignal::new(Vec::new()), loading: StoredValue::new(false) };
    provide_context(warnings);
    StoredValue::new_local(Interval::new(INTERVAL_MS, move || warnings.reload()));
    warnings.reload();
    warnings
}

/// The warnings.
pub fn use_warnings() -> Warnings {
    context()
}

impl Warnings {
    /// Reads them again, unless that is under way.
    pub fn reload(self) {
        if self.loading.get_value() || !super::browser::is_visible() {
            return;
        }
        self.loading.set_value(true);
        spawn_local(async move {
            let answer = api::list_warnings().await;
            self.loading.try_set_value(false);
            // A failure changes nothing: the header tells of the connection.
            if let Ok(answer) = answer
                && self.list.try_get_untracked().is_some_and(|list| list != answer.warnings)
            {
                self.list.set(answer.warnings);
            }
        });
    }
}

//! What the person prefers to be told, and telling it: browser notifications and a sound.

use super::browser::{self, is_visible};
use crate::api;
use crate::state::show_rules::wants;
use crate::ui::prelude::*;
use ringback_wire::{CallbackSummary, Preferences};

/// The preferences, for the whole desk.
#[derive(Clone, Copy)]
pub struct Chosen(RwSignal<Preferences>);

/// Reads the preferences; until they are there the usual ones hold.
pub fn provide_choices() -> Chosen {
    let chosen = Chosen(RwSignal::new(Preferences::default()));
    provide_context(chosen);
    spawn_local(async move {
        if let Ok(preferences) = api::find_preferences().await {
            chosen.0.set(preferences);
        }
    });
    chosen
}

/// The preferences.
pub fn use_choices() -> Chosen {
    expect_context()
}

impl Chosen {
    /// As they are; follows changes.
    pub fn get(self) -> Preferences {
        self.0.get()
    }

    /// As they are now saved.
    pub fn set(self, preferences: Preferences) {
        self.0.set(preferences);
    }

    /// Those callbacks that the page shows as they arrive.
    pub fn to_toast(self, rows: Vec<CallbackSummary>) -> Vec<CallbackSummary> {
        self.0.with_untracked(|chosen| {
            rows.into_iter().filter(|row| wants(&chosen.toasts, row)).collect()
        })
    }

    /// Lets the browser tell of callbacks while nobody looks at the page, in the one tab that leads.
    pub fn notify(self, rows: &[CallbackSummary]) {
        let chosen = self.0.get_untracked();
        let mut wanted = rows.iter().filter(|row| wants(&chosen.notifications, row));
        let Some(first) = wanted.next().filter(|_| !is_visible()) else { return };
        let more = wanted.count();
        let more = if more == 0 { String::new() } else { format!(", and {more} more") };
        let verdict = crate::format::verdict_word(first.signature).to_ascii_lowercase();
        let title = format!("{} ({verdict}){more}", first.event_type);
        browser::notify(&title, &first.callback_id, &first.id.to_string());
    }

    /// Makes the sound of callbacks that the page shows, in the one tab that shows them.
    pub fn beep(self, rows: &[CallbackSummary]) {
        let chosen = self.0.get_untracked();
        if chosen.sound && rows.iter().any(|row| wants(&chosen.toasts, row)) {
            browser::beep();
        }
    }
}

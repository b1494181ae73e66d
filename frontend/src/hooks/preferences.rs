//! The settings of this browser, the same in all its tabs.

use super::browser::keep_root_attribute;
use super::theme::use_theme;
use crate::state::preferences::{Choice, Preferences};
use crate::storage;
use crate::ui::ev;
use crate::ui::prelude::*;

/// What the person chose, and the way to change it.
#[derive(Clone, Copy)]
pub struct PreferencesContext(RwSignal<Preferences>);

/// Makes the preferences available, and follows what other tabs choose.
pub fn provide_preferences() -> PreferencesContext {
    let preferences = PreferencesContext(RwSignal::new(storage::load_preferences()));
    provide_context(preferences);
    let theme = use_theme();
    let listener = window_event_listener(ev::storage, move |_| {
        preferences.0.set(storage::load_preferences());
        theme.reload();
    });
    on_cleanup(move || listener.remove());
    keep_root_attribute("data-density", move || Some(preferences.get().density.word().to_owned()));
    preferences
}

/// The preferences.
pub fn use_preferences() -> PreferencesContext {
    expect_context()
}

impl PreferencesContext {
    /// The choices; follows changes.
    pub fn get(self) -> Preferences {
        self.0.get()
    }

    /// The choices, without following them.
    pub fn current(self) -> Preferences {
        self.0.get_untracked()
    }

    /// Changes and stores them.
    pub fn change(self, change: impl FnOnce(&mut Preferences)) {
        let mut preferences = self.current();
        change(&mut preferences);
        storage::save_preferences(&preferences);
        self.0.set(preferences);
    }
}

//! Applies the chosen theme; `index.html` has done so before the first paint.

use super::browser::set_root_attribute;
use crate::state::theme::Theme;
use crate::storage;
use leptos::prelude::*;

/// The chosen theme, and the way to change it.
#[derive(Clone, Copy)]
pub struct ThemeContext(RwSignal<Theme>);

/// Makes the theme available.
pub fn provide_theme() {
    let theme = RwSignal::new(storage::load_theme());
    provide_context(ThemeContext(theme));
    Effect::new(move |_| set_root_attribute("data-theme", theme.get().stored()));
}

/// The theme.
pub fn use_theme() -> ThemeContext {
    expect_context()
}

impl ThemeContext {
    /// The choice; follows changes.
    pub fn get(self) -> Theme {
        self.0.get()
    }

    /// Goes on to the next choice and stores it.
    pub fn toggle(self) {
        let next = self.0.get_untracked().next();
        storage::save_theme(next);
        self.0.set(next);
    }
}

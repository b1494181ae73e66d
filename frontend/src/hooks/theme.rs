//! Applies the chosen theme; `index.html` has done so before the first paint.

use super::browser::keep_root_attribute;
use crate::state::theme::Theme;
use crate::storage;
use crate::ui::prelude::*;

/// The chosen theme, and the way to change it.
#[derive(Clone, Copy)]
pub struct ThemeContext(RwSignal<Theme>);

/// Makes the theme available.
pub fn provide_theme() {
    let theme = RwSignal::new(storage::load_theme());
    provide_context(ThemeContext(theme));
    keep_root_attribute("data-theme", move || theme.get().stored().map(str::to_owned));
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
        self.choose(self.0.get_untracked().next());
    }

    /// Takes a choice and stores it.
    pub fn choose(self, theme: Theme) {
        storage::save_theme(theme);
        self.0.set(theme);
    }

    /// Reads what another tab may have stored.
    pub fn reload(self) {
        self.0.set(storage::load_theme());
    }
}

//! What the browser keeps between visits: small texts under versioned keys.
//!
//! Private windows and full disks refuse to store. Nothing here fails then: the app works on and
//! forgets at the next visit.

use crate::state::list_layout::ListSettings;
use crate::state::poller::Position;
use crate::state::preferences::Preferences;
use crate::state::tabs::Lease;
use crate::state::theme::Theme;
use crate::state::windows::Places;
use ringback_wire::json;

const CURSOR: &str = "ringback.v1.cursor";
const LIST: &str = "ringback.v1.list";
const LEASE: &str = "ringback.v1.lease";
const PREFERENCES: &str = "ringback.v1.preferences";
const PLACES: &str = "ringback.v1.windows";
/// `index.html` asks for the first answers early when it is there.
const SIGNED_IN: &str = "ringback.v1.signed-in";
/// `index.html` reads this one before the first paint.
const THEME: &str = "ringback.v1.theme";

/// Notes whether somebody is signed in, as far as is known.
pub fn save_signed_in(signed_in: bool) {
    if signed_in {
        save(SIGNED_IN, "1");
    } else {
        remove(SIGNED_IN);
    }
}

/// Where the feed was left.
pub fn load_position() -> Option<Position> {
    load(CURSOR).map(|text| Position::parse(&text))
}

/// Stores where the feed was left, unless another tab has stored a newer position.
pub fn save_position(position: &Position) {
    if position.may_replace(load_position().as_ref()) {
        save(CURSOR, &position.to_text());
    }
}

/// Where windows lay.
pub fn load_places() -> Places {
    load(PLACES).and_then(|text| json::from_str(&text)).unwrap_or_default()
}

/// Stores where windows lie.
pub fn save_places(places: &Places) {
    save(PLACES, &json::to_string(places));
}

/// Which tab leads, where the browser has no locks.
pub fn load_lease() -> Option<Lease> {
    Lease::parse(&load(LEASE)?)
}

/// Stores which tab leads.
pub fn save_lease(lease: &Lease) {
    save(LEASE, &lease.to_text());
}

/// Nobody leads any more.
pub fn remove_lease() {
    remove(LEASE);
}

/// What the person chose in the settings.
pub fn load_preferences() -> Preferences {
    Preferences::parse(&load(PREFERENCES).unwrap_or_default())
}

/// Stores what the person chose.
pub fn save_preferences(preferences: &Preferences) {
    save(PREFERENCES, &preferences.to_text());
}

/// How the list of callbacks is laid out.
pub fn load_list() -> ListSettings {
    ListSettings::from_stored(&load(LIST).unwrap_or_default())
}

/// Stores how the list of callbacks is laid out.
pub fn save_list(settings: &ListSettings) {
    save(LIST, &settings.stored());
}

/// The chosen theme.
pub fn load_theme() -> Theme {
    Theme::from_stored(load(THEME).as_deref())
}

/// Stores the chosen theme.
pub fn save_theme(theme: Theme) {
    match theme.stored() {
        Some(word) => save(THEME, word),
        None => remove(THEME),
    }
}

fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}

fn load(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

fn save(key: &str, value: &str) {
    if let Some(storage) = storage() {
        // A full or forbidden storage is no reason to stop: see the head of this module.
        let _ = storage.set_item(key, value);
    }
}

fn remove(key: &str) {
    if let Some(storage) = storage() {
        let _ = storage.remove_item(key);
    }
}

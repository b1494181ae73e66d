//! The commands of the desk and of the list of callbacks.

use super::browser::{click_focused_row, focus_id, focus_search, move_row_focus};
use super::commands::{Overlay, use_command, use_commands};
use super::feed::use_feed;
use super::router::use_router;
use super::theme::use_theme;
use crate::state::commands::Command;
use crate::state::route::Route;
use leptos::ev;
use leptos::prelude::*;

/// What works everywhere on the desk, until the owner goes away.
pub fn use_desk_keys() {
    let commands = use_commands();
    let feed = use_feed();
    let router = use_router();
    let theme = use_theme();
    let keys = ["g c", "g t", "g s", "g a", "g d"];
    for (route, href, letter) in Route::TABS {
        let keys = keys.into_iter().find(|keys| keys.ends_with(letter)).unwrap_or_default();
        let title = format!("Go to {}", route.title());
        use_command(Command::new("Go to", title, keys), move || router.push(href));
    }
    let command = |title: &str, keys| Command::new("Everywhere", title, keys);
    use_command(command("Keyboard shortcuts", "?"), move || commands.toggle(Overlay::Help));
    use_command(command("Check now", "."), move || feed.nudge());
    use_command(command("Change the theme", ""), move || theme.toggle());
    let listener = window_event_listener(ev::keydown, move |event| {
        if event.key() == "F8" && focus_id("toasts") {
            event.prevent_default();
        }
    });
    on_cleanup(move || listener.remove());
}

/// What works on the list of callbacks, until the owner goes away.
pub fn use_list_keys() {
    let command = |title: &str, keys| Command::new("List of callbacks", title, keys);
    use_command(command("Next callback", "j"), || move_row_focus(1));
    use_command(command("Previous callback", "k"), || move_row_focus(-1));
    use_command(command("Open in a window", "o"), click_focused_row);
    use_command(command("Search by id", "/"), focus_search);
}

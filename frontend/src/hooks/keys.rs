//! The commands of the desk and of the list of callbacks.

use super::browser::{focus_search, has_open_dialog, press_in_window};
use super::commands::{Overlay, use_command, use_commands};
use super::feed::use_feed;
use super::history::use_pause;
use super::list::ListContext;
use super::router::use_router;
use super::theme::use_theme;
use super::toasts::use_toasts;
use crate::state::commands::Command;
use crate::state::route::Route;
use crate::ui::ev;
use crate::ui::prelude::*;

/// What works everywhere on the desk, until the owner goes away.
pub fn use_desk_keys() {
    let commands = use_commands();
    let feed = use_feed();
    let router = use_router();
    let theme = use_theme();
    let toasts = use_toasts();
    let keys = ["g c", "g t", "g s", "g a", "g d"];
    for (route, href, letter) in Route::TABS {
        let keys = keys.into_iter().find(|keys| keys.ends_with(letter)).unwrap_or_default();
        let title = "Go to ".to_owned() + route.title();
        use_command(Command::new("Go to", title, keys), move || router.push(href));
    }
    let command = |title: &str, keys| Command::new("Everywhere", title, keys);
    use_command(command("Keyboard shortcuts", "?"), move || commands.toggle(Overlay::Help));
    use_command(command("Check now", "."), move || feed.nudge());
    use_command(command("Change the theme", ""), move || theme.toggle());
    let command = |title: &str, keys| Command::new("In a window", title, keys);
    use_command(command("Older callback", "["), || press_in_window("[aria-keyshortcuts='[']"));
    use_command(command("Newer callback", "]"), || press_in_window("[aria-keyshortcuts=']']"));
    let listener = window_event_listener(ev::keydown, move |event| {
        if event.key() == "F8" && !has_open_dialog() {
            toasts.focus();
            event.prevent_default();
        }
    });
    on_cleanup(move || listener.remove());
}

/// What works on the list of callbacks, until the owner goes away.
pub fn use_list_keys(list: ListContext) {
    let pause = use_pause();
    let command = |title: &str, keys| Command::new("List of callbacks", title, keys);
    use_command(command("Next callback", "j"), move || list.move_focus(true));
    use_command(command("Previous callback", "k"), move || list.move_focus(false));
    use_command(command("Open in a window", "o"), move || list.open_focused());
    use_command(command("Select", "x"), move || list.select_focused());
    use_command(command("Pause or resume the list", "p"), move || pause.run(()));
    use_command(command("Mark all as viewed", ""), move || list.mark_all());
    use_command(command("Undo marking as viewed", ""), move || list.take_back());
    use_command(command("Search by id", "/"), focus_search);
}

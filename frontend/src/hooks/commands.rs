//! The commands of the app: pages register theirs, the keyboard and the palette find them.
//!
//! ```text
//! use_command(Command::new("List", "Next callback", "j"), move || …);
//! ```
//!
//! A command is there as long as the owner that registered it. Single letters do nothing while
//! the person types, while a modal dialog is open, or when the settings say so.

use super::browser::{has_open_dialog, is_typing};
use super::clock::local_now_ms;
use super::preferences::use_preferences;
use crate::state::commands::{Command, KeyMatcher};
use crate::ui::ev;
use crate::ui::prelude::*;

/// What lies over the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlay {
    /// The command palette.
    Palette,
    /// The sheet of shortcuts.
    Help,
}

#[derive(Clone)]
struct Registered {
    id: u32,
    command: Command,
    run: Callback<()>,
}

/// The registry.
#[derive(Clone, Copy)]
pub struct Commands {
    list: RwSignal<Vec<Registered>>,
    last_id: StoredValue<u32>,
    matcher: StoredValue<KeyMatcher>,
    /// What lies over the page; follows changes.
    pub overlay: RwSignal<Option<Overlay>>,
}

/// Makes the registry available and listens to the keyboard.
pub fn provide_commands() -> Commands {
    let commands = Commands {
        list: RwSignal::new(Vec::new()),
        last_id: StoredValue::new(0),
        matcher: StoredValue::new(KeyMatcher::default()),
        overlay: RwSignal::new(None),
    };
    provide_context(commands);
    let preferences = use_preferences();
    let listener = window_event_listener(ev::keydown, move |event| {
        if event.default_prevented() || event.alt_key() {
            return;
        }
        if event.ctrl_key() || event.meta_key() {
            if event.key().eq_ignore_ascii_case("k") && !event.shift_key() {
                event.prevent_default();
                commands.toggle(Overlay::Palette);
            }
            return;
        }
        let is_off = !preferences.current().shortcuts || is_typing(&event) || has_open_dialog();
        if is_off {
            return;
        }
        if let Some(run) = commands.find(&event.key()) {
            event.prevent_default();
            run.run(());
        }
    });
    on_cleanup(move || listener.remove());
    commands
}

/// The registry.
pub fn use_commands() -> Commands {
    expect_context()
}

/// Registers a command until the owner goes away.
pub fn use_command(command: Command, run: impl Fn() + Send + Sync + 'static) {
    let commands = use_commands();
    let run = Callback::new(move |()| run());
    let id = commands.last_id.get_value() + 1;
    commands.last_id.set_value(id);
    commands.list.update(|list| list.push(Registered { id, command, run }));
    on_cleanup(move || {
        // The registry may have gone before.
        commands.list.try_update(|list| list.retain(|registered| registered.id != id));
    });
}

impl Commands {
    /// Every command with what it does, in the order of registration; follows changes.
    pub fn all(self) -> Vec<(Command, Callback<()>)> {
        self.list.with(|list| {
            list.iter().map(|registered| (registered.command.clone(), registered.run)).collect()
        })
    }

    /// Shows an overlay, or takes it away when it is there.
    pub fn toggle(self, overlay: Overlay) {
        let shown = self.overlay.get_untracked();
        self.overlay.set(if shown == Some(overlay) { None } else { Some(overlay) });
    }

    fn find(self, key: &str) -> Option<Callback<()>> {
        self.list.with_untracked(|list| {
            let keys: Vec<&str> = list.iter().map(|registered| registered.command.keys).collect();
            let at = self
                .matcher
                .try_update_value(|matcher| matcher.press(key, local_now_ms(), &keys))??;
            Some(list[at].run)
        })
    }
}

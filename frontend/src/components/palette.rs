//! The command palette and the sheet of shortcuts.

use crate::hooks::browser::{
    focus_first, has_selection, is_behind, is_within, keep_focus, open_dialog, refocus,
    scroll_into_view,
};
use crate::hooks::commands::{Commands, Overlay, use_commands};
use crate::hooks::location::{PageLocation, use_page_location};
use crate::hooks::router::use_router;
use crate::state::commands::{Command, search, step};
use crate::state::query::{Field, Filters};
use crate::ui::ev;
use crate::ui::prelude::*;
use web_sys::HtmlDialogElement;

/// What lies over the page. It is modal: the focus stays inside until it closes.
#[component]
pub fn Overlays() -> impl IntoView {
    let commands = use_commands();
    let shown = commands.overlay;
    let dialog = NodeRef::new();
    let before = StoredValue::new(None);
    Effect::new(move |_| {
        let Some(dialog) = dialog.get::<HtmlDialogElement>() else { return };
        if shown.get().is_none() {
            if dialog.open() {
                dialog.set_open(false);
                before.with_value(|before| before.as_ref().map(refocus));
            }
            return;
        }
        if !dialog.open() {
            before.set_value(open_dialog(&dialog));
        }
        // What is inside comes with this change, too.
        spawn_local(async move { focus_first(&dialog) });
    });
    let open = move || untrack(|| dialog.get()).filter(HtmlDialogElement::open);
    // Wherever the focus is: a click on what takes none leaves it nowhere.
    let pressed = window_event_listener(ev::keydown, move |event| {
        let Some(dialog) = open() else { return };
        match event.key().as_str() {
            "Escape" => {
                event.prevent_default();
                shown.set(None);
            }
            "Tab" => keep_focus(&dialog, &event),
            _ => {}
        }
    });
    let focused = window_event_listener(ev::focusin, move |event| {
        if let Some(dialog) = open().filter(|dialog| is_behind(dialog, &event)) {
            // A listener cannot be called while it runs, and this one would be.
            spawn_local(async move { focus_first(&dialog) });
        }
    });
    on_cleanup(move || {
        pressed.remove();
        focused.remove();
    });
    let beside = move |event: ev::MouseEvent| {
        // Text that was selected as far as here was meant to be copied.
        if !is_within(&event, ".overlay") && !has_selection() {
            shown.set(None);
        }
    };
    let label = move || match shown.get()? {
        Overlay::Palette => Some("Command palette"),
        Overlay::Help => Some("Keyboard shortcuts"),
    };
    let content = move || match shown.get()? {
        Overlay::Palette => Some(view! { <Palette/> }),
        Overlay::Help => Some(view! { <Help/> }),
    };
    view! {
        <dialog
            node_ref=dialog
            class="overlay-back"
            aria-modal="true"
            aria-label=label
            tabindex="-1"
            on:click=beside
        >
            <div class="overlay">{content}</div>
        </dialog>
    }
}

/// A line of the palette.
#[derive(Clone)]
enum Offer {
    Command(Command, Callback<()>),
    /// Search for callbacks whose id begins so.
    Find(String),
}

impl Offer {
    fn title(&self) -> String {
        match self {
            Self::Command(command, _) => command.title.clone(),
            Self::Find(text) => format!("Find callbacks whose id begins with “{text}”"),
        }
    }

    fn keys(&self) -> &'static str {
        match self {
            Self::Command(command, _) => command.keys,
            Self::Find(_) => "",
        }
    }

    fn run(self, location: PageLocation) {
        match self {
            Self::Command(_, run) => run.run(()),
            Self::Find(text) => {
                let filters = Filters::default().with(Field::IdPrefix, &text);
                location.push(&location.current().with_filters(filters));
            }
        }
    }
}

/// What the palette offers for a text.
fn offers(commands: Commands, text: &str) -> Vec<Offer> {
    let commands = commands.all();
    let titles: Vec<String> = commands.iter().map(|(command, _)| command.title.clone()).collect();
    let found = search(&titles, text).into_iter();
    let mut offers: Vec<Offer> =
        found.map(|at| Offer::Command(commands[at].0.clone(), commands[at].1)).collect();
    let text = text.trim();
    if !text.is_empty() {
        offers.push(Offer::Find(text.to_owned()));
    }
    offers
}

#[component]
fn Palette() -> impl IntoView {
    let commands = use_commands();
    let text = RwSignal::new(String::new());
    let at = RwSignal::new(0_usize);
    let location = use_page_location();
    let offered = move || offers(commands, &text.get());
    let run = move |chosen: usize| {
        let offer = untrack(offered).into_iter().nth(chosen);
        commands.overlay.set(None);
        if let Some(offer) = offer {
            // After the dialog has given the focus back.
            request_animation_frame(move || offer.run(location));
        }
    };
    let key = move |event: ev::KeyboardEvent| {
        let by = match event.key().as_str() {
            "ArrowDown" => 1,
            "ArrowUp" => -1,
            "Enter" => 0,
            _ => return,
        };
        event.prevent_default();
        let place = step(at.get_untracked(), untrack(offered).len(), by);
        if by == 0 {
            return run(place);
        }
        at.set(place);
        scroll_into_view(&("#palette-".to_owned() + &place.to_string()));
    };
    let options = move || {
        let option = |(place, offer): (usize, Offer)| {
            view! {
                <li
                    role="option"
                    id=format!("palette-{place}")
                    aria-selected=move || (at.get() == place).to_string()
                    on:click=move |_| run(place)
                >
                    <span>{offer.title()}</span>
                    <Keys keys=offer.keys()/>
                </li>
            }
            .into_any()
        };
        offered().into_iter().enumerate().map(option).collect_view()
    };
    view! {
        <input
            id="palette-text"
            type="text"
            role="combobox"
            aria-label="Command"
            aria-expanded="true"
            aria-controls="palette-list"
            aria-autocomplete="list"
            aria-activedescendant=move || format!("palette-{}", at.get())
            autocomplete="off"
            spellcheck="false"
            placeholder="Type a command or the beginning of a callback's id"
            prop:value=text
            on:input=move |event| {
                text.set(event_target_value(&event));
                at.set(0);
            }
            on:keydown=key
        />
        <ul id="palette-list" role="listbox" aria-label="Commands">{later(move || options.into_any())}</ul>
    }
}

/// What keys do that are no commands: in each line the group, the title and the keys.
const OTHER_KEYS: &str = "\
Everywhere|Command palette|Ctrl/⌘+K
Everywhere|Next window, then the page|F6
Everywhere|Window before|Shift+F6
Everywhere|Notifications|F8
List of callbacks|Open in a window|Enter
In a window|Close it|Esc
On the bar of a window|Move it|← → ↑ ↓
On the bar of a window|Resize it|Ctrl+← Ctrl+→ Ctrl+↑ Ctrl+↓
On the bar of a window|Maximise it, restore it|Alt+↑ Alt+↓
In a payload's tree|Other row|↑ ↓ PageUp PageDown Home End
In a payload's tree|Unfold, or go in|→
In a payload's tree|Fold, or go out|←
In a payload's tree|Fold or unfold|Enter Space
In a payload's tree|Unfold its neighbours|*
In a payload's search|Next match|Enter
In a payload's search|Match before|Shift+Enter
In a payload's search|Empty it|Esc";

#[component]
fn Help() -> impl IntoView {
    let commands = use_commands();
    let router = use_router();
    let mut groups: Vec<(&'static str, Vec<Command>)> = Vec::new();
    let mut add = |command: Command| match groups.iter_mut().find(|(g, _)| *g == command.group) {
        _ if command.keys.is_empty() => {}
        Some((_, list)) => list.push(command),
        None => groups.push((command.group, vec![command])),
    };
    for line in OTHER_KEYS.split('\n') {
        let mut parts = line.split('|');
        let mut part = || parts.next().unwrap_or_default();
        add(Command::new(part(), part(), part()));
    }
    for (command, _) in untrack(|| commands.all()) {
        add(command);
    }
    let line = |command: Command| {
        view! { <div><dt><Keys keys=command.keys/></dt><dd>{command.title}</dd></div> }.into_any()
    };
    let group = move |(name, list): (&'static str, Vec<Command>)| {
        view! {
            <section>
                <h3>{name}</h3>
                <dl>{list.into_iter().map(line).collect_view()}</dl>
            </section>
        }
        .into_any()
    };
    let shown = move || groups.clone().into_iter().map(group).collect_view();
    let to_settings = move |_| {
        commands.overlay.set(None);
        router.push("/settings");
    };
    view! {
        <div class="overlay-head">
            <h2>"Keyboard shortcuts"</h2>
            <button type="button" class="button" on:click=move |_| commands.overlay.set(None)>
                "Close"
            </button>
        </div>
        <div class="help-groups">{later(shown)}</div>
        <p class="quiet">
            "Single letters do nothing while you type, and can be switched off. "
            <button type="button" class="button" on:click=to_settings>"Open the settings"</button>
        </p>
    }
}

/// Keys as they are pressed one after the other.
#[component]
fn Keys(keys: &'static str) -> impl IntoView {
    keys.split_whitespace().map(|key| view! { <kbd>{key}</kbd> }.into_any()).collect_view()
}

//! Everything that dragging does to a window, as plain buttons (WCAG 2.5.7).

use super::icon::{Glyph, Icon};
use crate::hooks::browser::{focus_id, focus_stays_inside};
use crate::hooks::windows::{WindowContext, use_windows};
use crate::ui::prelude::*;

type Act = fn(WindowContext, &str);

const BUTTONS: [(&str, Act); 10] = [
    ("Snap left", WindowContext::snap_left),
    ("Snap right", WindowContext::snap_right),
    ("Centre", WindowContext::centre),
    ("Maximise or restore", WindowContext::toggle_maximised),
    ("Larger", WindowContext::larger),
    ("Smaller", WindowContext::smaller),
    ("Move left", |windows, id| windows.step(id, -2.0, 0.0)),
    ("Move right", |windows, id| windows.step(id, 2.0, 0.0)),
    ("Move up", |windows, id| windows.step(id, 0.0, -2.0)),
    ("Move down", |windows, id| windows.step(id, 0.0, 2.0)),
];

/// A button that shows the others; they stay until one goes elsewhere, so that a step can be repeated.
pub fn window_menu(name: StoredValue<String>) -> AnyView {
    let windows = use_windows();
    let open = RwSignal::new(false);
    let toggle_id = name.with_value(|id| ["window-", id, "-menu"].concat());
    let toggle = StoredValue::new(toggle_id.clone());
    let keys = move |event: crate::ui::ev::KeyboardEvent| {
        if event.key() == "Escape" && open.get_untracked() {
            event.prevent_default();
            open.set(false);
            toggle.with_value(|id| focus_id(id));
        }
    };
    let leave = move |event: crate::ui::ev::FocusEvent| {
        if !focus_stays_inside(&event) {
            open.set(false);
        }
    };
    let button = move |(label, act): (&'static str, Act)| {
        view! {
            <button type="button" class="button button-quiet" on:click=move |_| name.with_value(|id| act(windows, id))>
                {label}
            </button>
        }
    };
    view! {
        <div
            class="menu wide-only"
            on:keydown=keys
            on:focusout=leave
            on:dblclick=|event| event.stop_propagation()
        >
            <button
                type="button"
                id=toggle_id
                class="button button-icon button-on-colour"
                aria-label="Move and resize"
                title="Move and resize"
                aria-expanded=move || open.get().to_string()
                on:click=move |_| open.update(|open| *open = !*open)
            >
                <Icon glyph=Glyph::Move/>
            </button>
            <Show when=move || open.get()>
                <div class="menu-list" role="group" aria-label="Move and resize">
                    {BUTTONS.into_iter().map(button).collect_view()}
                </div>
            </Show>
        </div>
    }
    .into_any()
}

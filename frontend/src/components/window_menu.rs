//! Everything that dragging does to a window, as plain buttons (WCAG 2.5.7).

use super::icon::{Glyph, Icon};
use crate::hooks::browser::{focus_id, focus_stays_inside};
use crate::hooks::windows::use_windows;
use crate::state::geometry::{Bounds, STEP, Viewport};
use crate::ui::prelude::*;

/// What one press moves a window by.
const FAR: f64 = 2.0 * STEP;

type Change = fn(Bounds, Viewport) -> Bounds;

const CHANGES: [(&str, Change); 9] = [
    ("Snap left", |_, viewport| Bounds::left_half(viewport)),
    ("Snap right", |_, viewport| Bounds::right_half(viewport)),
    ("Centre", Bounds::centred),
    ("Larger", |bounds, viewport| bounds.scaled(1.15, viewport)),
    ("Smaller", |bounds, viewport| bounds.scaled(1.0 / 1.15, viewport)),
    ("Move left", |bounds, viewport| bounds.moved(-FAR, 0.0, viewport)),
    ("Move right", |bounds, viewport| bounds.moved(FAR, 0.0, viewport)),
    ("Move up", |bounds, viewport| bounds.moved(0.0, -FAR, viewport)),
    ("Move down", |bounds, viewport| bounds.moved(0.0, FAR, viewport)),
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
    let button = move |label: &'static str, act: Callback<()>| {
        view! {
            <button type="button" class="button button-quiet" on:click=move |_| act.run(())>{label}</button>
        }
        .into_any()
    };
    let buttons = move || {
        let mut buttons: Vec<AnyView> = Vec::new();
        for (label, change) in CHANGES {
            let act = move |()| name.with_value(|id| windows.change(id, change));
            buttons.push(button(label, Callback::new(act)));
        }
        let maximise = move |()| name.with_value(|id| windows.toggle_maximised(id));
        buttons.push(button("Maximise or restore", Callback::new(maximise)));
        let reset = move |()| name.with_value(|id| windows.reset(id));
        buttons.push(button("Reset", Callback::new(reset)));
        buttons
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
                    {buttons()}
                </div>
            </Show>
        </div>
    }
    .into_any()
}

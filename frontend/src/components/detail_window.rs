//! A window over the desk: drag its bar, pull its corner, or use its keys and buttons.

use super::detail::detail_view;
use super::icon::{Glyph, Icon};
use super::verdict::verdict_glyph;
use super::window_menu::window_menu;
use crate::format::{px, verdict_word};
use crate::hooks::browser::focus_id;
use crate::hooks::detail::{Content, DetailContext, use_detail};
use crate::hooks::windows::{Drag, WindowContext, bar_id, title_id, use_windows, window_id};
use crate::state::geometry::Bounds;
use crate::state::query::signature_word;
use crate::ui::prelude::*;

/// Windows lie over the header, which has 10.
const IN_FRONT: u32 = 100;

/// All open windows.
#[component]
pub fn DetailWindows() -> impl IntoView {
    let windows = use_windows();
    let ids = Memo::new(move |_| {
        windows.stack.with(|stack| stack.windows().iter().map(|w| w.id.clone()).collect::<Vec<_>>())
    });
    keyed(move || ids.get(), Clone::clone, detail_window)
}

fn detail_window(id: String) -> AnyView {
    let windows = use_windows();
    let context = use_detail(&id);
    let name = StoredValue::new(id);
    let find = move |part: fn(&Bounds) -> f64| {
        let bounds =
            windows.stack.with(|stack| name.with_value(|id| stack.find(id).map(|w| w.bounds)));
        bounds.map(|bounds| px(part(&bounds)))
    };
    let z = move || {
        windows.stack.with(|stack| {
            name.with_value(|id| stack.find(id).map(|w| (IN_FRONT + w.z).to_string()))
        })
    };
    let verdict = move || context.found().map(|detail| signature_word(detail.signature));
    let raise = move || name.with_value(|id| windows.raise(id));
    let escape = move |event: crate::ui::ev::KeyboardEvent| {
        if event.key() == "Escape" && !event.default_prevented() {
            event.prevent_default();
            name.with_value(|id| windows.close(id));
        }
    };
    Effect::new(move |_| {
        if name.with_value(|id| windows.was_opened_by_person(id)) {
            name.with_value(|id| focus_id(&bar_id(id)));
        }
    });
    view! {
        <section
            class="window"
            role="dialog"
            id=name.with_value(|id| window_id(id))
            aria-labelledby=name.with_value(|id| title_id(id))
            tabindex="-1"
            data-verdict=verdict
            style:left=move || find(|b| b.left)
            style:top=move || find(|b| b.top)
            style:width=move || find(|b| b.width)
            style:height=move || find(|b| b.height)
            style:z-index=z
            on:pointerdown=move |_| raise()
            on:focusin=move |_| raise()
            on:keydown=escape
        >
            {title_bar(name, context)}
            <div class="window-body">{move || body(context, name)}</div>
            {resize_corner(name)}
        </section>
    }
    .into_any()
}

fn title_bar(name: StoredValue<String>, context: DetailContext) -> AnyView {
    let windows = use_windows();
    let drag = Drag::to_move(windows);
    let title = move || {
        let id = context.found().map(|detail| detail.callback_id.clone());
        "Callback ".to_owned() + &id.unwrap_or_else(|| name.get_value())
    };
    let verdict = move || {
        context.found().map(|detail| {
            let signature = detail.signature;
            view! { <Icon glyph=verdict_glyph(signature)/> <span>{verdict_word(signature)}</span> }
        })
    };
    view! {
        <div
            class="window-bar"
            id=name.with_value(|id| bar_id(id))
            role="group"
            aria-label="Arrow keys move this window, with Ctrl they resize it, Alt and up maximises it"
            tabindex="0"
            on:keydown=move |event| name.with_value(|id| windows.key_on_bar(id, &event))
            on:pointerdown=move |event| name.with_value(|id| drag.begin(id, &event))
            on:pointermove=move |event| name.with_value(|id| drag.follow(id, &event))
            on:pointerup=move |_| drag.end()
            on:pointercancel=move |_| drag.end()
            on:dblclick=move |_| name.with_value(|id| windows.toggle_maximised(id))
        >
            <span class="window-verdict">{verdict}</span>
            <h2 id=name.with_value(|id| title_id(id))>{title}</h2>
            {window_buttons(name)}
        </div>
    }
    .into_any()
}

fn window_buttons(name: StoredValue<String>) -> AnyView {
    let windows = use_windows();
    let maximised = Memo::new(move |_| {
        windows.stack.with(|stack| {
            name.with_value(|id| stack.find(id).is_some_and(|window| window.restore.is_some()))
        })
    });
    let label = Signal::derive(move || if maximised.get() { "Restore" } else { "Maximise" });
    let glyph =
        Signal::derive(move || if maximised.get() { Glyph::Restore } else { Glyph::Maximise });
    let button = move |label: Signal<&'static str>,
                       glyph: Signal<Glyph>,
                       class: &'static str,
                       act: fn(WindowContext, &str)| {
        view! {
            <button
                type="button"
                class=class
                aria-label=label
                title=label
                on:click=move |_| name.with_value(|id| act(windows, id))
                on:dblclick=|event| event.stop_propagation()
            >
                {move || view! { <Icon glyph=glyph.get()/> }}
            </button>
        }
        .into_any()
    };
    view! {
        <div class="window-buttons">
            {window_menu(name)}
            {button(
                label,
                glyph,
                "button button-icon button-on-colour wide-only",
                WindowContext::toggle_maximised,
            )}
            {button(
                Signal::stored("Close"),
                Signal::stored(Glyph::X),
                "button button-icon button-on-colour",
                WindowContext::close,
            )}
        </div>
    }
    .into_any()
}

fn resize_corner(name: StoredValue<String>) -> AnyView {
    let drag = Drag::to_resize(use_windows());
    view! {
        <div
            class="window-corner"
            aria-hidden="true"
            on:pointerdown=move |event| name.with_value(|id| drag.begin(id, &event))
            on:pointermove=move |event| name.with_value(|id| drag.follow(id, &event))
            on:pointerup=move |_| drag.end()
            on:pointercancel=move |_| drag.end()
        ></div>
    }
    .into_any()
}

/// The callback, or what there is to say instead. It is built once: what changes follows.
fn body(context: DetailContext, name: StoredValue<String>) -> AnyView {
    let is_found =
        Memo::new(move |_| context.content.with(|content| matches!(content, Content::Found(_))));
    let inside = move || {
        if is_found.get() {
            return (outdated_view(context), detail_view(context, name)).into_any();
        }
        match context.content.get() {
            Content::Found(_) | Content::Loading => view! {
                <div class="state" aria-busy="true"><p>"Loading…"</p></div>
            }
            .into_any(),
            Content::NotFound => view! {
                <div class="state">
                    <h3>"There is no such callback"</h3>
                    <p>"It may have been deleted after its retention time, or the link is not complete."</p>
                </div>
            }
            .into_any(),
            Content::Failed(message) => view! {
                <div class="state">
                    <h3>"This callback could not be read"</h3>
                    <p>{message}</p>
                    <button type="button" class="button" on:click=move |_| context.load.run(())>"Try again"</button>
                </div>
            }
            .into_any(),
        }
    };
    inside.into_any()
}

/// Says over what is known that it may have changed since.
fn outdated_view(context: DetailContext) -> AnyView {
    let view = move || {
        context.outdated.get().map(|why| {
            view! {
                <p class="remark outdated" role="status">
                    "This may be out of date: it changed and could not be read again. "
                    {why}
                    " "
                    <button type="button" class="button" on:click=move |_| context.load.run(())>"Try again"</button>
                </p>
            }
        })
    };
    view.into_any()
}

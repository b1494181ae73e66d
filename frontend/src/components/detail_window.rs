//! A window over the desk: drag its bar, pull its corner, or use its keys and buttons.

use super::detail::Detail;
use super::icon::{Glyph, Icon};
use super::verdict::verdict_glyph;
use crate::api::{self, ApiError};
use crate::format::verdict_word;
use crate::hooks::browser::focus_id;
use crate::hooks::feed::use_feed;
use crate::hooks::history::use_history;
use crate::hooks::session::use_session;
use crate::hooks::toasts::use_toasts;
use crate::hooks::windows::{Drag, WindowContext, bar_id, title_id, use_windows};
use crate::state::geometry::Bounds;
use crate::state::query::signature_word;
use leptos::prelude::*;
use leptos::task::spawn_local;
use ringback_wire::CallbackDetail;
use std::collections::HashSet;
use std::sync::Arc;

/// Windows lie over the header, which has 10.
const IN_FRONT: u32 = 100;

/// What a window knows of its callback.
#[derive(Clone, Debug)]
enum Content {
    Loading,
    Found(Arc<CallbackDetail>),
    NotFound,
    Failed(String),
}

/// All open windows.
#[component]
pub fn DetailWindows() -> impl IntoView {
    let windows = use_windows();
    let ids = Memo::new(move |_| {
        windows.stack.with(|stack| stack.windows().iter().map(|w| w.id.clone()).collect::<Vec<_>>())
    });
    view! {
        <For each=move || ids.get() key=Clone::clone let:id>
            <DetailWindow id/>
        </For>
    }
}

#[component]
fn DetailWindow(id: String) -> impl IntoView {
    let windows = use_windows();
    let content = use_content(&id);
    let name = StoredValue::new(id);
    let find = move |part: fn(&Bounds) -> f64| {
        let bounds =
            windows.stack.with(|stack| name.with_value(|id| stack.find(id).map(|w| w.bounds)));
        bounds.map(|bounds| format!("{}px", part(&bounds)))
    };
    let z = move || {
        windows.stack.with(|stack| {
            name.with_value(|id| stack.find(id).map(|w| (IN_FRONT + w.z).to_string()))
        })
    };
    let verdict = move || {
        content.with(|content| match content {
            Content::Found(detail) => Some(signature_word(detail.signature)),
            _ => None,
        })
    };
    let raise = move || name.with_value(|id| windows.raise(id));
    let escape = move |event: leptos::ev::KeyboardEvent| {
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
            aria-labelledby=name.with_value(|id| title_id(id))
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
            <TitleBar name content/>
            <div class="window-body">{move || body(content.get())}</div>
            <ResizeCorner name/>
        </section>
    }
}

#[component]
fn TitleBar(name: StoredValue<String>, content: RwSignal<Content>) -> impl IntoView {
    let windows = use_windows();
    let drag = Drag::to_move(windows);
    let title = move || {
        content.with(|content| match content {
            Content::Found(detail) => format!("Callback {}", detail.callback_id),
            _ => name.with_value(|id| format!("Callback {id}")),
        })
    };
    let verdict = move || {
        content.with(|content| match content {
        Content::Found(detail) => {
            let signature = detail.signature;
            Some(view! { <Icon glyph=verdict_glyph(signature)/> <span>{verdict_word(signature)}</span> })
        }
        _ => None,
    })
    };
    view! {
        <div
            class="window-bar"
            id=name.with_value(|id| bar_id(id))
            role="group"
            aria-label="Arrow keys move this window, with Ctrl they resize it"
            tabindex="0"
            on:keydown=move |event| name.with_value(|id| windows.key_on_bar(id, &event))
            on:pointerdown=move |event| name.with_value(|id| drag.begin(id, &event))
            on:pointermove=move |event| name.with_value(|id| drag.follow(id, &event))
            on:pointerup=move |_| drag.end()
            on:pointercancel=move |_| drag.end()
        >
            <span class="window-verdict">{verdict}</span>
            <h2 id=name.with_value(|id| title_id(id))>{title}</h2>
            <WindowButtons name/>
        </div>
    }
}

#[component]
fn WindowButtons(name: StoredValue<String>) -> impl IntoView {
    let windows = use_windows();
    let maximised = move || {
        windows.stack.with(|stack| {
            name.with_value(|id| stack.find(id).is_some_and(|window| window.restore.is_some()))
        })
    };
    let button = move |label: &'static str,
                       glyph: Glyph,
                       class: &'static str,
                       act: fn(WindowContext, &str)| {
        view! {
            <button
                type="button"
                class=format!("button button-icon button-on-colour {class}")
                aria-label=label
                title=label
                on:click=move |_| name.with_value(|id| act(windows, id))
            >
                <Icon glyph/>
            </button>
        }
    };
    view! {
        <div class="window-buttons">
            {button("Snap left", Glyph::SnapLeft, "wide-only", WindowContext::snap_left)}
            {button("Snap right", Glyph::SnapRight, "wide-only", WindowContext::snap_right)}
            {move || {
                let (label, glyph) = if maximised() {
                    ("Restore", Glyph::Restore)
                } else {
                    ("Maximise", Glyph::Maximise)
                };
                button(label, glyph, "wide-only", WindowContext::toggle_maximised)
            }}
            {button("Close", Glyph::X, "", WindowContext::close)}
        </div>
    }
}

#[component]
fn ResizeCorner(name: StoredValue<String>) -> impl IntoView {
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
}

fn body(content: Content) -> AnyView {
    match content {
        Content::Loading => view! {
            <div class="state" aria-busy="true"><p>"Loading…"</p></div>
        }
        .into_any(),
        Content::Found(detail) => view! { <Detail detail/> }.into_any(),
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
                <p>"Close this window and open it again to try once more."</p>
            </div>
        }
        .into_any(),
    }
}

/// Reads a callback, marks it as viewed, and reads it again when it changes.
fn use_content(id: &str) -> RwSignal<Content> {
    let content = RwSignal::new(Content::Loading);
    let Ok(id) = id.parse::<i64>() else {
        content.set(Content::NotFound);
        return content;
    };
    let feed = use_feed();
    let history = use_history();
    let toasts = use_toasts();
    let session = use_session();
    let load = move || {
        spawn_local(async move {
            let answer = api::find_callback(id).await;
            let is_new = matches!(&answer, Ok(detail) if detail.viewed_at.is_none());
            let gone = content.try_set(match answer {
                Ok(detail) => Content::Found(Arc::new(detail)),
                Err(ApiError::Problem { problem, .. }) if problem.status == 404 => {
                    Content::NotFound
                }
                Err(error) => Content::Failed(error.message()),
            });
            if gone.is_some() || !is_new || !untrack(|| session.is_admin()) {
                return;
            }
            if let Some(answer) = history.mark_viewed(HashSet::from([id])).await {
                feed.unviewed.try_set(answer.unviewed);
            }
        });
    };
    toasts.dismiss_callback(id);
    load();
    Effect::new(move |before: Option<()>| {
        let changed = feed.changed.with(|changed| changed.contains(&id));
        if before.is_some() && changed {
            load();
        }
    });
    content
}

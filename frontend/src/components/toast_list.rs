//! Notifications: what just arrived, with a way to open it.

use super::icon::{Glyph, Icon};
use super::verdict::VerdictBadge;
use crate::hooks::announcer::use_announcer;
use crate::hooks::browser::{focus_stays_inside, is_key, keep_root_attribute};
use crate::hooks::history::use_history;
use crate::hooks::location::use_page_location;
use crate::hooks::toasts::{REGION, use_toasts};
use crate::hooks::windows::use_windows;
use crate::state::query::{Field, Filters};
use crate::state::toasts::{Content, ToastId, summary_text};
use crate::ui::prelude::*;
use ringback_wire::CallbackSummary;

/// The list of notifications, and the region that tells screen readers of them.
#[component]
pub fn ToastList() -> impl IntoView {
    let toasts = use_toasts();
    let announcer = use_announcer();
    let ids = move || -> Vec<ToastId> {
        toasts.stack.with(|stack| stack.toasts().iter().map(|toast| toast.id).collect())
    };
    // Said of the page, which scrolls: nothing that has the focus stays behind what lies over it.
    keep_root_attribute("data-toasts", move || {
        let count = toasts.stack.with(|stack| stack.toasts().len());
        (count > 0).then(|| count.to_string())
    });
    let line = |id| view! { <ToastCard id/> };
    let left = move |event: crate::ui::ev::FocusEvent| {
        if !focus_stays_inside(&event) {
            toasts.set_focused(false);
        }
    };
    view! {
        <div class="visually-hidden" role="status">{move || announcer.text.get()}</div>
        <section
            class="toasts"
            id=REGION
            tabindex="-1"
            aria-label="Notifications (F8)"
            on:pointerenter=move |_| toasts.set_hovered(true)
            on:pointerleave=move |_| toasts.set_hovered(false)
            on:focusin=move |_| toasts.set_focused(true)
            on:focusout=left
        >
            <ol role="list">
                {keyed(ids, |id| *id, line)}
            </ol>
        </section>
    }
}

#[component]
fn ToastCard(id: ToastId) -> impl IntoView {
    let toasts = use_toasts();
    let content = Memo::new(move |_| {
        toasts.stack.with(|stack| {
            stack.toasts().iter().find(|toast| toast.id == id).map(|toast| toast.content.clone())
        })
    });
    let body = move || match content.get()? {
        Content::Callback(row) => Some(view! { <CallbackToast id row/> }.into_any()),
        Content::Summary { count, invalid } => {
            Some(view! { <SummaryToast id count invalid/> }.into_any())
        }
        Content::Notice(text) => Some(view! { <p>{text}</p> }.into_any()),
    };
    view! {
        <li class="toast">
            <div class="toast-body">{body}</div>
            <button
                type="button"
                class="button button-icon button-quiet"
                aria-label="Dismiss"
                title="Dismiss"
                on:click=move |event| toasts.dismiss_in_hand(id, is_key(&event))
            >
                <Icon glyph=Glyph::X/>
            </button>
        </li>
    }
}

#[component]
fn CallbackToast(id: ToastId, row: CallbackSummary) -> impl IntoView {
    let toasts = use_toasts();
    let windows = use_windows();
    let text_id = format!("toast-{id}-text");
    let event_type =
        if row.event_type.is_empty() { "New callback".to_owned() } else { row.event_type };
    let view_details = move |_| {
        windows.open(&row.id.to_string());
        toasts.dismiss(id);
    };
    view! {
        <p id=text_id.clone()>
            <strong>{event_type}</strong>
            " "
            <span class="mono">{row.callback_id}</span>
        </p>
        <div class="toast-actions">
            <VerdictBadge signature=row.signature/>
            <button type="button" class="button" aria-describedby=text_id on:click=view_details>
                "View details"
            </button>
        </div>
    }
}

#[component]
fn SummaryToast(id: ToastId, count: usize, invalid: usize) -> impl IntoView {
    let toasts = use_toasts();
    let location = use_page_location();
    let history = use_history();
    let show = move |_| {
        let now = location.current();
        let wanted = now.with_filters(Filters::default().with(Field::Viewed, "false"));
        location.push(&wanted);
        if wanted.list == now.list {
            // It is the list that is there, without what the toast is about.
            history.reload();
        }
        toasts.dismiss(id);
    };
    view! {
        <p><strong>{summary_text(count, invalid)}</strong></p>
        <div class="toast-actions">
            <button type="button" class="button" on:click=show>"Show unviewed"</button>
        </div>
    }
}

//! One callback in the list.

use super::icon::{Glyph, Icon};
use super::time_ago::TimeAgo;
use super::verdict::VerdictBadge;
use crate::hooks::browser::wants_new_tab;
use crate::hooks::feed::use_feed;
use crate::hooks::history::use_history;
use crate::hooks::session::use_session;
use crate::hooks::windows::use_windows;
use leptos::prelude::*;
use leptos::task::spawn_local;
use ringback_wire::CallbackSummary;
use std::collections::HashSet;

/// A row that follows its callback. Its element stays the same, so the focus and the way back from
/// a window are not lost when the callback changes.
#[component]
pub fn CallbackRow(
    /// Which callback.
    id: i64,
) -> impl IntoView {
    let history = use_history();
    let session = use_session();
    let row = Memo::new(move |_| {
        history.list.with(|list| list.rows().iter().find(|row| row.id == id).cloned())
    });
    let selected = move || history.list.with(|list| list.selected().contains(&id));
    let select = move |event| {
        let selected = event_target_checked(&event);
        history.list.update(|list| list.set_selected(id, selected));
    };
    let name =
        move || row.with(|row| row.as_ref().map(|row| format!("Select {}", row.callback_id)));
    let unviewed = move || row.with(|row| row.as_ref().is_some_and(|row| row.viewed_at.is_none()));
    view! {
        <tr role="row" class="callback" class:unviewed=unviewed>
            <Show when=move || session.is_admin()>
                <td role="cell" class="cell-select">
                    <input
                        type="checkbox"
                        aria-label=name
                        prop:checked=selected
                        on:change=select
                    />
                </td>
            </Show>
            <VerdictCells row/>
            <FactCells row/>
            <ViewedCell id row/>
        </tr>
    }
}

#[component]
fn VerdictCells(row: Memo<Option<CallbackSummary>>) -> impl IntoView {
    let signature = Memo::new(move |_| row.with(|row| row.as_ref().map(|row| row.signature)));
    let event_type = text_of(row, |row| match row.event_type.as_str() {
        "" => "no event type".to_owned(),
        named => named.to_owned(),
    });
    view! {
        <td role="cell" class="cell-verdict">
            {move || signature.get().map(|signature| view! { <VerdictBadge signature/> })}
        </td>
        <td role="cell" class="cell-event">{event_type}</td>
        <td role="cell" class="cell-id"><CallbackLink row/></td>
    }
}

#[component]
fn CallbackLink(row: Memo<Option<CallbackSummary>>) -> impl IntoView {
    let windows = use_windows();
    let callback_id = text_of(row, |row| row.callback_id.clone());
    let href = text_of(row, |row| format!("/?callback={}", row.id));
    let open = move |event: leptos::ev::MouseEvent| {
        if wants_new_tab(&event) {
            return;
        }
        event.prevent_default();
        if let Some(id) = row.with_untracked(|row| row.as_ref().map(|row| row.id)) {
            windows.open(&id.to_string());
        }
    };
    view! {
        <a class="row-link mono" data-row-link href=href title=callback_id on:click=open>
            {callback_id}
        </a>
    }
}

#[component]
fn FactCells(row: Memo<Option<CallbackSummary>>) -> impl IntoView {
    let received_at = text_of(row, |row| row.received_at.clone());
    let source = text_of(row, |row| row.source.clone());
    let job = text_of(row, |row| row.job_id.clone().unwrap_or_default());
    let workflow = text_of(row, |row| row.workflow.clone().unwrap_or_default());
    let deliveries = text_of(row, |row| row.deliveries.to_string());
    view! {
        <td role="cell" class="cell-source" data-label="Source">{source}</td>
        <td role="cell" class="cell-job mono" data-label="Job" title=job>{job}</td>
        <td role="cell" class="cell-workflow" data-label="Workflow" title=workflow>{workflow}</td>
        <td role="cell" class="cell-received" data-label="Received">
            {move || view! { <TimeAgo at=received_at.get()/> }}
        </td>
        <td role="cell" class="cell-number" data-label="Deliveries">{deliveries}</td>
    }
}

#[component]
fn ViewedCell(id: i64, row: Memo<Option<CallbackSummary>>) -> impl IntoView {
    let history = use_history();
    let feed = use_feed();
    let session = use_session();
    let viewed = Memo::new(move |_| {
        row.with(|row| {
            row.as_ref().and_then(|row| row.viewed_at.as_ref().map(|_| row.viewed_by.clone()))
        })
    });
    let name = text_of(row, |row| format!("Mark {} as viewed", row.callback_id));
    let mark = move |_| {
        spawn_local(async move {
            if let Some(answer) = history.mark_viewed(HashSet::from([id])).await {
                feed.unviewed.try_set(answer.unviewed);
            }
        });
    };
    let content = move || match viewed.get() {
        Some(by) => {
            let title = by.map_or_else(|| "Viewed".to_owned(), |by| format!("Viewed by {by}"));
            view! { <span class="visually-hidden" title=title.clone()>{title.clone()}</span> }
                .into_any()
        }
        None if session.is_admin() => view! {
            <button
                type="button"
                class="button button-icon button-quiet viewed-dot"
                aria-label=name
                title="Not viewed yet: mark as viewed"
                on:click=mark
            >
                <span class="dot" aria-hidden="true"></span>
                <Icon glyph=Glyph::Eye/>
            </button>
        }
        .into_any(),
        None => view! {
            <span class="dot" title="Not viewed yet" aria-hidden="true"></span>
            <span class="visually-hidden">"Not viewed"</span>
        }
        .into_any(),
    };
    view! { <td role="cell" class="cell-viewed">{content}</td> }
}

/// One text of a row, changed only when it is another one.
fn text_of(
    row: Memo<Option<CallbackSummary>>,
    text: fn(&CallbackSummary) -> String,
) -> Memo<String> {
    Memo::new(move |_| row.with(|row| row.as_ref().map(text).unwrap_or_default()))
}

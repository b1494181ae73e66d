//! One callback in the list.

use super::time_ago::TimeAgo;
use super::verdict::VerdictBadge;
use crate::hooks::browser::{has_selection, is_within, wants_new_tab};
use crate::hooks::history::use_history;
use crate::hooks::list::{ListContext, link_id, row_id};
use crate::hooks::session::use_session;
use crate::hooks::windows::use_windows;
use crate::state::list_layout::COLUMNS;
use crate::ui::ev::MouseEvent;
use crate::ui::prelude::*;
use ringback_wire::CallbackSummary;
use std::collections::HashSet;

type Row = Memo<Option<CallbackSummary>>;

/// A row that follows its callback. Its element and its link stay the same, so the focus and the way
/// back from a window are not lost when the callback changes or moves. The other cells are made anew
/// when it changes, which is seldom: to follow each by itself would make every row dearer.
pub fn callback_row(context: ListContext, id: i64) -> AnyView {
    let history = use_history();
    let session = use_session();
    let windows = use_windows();
    let row: Row = Memo::new(move |_| history.list.with(|list| list.row(id).cloned()));
    let place = Memo::new(move |before: Option<&usize>| {
        let place = context.visible.with(|visible| {
            visible.iter().find(|(_, shown)| *shown == id).map(|(place, _)| *place)
        });
        // On its way out of the document it stays where it was.
        place.or(before.copied()).unwrap_or(0)
    });
    let selected = Memo::new(move |_| history.list.with(|list| list.selected().contains(&id)));
    let select = move |event: MouseEvent| {
        let selected = event_target_checked(&event);
        let range = event.shift_key();
        history.list.update(|list| list.set_selected(id, selected, range));
    };
    let unviewed = move || row.with(|row| row.as_ref().is_some_and(|row| row.viewed_at.is_none()));
    let open = move |event: MouseEvent| {
        if !is_within(&event, "a, button, input, label") && !has_selection() {
            windows.open(&id.to_string());
        }
    };
    // It is the name by which the row was found: it does not change.
    let name = row.with_untracked(|row| row.as_ref().map(|row| row.callback_id.clone()));
    let name = name.unwrap_or_default();
    // Whoever signs in as somebody else gets another list.
    let selection = untrack(|| session.is_admin()).then(|| {
        view! {
            <td role="cell" class="cell-select">
                <input
                    type="checkbox"
                    aria-label=["Select ", &name].concat()
                    prop:checked=selected
                    on:click=select
                />
            </td>
        }
    });
    view! {
        <tr
            role="row"
            class="callback"
            class:unviewed=unviewed
            class:selected=selected
            id=row_id(id)
            aria-rowindex=move || (place.get() + 2).to_string()
            style=("--at", move || place.get().to_string())
            on:click=open
            on:focusin=move |_| context.note_focus(Some(id))
        >
            {selection}
            {move || row.with(|row| row.as_ref().map(verdict_cells))}
            {id_cell(id, name)}
            {move || row.with(|row| row.as_ref().map(|row| fact_cells(context, row)))}
        </tr>
    }
    .into_any()
}

fn verdict_cells(row: &CallbackSummary) -> AnyView {
    let event_type = match row.event_type.as_str() {
        "" => "no event type".to_owned(),
        named => named.to_owned(),
    };
    view! {
        <td role="cell" class="cell-verdict"><VerdictBadge signature=row.signature/></td>
        <td role="cell" class="cell-event" title=event_type.clone()>{event_type}</td>
    }
    .into_any()
}

fn id_cell(id: i64, name: String) -> AnyView {
    let windows = use_windows();
    let open = move |event: MouseEvent| {
        if !wants_new_tab(&event) {
            event.prevent_default();
            windows.open(&id.to_string());
        }
    };
    view! {
        <td role="cell" class="cell-id">
            <a
                class="row-link mono"
                id=link_id(id)
                href="/?callback=".to_owned() + &id.to_string()
                title=name.clone()
                on:click=open
            >
                {name}
            </a>
        </td>
    }
    .into_any()
}

fn fact_cells(context: ListContext, row: &CallbackSummary) -> AnyView {
    let shown = context.columns.get();
    // A cell of a column that can be left out.
    let cell = |column: usize, class: &'static str, text: Option<&String>| {
        let text = text.cloned().unwrap_or_default();
        let label = COLUMNS[column].label();
        shown[column].then(|| {
            view! { <td role="cell" class=class data-label=label title=text.clone()>{text}</td> }
                .into_any()
        })
    };
    view! {
        {cell(0, "cell-source", Some(&row.source))}
        {cell(1, "cell-job mono", row.job_id.as_ref())}
        {cell(2, "cell-workflow", row.workflow.as_ref())}
        <td role="cell" class="cell-received"><TimeAgo at=row.received_at.clone()/></td>
        {cell(3, "cell-number", Some(&row.deliveries.to_string()))}
        {viewed_cell(context, row)}
    }
    .into_any()
}

fn viewed_cell(context: ListContext, row: &CallbackSummary) -> AnyView {
    let session = use_session();
    let id = row.id;
    let inside = if row.viewed_at.is_some() {
        let by = row.viewed_by.as_ref();
        let title = by.map_or_else(|| "Viewed".to_owned(), |by| "Viewed by ".to_owned() + by);
        view! { <span class="visually-hidden" title=title.clone()>{title}</span> }.into_any()
    } else if session.is_admin() {
        view! {
            <button
                type="button"
                class="button button-icon button-quiet viewed-dot"
                aria-label=["Mark ", &row.callback_id, " as viewed"].concat()
                title="Not viewed yet: mark as viewed"
                on:click=move |_| context.mark(HashSet::from([id]))
            >
                <span class="dot" aria-hidden="true"></span>
            </button>
        }
        .into_any()
    } else {
        view! {
            <span class="dot" title="Not viewed yet" aria-hidden="true"></span>
            <span class="visually-hidden">"Not viewed"</span>
        }
        .into_any()
    };
    view! { <td role="cell" class="cell-viewed">{inside}</td> }.into_any()
}

//! One callback in the list.

use super::icon::{Glyph, Icon};
use super::time_ago::TimeAgo;
use super::verdict::VerdictBadge;
use crate::format::px;
use crate::hooks::browser::{has_selection, is_within, wants_new_tab};
use crate::hooks::history::use_history;
use crate::hooks::list::{ListContext, link_id, row_id};
use crate::hooks::session::use_session;
use crate::hooks::windows::use_windows;
use crate::ui::prelude::*;
use ringback_wire::CallbackSummary;
use std::collections::HashSet;

type Row = Memo<Option<CallbackSummary>>;

/// A row that follows its callback. Its element stays the same, so the focus and the way back from
/// a window are not lost when the callback changes or moves.
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
    #[expect(clippy::cast_precision_loss, reason = "row numbers stay far below 2^52")]
    let offset = move || ["translateY(", &px(place.get() as f64 * context.row_px()), ")"].concat();
    let selected = Memo::new(move |_| history.list.with(|list| list.selected().contains(&id)));
    let select = move |event: crate::ui::ev::MouseEvent| {
        let selected = event_target_checked(&event);
        let range = event.shift_key();
        history.list.update(|list| list.set_selected(id, selected, range));
    };
    let name = move || "Select ".to_owned() + &text_of(row, |row| &row.callback_id);
    let unviewed = move || row.with(|row| row.as_ref().is_some_and(|row| row.viewed_at.is_none()));
    let open = move |event: crate::ui::ev::MouseEvent| {
        if !is_within(&event, "a, button, input, label") && !has_selection() {
            windows.open(&id.to_string());
        }
    };
    view! {
        <tr
            role="row"
            class="callback"
            class:unviewed=unviewed
            class:selected=move || selected.get()
            id=row_id(id)
            aria-rowindex=move || (place.get() + 2).to_string()
            style:transform=offset
            on:click=open
            on:focusin=move |_| context.note_focus(Some(id))
        >
            <Show when=move || session.is_admin()>
                <td role="cell" class="cell-select">
                    <input type="checkbox" aria-label=name prop:checked=selected on:click=select/>
                </td>
            </Show>
            {verdict_cells(id, row)}
            {fact_cells(context, row)}
            {viewed_cell(context, id, row)}
        </tr>
    }
    .into_any()
}

fn verdict_cells(id: i64, row: Row) -> AnyView {
    let windows = use_windows();
    let signature = Memo::new(move |_| row.with(|row| row.as_ref().map(|row| row.signature)));
    let event_type = move || match text_of(row, |row| &row.event_type) {
        empty if empty.is_empty() => "no event type".to_owned(),
        named => named,
    };
    let callback_id = move || text_of(row, |row| &row.callback_id);
    let open = move |event: crate::ui::ev::MouseEvent| {
        if !wants_new_tab(&event) {
            event.prevent_default();
            windows.open(&id.to_string());
        }
    };
    view! {
        <td role="cell" class="cell-verdict">
            {move || signature.get().map(|signature| view! { <VerdictBadge signature/> })}
        </td>
        <td role="cell" class="cell-event" title=event_type>{event_type}</td>
        <td role="cell" class="cell-id">
            <a
                class="row-link mono"
                id=link_id(id)
                href="/?callback=".to_owned() + &id.to_string()
                title=callback_id
                on:click=open
            >
                {callback_id}
            </a>
        </td>
    }
    .into_any()
}

fn fact_cells(context: ListContext, row: Row) -> AnyView {
    let received_at = Memo::new(move |_| text_of(row, |row| &row.received_at));
    view! {
        {optional_cell(context, 0, "cell-source", row, |row| row.source.clone())}
        {optional_cell(context, 1, "cell-job mono", row, |row| row.job_id.clone().unwrap_or_default())}
        {optional_cell(context, 2, "cell-workflow", row, |row| row.workflow.clone().unwrap_or_default())}
        <td role="cell" class="cell-received">{move || view! { <TimeAgo at=received_at.get()/> }}</td>
        {optional_cell(context, 3, "cell-number", row, |row| row.deliveries.to_string())}
    }
    .into_any()
}

/// A cell of a column that can be left out.
fn optional_cell(
    context: ListContext,
    column: usize,
    class: &'static str,
    row: Row,
    text: fn(&CallbackSummary) -> String,
) -> AnyView {
    let label = crate::state::list_layout::COLUMNS[column].label();
    let shown = Memo::new(move |_| context.columns.get()[column]);
    let text = Memo::new(move |_| row.with(|row| row.as_ref().map(text).unwrap_or_default()));
    let cell = move || {
        shown.get().then(|| {
            view! { <td role="cell" class=class data-label=label title=text>{text}</td> }
        })
    };
    cell.into_any()
}

fn viewed_cell(context: ListContext, id: i64, row: Row) -> AnyView {
    let session = use_session();
    let viewed = Memo::new(move |_| {
        row.with(|row| {
            row.as_ref().and_then(|row| row.viewed_at.as_ref().map(|_| row.viewed_by.clone()))
        })
    });
    let name = move || ["Mark ", &text_of(row, |row| &row.callback_id), " as viewed"].concat();
    let cell = move || match viewed.get() {
        Some(by) => {
            let title = by.map_or_else(|| "Viewed".to_owned(), |by| "Viewed by ".to_owned() + &by);
            view! { <span class="visually-hidden" title=title.clone()>{title.clone()}</span> }
                .into_any()
        }
        None if session.is_admin() => view! {
            <button
                type="button"
                class="button button-icon button-quiet viewed-dot"
                aria-label=name
                title="Not viewed yet: mark as viewed"
                on:click=move |_| context.mark(HashSet::from([id]))
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
    view! { <td role="cell" class="cell-viewed">{cell}</td> }.into_any()
}

/// One text of a row; follows changes.
fn text_of(row: Row, text: fn(&CallbackSummary) -> &String) -> String {
    row.with(|row| row.as_ref().map(|row| text(row).clone()).unwrap_or_default())
}

//! JSON as a tree (the ARIA tree view pattern), of which only the rows in sight exist.

use super::copy_button::CopyButton;
use super::icon::Glyph;
use super::virtual_rows::{Scroller, spans_view};
use crate::hooks::browser::{is_within, number_around};
use crate::hooks::payload::PayloadContext;
use crate::state::json;
use crate::state::payload::View;
use crate::ui::prelude::*;

/// The rows, and below them what can be done with the active one.
pub fn tree_view(context: PayloadContext, open_text: Callback<u32>) -> AnyView {
    let id = context.dom.with_value(|dom| dom.clone() + "-tree");
    let scroller = Scroller::new(context, View::Tree, id.clone());
    let rows = move || {
        let version = context.version.get();
        let places = scroller.slice.get().rows;
        context.payload.with_value(|payload| {
            places.map(|place| (place, payload.folds.row_at(place), version)).collect::<Vec<_>>()
        })
    };
    let key = |(place, row, version): &(usize, u32, u32)| {
        [place.to_string(), row.to_string(), version.to_string()].join(" ")
    };
    let keys = move |event: crate::ui::ev::KeyboardEvent| {
        let plain = !(event.ctrl_key() || event.meta_key() || event.alt_key());
        if plain && context.key(&event.key()) {
            event.prevent_default();
            // The list behind has keys of its own.
            event.stop_propagation();
        }
    };
    let click = move |event: crate::ui::ev::MouseEvent| {
        let Some(row) = number_around(&event, "data-row") else { return };
        context.active.set(row);
        if is_within(&event, ".twist") {
            let closed = context.payload.with_value(|payload| payload.folds.is_closed(row));
            context.fold(row, !closed);
        }
    };
    // A row out of sight is not in the document, and so nothing that can be pointed to.
    let active_id = move || {
        let row = context.active.get();
        let place = context.with(|payload| payload.folds.place_of(row));
        scroller.slice.with(|slice| slice.rows.contains(&place)).then(|| row_id(context, row))
    };
    view! {
        <div
            class="rows mono"
            id=id
            role="tree"
            aria-label="Payload"
            aria-activedescendant=active_id
            tabindex="0"
            on:scroll=move |_| scroller.follow()
            on:keydown=keys
            on:click=click
        >
            <div class="rows-spacer" role="none" style:height=move || scroller.height()>
                <div class="rows-slice" role="none" style:transform=move || scroller.offset()>
                    {keyed(rows, key, move |(place, row, _)| row_view(context, place, row))}
                </div>
            </div>
        </div>
        {row_bar(context, open_text)}
    }
    .into_any()
}

fn row_id(context: PayloadContext, row: u32) -> String {
    context.dom.with_value(|dom| {
        let mut id = dom.clone();
        id.push_str("-row-");
        id.push_str(&row.to_string());
        id
    })
}

fn row_view(context: PayloadContext, place: usize, row: u32) -> AnyView {
    let (mut spans, item) =
        context.payload.with_value(|payload| (payload.row(View::Tree, place), payload.item(row)));
    let Some(item) = item else {
        let pieces = spans_view(spans);
        return view! { <div class="row row-end" role="none">{pieces}</div> }.into_any();
    };
    let indent = if spans.is_empty() { None } else { Some(spans.remove(0).text) };
    let siblings = item.siblings.map_or_else(|| "-1".to_owned(), |count| count.to_string());
    view! {
        <div
            class="row"
            role="treeitem"
            id=row_id(context, row)
            data-row=row.to_string()
            aria-level=item.level.to_string()
            aria-posinset=item.place.to_string()
            aria-setsize=siblings
            aria-expanded=item.open.map(|open| open.to_string())
            aria-selected=move || (context.active.get() == row).to_string()
        >
            <span class="cut">{indent}</span>
            <span class=if item.open.is_some() { "twist" } else { "twist-none" }></span>
            {spans_view(spans)}
        </div>
    }
    .into_any()
}

/// Where the active row is, and its value to take along.
fn row_bar(context: PayloadContext, open_text: Callback<u32>) -> AnyView {
    let path = move |path: fn(&[u8], &[json::Row], u32) -> String| {
        Callback::new(move |()| {
            let row = context.active.get_untracked();
            context.payload.with_value(|payload| path(payload.bytes(), payload.rows(), row))
        })
    };
    let pointer = path(json::pointer);
    let shown = Memo::new(move |_| {
        context.version.track();
        context.active.track();
        pointer.run(())
    });
    let note = Memo::new(move |_| {
        let row = context.active.get();
        context.with(|payload| payload.note(row))
    });
    let is_long = Memo::new(move |_| {
        let row = context.active.get();
        context.with(|payload| payload.long_text(row))
    });
    let value = Callback::new(move |()| {
        let row = context.active.get_untracked();
        context.payload.with_value(|payload| payload.value(row))
    });
    view! {
        <div class="row-bar">
            <p class="row-path mono">
                {move || match shown.get() {
                    path if path.is_empty() => "whole document".to_owned(),
                    path => path,
                }}
                {move || note.get().map(|note| view! { <span class="row-note">{note}</span> })}
            </p>
            <div class="row-actions">
                <Show when=move || is_long.get()>
                    <button
                        type="button"
                        class="button"
                        on:click=move |_| open_text.run(context.active.get_untracked())
                    >
                        "Show whole text"
                    </button>
                </Show>
                <CopyButton label="Copy value" text=value glyph=Glyph::Copy/>
                <CopyButton label="Copy pointer" text=pointer glyph=Glyph::Copy/>
                <CopyButton label="Copy JSONPath" text=path(json::json_path) glyph=Glyph::Copy/>
            </div>
        </div>
    }
    .into_any()
}

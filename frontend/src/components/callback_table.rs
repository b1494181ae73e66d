//! The list of callbacks: a table, which on a phone is laid out as cards. Only the rows in sight
//! are in the document.

use super::callback_row::{callback_row, row_clicks};
use super::empty_desk::EmptyDesk;
use crate::hooks::browser::row_around;
use crate::hooks::history::use_history;
use crate::hooks::list::{ListContext, ROWS_ID};
use crate::hooks::location::use_page_location;
use crate::hooks::session::use_session;
use crate::state::history::Load;
use crate::state::list_layout::COLUMNS;
use crate::state::query::{Filters, ListQuery};
use crate::ui::prelude::*;

#[derive(Clone, Debug, PartialEq)]
enum Shown {
    Loading,
    Rows,
    Nothing,
    Failed(String),
}

/// The rows, or what there is to say instead of them.
pub fn callback_table(context: ListContext) -> AnyView {
    let history = use_history();
    let shown = Memo::new(move |_| {
        history.list.with(|list| match &list.load {
            Load::Failed(message) if list.ids().is_empty() => Shown::Failed(message.clone()),
            Load::Loading if list.ids().is_empty() => Shown::Loading,
            Load::Ready if list.ids().is_empty() => Shown::Nothing,
            _ => Shown::Rows,
        })
    });
    let inside = move || match shown.get() {
        Shown::Loading => loading(),
        Shown::Rows => rows(context),
        Shown::Nothing => nothing(),
        Shown::Failed(message) => failed(message),
    };
    inside.into_any()
}

fn rows(context: ListContext) -> AnyView {
    let history = use_history();
    let session = use_session();
    let busy = move || history.list.with(|list| (list.load == Load::Loading).to_string());
    let count = Memo::new(move |_| history.list.with(|list| list.ids().len()));
    // Unknown while there are older ones.
    let told_count = move || {
        let more = history.list.with(|list| list.before.is_some());
        if more { "-1".to_owned() } else { (count.get() + 1).to_string() }
    };
    let all = move || {
        history
            .list
            .with(|list| !list.ids().is_empty() && list.selected().len() == list.ids().len())
    };
    let select_all = move |event| {
        let selected = event_target_checked(&event);
        history.list.update(|list| list.select_all(selected));
    };
    let template = move || {
        let (width, selectable) = (context.width.get(), session.is_admin());
        context.settings.with(|settings| settings.template(width, selectable))
    };
    Effect::new(move |_| context.measure_new());
    // Rows that go do not say that the pointer left them.
    on_cleanup(move || history.hold(false));
    // The roles are said again because `display` takes them away.
    view! {
        <table
            class="callbacks"
            class=("callbacks-compact", move || context.settings.with(|settings| settings.compact))
            role="table"
            aria-label="Callbacks"
            aria-busy=busy
            aria-rowcount=told_count
            style=("--columns", template)
            style=("--row-px", move || context.row_px().to_string())
        >
            <thead role="rowgroup">
                <tr role="row">
                    <Show when=move || session.is_admin()>
                        <th role="columnheader" scope="col" class="cell-select">
                            <input
                                type="checkbox"
                                aria-label="Select all that are loaded"
                                prop:checked=all
                                on:change=select_all
                            />
                        </th>
                    </Show>
                    <th role="columnheader" scope="col">"Signature"</th>
                    <th role="columnheader" scope="col">"Event type"</th>
                    <th role="columnheader" scope="col">"Callback"</th>
                    {heading(context, 0)}
                    {heading(context, 1)}
                    {heading(context, 2)}
                    <th role="columnheader" scope="col">"Received"</th>
                    {heading(context, 3)}
                    <th role="columnheader" scope="col">
                        <span class="visually-hidden">"Viewed"</span>
                    </th>
                </tr>
            </thead>
            <tbody
                role="rowgroup"
                id=ROWS_ID
                style=("--rows", move || count.get().to_string())
                on:pointermove=move |_| history.hold(true)
                on:pointerleave=move |_| history.hold(false)
                on:click=row_clicks(context)
                on:focusin=move |event| context.note_focus(row_around(&event))
                on:focusout=move |_| context.note_focus(None)
            >
                {recycled(
                    move || context.visible.get(),
                    |(_, id)| *id,
                    move |item| callback_row(context, item),
                )}
            </tbody>
        </table>
    }
    .into_any()
}

fn heading(context: ListContext, column: usize) -> AnyView {
    let label = COLUMNS[column].label();
    let shown = Memo::new(move |_| context.columns.get()[column]);
    view! {
        <Show when=move || shown.get()>
            <th role="columnheader" scope="col" class:cell-number=column == 3>{label}</th>
        </Show>
    }
    .into_any()
}

fn loading() -> AnyView {
    view! {
        <div class="state" aria-busy="true">
            <p>"Loading callbacks…"</p>
            <div class="skeleton" aria-hidden="true"></div>
            <div class="skeleton" aria-hidden="true"></div>
            <div class="skeleton" aria-hidden="true"></div>
        </div>
    }
    .into_any()
}

fn nothing() -> AnyView {
    let location = use_page_location();
    let fresh = location.query.with_untracked(|query| query.list == ListQuery::default());
    if fresh {
        return view! { <EmptyDesk/> }.into_any();
    }
    let clear = move |_| location.push(&location.current().with_filters(Filters::default()));
    view! {
        <div class="state">
            <h2>"No callback matches"</h2>
            <p>"Take a filter away, choose a longer time, or look at all callbacks."</p>
            <button type="button" class="button button-primary" on:click=clear>
                "Show all callbacks"
            </button>
        </div>
    }
    .into_any()
}

fn failed(message: String) -> AnyView {
    let history = use_history();
    view! {
        <div class="state" role="alert">
            <h2>"The callbacks could not be read"</h2>
            <p>{message}</p>
            <button type="button" class="button button-primary" on:click=move |_| history.reload()>
                "Try again"
            </button>
        </div>
    }
    .into_any()
}

//! The list of callbacks: a table, which on a phone is laid out as cards.

use super::callback_row::CallbackRow;
use super::empty_desk::EmptyDesk;
use crate::hooks::history::use_history;
use crate::hooks::location::use_page_location;
use crate::hooks::session::use_session;
use crate::state::history::Load;
use crate::state::query::{Filters, ListQuery};
use leptos::prelude::*;

#[derive(Clone, Debug, PartialEq)]
enum Shown {
    Loading,
    Rows,
    Nothing,
    Failed(String),
}

/// The rows, or what there is to say instead of them.
#[component]
pub fn CallbackTable() -> impl IntoView {
    let history = use_history();
    let shown = Memo::new(move |_| {
        history.list.with(|list| match &list.load {
            Load::Failed(message) => Shown::Failed(message.clone()),
            Load::Loading if list.rows().is_empty() => Shown::Loading,
            Load::Ready if list.rows().is_empty() => Shown::Nothing,
            _ => Shown::Rows,
        })
    });
    move || match shown.get() {
        Shown::Loading => view! { <Loading/> }.into_any(),
        Shown::Rows => view! { <Rows/> }.into_any(),
        Shown::Nothing => view! { <Nothing/> }.into_any(),
        Shown::Failed(message) => view! { <Failed message/> }.into_any(),
    }
}

#[component]
fn Rows() -> impl IntoView {
    let history = use_history();
    let session = use_session();
    let busy = move || history.list.with(|list| (list.load == Load::Loading).to_string());
    let ids = Memo::new(move |_| {
        history.list.with(|list| list.rows().iter().map(|row| row.id).collect::<Vec<_>>())
    });
    let all = move || {
        history
            .list
            .with(|list| !list.rows().is_empty() && list.selected().len() == list.rows().len())
    };
    let select_all = move |event| {
        let selected = event_target_checked(&event);
        history.list.update(|list| list.select_all(selected));
    };
    // The roles are said again because the cards' `display` takes them away.
    view! {
        <table class="callbacks" role="table" aria-label="Callbacks" aria-busy=busy>
            <thead role="rowgroup">
                <tr role="row">
                    <Show when=move || session.is_admin()>
                        <th role="columnheader" scope="col" class="cell-select">
                            <input
                                type="checkbox"
                                aria-label="Select all on this page"
                                prop:checked=all
                                on:change=select_all
                            />
                        </th>
                    </Show>
                    <th role="columnheader" scope="col">"Signature"</th>
                    <th role="columnheader" scope="col">"Event type"</th>
                    <th role="columnheader" scope="col">"Callback"</th>
                    <th role="columnheader" scope="col">"Source"</th>
                    <th role="columnheader" scope="col">"Job"</th>
                    <th role="columnheader" scope="col">"Workflow"</th>
                    <th role="columnheader" scope="col">"Received"</th>
                    <th role="columnheader" scope="col" class="cell-number">"Deliveries"</th>
                    <th role="columnheader" scope="col">
                        <span class="visually-hidden">"Viewed"</span>
                    </th>
                </tr>
            </thead>
            <tbody role="rowgroup">
                <For each=move || ids.get() key=|id| *id let:id>
                    <CallbackRow id/>
                </For>
            </tbody>
        </table>
    }
}

#[component]
fn Loading() -> impl IntoView {
    view! {
        <div class="state" aria-busy="true">
            <p>"Loading callbacks…"</p>
            <div class="skeleton" aria-hidden="true"></div>
            <div class="skeleton" aria-hidden="true"></div>
            <div class="skeleton" aria-hidden="true"></div>
        </div>
    }
}

#[component]
fn Nothing() -> impl IntoView {
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

#[component]
fn Failed(message: String) -> impl IntoView {
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
}

//! The callbacks: filters, list, pages.

use crate::components::callback_table::CallbackTable;
use crate::components::filters::FilterBar;
use crate::components::toolbar::{ArrivalsButton, MarkViewedButtons, Pager};
use crate::hooks::keys::use_list_keys;
use leptos::prelude::*;

/// The history of callbacks.
#[component]
pub fn CallbacksPage() -> impl IntoView {
    use_list_keys();
    view! {
        <div class="page-head">
            <h1>"Callbacks"</h1>
            <ArrivalsButton/>
            <span class="spacer"></span>
            <MarkViewedButtons/>
        </div>
        <FilterBar/>
        <CallbackTable/>
        <Pager/>
    }
}

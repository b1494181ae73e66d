//! The callbacks: filters, list, reading on.

use crate::components::callback_table::callback_table;
use crate::components::filters::filter_bar;
use crate::components::list_settings::list_settings;
use crate::components::toolbar::{head_buttons, list_bar, pager};
use crate::hooks::history::use_history;
use crate::hooks::keys::use_list_keys;
use crate::hooks::list::provide_list;
use crate::ui::prelude::*;

/// The history of callbacks.
#[component]
pub fn CallbacksPage() -> impl IntoView {
    let list = provide_list();
    use_list_keys(list);
    // Who comes back to the list sees the page at once.
    let is_back = use_history().list.with_untracked(|list| !list.ids().is_empty());
    let table = move || callback_table(list);
    view! {
        <div class="page-head">
            <h1>"Callbacks"</h1>
            <span class="spacer"></span>
            {head_buttons(list)}
            {list_settings(list)}
        </div>
        {filter_bar()}
        {list_bar(list)}
        {if is_back { later(table) } else { table() }}
        {pager()}
    }
    .into_any()
}

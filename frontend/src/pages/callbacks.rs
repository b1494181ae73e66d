//! The callbacks: filters, list, reading on.

use crate::components::callback_table::callback_table;
use crate::components::filters::filter_bar;
use crate::components::list_settings::list_settings;
use crate::components::toolbar::{arrivals_button, mark_buttons, pager};
use crate::hooks::keys::use_list_keys;
use crate::hooks::list::provide_list;
use crate::ui::prelude::*;

/// The history of callbacks.
#[component]
pub fn CallbacksPage() -> impl IntoView {
    let list = provide_list();
    use_list_keys(list);
    view! {
        <div class="page-head">
            <h1>"Callbacks"</h1>
            <span class="spacer"></span>
            {mark_buttons(list)}
            {list_settings(list)}
        </div>
        {filter_bar()}
        {arrivals_button()}
        {callback_table(list)}
        {pager()}
    }
    .into_any()
}

//! Who sends callbacks, and how they sign.

use crate::components::source_card::SourceCard;
use crate::components::source_form::SourceForm;
use crate::hooks::browser::focus_id;
use crate::hooks::session::use_session;
use crate::hooks::sources::provide_sources;
use crate::ui::prelude::*;

/// Every source as a card, and the form that adds one.
#[component]
pub fn SourcesPage() -> impl IntoView {
    let sources = provide_sources();
    let session = use_session();
    let adding = RwSignal::new(false);
    let close = Callback::new(move |()| {
        adding.set(false);
        request_animation_frame(|| {
            focus_id("add-source-button");
        });
    });
    let names = Memo::new(move |_| {
        sources.list.with(|list| {
            let list = list.as_deref().unwrap_or_default();
            list.iter().map(|one| one.name.clone()).collect::<Vec<_>>()
        })
    });
    let can_add = move || session.is_admin() && !adding.get();
    let is_loading =
        move || sources.list.with(Option::is_none) && sources.error.with(String::is_empty);
    view! {
        <div class="sources">
            <div class="page-head">
                <h1>"Sources"</h1>
                <Show when=can_add>
                    <button
                        type="button"
                        id="add-source-button"
                        class="button button-primary"
                        on:click=move |_| adding.set(true)
                    >
                        "Add a source"
                    </button>
                </Show>
            </div>
            <p class="form-error" role="alert">{sources.error}</p>
            <Show when=move || adding.get()>
                <SourceForm close/>
            </Show>
            <Show when=is_loading>
                <div class="skeleton" aria-hidden="true"></div>
            </Show>
            {keyed(move || names.get(), Clone::clone, |name| view! { <SourceCard name/> })}
        </div>
    }
}

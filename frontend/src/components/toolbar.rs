//! Around the list: what to do with it, what waits, and the way on.

use super::icon::{Glyph, Icon};
use crate::hooks::feed::use_feed;
use crate::hooks::history::use_history;
use crate::hooks::list::ListContext;
use crate::hooks::location::use_page_location;
use crate::hooks::session::use_session;
use crate::state::history::{History, Load, More};
use crate::state::query::Page;
use crate::ui::prelude::*;

/// `3 new – show`, over the list; nothing while nothing waits.
pub fn arrivals_button() -> AnyView {
    let history = use_history();
    let arrivals = Memo::new(move |_| history.list.with(History::arrivals));
    view! {
        <Show when=move || arrivals.get() != 0>
            <div class="arrivals-place">
                <button type="button" class="button arrivals" on:click=move |_| history.show_arrivals()>
                    <Icon glyph=Glyph::ArrowUp/>
                    {move || arrivals.get().to_string() + " new – show"}
                </button>
            </div>
        </Show>
    }
    .into_any()
}

/// Marks the selected callbacks or all of them as viewed, and takes it back; for admins.
pub fn mark_buttons(list: ListContext) -> AnyView {
    let history = use_history();
    let feed = use_feed();
    let session = use_session();
    let selected = Memo::new(move |_| history.list.with(|list| list.selected().len()));
    let mark_selected = move |_| {
        list.mark(history.list.with_untracked(|list| list.selected().clone()));
    };
    let clear = move |_| history.list.update(|list| list.select_all(false));
    let undo = move || {
        list.undo.get().map(|(marked, _)| {
            view! {
                <span class="undo">
                    <span class="quiet">{marked.to_string() + " marked as viewed"}</span>
                    <button type="button" class="button" on:click=move |_| list.take_back()>"Undo"</button>
                </span>
            }
        })
    };
    view! {
        <Show when=move || session.is_admin()>
            {undo}
            <Show when=move || selected.get() != 0>
                <button type="button" class="button button-primary" on:click=mark_selected>
                    <Icon glyph=Glyph::Eye/>
                    {move || ["Mark ", &selected.get().to_string(), " selected as viewed"].concat()}
                </button>
                <button type="button" class="button" on:click=clear>"Clear selection"</button>
            </Show>
            <button
                type="button"
                class="button"
                prop:disabled=move || feed.unviewed.get() == 0 || feed.cursor.with(Option::is_none)
                on:click=move |_| list.mark_all()
            >
                <Icon glyph=Glyph::CheckCheck/>
                "Mark all as viewed"
            </button>
        </Show>
    }
    .into_any()
}

/// Below the list: older callbacks come by themselves, and by a button; a list that begins in the
/// past leads back to the newest.
pub fn pager() -> AnyView {
    let history = use_history();
    let location = use_page_location();
    let has_older = Memo::new(move |_| history.list.with(|list| list.before.is_some()));
    let more = Memo::new(move |_| history.list.with(|list| list.more.clone()));
    let count = Memo::new(move |_| history.list.with(|list| list.ids().len()));
    let is_ready = move || history.list.with(|list| list.load == Load::Ready);
    let in_past = move || location.query.with(|query| query.list.page != Page::First);
    let newest = move |_| location.push(&location.current().with_page(Page::First));
    let told = move || match (more.get(), has_older.get()) {
        (More::Loading, _) => "Loading older callbacks…".to_owned(),
        (More::Failed(message), _) => message,
        (More::Idle, true) => count.get().to_string() + " shown, there are more",
        (More::Idle, false) if count.get() == 0 => String::new(),
        (More::Idle, false) => count.get().to_string() + " shown, that is all",
    };
    view! {
        <nav class="pager" aria-label="Pages">
            <Show when=in_past>
                <button type="button" class="button" on:click=newest>
                    <Icon glyph=Glyph::ArrowLeft/>
                    "Newest"
                </button>
            </Show>
            <Show when=is_ready>
                <p class="quiet">{told}</p>
                <Show when=move || has_older.get()>
                    <button
                        type="button"
                        class="button"
                        prop:disabled=move || more.get() == More::Loading
                        on:click=move |_| history.read_on(true)
                    >
                        "Older"
                        <Icon glyph=Glyph::ArrowRight/>
                    </button>
                </Show>
            </Show>
        </nav>
    }
    .into_any()
}

//! Around the list: what to do with it, what waits, and the way on.

use super::icon::{Glyph, Icon};
use crate::hooks::feed::use_feed;
use crate::hooks::history::{use_history, use_pause};
use crate::hooks::list::ListContext;
use crate::hooks::location::use_page_location;
use crate::hooks::preferences::use_preferences;
use crate::hooks::session::use_session;
use crate::state::history::{History, Load, More};
use crate::state::query::Page;
use crate::ui::prelude::*;

/// Over the list, where nothing moves for it: what waits, what is selected, what can be taken back.
pub fn list_bar(list: ListContext) -> AnyView {
    let history = use_history();
    let failed = Memo::new(move |_| history.list.with(History::failed_reload));
    let failure = move || {
        failed.get().map(|message| {
            view! {
                <p role="alert">
                    "The list could not be read again: "
                    {message}
                    " "
                    <button type="button" class="button" on:click=move |_| history.reload()>
                        "Try again"
                    </button>
                </p>
            }
        })
    };
    let session = use_session();
    let arrivals = Memo::new(move |_| history.list.with(History::arrivals));
    let selected = Memo::new(move |_| history.list.with(|list| list.selected().len()));
    let mark_selected = move |_| {
        list.mark(history.list.with_untracked(|list| list.selected().clone()));
    };
    let clear = move |_| history.list.update(|list| list.select_all(false));
    let undo = move || {
        let marked = list.undo.get().filter(|_| selected.get() == 0);
        marked.map(|(marked, _)| {
            view! {
                <span class="undo">
                    <span class="quiet">{marked.to_string() + " marked as viewed"}</span>
                    <button type="button" class="button" on:click=move |_| list.take_back()>"Undo"</button>
                </span>
            }
        })
    };
    view! {
        {failure}
        <div class="list-bar">
            <Show when=move || arrivals.get() != 0>
                <button type="button" class="button arrivals" on:click=move |_| history.show_arrivals()>
                    <Icon glyph=Glyph::ArrowUp/>
                    {move || arrivals.get().to_string() + " new – show"}
                </button>
            </Show>
            <Show when=move || session.is_admin()>
                <div class="list-marks">
                    {undo}
                    <Show when=move || selected.get() != 0>
                        <button type="button" class="button button-primary" on:click=mark_selected>
                            <Icon glyph=Glyph::Eye/>
                            <span>
                                {move || "Mark ".to_owned() + &selected.get().to_string()}
                                <span class="collapsible-word">" selected as viewed"</span>
                            </span>
                        </button>
                        <button type="button" class="button" on:click=clear>
                            <span>"Clear" <span class="collapsible-word">" selection"</span></span>
                        </button>
                    </Show>
                </div>
            </Show>
        </div>
    }
    .into_any()
}

/// Keeps the list still, and marks all as viewed; the latter for admins.
pub fn head_buttons(list: ListContext) -> AnyView {
    let pause = use_pause();
    let preferences = use_preferences();
    let feed = use_feed();
    let session = use_session();
    view! {
        <button
            type="button"
            class="button"
            title="Let new callbacks wait (p)"
            aria-pressed=move || (!preferences.get().at_once).to_string()
            on:click=move |_| pause.run(())
        >
            <Icon glyph=Glyph::Pause/>
            <span class="collapsible-word">"Pause the list"</span>
        </button>
        <Show when=move || session.is_admin()>
            <button
                type="button"
                class="button"
                prop:disabled=move || feed.unviewed.get() == 0 || feed.cursor.with(Option::is_none)
                on:click=move |_| list.mark_all()
            >
                <Icon glyph=Glyph::CheckCheck/>
                <span>"Mark all" <span class="collapsible-word">" as viewed"</span></span>
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
    let has_newer = move || history.list.with(|list| list.after.is_some());
    let newer = move |_| {
        if let Some(after) = untrack(|| history.list.with(|list| list.after.clone())) {
            location.push(&location.current().with_page(Page::After(after)));
        }
    };
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
                <Show when=has_newer>
                    <button type="button" class="button" on:click=newer>"Newer"</button>
                </Show>
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

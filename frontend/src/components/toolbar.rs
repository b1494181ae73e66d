//! Above and below the list: what to do with it, and the way to other pages.

use super::icon::{Glyph, Icon};
use crate::api;
use crate::hooks::announcer::use_announcer;
use crate::hooks::feed::use_feed;
use crate::hooks::history::use_history;
use crate::hooks::location::use_page_location;
use crate::hooks::session::use_session;
use crate::state::history::History;
use crate::state::query::Page;
use leptos::prelude::*;
use leptos::task::spawn_local;
use ringback_wire::MarkViewedRequest;

/// `3 new – show`; nothing while nothing waits.
#[component]
pub fn ArrivalsButton() -> impl IntoView {
    let history = use_history();
    let arrivals = Memo::new(move |_| history.list.with(History::arrivals));
    view! {
        <Show when=move || arrivals.get() != 0>
            <button type="button" class="button arrivals" on:click=move |_| history.show_arrivals()>
                {move || format!("{} new – show", arrivals.get())}
            </button>
        </Show>
    }
}

/// Marks the selected callbacks or all of them as viewed; for admins.
#[component]
pub fn MarkViewedButtons() -> impl IntoView {
    let history = use_history();
    let feed = use_feed();
    let session = use_session();
    let announcer = use_announcer();
    let selected = Memo::new(move |_| history.list.with(|list| list.selected().len()));
    let mark_selected = move |_| {
        let ids = history.list.with_untracked(|list| list.selected().clone());
        spawn_local(async move {
            let Some(answer) = history.mark_viewed(ids).await else {
                return announcer.say("Could not mark as viewed. Try again.".to_owned());
            };
            feed.unviewed.try_set(answer.unviewed);
            announcer.say(format!("{} marked as viewed", answer.marked));
        });
    };
    let mark_all = move |_| {
        let through = feed.cursor.get_untracked();
        spawn_local(async move {
            let request = MarkViewedRequest { ids: None, through };
            let Ok(answer) = api::mark_viewed(&request).await else {
                return announcer.say("Could not mark as viewed. Try again.".to_owned());
            };
            feed.unviewed.try_set(answer.unviewed);
            history.reload();
            announcer.say(format!("{} marked as viewed", answer.marked));
        });
    };
    view! {
        <Show when=move || session.is_admin()>
            <Show when=move || selected.get() != 0>
                <button type="button" class="button" on:click=mark_selected>
                    <Icon glyph=Glyph::Eye/>
                    {move || format!("Mark {} selected as viewed", selected.get())}
                </button>
            </Show>
            <button
                type="button"
                class="button"
                prop:disabled=move || feed.unviewed.get() == 0 || feed.cursor.with(Option::is_none)
                on:click=mark_all
            >
                <Icon glyph=Glyph::CheckCheck/>
                "Mark all as viewed"
            </button>
        </Show>
    }
}

/// Newer and Older.
#[component]
pub fn Pager() -> impl IntoView {
    let history = use_history();
    let location = use_page_location();
    let newer = Memo::new(move |_| history.list.with(|list| list.after.clone()));
    let older = Memo::new(move |_| history.list.with(|list| list.before.clone()));
    let go = move |page: Option<Page>| {
        if let Some(page) = page {
            location.push(&location.current().with_page(page));
        }
    };
    view! {
        <nav class="pager" aria-label="Pages">
            <button
                type="button"
                class="button"
                prop:disabled=move || newer.with(Option::is_none)
                on:click=move |_| go(newer.get_untracked().map(Page::After))
            >
                <Icon glyph=Glyph::ArrowLeft/>
                "Newer"
            </button>
            <button
                type="button"
                class="button"
                prop:disabled=move || older.with(Option::is_none)
                on:click=move |_| go(older.get_untracked().map(Page::Before))
            >
                "Older"
                <Icon glyph=Glyph::ArrowRight/>
            </button>
        </nav>
    }
}

//! The notification centre: a bell with a count, and behind it what was told.

use super::icon::{Glyph, Icon};
use super::time_ago::TimeAgo;
use super::verdict::VerdictBadge;
use crate::hooks::browser::{hide_popover, is_opening};
use crate::hooks::feed::use_feed;
use crate::hooks::notices::use_notices;
use crate::hooks::windows::use_windows;
use crate::state::notices::{Notices, Told};
use crate::ui::prelude::*;

const ID: &str = "notice-centre";

/// The bell. What it opens closes with Escape or a click elsewhere: it is the browser's popover.
#[component]
pub fn NoticeCentre() -> impl IntoView {
    let notices = use_notices();
    let feed = use_feed();
    let label = move || match notices.unread() {
        0 => "Notification centre".to_owned(),
        unread => format!("Notification centre, {unread} unread"),
    };
    let count = move || match notices.unread() {
        0 => None,
        unread => Some(view! { <span class="count">{unread}</span> }.into_any()),
    };
    // A list that nobody sees is not kept up to date: ten thousand may arrive meanwhile.
    let open = RwSignal::new(false);
    let toggled = move |event: crate::ui::ev::Event| {
        open.set(is_opening(&event));
        if is_opening(&event) {
            feed.read_and_tell();
        }
    };
    view! {
        <button
            type="button"
            class="button button-quiet bell"
            popovertarget=ID
            aria-label=label
            title=label
        >
            <Icon glyph=Glyph::Bell/>
            {count}
        </button>
        <section
            id=ID
            class="notices"
            popover="auto"
            role="dialog"
            aria-label="Notification centre"
            on:toggle=toggled
        >
            {move || open.get().then(|| view! { <NoticeList/> }.into_any())}
        </section>
    }
}

#[component]
fn NoticeList() -> impl IntoView {
    let notices = use_notices();
    // Nothing is told by a line too.
    let ids = move || -> Vec<i64> {
        let ids = notices.list.with(Notices::ids);
        if ids.is_empty() { vec![0] } else { ids }
    };
    let line = move |id| line(notices.list.with_untracked(|list| list.told(id)));
    view! {
        <div class="notices-head">
            <h2>"Notifications"</h2>
            <button
                type="button"
                class="button button-quiet"
                on:click=move |_| notices.list.update(Notices::clear)
            >
                "Clear"
            </button>
        </div>
        // Lines that are there already stay, with the focus that may be on one.
        <ol role="list">{keyed(ids, |id| *id, line)}</ol>
    }
}

fn line(told: Option<Told>) -> AnyView {
    let content = match told {
        None => {
            view! { <p class="quiet">"Nothing was told since this page was opened."</p> }.into_any()
        }
        Some(Told::Text(text)) => view! { <p>{text}</p> }.into_any(),
        Some(Told::Callback(row)) => {
            let windows = use_windows();
            let id = row.id.to_string();
            let open = move |_| {
                hide_popover();
                windows.open(&id);
            };
            let event_type = match row.event_type.as_str() {
                "" => "New callback".to_owned(),
                named => named.to_owned(),
            };
            view! {
                <button type="button" class="notice" on:click=open>
                    <VerdictBadge signature=row.signature/>
                    <span>
                        <strong>{event_type}</strong>
                        <span class="mono">{row.callback_id}</span>
                    </span>
                    <TimeAgo at=row.received_at/>
                </button>
            }
            .into_any()
        }
    };
    view! { <li>{content}</li> }.into_any()
}

//! The head of every page of the desk.

use super::icon::{Glyph, Icon};
use super::notice_centre::NoticeCentre;
use crate::api::{self, ApiError};
use crate::hooks::alerts::use_alerts;
use crate::hooks::announcer::use_announcer;
use crate::hooks::browser::focus_id;
use crate::hooks::commands::{Overlay, use_commands};
use crate::hooks::complaints::use_complaints;
use crate::hooks::feed::use_feed;
use crate::hooks::router::use_router;
use crate::hooks::session::use_session;
use crate::hooks::theme::use_theme;
use crate::state::poller::Connection;
use crate::state::preferences::Choice;
use crate::state::route::Route;
use crate::state::theme::Theme;
use crate::ui::prelude::*;
use gloo_timers::callback::Timeout;

/// Name, tabs, connection, theme and the way out.
#[component]
pub fn AppHeader() -> impl IntoView {
    let feed = use_feed();
    let session = use_session();
    let alerts = use_alerts();
    let count = move || match feed.unviewed.get() {
        0 => String::new(),
        1_000.. => "1,000+".to_owned(),
        unviewed => unviewed.to_string(),
    };
    let router = use_router();
    let tab = move |(route, href, _): &(Route, &'static str, &'static str)| {
        let (route, href) = (*route, *href);
        let count = move || {
            let (count, of) = match route {
                Route::Callbacks => (count(), " not viewed"),
                Route::Alerts => match alerts.now.with(|now| now.unread) {
                    0 => return None,
                    unread => (unread.to_string(), " not acknowledged"),
                },
                _ => return None,
            };
            let badge = || {
                view! { <span class="count">{count.clone()} <span class="visually-hidden">{of}</span></span> }
                    .into_any()
            };
            (!count.is_empty()).then(badge)
        };
        view! {
            <a class="tab" href=href aria-current=move || (router.route() == route).then_some("page")>
                {route.title()}
                {count}
            </a>
        }
        .into_any()
    };
    view! {
        <header class="app-header">
            <p class="brand"><Icon glyph=Glyph::PhoneIncoming/> "Ringback"</p>
            <nav aria-label="Main">{Route::TABS.iter().map(tab).collect_view()}</nav>
            <ConnectionChip/>
            <div class="header-actions">
                <NoticeCentre/>
                <PaletteButton/>
                <ThemeToggle/>
                <span class="who" title="Signed in as">{move || session.name()}</span>
                <SignOutButton/>
            </div>
        </header>
    }
}

/// Leads past the header for those who tab.
#[component]
pub fn SkipLink() -> impl IntoView {
    let skip = move |event: crate::ui::ev::MouseEvent| {
        event.prevent_default();
        focus_id("main");
    };
    view! { <a class="skip-link" href="#main" on:click=skip>"Skip to the callbacks"</a> }
}

/// After so long it is an alert that there is no connection.
const LOST_LONG_MS: u32 = 60_000;

#[component]
fn ConnectionChip() -> impl IntoView {
    let feed = use_feed();
    let state = move || told(feed.connection.get()).0;
    let word = move || match feed.connection.get() {
        Connection::Retrying { after_ms } => {
            ["Retrying in ", &after_ms.div_ceil(1_000).to_string(), " s"].concat()
        }
        connection => told(connection).1.to_owned(),
    };
    // Each second of a countdown is no news.
    let trouble = Memo::new(move |_| match told(feed.connection.get()) {
        ("good", _) => String::new(),
        (_, word) => word.to_owned(),
    });
    let announcer = use_announcer();
    Effect::new(move |_| {
        let trouble = trouble.get();
        if !trouble.is_empty() {
            announcer.say(trouble);
        }
    });
    let is_lost = Memo::new(move |_| !trouble.with(String::is_empty));
    let lost_long = RwSignal::new(false);
    let alarm = StoredValue::new(None);
    Effect::new(move |_| {
        lost_long.set(false);
        let wait = || Timeout::new(LOST_LONG_MS, move || lost_long.set(true));
        alarm.set_value(is_lost.get().then(wait));
    });
    view! {
        <Show when=move || lost_long.get()>
            <p class="visually-hidden" role="alert">
                "No connection for a minute. What arrives is stored, and shown when it is back."
            </p>
        </Show>
        <div class="connection" data-state=state role="group" aria-label="Connection">
            <span class="connection-dot" aria-hidden="true"></span>
            <span class="connection-word">{word}</span>
            <button
                type="button"
                class="button button-icon button-quiet"
                aria-label="Check now"
                title="Check now"
                on:click=move |_| feed.nudge()
            >
                <Icon glyph=Glyph::Refresh/>
            </button>
        </div>
    }
}

/// How good it is, and the word for it.
fn told(connection: Connection) -> (&'static str, &'static str) {
    match connection {
        Connection::Connecting => ("good", "Connecting"),
        Connection::Live => ("good", "Live"),
        Connection::Polling => ("good", "Polling"),
        Connection::Retrying { .. } => ("waiting", "Retrying"),
        Connection::Offline => ("bad", "Offline"),
        Connection::SignedOut => ("bad", "Signed out"),
        Connection::Refused => ("bad", "Refused"),
    }
}

/// Shows that there is a palette to those who do not know its keys.
#[component]
fn PaletteButton() -> impl IntoView {
    let commands = use_commands();
    view! {
        <button
            type="button"
            class="button button-icon button-quiet"
            aria-label="Command palette"
            title="Command palette (Ctrl/⌘+K)"
            on:click=move |_| commands.toggle(Overlay::Palette)
        >
            <Icon glyph=Glyph::Command/>
        </button>
    }
}

/// System, light, dark, in turn.
#[component]
pub fn ThemeToggle() -> impl IntoView {
    let theme = use_theme();
    let label = move || "Theme: ".to_owned() + theme.get().word();
    let glyph = move || match theme.get() {
        Theme::System => Glyph::Monitor,
        Theme::Light => Glyph::Sun,
        Theme::Dark => Glyph::Moon,
    };
    view! {
        <button
            type="button"
            class="button button-icon button-quiet"
            aria-label=label
            title=label
            on:click=move |_| theme.toggle()
        >
            {move || view! { <Icon glyph=glyph()/> }}
        </button>
    }
}

#[component]
fn SignOutButton() -> impl IntoView {
    let session = use_session();
    let router = use_router();
    let complaints = use_complaints();
    let sign_out = move |_| {
        spawn_local(async move {
            match api::sign_out().await {
                Ok(()) | Err(ApiError::SignedOut) => {
                    router.push("/sign-in");
                    session.signed_out();
                }
                // Who leaves a desk that is still open has to know.
                Err(error) => {
                    complaints.tell("You are still signed in. ".to_owned() + &error.message());
                }
            }
        });
    };
    view! {
        <button type="button" class="button button-quiet" on:click=sign_out>
            <Icon glyph=Glyph::LogOut/>
            <span class="collapsible-word">"Sign out"</span>
        </button>
    }
}

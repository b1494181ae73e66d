//! The frame of everything behind sign-in: header, warnings, windows and notifications.

use crate::components::app_header::{AppHeader, SkipLink};
use crate::components::detail_window::DetailWindows;
use crate::components::palette::Overlays;
use crate::components::toast_list::ToastList;
use crate::components::warning_banner::WarningBanner;
use crate::hooks::alerts::provide_alerts;
use crate::hooks::announcer::provide_announcer;
use crate::hooks::choices::provide_choices;
use crate::hooks::clock::provide_clock;
use crate::hooks::commands::provide_commands;
use crate::hooks::feed::provide_feed;
use crate::hooks::history::provide_history;
use crate::hooks::keys::use_desk_keys;
use crate::hooks::location::provide_page_location;
use crate::hooks::notices::provide_notices;
use crate::hooks::pointed::use_pointed;
use crate::hooks::router::use_router;
use crate::hooks::session::{Session, use_session};
use crate::hooks::toasts::provide_toasts;
use crate::hooks::windows::provide_windows;
use crate::pages::alerts::AlertsPage;
use crate::pages::callbacks::CallbacksPage;
use crate::pages::settings::SettingsPage;
use crate::pages::sources::SourcesPage;
use crate::state::route::Route;
use crate::ui::prelude::*;

/// Shows the desk to who is signed in. Asks the server who that is; an answer that nobody is leads
/// to sign-in.
#[component]
pub fn DeskPage() -> impl IntoView {
    let session = use_session();
    let load = move || {
        spawn_local(async move { session.load().await });
    };
    if !untrack(|| session.is_signed_in()) {
        load();
    }
    let state = Memo::new(move |_| match session.get() {
        Session::Failed(message) => Err(message),
        _ => Ok(session.is_signed_in()),
    });
    move || match state.get() {
        Ok(true) => view! { <Desk/> }.into_any(),
        Ok(false) => {
            view! { <main class="centred" aria-busy="true"><p>"Loading…"</p></main> }.into_any()
        }
        Err(message) => view! {
            <main class="centred">
                <div class="state" role="alert">
                    <h1>"Ringback cannot be reached"</h1>
                    <p>{message}</p>
                    <button type="button" class="button button-primary" on:click=move |_| load()>
                        "Try again"
                    </button>
                </div>
            </main>
        }
        .into_any(),
    }
}

#[component]
fn Desk() -> impl IntoView {
    // The order is that of need: the feed hands what arrives to all the others.
    let router = use_router();
    let location = provide_page_location();
    let clock = provide_clock();
    provide_announcer();
    provide_history(location);
    provide_notices();
    provide_toasts();
    provide_alerts();
    provide_choices();
    provide_windows();
    provide_feed(clock);
    provide_commands();
    use_desk_keys();
    use_pointed(clock);
    view! {
        <SkipLink/>
        <AppHeader/>
        {move || (router.route() != Route::Alerts).then(|| view! { <WarningBanner/> }.into_any())}
        <main id="main" tabindex="-1">
            {move || page(router.route())}
        </main>
        <DetailWindows/>
        <ToastList/>
        <Overlays/>
    }
}

/// The page inside the frame.
fn page(route: Route) -> AnyView {
    match route {
        Route::Callbacks => view! { <CallbacksPage/> }.into_any(),
        Route::Settings => view! { <SettingsPage/> }.into_any(),
        Route::Sources => view! { <SourcesPage/> }.into_any(),
        Route::Alerts => view! { <AlertsPage/> }.into_any(),
        // These are shown without the frame.
        Route::SignIn | Route::SetUp | Route::NotFound => ().into_any(),
    }
}

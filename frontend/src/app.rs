//! The route table.

use crate::hooks::browser::mark_ready;
use crate::hooks::preferences::provide_preferences;
use crate::hooks::router::provide_router;
use crate::hooks::session::provide_session;
use crate::hooks::theme::provide_theme;
use crate::pages::desk::DeskPage;
use crate::pages::not_found::NotFoundPage;
use crate::pages::set_up::SetUpPage;
use crate::pages::sign_in::SignInPage;
use crate::state::route::Route;
use crate::ui::prelude::*;

/// The whole app.
#[component]
pub fn App() -> impl IntoView {
    provide_theme();
    provide_preferences();
    let router = provide_router();
    provide_session();
    Effect::new(|_| mark_ready());
    // One frame for all pages of the desk: its windows and its feed stay when the page changes.
    let frame = Memo::new(move |_| match router.route() {
        route if route.is_desk() => None,
        route => Some(route),
    });
    move || match frame.get() {
        None => view! { <DeskPage/> }.into_any(),
        Some(Route::SignIn) => view! { <SignInPage/> }.into_any(),
        Some(Route::SetUp) => view! { <SetUpPage/> }.into_any(),
        Some(_) => view! { <NotFoundPage/> }.into_any(),
    }
}

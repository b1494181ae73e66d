//! The route table.

use crate::hooks::browser::mark_ready;
use crate::hooks::session::provide_session;
use crate::hooks::theme::provide_theme;
use crate::pages::callbacks::CallbacksPage;
use crate::pages::desk::DeskPage;
use crate::pages::not_found::NotFoundPage;
use crate::pages::set_up::SetUpPage;
use crate::pages::sign_in::SignInPage;
use leptos::prelude::*;
use leptos_router::components::{ParentRoute, Route, Router, Routes};
use leptos_router::path;

/// The whole app.
#[component]
pub fn App() -> impl IntoView {
    provide_theme();
    Effect::new(|_| mark_ready());
    view! {
        <Router>
            <Pages/>
        </Router>
    }
}

#[component]
fn Pages() -> impl IntoView {
    provide_session();
    view! {
        <Routes fallback=NotFoundPage>
            <Route path=path!("/sign-in") view=SignInPage/>
            <Route path=path!("/setup") view=SetUpPage/>
            <ParentRoute path=path!("") view=DeskPage>
                <Route path=path!("") view=CallbacksPage/>
            </ParentRoute>
        </Routes>
    }
}

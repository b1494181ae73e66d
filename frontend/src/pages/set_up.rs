//! Set-up: the first admin, by the link that the server printed.

use super::sign_in::FormError;
use crate::api;
use crate::components::app_header::ThemeToggle;
use crate::components::icon::{Glyph, Icon};
use crate::hooks::browser::{focus_id, set_title};
use crate::hooks::session::use_session;
use crate::state::url::find_parameter;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use ringback_wire::{SessionResponse, SetUpRequest};

const LEAST_CHARACTERS: usize = 12;

/// Name and password of the first admin.
#[component]
pub fn SetUpPage() -> impl IntoView {
    set_title("Set up · Ringback");
    let form = use_set_up();
    // The page is attached to the document only after its effects have run.
    request_animation_frame(|| {
        focus_id("name");
    });
    view! {
        <main class="centred" id="main">
            <div class="card">
                <div class="card-head">
                    <p class="brand"><Icon glyph=Glyph::PhoneIncoming/> "Ringback"</p>
                    <ThemeToggle/>
                </div>
                <h1>"Set up Ringback"</h1>
                <p>"Make the first admin account. The link you followed is good once."</p>
                <form on:submit=move |event| form.submit(event)>
                    <label class="field">
                        <span>"Name"</span>
                        <input id="name" name="name" autocomplete="username" required bind:value=form.name/>
                    </label>
                    <label class="field">
                        <span>"Password"</span>
                        <input
                            name="password"
                            type="password"
                            autocomplete="new-password"
                            aria-describedby="password-hint"
                            required
                            bind:value=form.password
                        />
                    </label>
                    <p class="quiet" id="password-hint">"At least 12 characters."</p>
                    <FormError message=form.error/>
                    <button class="button button-primary" prop:disabled=move || form.busy.get()>
                        "Create account"
                    </button>
                </form>
            </div>
        </main>
    }
}

#[derive(Clone, Copy)]
struct SetUpForm {
    name: RwSignal<String>,
    password: RwSignal<String>,
    error: RwSignal<String>,
    busy: RwSignal<bool>,
    token: Memo<String>,
    go_on: Callback<SessionResponse>,
}

fn use_set_up() -> SetUpForm {
    let session = use_session();
    let navigate = StoredValue::new_local(use_navigate());
    let search = use_location().search;
    let go_on = Callback::new(move |who| {
        session.signed_in(who);
        let options = NavigateOptions { replace: true, ..NavigateOptions::default() };
        navigate.with_value(|navigate| navigate("/", options));
    });
    SetUpForm {
        name: RwSignal::default(),
        password: RwSignal::default(),
        error: RwSignal::default(),
        busy: RwSignal::new(false),
        token: Memo::new(move |_| find_parameter(&search.get(), "token").unwrap_or_default()),
        go_on,
    }
}

impl SetUpForm {
    fn submit(self, event: SubmitEvent) {
        event.prevent_default();
        let password = self.password.get_untracked();
        if let Some(error) = check(&self.token.get_untracked(), &password) {
            return self.error.set(error.to_owned());
        }
        let name = self.name.get_untracked().trim().to_owned();
        let request = SetUpRequest { token: self.token.get_untracked(), name, password };
        self.busy.set(true);
        self.error.set(String::new());
        spawn_local(async move {
            let answer = api::set_up(&request).await;
            if self.busy.try_set(false).is_some() {
                return;
            }
            match answer {
                Ok(who) => self.go_on.run(who),
                Err(error) => self.error.set(error.message()),
            }
        });
    }
}

fn check(token: &str, password: &str) -> Option<&'static str> {
    if token.is_empty() {
        return Some("This link has no token. Copy the whole set-up link that the server printed.");
    }
    (password.chars().count() < LEAST_CHARACTERS).then_some("Choose at least 12 characters.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_would_refuse_is_told_before() {
        assert!(check("", "long enough for all").is_some());
        assert!(check("token", "short").is_some());
        assert!(check("token", "long enough for all").is_none());
    }
}

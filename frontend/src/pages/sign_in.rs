//! Sign-in, and the way back to where the person was.

use crate::api;
use crate::components::app_header::ThemeToggle;
use crate::components::icon::{Glyph, Icon};
use crate::hooks::browser::{focus_id, set_title};
use crate::hooks::session::use_session;
use crate::state::url::safe_next;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use ringback_wire::SignInRequest;

/// Name and password.
#[component]
pub fn SignInPage() -> impl IntoView {
    set_title("Sign in · Ringback");
    let form = use_sign_in();
    let set_up_open = RwSignal::new(false);
    spawn_local(async move {
        set_up_open.try_set(api::find_set_up().await.unwrap_or(false));
    });
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
                <h1>"Sign in"</h1>
                <Show when=move || set_up_open.get()>
                    <p class="remark">
                        "Nobody has an account here yet. Open the set-up link that "
                        <code>"ringback serve"</code>
                        " printed in its terminal."
                    </p>
                </Show>
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
                            autocomplete="current-password"
                            required
                            bind:value=form.password
                        />
                    </label>
                    <FormError message=form.error/>
                    <button class="button button-primary" prop:disabled=move || form.busy.get()>
                        "Sign in"
                    </button>
                </form>
            </div>
        </main>
    }
}

/// What went wrong, told at once.
#[component]
pub fn FormError(
    /// Empty when nothing did.
    message: RwSignal<String>,
) -> impl IntoView {
    view! {
        <div role="alert">
            <Show when=move || !message.with(String::is_empty)>
                <p class="form-error"><Icon glyph=Glyph::CircleX/> {move || message.get()}</p>
            </Show>
        </div>
    }
}

#[derive(Clone, Copy)]
struct SignInForm {
    name: RwSignal<String>,
    password: RwSignal<String>,
    error: RwSignal<String>,
    busy: RwSignal<bool>,
    go_on: Callback<ringback_wire::SessionResponse>,
}

fn use_sign_in() -> SignInForm {
    let session = use_session();
    let navigate = StoredValue::new_local(use_navigate());
    let search = use_location().search;
    let go_on = Callback::new(move |who| {
        session.signed_in(who);
        let next = safe_next(&search.get_untracked());
        let options = NavigateOptions { replace: true, ..NavigateOptions::default() };
        navigate.with_value(|navigate| navigate(&next, options));
    });
    SignInForm {
        name: RwSignal::default(),
        password: RwSignal::default(),
        error: RwSignal::default(),
        busy: RwSignal::new(false),
        go_on,
    }
}

impl SignInForm {
    fn submit(self, event: SubmitEvent) {
        event.prevent_default();
        let request = SignInRequest {
            name: self.name.get_untracked().trim().to_owned(),
            password: self.password.get_untracked(),
        };
        self.busy.set(true);
        self.error.set(String::new());
        spawn_local(async move {
            let answer = api::sign_in(&request).await;
            if self.busy.try_set(false).is_some() {
                return;
            }
            match answer {
                Ok(who) => self.go_on.run(who),
                Err(error) => {
                    self.error.set(error.message());
                    self.password.set(String::new());
                }
            }
        });
    }
}

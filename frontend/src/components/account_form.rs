//! Name and password: the one form of the sign-in and the set-up page.

use super::app_header::ThemeToggle;
use super::icon::{Glyph, Icon};
use crate::api::ApiError;
use crate::hooks::browser::{focus_id, set_title};
use crate::hooks::router::use_router;
use crate::hooks::session::use_session;
use crate::state::url::safe_next;
use crate::ui::ev::SubmitEvent;
use crate::ui::prelude::*;
use ringback_wire::SessionResponse;
use std::pin::Pin;

/// What the form is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Somebody has an account.
    SignIn,
    /// The first admin gets one.
    SetUp,
}

/// What the person typed.
pub struct Credentials {
    /// Without white space around it.
    pub name: String,
    /// As typed.
    pub password: String,
}

/// The session that came of it, or what to tell.
pub type Outcome = Pin<Box<dyn Future<Output = Result<SessionResponse, String>>>>;

impl Purpose {
    fn heading(self) -> &'static str {
        match self {
            Self::SignIn => "Sign in",
            Self::SetUp => "Set up Ringback",
        }
    }

    fn button(self) -> &'static str {
        match self {
            Self::SignIn => "Sign in",
            Self::SetUp => "Create account",
        }
    }

    fn autocomplete(self) -> &'static str {
        match self {
            Self::SignIn => "current-password",
            Self::SetUp => "new-password",
        }
    }
}

#[derive(Clone, Copy)]
struct Form {
    purpose: Purpose,
    name: RwSignal<String>,
    password: RwSignal<String>,
    error: RwSignal<String>,
    busy: RwSignal<bool>,
    send: Callback<Credentials, Outcome>,
    done: Callback<SessionResponse>,
}

/// A page that is this form.
#[component]
pub fn AccountForm(
    /// What it is for.
    purpose: Purpose,
    /// What stands above the fields.
    introduction: AnyView,
    /// Sends what was typed.
    send: Callback<Credentials, Outcome>,
) -> impl IntoView {
    set_title(&[purpose.heading(), " · Ringback"].concat());
    let form = use_form(purpose, send);
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
                <h1>{purpose.heading()}</h1>
                {introduction}
                <form on:submit=move |event| form.submit(event)>
                    <label class="field">
                        <span>"Name"</span>
                        <input id="name" name="name" autocomplete="username" required bind:value=form.name/>
                    </label>
                    <PasswordField form/>
                    <FormError message=form.error/>
                    <button class="button button-primary" prop:disabled=move || form.busy.get()>
                        {purpose.button()}
                    </button>
                </form>
            </div>
        </main>
    }
}

#[component]
fn PasswordField(form: Form) -> impl IntoView {
    let is_new = form.purpose == Purpose::SetUp;
    view! {
        <label class="field">
            <span>"Password"</span>
            <input
                name="password"
                type="password"
                autocomplete=form.purpose.autocomplete()
                aria-describedby=is_new.then_some("password-hint")
                required
                bind:value=form.password
            />
        </label>
        {is_new.then(|| view! { <p class="quiet" id="password-hint">"At least 12 characters."</p> })}
    }
}

/// What went wrong, told at once.
#[component]
pub fn FormError(
    /// Empty when nothing did.
    message: RwSignal<String>,
) -> impl IntoView {
    let shown = move || {
        let message = message.get();
        (!message.is_empty())
            .then(|| view! { <p class="form-error"><Icon glyph=Glyph::CircleX/> {message}</p> })
    };
    view! { <div role="alert">{shown}</div> }
}

fn use_form(purpose: Purpose, send: Callback<Credentials, Outcome>) -> Form {
    let session = use_session();
    let router = use_router();
    let done = Callback::new(move |who| {
        session.signed_in(who);
        let next = match purpose {
            Purpose::SignIn => safe_next(&router.current().search),
            Purpose::SetUp => "/".to_owned(),
        };
        router.replace(&next);
    });
    Form {
        purpose,
        name: RwSignal::default(),
        password: RwSignal::default(),
        error: RwSignal::default(),
        busy: RwSignal::new(false),
        send,
        done,
    }
}

impl Form {
    fn submit(self, event: SubmitEvent) {
        event.prevent_default();
        let name = self.name.get_untracked().trim().to_owned();
        let outcome = self.send.run(Credentials { name, password: self.password.get_untracked() });
        self.busy.set(true);
        self.error.set(String::new());
        spawn_local(async move {
            let outcome = outcome.await;
            if !self.busy.try_set(false) {
                return;
            }
            match outcome {
                Ok(who) => self.done.run(who),
                Err(message) => {
                    self.error.set(message);
                    if self.purpose == Purpose::SignIn {
                        self.password.set(String::new());
                    }
                }
            }
        });
    }
}

/// The answer of the server as the form takes it.
///
/// # Errors
/// What to tell the person.
pub async fn outcome(
    answer: impl Future<Output = Result<SessionResponse, ApiError>>,
) -> Result<SessionResponse, String> {
    answer.await.map_err(|error| error.message())
}

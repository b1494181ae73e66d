//! Adding a source: who sends, under which name, with which secret.

use super::account_form::FormError;
use super::copy_button::CopyButton;
use super::icon::Glyph;
use super::made_secret::MadeSecret;
use super::secret_field::SecretField;
use crate::api;
use crate::hooks::announcer::use_announcer;
use crate::hooks::browser::{focus_id, origin};
use crate::hooks::sources::{Sources, use_sources};
use crate::state::sources::{free_name, search};
use crate::ui::ev::SubmitEvent;
use crate::ui::prelude::*;
use ringback_wire::{AddSecretRequest, CreateSourceRequest, ProviderSummary};

#[derive(Clone, Copy)]
struct Form {
    sources: Sources,
    provider: RwSignal<String>,
    name: RwSignal<String>,
    secret: RwSignal<String>,
    error: RwSignal<String>,
    busy: RwSignal<bool>,
    made: RwSignal<Option<String>>,
    close: Callback<()>,
}

/// The form; it calls `close` when it is done with.
#[component]
pub fn SourceForm(
    /// Takes the form away.
    close: Callback<()>,
) -> impl IntoView {
    let announcer = use_announcer();
    let form = Form {
        sources: use_sources(),
        provider: RwSignal::default(),
        name: RwSignal::default(),
        secret: RwSignal::default(),
        error: RwSignal::default(),
        busy: RwSignal::new(false),
        made: RwSignal::new(None),
        close,
    };
    request_animation_frame(|| {
        focus_id("provider-search");
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        form.submit(move |text| announcer.say(text));
    };
    let body = move || match form.made.get() {
        Some(secret) => view! { <MadeSecret secret done=close/> }.into_any(),
        None => view! {
            <form on:submit=submit>
                <ProviderChoice form/>
                <Show when=move || !form.provider.get().is_empty()>
                    <Details form/>
                </Show>
                <FormError message=form.error/>
                <p class="actions">
                    <button
                        class="button button-primary"
                        prop:disabled=move || form.busy.get() || form.provider.get().is_empty()
                    >
                        "Add source"
                    </button>
                    <button type="button" class="button" on:click=move |_| close.run(())>
                        "Cancel"
                    </button>
                </p>
            </form>
        }
        .into_any(),
    };
    view! {
        <section class="source-card" aria-labelledby="add-source">
            <h2 id="add-source">"Add a source"</h2>
            {body}
        </section>
    }
}

#[component]
fn ProviderChoice(form: Form) -> impl IntoView {
    let text = RwSignal::new(String::new());
    let found = Memo::new(move |_| form.sources.providers.with(|all| search(all, &text.get())));
    view! {
        <label class="field">
            <span>"Who sends?"</span>
            <input
                id="provider-search"
                type="search"
                placeholder="Search: OpenAI, Stripe, HMAC…"
                bind:value=text
            />
        </label>
        <fieldset class="providers">
            <legend class="visually-hidden">"Sender"</legend>
            {keyed(
                move || found.get(),
                |one| one.name.clone(),
                move |one| view! { <ProviderOption form one/> },
            )}
            <Show when=move || found.with(Vec::is_empty)>
                <p class="quiet">"No such sender: take a generic one, such as “hmac”."</p>
            </Show>
        </fieldset>
    }
}

#[component]
fn ProviderOption(form: Form, one: ProviderSummary) -> impl IntoView {
    let name = one.name.clone();
    let choose = move |_| {
        let taken = form.sources.list.get_untracked().unwrap_or_default();
        form.name.set(free_name(&name, &taken));
        form.provider.set(name.clone());
    };
    let name = one.name.clone();
    let chosen = move || form.provider.with(|provider| *provider == name);
    view! {
        <label class="provider">
            <input type="radio" name="provider" prop:checked=chosen on:change=choose/>
            <span>
                <strong>{one.title}</strong>
                " "
                <span class="quiet">{one.about}</span>
            </span>
        </label>
    }
}

#[component]
fn Details(form: Form) -> impl IntoView {
    let provider = Memo::new(move |_| form.sources.provider(&form.provider.get()));
    let about =
        move || provider.with(|one| one.as_ref().map_or(String::new(), |one| one.secret.clone()));
    let takes_secret = move || !about().is_empty();
    let makes = move || provider.with(|one| one.as_ref().is_some_and(|one| one.makes_secret));
    let url = move || format!("{}/api/webhooks/llm-callback/{}", origin(), form.name.get());
    view! {
        <label class="field">
            <span>"Name, the last part of the URL"</span>
            <input class="mono" required maxlength="63" pattern="[a-z0-9\\-]+" bind:value=form.name/>
        </label>
        <p class="source-url">
            <code class="break">{url}</code>
            <CopyButton label="Copy URL" text=Callback::new(move |()| url()) glyph=Glyph::Copy/>
        </p>
        <Show when=takes_secret>
            <SecretField
                id="new-source-secret".to_owned()
                provider=form.provider.into()
                options=None
                about=Signal::derive(about)
                secret=form.secret
            />
            <p class="quiet">
                {move || {
                    if makes() {
                        "Left empty, Ringback makes a secret and shows it once."
                    } else {
                        "It may be added later; until then callbacks are stored unchecked."
                    }
                }}
            </p>
        </Show>
    }
}

impl Form {
    fn submit(self, say: impl Fn(String) + 'static) {
        let request = CreateSourceRequest {
            name: self.name.get_untracked(),
            provider: self.provider.get_untracked(),
            title: None,
            strict: false,
            options: None,
        };
        let provider = untrack(|| self.sources.provider(&request.provider));
        let makes = provider.is_some_and(|one| one.makes_secret);
        let secret = Some(self.secret.get_untracked()).filter(|text| !text.trim().is_empty());
        self.busy.set(true);
        spawn_local(async move {
            let outcome = create(&request, secret, makes).await;
            if !self.busy.try_set(false) {
                return;
            }
            self.sources.reload();
            match outcome {
                Ok(made) => {
                    say(format!("Source {} added", request.name));
                    if made.is_none() {
                        self.close.run(());
                    }
                    self.made.set(made);
                }
                Err(message) => self.error.set(message),
            }
        });
    }
}

/// Gives the secret that was made, if one was.
async fn create(
    request: &CreateSourceRequest,
    secret: Option<String>,
    makes: bool,
) -> Result<Option<String>, String> {
    api::create_source(request).await.map_err(|error| error.message())?;
    if secret.is_none() && !makes {
        return Ok(None);
    }
    let add = AddSecretRequest { secret, ..AddSecretRequest::default() };
    let added = api::add_secret(&request.name, &add).await.map_err(|error| error.message())?;
    Ok(added.secret)
}

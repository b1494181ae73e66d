//! The secrets of a source: which are tried, and replacing one by another.

use super::made_secret::MadeSecret;
use super::secret_field::SecretField;
use super::source_card::told;
use super::time_ago::TimeAgo;
use crate::api;
use crate::format::count;
use crate::hooks::announcer::use_announcer;
use crate::hooks::browser::focus_id;
use crate::hooks::clock::{from_local_input, local_now_ms, rfc3339};
use crate::hooks::session::use_session;
use crate::hooks::sources::use_sources;
use crate::ui::ev::SubmitEvent;
use crate::ui::prelude::*;
use ringback_wire::{
    AddSecretRequest, ChangeSecretRequest, SecretState, SecretSummary, SourceSummary,
};

const DAY_MS: i64 = 24 * 3_600_000;

/// The list, and the form that adds one.
#[component]
pub fn SourceSecrets(
    /// The source.
    source: Memo<Option<SourceSummary>>,
    /// What to tell when something did not work.
    error: RwSignal<String>,
) -> impl IntoView {
    let session = use_session();
    let adding = RwSignal::new(false);
    let keys = move || source.get().map(|one| keys_word(&one));
    let secrets = move || source.get().map(|one| one.secret_list).unwrap_or_default();
    let can_add = move || {
        session.is_admin()
            && source
                .with(|one| one.as_ref().is_some_and(|one| !one.read_only && one.scheme != "none"))
    };
    let id = move || source.with(|one| one.as_ref().map(|one| format!("add-secret-{}", one.name)));
    let key = |one: &SecretSummary| {
        let state = (one.state as u8).to_string();
        [&*one.id, &state, one.ends_at.as_deref().unwrap_or_default()].join(" ")
    };
    view! {
        <p class="quiet">{keys}</p>
        <ul class="secrets">
            {keyed(secrets, key, move |secret| view! { <SecretLine source secret error/> })}
        </ul>
        <Show when=can_add>
            <Show
                when=move || adding.get()
                fallback=move || {
                    view! {
                        <p>
                            <button
                                type="button"
                                class="button"
                                id=id
                                on:click=move |_| adding.set(true)
                            >
                                "Add a secret"
                            </button>
                        </p>
                    }
                }
            >
                <AddSecret source adding/>
            </Show>
        </Show>
    }
}

fn keys_word(source: &SourceSummary) -> String {
    match &source.jwks {
        Some(jwks) if jwks.fetched_at.is_some() => format!("Public keys from {}", jwks.url),
        Some(jwks) => format!("Public keys from {}: not fetched yet", jwks.url),
        None if source.read_only => {
            let secrets =
                count(i64::try_from(source.secrets).unwrap_or_default(), "secret", "secrets");
            format!("{secrets} in the configuration")
        }
        None => String::new(),
    }
}

#[component]
fn SecretLine(
    source: Memo<Option<SourceSummary>>,
    secret: SecretSummary,
    error: RwSignal<String>,
) -> impl IntoView {
    let session = use_session();
    let sources = use_sources();
    let announcer = use_announcer();
    let word = match secret.state {
        SecretState::InForce => "in force",
        SecretState::Waiting => "not yet in force",
        SecretState::Ended => "ended",
        SecretState::Unreadable => "cannot be read: this server has another key",
    };
    let ends = secret.ends_at.clone().map(|at| view! { ", ends " <TimeAgo at/> });
    let id = StoredValue::new(secret.id.clone());
    let name = move || source.get_untracked().map(|one| one.name).unwrap_or_default();
    let end = move |ends_at: Option<String>| {
        let change = ChangeSecretRequest { ends_at: Some(ends_at), ..Default::default() };
        spawn_local(async move {
            let done = api::change_secret(&name(), &id.get_value(), &change).await;
            error.set(told(&done));
            if done.is_ok() {
                announcer.say("Saved".to_owned());
            }
            sources.reload();
        });
    };
    let delete = move |()| {
        spawn_local(async move {
            let done = api::delete_secret(&name(), &id.get_value()).await;
            error.set(told(&done));
            sources.reload();
        });
    };
    let button = |word: &'static str, act: Callback<()>| {
        let label = format!("{word}: {}", secret.label);
        view! {
            <button type="button" class="button" aria-label=label on:click=move |_| act.run(())>
                {word}
            </button>
        }
    };
    let in_a_day = move || Some(rfc3339(local_now_ms() + DAY_MS));
    let now = move || Some(rfc3339(local_now_ms()));
    let buttons = match (secret.state, secret.ends_at.is_some()) {
        (SecretState::InForce | SecretState::Waiting, false) => vec![
            button("End in a day", Callback::new(move |()| end(in_a_day()))),
            button("End now", Callback::new(move |()| end(now()))),
        ],
        (SecretState::InForce | SecretState::Waiting, true) => {
            vec![button("Do not end", Callback::new(move |()| end(None)))]
        }
        _ => vec![button("Delete", Callback::new(delete))],
    };
    view! {
        <li>
            <span><strong>{secret.label.clone()}</strong> " · " {word} {ends}</span>
            {session.is_admin().then_some(buttons)}
        </li>
    }
}

#[component]
fn AddSecret(source: Memo<Option<SourceSummary>>, adding: RwSignal<bool>) -> impl IntoView {
    let sources = use_sources();
    let announcer = use_announcer();
    let known = source.get_untracked();
    let name = StoredValue::new(known.as_ref().map(|one| one.name.clone()).unwrap_or_default());
    let provider = known.as_ref().and_then(|one| one.provider.clone()).unwrap_or_default();
    let provider = Signal::stored(provider);
    let options = known.map(|one| one.options).unwrap_or_default();
    let about = Signal::derive(move || {
        sources.provider(&provider.get()).map(|one| one.secret).unwrap_or_default()
    });
    let makes = move || sources.provider(&provider.get()).is_some_and(|one| one.makes_secret);
    let [label, secret, starts, ends, error] = [(); 5].map(|()| RwSignal::new(String::new()));
    let made = RwSignal::new(None::<String>);
    let close = Callback::new(move |()| {
        // Taking the form away takes its values away.
        let button = format!("add-secret-{}", name.get_value());
        adding.set(false);
        request_animation_frame(move || {
            focus_id(&button);
        });
    });
    let add = move |event: SubmitEvent| {
        event.prevent_default();
        let time = |input: RwSignal<String>| {
            Some(from_local_input(&input.get_untracked())).filter(|text| !text.is_empty())
        };
        let request = AddSecretRequest {
            label: label.get_untracked(),
            secret: Some(secret.get_untracked())
                .filter(|s| !s.trim().is_empty() || !untrack(makes)),
            starts_at: time(starts),
            ends_at: time(ends),
        };
        spawn_local(async move {
            let done = api::add_secret(&name.get_value(), &request).await;
            error.set(told(&done));
            if let Ok(added) = done {
                announcer.say("Secret added".to_owned());
                sources.reload();
                match added.secret {
                    Some(secret) => made.set(Some(secret)),
                    None => close.run(()),
                }
            }
        });
    };
    let id = format!("secret-of-{}", name.get_value());
    let label_id = format!("{id}-label");
    let focused = label_id.clone();
    request_animation_frame(move || {
        focus_id(&focused);
    });
    let form = move || {
        view! {
            <form class="secret-form" on:submit=add>
                <label class="field">
                    <span>"Label"</span>
                    <input id=label_id.clone() maxlength="100" placeholder="Secret" bind:value=label/>
                </label>
                <SecretField id=id.clone() provider options=Some(options.clone()) about secret/>
                {makes().then(|| view! { <p class="quiet">"Left empty, Ringback makes one."</p> })}
                <div class="dates">
                    <label class="field">
                        <span>"Starts (now, when empty)"</span>
                        <input type="datetime-local" bind:value=starts/>
                    </label>
                    <label class="field">
                        <span>"Ends (never, when empty)"</span>
                        <input type="datetime-local" bind:value=ends/>
                    </label>
                </div>
                <p class="form-error" role="alert">{error}</p>
                <p class="actions">
                    <button class="button button-primary">"Save secret"</button>
                    <button type="button" class="button" on:click=move |_| close.run(())>
                        "Cancel"
                    </button>
                </p>
            </form>
        }
    };
    move || match made.get() {
        Some(secret) => view! { <MadeSecret secret done=close/> }.into_any(),
        None => form().into_any(),
    }
}

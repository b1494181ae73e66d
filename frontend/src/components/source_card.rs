//! One source: its URL, its secrets, and what can be done with it.

use super::copy_button::CopyButton;
use super::icon::{Glyph, Icon};
use super::source_edit::edit_view;
use super::source_secrets::SourceSecrets;
use super::verdict::VerdictBadge;
use crate::api::{self, ApiError};
use crate::hooks::announcer::use_announcer;
use crate::hooks::browser::{focus_id, origin};
use crate::hooks::session::use_session;
use crate::hooks::sources::use_sources;
use crate::ui::prelude::*;
use ringback_wire::{ChangeSourceRequest, SourceSummary, TestResponse};

/// A source. It follows the list, so that what is open in it stays open.
#[component]
pub fn SourceCard(
    /// Its name.
    name: String,
) -> impl IntoView {
    let sources = use_sources();
    let session = use_session();
    let of = name.clone();
    let source = Memo::new(move |_| sources.find(&of));
    let title =
        move || source.with(|one| one.as_ref().map_or(String::new(), |one| one.title.clone()));
    let sender = move || source.get().map(|one| sender(&one, |name| sources.provider(name)));
    let state = move || source.get().map(|one| state(&one));
    let can_change = move || {
        session.is_admin() && source.with(|one| one.as_ref().is_some_and(|one| !one.read_only))
    };
    let url = format!("{}/api/webhooks/llm-callback/{name}", origin());
    let copied = url.clone();
    let error = RwSignal::new(String::new());
    let id = format!("source-{name}");
    let labelled_by = id.clone();
    let stored = StoredValue::new(name);
    view! {
        <article class="source-card" aria-labelledby=labelled_by>
            <header>
                <h2 id=id>{title}</h2>
                {state}
            </header>
            <p class="quiet">{sender}</p>
            <p class="source-url">
                <code class="break">{url}</code>
                <CopyButton label="Copy URL" text=Callback::new(move |()| copied.clone()) glyph=Glyph::Copy/>
            </p>
            <SourceSecrets source error/>
            <Show when=can_change>
                <Actions name=stored.get_value() source error/>
            </Show>
            <Show when=move || session.is_admin()>
                <SendTest name=stored.get_value()/>
            </Show>
            <p class="form-error" role="alert">{error}</p>
        </article>
    }
}

fn sender(
    source: &SourceSummary,
    provider: impl Fn(&str) -> Option<ringback_wire::ProviderSummary>,
) -> String {
    let title = source.provider.as_deref().and_then(provider).map(|one| one.title);
    let title = title.unwrap_or_else(|| "Set in the configuration".to_owned());
    format!("{title} · {}{}", source.scheme, if source.strict { " · strict" } else { "" })
}

fn state(source: &SourceSummary) -> impl IntoView + use<> {
    let (verdict, glyph, word) = if source.paused_at.is_some() {
        ("paused", Glyph::Shield, "Paused")
    } else if source.lacks_secret {
        ("invalid", Glyph::ShieldAlert, "No secret")
    } else if source.scheme == "none" {
        ("unchecked", Glyph::Shield, "Not signed")
    } else {
        ("valid", Glyph::CircleCheck, "Verifies")
    };
    view! { <span class="badge" data-verdict=verdict><Icon glyph/> {word}</span> }
}

#[component]
fn Actions(
    name: String,
    source: Memo<Option<SourceSummary>>,
    error: RwSignal<String>,
) -> impl IntoView {
    let sources = use_sources();
    let announcer = use_announcer();
    let is =
        move |which: fn(&SourceSummary) -> bool| source.with(|s| s.as_ref().is_some_and(which));
    let paused = move || is(|one| one.paused_at.is_some());
    let strict = move || is(|one| one.strict);
    let asking = RwSignal::new(false);
    let editing = RwSignal::new(false);
    let name = StoredValue::new(name);
    let change = move |request: ChangeSourceRequest, said: &'static str| {
        spawn_local(async move {
            let done = api::change_source(&name.get_value(), &request).await;
            error.set(told(&done));
            if done.is_ok() {
                announcer.say(said.to_owned());
            }
            sources.reload();
        });
    };
    let toggle_pause = move |_| {
        let now = !paused();
        let request = ChangeSourceRequest { paused: Some(now), ..ChangeSourceRequest::default() };
        change(request, if now { "Paused" } else { "Takes callbacks again" });
    };
    let toggle_strict = move |event| {
        let strict = Some(event_target_checked(&event));
        let request = ChangeSourceRequest { strict, ..ChangeSourceRequest::default() };
        change(request, "Saved");
    };
    let edited = Callback::new(move |()| {
        editing.set(false);
        focus_id(&format!("edit-{}", name.get_value()));
    });
    let form = move || {
        // It keeps what is typed while the list is read again.
        let known = editing.get().then(|| source.get_untracked()).flatten();
        known.map(|known| edit_view(&known, edited))
    };
    view! {
        <label class="check">
            <input type="checkbox" prop:checked=strict on:change=toggle_strict/>
            "Strict: answer 401 to what is not valid. It is recorded all the same."
        </label>
        <p class="actions">
            <button
                type="button"
                class="button"
                id=move || format!("edit-{}", name.get_value())
                aria-expanded=move || editing.get().to_string()
                on:click=move |_| editing.update(|editing| *editing = !*editing)
            >
                "Edit…"
            </button>
            <button type="button" class="button" on:click=toggle_pause>
                {move || if paused() { "Resume" } else { "Pause" }}
            </button>
            <button
                type="button"
                class="button"
                id=move || format!("delete-{}", name.get_value())
                aria-expanded=move || asking.get().to_string()
                on:click=move |_| asking.update(|asking| *asking = !*asking)
            >
                "Delete…"
            </button>
        </p>
        {form}
        <Show when=move || asking.get()>
            <ConfirmDelete name=name.get_value() asking error/>
        </Show>
    }
}

#[component]
fn ConfirmDelete(name: String, asking: RwSignal<bool>, error: RwSignal<String>) -> impl IntoView {
    let sources = use_sources();
    let announcer = use_announcer();
    let back = format!("delete-{name}");
    let question = format!("Delete {name}? Its sender will get 404. Its callbacks stay.");
    let keep = move |_| {
        asking.set(false);
        focus_id(&back);
    };
    let delete = move |_| {
        let name = name.clone();
        spawn_local(async move {
            let done = api::delete_source(&name).await;
            error.set(told(&done));
            if done.is_ok() {
                announcer.say(format!("Source {name} deleted"));
                focus_id("main");
            }
            sources.reload();
        });
    };
    view! {
        <div class="remark confirm" role="group" aria-label="Delete">
            <p>{question}</p>
            <p class="actions">
                <button type="button" class="button" on:click=delete>"Delete source"</button>
                <button type="button" class="button" on:click=keep>"Keep"</button>
            </p>
        </div>
    }
}

#[component]
fn SendTest(name: String) -> impl IntoView {
    let outcome = RwSignal::new(None::<Result<TestResponse, String>>);
    let busy = RwSignal::new(false);
    let send = move |_| {
        let name = name.clone();
        busy.set(true);
        spawn_local(async move {
            let answer = api::test_source(&name).await.map_err(|error| error.message());
            busy.set(false);
            outcome.set(Some(answer));
        });
    };
    let shown = move || {
        outcome.get().map(|outcome| match outcome {
            Ok(test) => view! { <TestOutcome test/> }.into_any(),
            Err(message) => view! { <span>{message}</span> }.into_any(),
        })
    };
    view! {
        <p class="actions">
            <button
                type="button"
                class="button"
                prop:disabled=move || busy.get()
                on:click=send
            >
                "Send a test"
            </button>
            <span class="test-outcome" role="status">{shown}</span>
        </p>
    }
}

#[component]
fn TestOutcome(test: TestResponse) -> impl IntoView {
    let badge = test.signature.map(|signature| view! { <VerdictBadge signature/> });
    let status = test.status.map(|status| format!("HTTP {status}: "));
    let link = test.callback.map(|id| {
        view! { <a href=format!("/?callback={id}")>"Show it"</a> }
    });
    view! { {badge} <span>{status} {test.detail} "."</span> {link} }
}

/// What to tell of an answer: nothing when it was good.
pub fn told<T>(answer: &Result<T, ApiError>) -> String {
    answer.as_ref().err().map(ApiError::message).unwrap_or_default()
}

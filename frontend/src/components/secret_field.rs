//! A field for a secret, with what looks odd about it while it is typed.

use super::icon::{Glyph, Icon};
use crate::api;
use crate::ui::prelude::*;
use gloo_timers::callback::Timeout;
use ringback_wire::{HintSeverity, SecretHint, SecretHintsRequest};

/// So long nothing is typed before the server is asked.
const PAUSE_MS: u32 = 250;

/// A field for a secret, a public key or a key set.
#[component]
pub fn SecretField(
    /// The field's id on the page.
    id: String,
    /// Whose secret it is, an entry of the provider list.
    provider: Signal<String>,
    /// What the source does otherwise than its provider.
    options: Option<ringback_wire::Value>,
    /// What to paste, and where it is found.
    about: Signal<String>,
    /// What was typed.
    secret: RwSignal<String>,
) -> impl IntoView {
    let hints = use_hints(provider, options, secret);
    let about_id = format!("{id}-about");
    let hints_id = format!("{id}-hints");
    let described = format!("{about_id} {hints_id}");
    view! {
        <div class="field">
            <label for=id.clone()>"Secret"</label>
            <textarea
                id=id
                class="mono"
                rows="2"
                spellcheck="false"
                autocomplete="off"
                autocapitalize="off"
                aria-describedby=described
                prop:value=move || secret.get()
                on:input=move |event| secret.set(event_target_value(&event))
            ></textarea>
            <p id=about_id>{about}</p>
            <div id=hints_id role="status" class="hints">
                {move || hints.get().into_iter().map(|hint| show(hint, secret)).collect_view()}
            </div>
        </div>
    }
}

fn show(hint: SecretHint, secret: RwSignal<String>) -> impl IntoView {
    let (glyph, verdict) = match hint.severity {
        HintSeverity::Wrong => (Glyph::CircleX, "invalid"),
        HintSeverity::Doubtful => (Glyph::TriangleAlert, "doubtful"),
        HintSeverity::Note => (Glyph::CircleCheck, "note"),
    };
    let mend = hint.mended.map(|mended| {
        view! {
            <button type="button" class="button" on:click=move |_| secret.set(mended.clone())>
                "Mend it"
            </button>
        }
    });
    view! { <p class="hint" data-hint=verdict><Icon glyph/> <span>{hint.text}</span> {mend}</p> }
}

fn use_hints(
    provider: Signal<String>,
    options: Option<ringback_wire::Value>,
    secret: RwSignal<String>,
) -> RwSignal<Vec<SecretHint>> {
    let hints = RwSignal::new(Vec::new());
    let waiting = StoredValue::new(None::<Timeout>);
    Effect::new(move |_| {
        let request = SecretHintsRequest {
            provider: provider.get(),
            options: options.clone(),
            secret: secret.get(),
        };
        if request.secret.is_empty() || request.provider.is_empty() {
            waiting.set_value(None);
            hints.set(Vec::new());
            return;
        }
        let ask = move || {
            spawn_local(async move {
                let Ok(answer) = api::hint_secret(&request).await else { return };
                // An answer to what was typed before is no answer any more.
                if secret.try_get_untracked().is_some_and(|now| now == request.secret) {
                    hints.set(answer.hints);
                }
            });
        };
        waiting.set_value(Some(Timeout::new(PAUSE_MS, ask)));
    });
    hints
}

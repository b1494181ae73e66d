//! A button that puts text on the clipboard and says so.

use super::icon::{Glyph, Icon};
use crate::hooks::announcer::use_announcer;
use crate::hooks::browser::copy_text;
use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use leptos::task::spawn_local;

const SAID_MS: u32 = 2_000;

/// Copies text; tells for two seconds whether it worked.
#[component]
pub fn CopyButton(
    /// What the button says, and its name for assistive technology.
    #[prop(into)]
    label: String,
    /// Gives the text when it is asked for: a payload is not copied before.
    text: Callback<(), String>,
    /// Shows the icon alone.
    #[prop(optional)]
    icon_only: bool,
    /// The icon.
    #[prop(default = Glyph::Copy)]
    glyph: Glyph,
) -> impl IntoView {
    let announcer = use_announcer();
    let outcome = RwSignal::new(None::<bool>);
    let forget = StoredValue::new_local(None::<Timeout>);
    let copy = move |_| {
        spawn_local(async move {
            let done = copy_text(&text.run(())).await;
            if outcome.try_set(Some(done)).is_some() {
                return;
            }
            announcer.say(if done { "Copied" } else { "Could not copy" }.to_owned());
            let timeout = Timeout::new(SAID_MS, move || {
                outcome.try_set(None);
            });
            forget.set_value(Some(timeout));
        });
    };
    let name = label.clone();
    let word = move || match outcome.get() {
        None => name.clone(),
        Some(true) => "Copied".to_owned(),
        Some(false) => "Not allowed here".to_owned(),
    };
    view! {
        <button
            type="button"
            class="button"
            class=("button-icon", icon_only)
            aria-label=label.clone()
            title=label
            on:click=copy
        >
            {move || {
                let glyph = if outcome.get() == Some(true) { Glyph::Check } else { glyph };
                view! { <Icon glyph=glyph/> }
            }}
            {(!icon_only).then(|| view! { <span>{word}</span> })}
        </button>
    }
    .into_any()
}

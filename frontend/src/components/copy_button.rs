//! A button that puts text on the clipboard and says so.

use super::icon::{Glyph, Icon};
use crate::hooks::announcer::use_announcer;
use crate::hooks::browser::copy_text;
use crate::ui::prelude::*;
use gloo_timers::callback::Timeout;

const SAID_MS: u32 = 2_000;

/// Copies text; tells for two seconds whether it worked.
#[component]
pub fn CopyButton(
    /// What the button says, and its name for assistive technology.
    label: &'static str,
    /// Gives the text when it is asked for: a payload is not copied before.
    text: Callback<(), String>,
    /// The icon.
    glyph: Glyph,
) -> impl IntoView {
    button(label, text, glyph, false)
}

/// The same, with its name to be seen only by those who point to it.
#[component]
pub fn CopyIcon(
    /// Its name.
    label: &'static str,
    /// Gives the text when it is asked for.
    text: Callback<(), String>,
    /// The icon.
    glyph: Glyph,
) -> impl IntoView {
    button(label, text, glyph, true)
}

fn button(
    label: &'static str,
    text: Callback<(), String>,
    glyph: Glyph,
    icon_only: bool,
) -> AnyView {
    let announcer = use_announcer();
    let outcome = RwSignal::new(None::<bool>);
    let forget = StoredValue::new(None::<Timeout>);
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
    let word = move || match outcome.get() {
        None => label,
        Some(true) => "Copied",
        Some(false) => "Not allowed here",
    };
    view! {
        <button
            type="button"
            class="button"
            class=("button-icon", icon_only)
            aria-label=label
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

//! A button that puts text on the clipboard and says so.

use super::icon::{Glyph, Icon};
use crate::hooks::announcer::use_announcer;
use crate::hooks::clipboard::copy_text;
use crate::hooks::complaints::use_complaints;
use crate::ui::prelude::*;
use gloo_timers::callback::Timeout;

const SAID_MS: u32 = 2_000;
const REFUSED: &str = "The browser does not let this page copy. Select the text and copy it yourself, \
                       or allow this page to use the clipboard.";

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
    let complaints = use_complaints();
    let outcome = RwSignal::new(None::<bool>);
    let forget = StoredValue::new(None::<Timeout>);
    let copy = move |_| {
        spawn_local(async move {
            let done = copy_text(text.run(())).await;
            if !outcome.try_set(Some(done)) {
                return;
            }
            if done {
                announcer.say("Copied".to_owned());
            } else {
                complaints.tell(REFUSED.to_owned());
            }
            let timeout = Timeout::new(SAID_MS, move || {
                outcome.set(None);
            });
            forget.set_value(Some(timeout));
        });
    };
    let word = move || match outcome.get() {
        None => label,
        Some(true) => "Copied",
        Some(false) => "Not copied",
    };
    view! {
        <button
            type="button"
            class="button"
            class=("button-icon", icon_only)
            aria-label=label
            title=word
            on:click=copy
        >
            {move || {
                let glyph = match outcome.get() {
                    None => glyph,
                    Some(true) => Glyph::Check,
                    Some(false) => Glyph::CircleX,
                };
                view! { <Icon glyph=glyph/> }
            }}
            {(!icon_only).then(|| view! { <span>{word}</span> })}
        </button>
    }
    .into_any()
}

//! A secret that the server made: shown once.

use super::copy_button::CopyButton;
use super::icon::Glyph;
use crate::hooks::browser::focus_id;
use crate::ui::prelude::*;

/// The secret, a button that copies it, and one that takes it away for good.
#[component]
pub fn MadeSecret(
    /// In clear.
    secret: String,
    /// Called when the person has it.
    done: Callback<()>,
) -> impl IntoView {
    let copied = secret.clone();
    request_animation_frame(|| {
        focus_id("made-secret");
    });
    view! {
        <div class="made-secret" id="made-secret" tabindex="-1">
            <p>"Give this secret to the sender now. It is not shown again."</p>
            <p class="source-url">
                <code class="break">{secret}</code>
                <CopyButton label="Copy secret" text=Callback::new(move |()| copied.clone()) glyph=Glyph::Copy/>
            </p>
            <button type="button" class="button button-primary" on:click=move |_| done.run(())>
                "Done"
            </button>
        </div>
    }
}

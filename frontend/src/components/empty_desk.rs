//! What an empty desk says: how the first callback gets here.

use super::copy_button::CopyButton;
use super::icon::{Glyph, Icon};
use crate::hooks::browser::origin;
use leptos::prelude::*;

const COMMAND: &str = "ringback send --scenario demo";

/// Three lines and a command to copy.
#[component]
pub fn EmptyDesk() -> impl IntoView {
    view! {
        <div class="state empty-desk">
            <Icon glyph=Glyph::Inbox/>
            <h2>"No callback has arrived yet"</h2>
            <ol>
                <li>"Send some made-up ones to see how it looks:"</li>
                <li class="command">
                    <code>{COMMAND}</code>
                    <CopyButton label="Copy command" text=Callback::new(|()| COMMAND.to_owned())/>
                </li>
                <li>
                    "Or point your LLM service's webhook at "
                    <code>{format!("{}/api/webhooks/llm-callback", origin())}</code>
                </li>
            </ol>
        </div>
    }
}

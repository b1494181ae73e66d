//! What an empty desk says: how the first callback gets here.

use super::copy_button::CopyButton;
use super::icon::{Glyph, Icon};
use crate::api;
use crate::hooks::browser::origin;
use crate::hooks::feed::use_feed;
use crate::hooks::session::use_session;
use crate::ui::prelude::*;

/// Three lines, a command to copy, and a button that sends one to this server itself.
#[component]
pub fn EmptyDesk() -> impl IntoView {
    let session = use_session();
    let url = origin() + "/api/webhooks/llm-callback";
    // It needs no secret and nothing of ours, wherever it is pasted.
    let command = ["curl -d '{\"event_type\":\"hello\"}' '", &url, "'"].concat();
    let copied = command.clone();
    view! {
        <div class="state empty-desk">
            <Icon glyph=Glyph::Inbox/>
            <h2>"No callback has arrived yet"</h2>
            <ol>
                <li>
                    "Point your LLM service's webhook at "
                    <code>{url}</code>
                    " and sign with the secret in "
                    <code>"LLM_WEBHOOK_SECRET"</code>
                    "."
                </li>
                <li class="command">
                    "Or send one from a terminal, unsigned: " <code>{command}</code>
                    <CopyButton label="Copy command" text=Callback::new(move |()| copied.clone()) glyph=Glyph::Copy/>
                </li>
                <li>"Each shows up here the moment it is stored; nothing has to be reloaded."</li>
            </ol>
            {move || session.is_admin().then(|| view! { <SendTest/> }.into_any())}
        </div>
    }
}

/// Lets this server send itself a signed callback, by the way that all of them take.
#[component]
fn SendTest() -> impl IntoView {
    let feed = use_feed();
    let busy = RwSignal::new(false);
    let error = RwSignal::new(String::new());
    let send = move |_| {
        busy.set(true);
        error.set(String::new());
        spawn_local(async move {
            let answer = api::test_source("default").await;
            // It has arrived already, and this desk is empty no longer.
            if !busy.try_set(false) {
                return;
            }
            match answer {
                Ok(test) if test.callback.is_some() => feed.nudge(),
                Ok(test) => error.set(test.detail),
                Err(problem) => error.set(problem.message()),
            }
        });
    };
    view! {
        <button type="button" class="button button-primary" prop:disabled=busy on:click=send>
            "Send a test callback"
        </button>
        <p role="alert">{error}</p>
    }
}

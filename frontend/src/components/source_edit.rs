//! Changing what a source is called and what it does otherwise than its sender usually does.

use super::source_card::told;
use crate::api;
use crate::hooks::announcer::use_announcer;
use crate::hooks::browser::focus_id;
use crate::hooks::sources::use_sources;
use crate::ui::ev::SubmitEvent;
use crate::ui::prelude::*;
use ringback_wire::{ChangeSourceRequest, SourceSummary};

/// The form; it calls `done` when it is saved or given up.
pub fn edit_view(source: &SourceSummary, done: Callback<()>) -> AnyView {
    let (sources, announcer) = (use_sources(), use_announcer());
    let id = format!("title-of-{}", source.name);
    let title = RwSignal::new(source.title.clone());
    let options = RwSignal::new(ringback_wire::json::to_string(&source.options));
    let error = RwSignal::new(String::new());
    let (name, before) = (source.name.clone(), source.options.clone());
    let save = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(options) = ringback_wire::json::from_str(&options.get_untracked()) else {
            error.set("What differs is a JSON object, like {\"header\": \"X-Signature\"}.".into());
            return;
        };
        let name = name.clone();
        let request = ChangeSourceRequest {
            title: Some(title.get_untracked()),
            options: Some(options).filter(|options| *options != before),
            ..ChangeSourceRequest::default()
        };
        spawn_local(async move {
            let answer = api::change_source(&name, &request).await;
            error.set(told(&answer));
            if answer.is_ok() {
                announcer.say("Saved".to_owned());
                sources.reload();
                done.run(());
            }
        });
    };
    let focused = id.clone();
    request_animation_frame(move || {
        focus_id(&focused);
    });
    view! {
        <form class="secret-form" on:submit=save aria-label="Edit">
            <label class="field">
                <span>"Title"</span>
                <input id=id required maxlength="100" prop:value=title on:input=move |e| title.set(event_target_value(&e))/>
            </label>
            <label class="field">
                <span>"What differs from the sender's usual ways, as JSON"</span>
                <textarea
                    class="mono"
                    rows="2"
                    spellcheck="false"
                    prop:value=options
                    on:input=move |e| options.set(event_target_value(&e))
                ></textarea>
            </label>
            <p class="form-error" role="alert">{error}</p>
            <p class="actions">
                <button class="button button-primary">"Save"</button>
                <button type="button" class="button" on:click=move |_| done.run(())>"Cancel"</button>
            </p>
        </form>
    }
    .into_any()
}

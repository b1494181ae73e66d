//! The body of a callback, as it was sent.

use super::copy_button::CopyButton;
use super::icon::{Glyph, Icon};
use super::virtual_rows::VirtualRows;
use crate::api::payload_href;
use crate::format;
use crate::hooks::browser::focus_id;
use crate::state::payload::{Payload, View};
use leptos::prelude::*;
use ringback_wire::CallbackDetail;
use std::sync::Arc;

/// Tabs, the rows, and ways to take the body along.
#[component]
pub fn PayloadView(
    /// The callback.
    detail: Arc<CallbackDetail>,
) -> impl IntoView {
    let id = detail.id;
    let size = format::size(u64::try_from(detail.size_bytes).unwrap_or(0));
    let content_type = detail.content_type.clone().unwrap_or_else(|| "no content type".to_owned());
    let payload = StoredValue::new(Payload::from_detail(&detail));
    let views = payload.with_value(Payload::views);
    let remark = payload.with_value(Payload::remark);
    let chosen = RwSignal::new(views.first().copied());
    let rows = move || {
        let view = chosen.get()?;
        let count = payload.with_value(|payload| payload.row_count(view));
        let row = Callback::new(move |index| payload.with_value(|p| p.row(view, index)));
        let panel_id = format!("payload-{id}-panel");
        Some(view! {
            <div role="tabpanel" id=panel_id class="payload-panel" aria-label=view_name(view)>
                <VirtualRows count row label="Payload"/>
            </div>
        })
    };
    let raw = Callback::new(move |()| payload.with_value(|payload| payload.copy_text(View::Raw)));
    view! {
        <section class="payload">
            <div class="payload-head">
                <h3>"Payload"</h3>
                <span class="quiet">{format!("{size} · {content_type}")}</span>
                <ViewTabs id views chosen/>
                <CopyButton label="Copy payload" text=raw icon_only=true/>
                <a
                    class="button button-icon"
                    href=payload_href(id, None)
                    download
                    rel="external"
                    aria-label="Download payload"
                    title="Download payload"
                >
                    <Icon glyph=Glyph::Download/>
                </a>
            </div>
            {remark.map(|remark| view! { <p class="remark">{remark}</p> })}
            {rows}
        </section>
    }
}

#[component]
fn ViewTabs(id: i64, views: &'static [View], chosen: RwSignal<Option<View>>) -> impl IntoView {
    let tab_id = move |view: View| format!("payload-{id}-{}", view_name(view));
    let other = move |event: leptos::ev::KeyboardEvent| {
        if !matches!(event.key().as_str(), "ArrowLeft" | "ArrowRight") {
            return;
        }
        event.prevent_default();
        let other = views.iter().copied().find(|view| Some(*view) != chosen.get_untracked());
        if let Some(view) = other {
            chosen.set(Some(view));
            focus_id(&tab_id(view));
        }
    };
    let tab = move |view: View| {
        let selected = move || chosen.get() == Some(view);
        view! {
            <button
                type="button"
                role="tab"
                class="segment"
                id=tab_id(view)
                aria-selected=move || selected().to_string()
                aria-controls=format!("payload-{id}-panel")
                tabindex=move || if selected() { "0" } else { "-1" }
                on:click=move |_| chosen.set(Some(view))
            >
                {view_name(view)}
            </button>
        }
    };
    (views.len() > 1).then(|| {
        view! {
            <div class="segments" role="tablist" aria-label="Payload view" on:keydown=other>
                {views.iter().copied().map(tab).collect_view()}
            </div>
        }
    })
}

fn view_name(view: View) -> &'static str {
    match view {
        View::Pretty => "Pretty",
        View::Raw => "Raw",
        View::Hex => "Hex",
    }
}

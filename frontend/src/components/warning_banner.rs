//! What an admin should know of, with what to do next.

use super::icon::{Glyph, Icon};
use crate::format::count;
use crate::hooks::location::use_page_location;
use crate::hooks::warnings::use_warnings;
use crate::state::query::{Field, Filters, PageQuery};
use leptos::prelude::*;
use ringback_wire::{Warning, WarningKind};

/// The warnings; nothing when there are none.
#[component]
pub fn WarningBanner() -> impl IntoView {
    let list = use_warnings().list;
    let items = move || {
        list.get().into_iter().map(|warning| view! { <WarningItem warning/> }).collect_view()
    };
    view! {
        <Show when=move || !list.with(Vec::is_empty)>
            <section class="warnings" aria-label="Warnings">
                <Icon glyph=Glyph::TriangleAlert/>
                <ul role="list">{items}</ul>
            </section>
        </Show>
    }
}

#[component]
fn WarningItem(warning: Warning) -> impl IntoView {
    let location = use_page_location();
    let (what, next) = text(&warning);
    let shows = (warning.kind == WarningKind::InvalidSignature).then(|| {
        let filters = Filters::default()
            .with(Field::Source, &warning.source)
            .with(Field::Signature, "invalid,missing");
        let query = PageQuery::default().with_filters(filters.clone());
        let show = move |event: leptos::ev::MouseEvent| {
            event.prevent_default();
            location.push(&location.current().with_filters(filters.clone()));
        };
        view! { <a href=query.to_href() on:click=show>"Show them"</a> }
    });
    view! {
        <li>
            <strong>{what}</strong>
            " "
            {next}
            " "
            {shows}
        </li>
    }
}

fn text(warning: &Warning) -> (String, &'static str) {
    let source = &warning.source;
    match warning.kind {
        WarningKind::NoSecret => (
            format!("Source “{source}” has no secret, so its signatures cannot be checked."),
            "Set LLM_WEBHOOK_SECRET to the sender's secret and restart Ringback.",
        ),
        WarningKind::InvalidSignature => (
            format!(
                "{} to “{source}” came with a bad or missing signature in the last 24 hours.",
                count(warning.count, "callback", "callbacks")
            ),
            "Compare the sender's secret with the configured one; do not act on these until you know who sent them.",
        ),
        WarningKind::Refused => (
            format!(
                "{} to “{source}” refused in the last 24 hours: too large.",
                count(warning.count, "delivery was", "deliveries were")
            ),
            "Ask the sender for smaller callbacks: 1 MiB is the most.",
        ),
        WarningKind::RateLimited => (
            format!(
                "{} to “{source}” without a valid signature refused in the last 24 hours: too many.",
                count(warning.count, "delivery was", "deliveries were")
            ),
            "Genuine ones are always taken. If these are yours, give the source its secret.",
        ),
        WarningKind::OverQuota => (
            format!("Callbacks to “{source}” without a valid signature have used up their space."),
            "Of more, only digests are kept. If these are yours, give the source its secret, or raise RINGBACK_UNTRUSTED_BYTES_PER_DAY.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_warning_says_what_and_what_next() {
        for kind in [
            WarningKind::NoSecret,
            WarningKind::InvalidSignature,
            WarningKind::Refused,
            WarningKind::RateLimited,
            WarningKind::OverQuota,
        ] {
            let warning = Warning { kind, source: "openai".into(), count: 2 };
            let (what, next) = text(&warning);
            assert!(what.contains("openai") && !next.is_empty());
        }
    }
}

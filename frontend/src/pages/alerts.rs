//! The alert centre: what is wrong, what was, where it is told, and what one is told.

pub mod cards;
pub mod channels;
pub mod choices;

use crate::hooks::router::use_router;
use crate::state::url::find_parameter;
use crate::ui::prelude::*;

/// The parts of the page: the name in the address, and for people.
const PARTS: [(&str, &str); 4] = [
    ("", "Open"),
    ("history", "History"),
    ("channels", "Channels"),
    ("preferences", "What I am told"),
];

/// Alerts, channels and preferences; the address says which part.
#[component]
pub fn AlertsPage() -> impl IntoView {
    let router = use_router();
    let part = Memo::new(move |_| {
        let asked = find_parameter(&router.address().search, "view").unwrap_or_default();
        PARTS.iter().map(|(name, _)| *name).find(|name| *name == asked).unwrap_or_default()
    });
    let link = move |(name, text): (&'static str, &'static str)| {
        let href =
            if name.is_empty() { "/alerts".to_owned() } else { format!("/alerts?view={name}") };
        view! {
            <a class="tab" href=href aria-current=move || (part.get() == name).then_some("page")>
                {text}
            </a>
        }
        .into_any()
    };
    let shown = move || match part.get() {
        "history" => view! { <cards::PastAlerts/> }.into_any(),
        "channels" => view! { <channels::Channels/> }.into_any(),
        "preferences" => view! { <choices::Choices/> }.into_any(),
        _ => view! { <cards::OpenAlerts/> }.into_any(),
    };
    view! {
        <div class="alerts">
            <h1>"Alerts"</h1>
            <nav class="alerts-parts" aria-label="Parts of the alerts">
                {PARTS.into_iter().map(link).collect_view()}
            </nav>
            {shown}
        </div>
    }
}

//! A time as people tell it, with the exact one beside it.

use crate::format;
use crate::hooks::clock::{Clock, local_time};
use crate::hooks::preferences::use_preferences;
use crate::state::preferences::TimeFormat;
use crate::ui::prelude::*;

/// A time in RFC 3339 as the settings want it; follows the time and the settings.
pub fn told(at: impl Fn() -> String + 'static) -> Memo<String> {
    let clock = expect_context::<Clock>();
    let preferences = use_preferences();
    Memo::new(move |_| {
        let at = at();
        let Some(at_ms) = format::parse_time(&at) else { return at };
        match preferences.get().times {
            TimeFormat::Relative => format::relative(at_ms, clock.now_ms()),
            TimeFormat::Local => local_time(at_ms),
            TimeFormat::Utc => format::utc(&at),
        }
    })
}

/// `3 min ago`; the pointer finds the exact time, see [`use_pointed`](crate::hooks::pointed).
#[component]
pub fn TimeAgo(
    /// RFC 3339.
    at: String,
) -> impl IntoView {
    let datetime = at.clone();
    let told = told(move || at.clone());
    view! { <time datetime=datetime>{told}</time> }
}

/// `2026-11-24 11:15:03 +01:00 · 3 min ago`.
#[component]
pub fn ExactTime(
    /// RFC 3339.
    at: String,
) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let Some(at_ms) = format::parse_time(&at) else {
        return view! { <span>{at}</span> }.into_any();
    };
    let told = Memo::new(move |_| format::relative(at_ms, clock.now_ms()));
    view! {
        <time datetime=at>{local_time(at_ms)}</time>
        <span class="quiet">" · " {told}</span>
    }
    .into_any()
}

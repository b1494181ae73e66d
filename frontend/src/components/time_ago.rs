//! A time as people tell it, with the exact one beside it.

use crate::format;
use crate::hooks::clock::{Clock, local_time};
use crate::hooks::preferences::use_preferences;
use crate::state::preferences::TimeFormat;
use crate::ui::prelude::*;

/// `3 min ago`, with the reader's local time and the server's exact time as its title.
#[component]
pub fn TimeAgo(
    /// RFC 3339.
    at: String,
) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let Some(at_ms) = format::parse_time(&at) else {
        return view! { <span>{at}</span> }.into_any();
    };
    let preferences = use_preferences();
    let title = format!("{} ({at})", local_time(at_ms));
    let exact = at.clone();
    let told = Memo::new(move |_| match preferences.get().times {
        TimeFormat::Relative => format::relative(at_ms, clock.now_ms()),
        TimeFormat::Local => local_time(at_ms),
        TimeFormat::Utc => format::utc(&exact),
    });
    let title = move || match preferences.get().times {
        TimeFormat::Relative => title.clone(),
        _ => format!("{} ({title})", format::relative(at_ms, clock.now_ms())),
    };
    view! { <time datetime=at title=title>{told}</time> }.into_any()
}

/// `24 Nov 2026, 10:15:03 (3 min ago)`.
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
        <time datetime=at.clone() title=at>{local_time(at_ms)}</time>
        <span class="quiet">" · " {told}</span>
    }
    .into_any()
}

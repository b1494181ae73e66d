//! A time as people tell it, with the exact one beside it.

use crate::format;
use crate::hooks::clock::{Clock, local_time};
use crate::hooks::preferences::use_preferences;
use crate::state::preferences::TimeFormat;
use crate::ui::prelude::*;

/// A time in words, and more exactly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// As the settings want it.
    pub text: String,
    /// The reader's local time and the server's exact one; the age as well when the text has none.
    pub title: String,
    /// What it is told of, and that as the reader writes it.
    at: String,
    local: String,
}

/// What is told of a time in RFC 3339; follows the time and the settings.
pub fn told(at: impl Fn() -> String + 'static) -> Memo<Told> {
    let clock = expect_context::<Clock>();
    let preferences = use_preferences();
    Memo::new(move |before: Option<&Told>| {
        let at = at();
        let Some(at_ms) = format::parse_time(&at) else {
            return Told { text: at, ..Told::default() };
        };
        // To write it as the reader does takes long, so it is done once for each.
        let before = before.filter(|before| before.at == at);
        let local = before.map_or_else(|| local_time(at_ms), |before| before.local.clone());
        let age = format::relative(at_ms, clock.now_ms());
        let title = [&local, " (", &at, ")"].concat();
        let (text, title) = match preferences.get().times {
            TimeFormat::Relative => (age, title),
            TimeFormat::Local => (local.clone(), [&age, " (", &title, ")"].concat()),
            TimeFormat::Utc => (format::utc(&at), [&age, " (", &title, ")"].concat()),
        };
        Told { text, title, at, local }
    })
}

/// `3 min ago`, with the reader's local time and the server's exact time as its title.
#[component]
pub fn TimeAgo(
    /// RFC 3339.
    at: String,
) -> impl IntoView {
    let datetime = at.clone();
    let now = told(move || at.clone());
    view! {
        <time datetime=datetime title=move || now.with(|told| told.title.clone())>
            {move || now.with(|told| told.text.clone())}
        </time>
    }
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

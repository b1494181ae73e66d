//! The settings: what this browser remembers of a person's wishes.

use crate::hooks::announcer::use_announcer;
use crate::hooks::preferences::use_preferences;
use crate::hooks::theme::use_theme;
use crate::state::preferences::Choice;
use crate::state::theme::Theme;
use crate::ui::prelude::*;

/// Theme, density, times, notifications, keyboard.
#[component]
pub fn SettingsPage() -> impl IntoView {
    let theme = use_theme();
    let preferences = use_preferences();
    let chosen = move || preferences.get();
    view! {
        <div class="page-head"><h1>"Settings"</h1></div>
        <p class="quiet">"They are kept in this browser and hold in all its tabs."</p>
        <div class="settings">
            {choices("Theme", "", move || theme.get(), move |choice: Theme| theme.choose(choice))}
            {choices(
                "Density of lists",
                "",
                move || chosen().density,
                move |choice| preferences.change(|all| all.density = choice),
            )}
            {choices(
                "Times",
                "The other ones are shown when you point at a time.",
                move || chosen().times,
                move |choice| preferences.change(|all| all.times = choice),
            )}
            {choices(
                "Notifications stay for",
                "The time stops while you point at them, and while this tab is in the back.",
                move || chosen().toast_life,
                move |choice| preferences.change(|all| all.toast_life = choice),
            )}
            {choices(
                "Shortcuts of single letters",
                "Ctrl/⌘+K opens the command palette in any case.",
                move || chosen().shortcuts,
                move |choice| preferences.change(|all| all.shortcuts = choice),
            )}
        </div>
    }
}

/// One question with its answers.
fn choices<T: Choice>(
    label: &'static str,
    hint: &'static str,
    chosen: impl Fn() -> T + Copy + Send + Sync + 'static,
    choose: impl Fn(T) + Copy + Send + Sync + 'static,
) -> AnyView {
    let chosen = Callback::new(move |()| chosen().word());
    let announcer = use_announcer();
    let choose = Callback::new(move |word: &'static str| {
        if let Some(choice) = T::from_word(word) {
            choose(choice);
            announcer.say("Saved".to_owned());
        }
    });
    let words = T::ALL.iter().map(|(_, word, text)| (*word, *text)).collect();
    view! { <Question label hint words chosen choose/> }.into_any()
}

#[component]
fn Question(
    label: &'static str,
    hint: &'static str,
    words: Vec<(&'static str, &'static str)>,
    chosen: Callback<(), &'static str>,
    choose: Callback<&'static str>,
) -> impl IntoView {
    let answer = |(word, text): (&'static str, &'static str)| {
        view! {
            <label class="choice">
                <input
                    type="radio"
                    name=label
                    value=word
                    prop:checked=move || chosen.run(()) == word
                    on:change=move |_| choose.run(word)
                />
                <span>{text}</span>
            </label>
        }
        .into_any()
    };
    view! {
        <fieldset class="question">
            <legend>{label}</legend>
            <div class="choices">{words.into_iter().map(answer).collect_view()}</div>
            {(!hint.is_empty()).then(|| view! { <p class="quiet">{hint}</p> }.into_any())}
        </fieldset>
    }
}

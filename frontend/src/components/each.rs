//! A list in which each line stays the same as long as its key is there.

use leptos::prelude::*;

/// Lines by their keys. All lists of the app share this one kind of `For`: each kind would be a
/// further nine kilobytes.
#[component]
pub fn Each(
    /// The keys, in order; follows changes.
    keys: Callback<(), Vec<String>>,
    /// Makes the line of a key, once.
    line: Callback<String, AnyView>,
) -> impl IntoView {
    view! {
        <For each=move || keys.run(()) key=Clone::clone let:key>
            {line.run(key)}
        </For>
    }
}

//! A list of any length in which only the rows in sight exist.

use crate::hooks::browser::{scroll_state, viewport};
use crate::state::payload::Span;
use crate::state::virtual_rows::{slice, total_px};
use leptos::prelude::*;

/// Rows of coloured text.
#[component]
pub fn VirtualRows(
    /// How many there are.
    count: usize,
    /// Gives one of them; asked only for those in sight.
    row: Callback<usize, Vec<Span>>,
    /// Names the list.
    label: &'static str,
) -> impl IntoView {
    let scroll_px = RwSignal::new(0.0);
    // The list is never higher than the viewport, whatever the window is resized to.
    let slice = Memo::new(move |_| slice(scroll_px.get(), viewport().height, count));
    let follow = move |event| {
        if let Some((top, _)) = scroll_state(&event) {
            scroll_px.set(top);
        }
    };
    let spans = move |index: usize| {
        row.run(index)
            .into_iter()
            .map(|span| view! { <span class=span.class>{span.text}</span> })
            .collect_view()
    };
    view! {
        <div class="rows mono" role="group" aria-label=label tabindex="0" on:scroll=follow>
            <div class="rows-spacer" style:height=move || format!("{}px", total_px(count))>
                <div
                    class="rows-slice"
                    style:transform=move || format!("translateY({}px)", slice.get().top_px)
                >
                    <For each=move || slice.get().rows key=|index| *index let:index>
                        <div class="row">{spans(index)}</div>
                    </For>
                </div>
            </div>
        </div>
    }
}

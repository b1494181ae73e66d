//! A list of any length in which only the rows in sight exist.

use crate::format::px;
use crate::hooks::browser::{animation_frame, scroll_state, set_scroll, viewport};
use crate::hooks::payload::PayloadContext;
use crate::state::payload::{Span, View};
use crate::state::virtual_rows::{Slice, scroll_to_show, slice, total_px};
use crate::ui::prelude::*;

/// Where a list is scrolled to.
#[derive(Clone, Copy)]
pub struct Scroller {
    /// The element that scrolls.
    pub id: StoredValue<String>,
    /// The rows in sight.
    pub slice: Memo<Slice>,
    /// How many rows there are.
    pub count: Memo<usize>,
    scroll_px: RwSignal<f64>,
}

impl Scroller {
    /// Follows the scrolling of one view of a payload.
    pub fn new(context: PayloadContext, view: View, id: String) -> Self {
        let scroll_px = RwSignal::new(0.0);
        let count = Memo::new(move |_| context.with(|payload| payload.row_count(view)));
        // The list is never higher than the viewport, whatever the window is resized to.
        let slice = Memo::new(move |_| slice(scroll_px.get(), viewport().height, count.get()));
        let scroller = Self { id: StoredValue::new(id), slice, count, scroll_px };
        Effect::new(move |_| {
            if let Some(row) = context.wanted.get() {
                // What was unfolded just now must be there before one can scroll to it.
                animation_frame(move || scroller.show(row));
            }
        });
        scroller
    }

    /// Takes note of where it is scrolled to.
    pub fn follow(self) {
        if let Some(Some((top, _))) = self.id.try_with_value(|id| scroll_state(id)) {
            self.scroll_px.set(top);
        }
    }

    /// The height of all rows, for the style.
    pub fn height(self) -> String {
        px(total_px(self.count.get()))
    }

    /// Where the rows in sight begin, for the style.
    pub fn offset(self) -> String {
        let mut text = "translateY(".to_owned();
        text.push_str(&px(self.slice.with(|slice| slice.top_px)));
        text.push(')');
        text
    }

    fn show(self, row: usize) {
        let Some(count) = self.count.try_get_untracked() else { return };
        self.id.with_value(|id| {
            let Some((top, view)) = scroll_state(id) else { return };
            if let Some(top) = scroll_to_show(row, top, view, count) {
                set_scroll(id, top);
                self.scroll_px.set(top);
            }
        });
    }
}

/// The raw or the hexadecimal view.
pub fn lines_view(context: PayloadContext, view: View) -> AnyView {
    let id = context.dom.with_value(|dom| dom.clone() + "-rows");
    let scroller = Scroller::new(context, view, id.clone());
    let rows = move || {
        let version = context.version.get();
        scroller.slice.get().rows.map(|place| (place, version)).collect::<Vec<_>>()
    };
    let key = |(place, version): &(usize, u32)| [place.to_string(), version.to_string()].join(" ");
    let row = move |(place, _): (usize, u32)| {
        let spans = context.payload.with_value(|payload| payload.row(view, place));
        view! { <div class="row">{spans_view(spans)}</div> }
    };
    view! {
        <div
            class="rows mono"
            id=id
            role="group"
            aria-label="Payload"
            tabindex="0"
            on:scroll=move |_| scroller.follow()
        >
            <div class="rows-spacer" style:height=move || scroller.height()>
                <div class="rows-slice" style:transform=move || scroller.offset()>
                    {keyed(rows, key, row)}
                </div>
            </div>
        </div>
    }
    .into_any()
}

/// Pieces of text in their colours.
pub fn spans_view(spans: Vec<Span>) -> AnyView {
    spans
        .into_iter()
        .map(|span| view! { <span class=span.class>{span.text}</span> })
        .collect_view()
        .into_any()
}

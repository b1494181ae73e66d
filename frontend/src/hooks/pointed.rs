//! Tells more of what the pointer comes to: what is cut off, and when exactly something was. Made for
//! each row ahead, this would take longer than the rows.

use super::browser::{around, cut_text};
use super::clock::{Clock, local_time};
use crate::format;
use crate::ui::ev;
use crate::ui::prelude::*;

/// What is told more of.
const TOLD: &str = "time, .row-link, td";

/// Gives titles to the times and the cells of tables that the pointer comes to, and takes them away
/// when it goes: a row may be another callback's before it comes again.
pub fn use_pointed(clock: Clock) {
    let came = window_event_listener(ev::pointerover, move |event| {
        let Some(element) = around(&event, TOLD) else { return };
        let title = match element.get_attribute("datetime") {
            Some(at) => exact_time(clock, &at),
            None => cut_text(&element),
        };
        let _ = element.set_attribute("title", &title.unwrap_or_default());
    });
    let went = window_event_listener(ev::pointerout, |event| {
        if let Some(element) = around(&event, TOLD) {
            let _ = element.remove_attribute("title");
        }
    });
    on_cleanup(move || {
        came.remove();
        went.remove();
    });
}

/// The age of a time, and the time as the reader and as the server writes it.
fn exact_time(clock: Clock, at: &str) -> Option<String> {
    let at_ms = format::parse_time(at)?;
    let age = format::relative(at_ms, clock.now_ms_untracked());
    Some([&age, ", ", &local_time(at_ms), " (", at, ")"].concat())
}

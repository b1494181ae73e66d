//! Tells more of what the pointer comes to: what is cut off, and when exactly something was. Made for
//! each row ahead, this would take longer than the rows.

use super::browser::{around, cut_text};
use super::clock::{Clock, local_time};
use crate::format;
use crate::ui::ev;
use crate::ui::prelude::*;

/// Gives titles to the times and the cells of tables that the pointer comes to.
pub fn use_pointed(clock: Clock) {
    let pointed = window_event_listener(ev::pointerover, move |event| {
        if let Some(time) = around(&event, "time") {
            let at = time.get_attribute("datetime").unwrap_or_default();
            let Some(at_ms) = format::parse_time(&at) else { return };
            let age = format::relative(at_ms, clock.now_ms_untracked());
            let told = [&age, ", ", &local_time(at_ms), " (", &at, ")"].concat();
            let _ = time.set_attribute("title", &told);
        } else if let Some(cell) = around(&event, ".row-link, td") {
            // A row may be another callback's by now.
            let _ = cell.set_attribute("title", &cut_text(&cell).unwrap_or_default());
        }
    });
    on_cleanup(move || pointed.remove());
}

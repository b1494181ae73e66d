//! The time of day, by the server's clock.

use crate::format;
use crate::ui::prelude::*;
use gloo_timers::callback::Interval;
use js_sys::Date;
use wasm_bindgen::JsValue;

const TICK_MS: u32 = 10_000;

/// The server's clock as far as this tab knows it.
#[derive(Clone, Copy)]
pub struct Clock {
    offset_ms: RwSignal<i64>,
    now_ms: RwSignal<i64>,
}

/// Starts the clock that relative times follow.
pub fn provide_clock() -> Clock {
    let clock = Clock { offset_ms: RwSignal::new(0), now_ms: RwSignal::new(local_now_ms()) };
    let ticking = Interval::new(TICK_MS, move || clock.tick());
    StoredValue::new(ticking);
    provide_context(clock);
    clock
}

impl Clock {
    /// Now, to ten seconds; follows the time.
    pub fn now_ms(self) -> i64 {
        self.now_ms.get()
    }

    /// Now, without following it.
    pub fn now_ms_untracked(self) -> i64 {
        local_now_ms() + self.offset_ms.get_untracked()
    }

    /// Follows what is learnt of the server's clock, and not the time.
    pub fn follow_server(self) {
        self.offset_ms.track();
    }

    /// Learns the server's time from an answer that just came.
    pub fn set_by_server(self, server_time: &str) {
        if let Some(server_ms) = format::parse_time(server_time) {
            let offset_ms = server_ms - local_now_ms();
            // Below two seconds it is the way of the answer, not the clock.
            let offset_ms = if offset_ms.abs() < 2_000 { 0 } else { offset_ms };
            if self.offset_ms.get_untracked() != offset_ms {
                self.offset_ms.set(offset_ms);
            }
            self.tick();
        }
    }

    fn tick(self) {
        self.now_ms.set(local_now_ms() + self.offset_ms.get_untracked());
    }
}

/// Milliseconds since 1970 by this computer's clock.
#[expect(clippy::cast_possible_truncation, reason = "below 2^53 for 285,000 years")]
pub fn local_now_ms() -> i64 {
    Date::now() as i64
}

/// RFC 3339 in UTC.
pub fn rfc3339(at_ms: i64) -> String {
    String::from(date(at_ms).to_iso_string())
}

/// `2026-11-24 11:15:03 +01:00`: a time in the reader's own zone, as logs write it; empty when it is
/// later than a browser can tell. Not by `Intl`, whose first use on a page takes a browser longer than
/// to show a list of callbacks.
pub fn local_time(at_ms: i64) -> String {
    let Some((there, behind)) = local_rfc3339(at_ms) else { return String::new() };
    let sign = if behind > 0 { "-" } else { "+" };
    let zone = behind.unsigned_abs();
    format::written(&there, &format!("{sign}{:02}:{:02}", zone / 60, zone % 60))
}

/// RFC 3339 of the reader's clock, as if it were UTC's, and how many minutes it is behind that.
#[expect(clippy::cast_possible_truncation, reason = "a zone is less than a day away")]
fn local_rfc3339(at_ms: i64) -> Option<(String, i32)> {
    let behind = date(at_ms).get_timezone_offset() as i32;
    let there = date(at_ms - i64::from(behind) * 60_000);
    (!there.get_time().is_nan()).then(|| (String::from(there.to_iso_string()), behind))
}

/// RFC 3339 of a time so many milliseconds from now.
pub fn time_from_now(ms: f64) -> String {
    let now = Date::now();
    String::from(Date::new(&JsValue::from_f64(now + ms)).to_iso_string())
}

/// What a `datetime-local` field takes for a time.
pub fn local_input(rfc3339: &str) -> String {
    let there = format::parse_time(rfc3339).and_then(local_rfc3339);
    there.and_then(|(there, _)| Some(there.get(..16)?.to_owned())).unwrap_or_default()
}

/// RFC 3339 in UTC of what a `datetime-local` field gives; empty when it is no time.
pub fn from_local_input(input: &str) -> String {
    let date = Date::new(&JsValue::from_str(input));
    if date.get_time().is_nan() {
        return String::new();
    }
    String::from(date.to_iso_string())
}

#[expect(clippy::cast_precision_loss, reason = "below 2^53 for 285,000 years")]
fn date(at_ms: i64) -> Date {
    Date::new(&JsValue::from_f64(at_ms as f64))
}

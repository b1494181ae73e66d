//! The time of day, by the server's clock.

use crate::format;
use crate::ui::prelude::*;
use gloo_timers::callback::Interval;
use js_sys::Function;
use js_sys::Intl::DateTimeFormat;
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
    js_sys::Date::now() as i64
}

/// RFC 3339 in UTC.
pub fn rfc3339(at_ms: i64) -> String {
    String::from(date(at_ms).to_iso_string())
}

thread_local! {
    /// Made once, and not before it is needed: to make the first takes a browser longer than a list of
    /// callbacks.
    static LOCAL_TIME: Function = {
        let options = js_sys::Object::new();
        for name in ["dateStyle", "timeStyle"] {
            let medium = JsValue::from_str("medium");
            let _ = js_sys::Reflect::set(&options, &JsValue::from_str(name), &medium);
        }
        DateTimeFormat::new(&js_sys::Array::new(), &options).format()
    };
}

/// A time in the reader's own zone and language.
#[expect(clippy::cast_precision_loss, reason = "below 2^53 for 285,000 years")]
pub fn local_time(at_ms: i64) -> String {
    let at = JsValue::from_f64(at_ms as f64);
    let text = LOCAL_TIME.with(|format| format.call1(&JsValue::UNDEFINED, &at));
    text.ok().and_then(|text| text.as_string()).unwrap_or_default()
}

/// RFC 3339 of a time so many milliseconds from now.
pub fn time_from_now(ms: f64) -> String {
    let now = js_sys::Date::now();
    String::from(js_sys::Date::new(&JsValue::from_f64(now + ms)).to_iso_string())
}

/// What a `datetime-local` field takes for a time.
pub fn local_input(rfc3339: &str) -> String {
    let Some(at_ms) = format::parse_time(rfc3339) else { return String::new() };
    let date = date(at_ms);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}",
        date.get_full_year(),
        date.get_month() + 1,
        date.get_date(),
        date.get_hours(),
        date.get_minutes()
    )
}

/// RFC 3339 in UTC of what a `datetime-local` field gives; empty when it is no time.
pub fn from_local_input(input: &str) -> String {
    let date = js_sys::Date::new(&JsValue::from_str(input));
    if date.get_time().is_nan() {
        return String::new();
    }
    String::from(date.to_iso_string())
}

#[expect(clippy::cast_precision_loss, reason = "below 2^53 for 285,000 years")]
fn date(at_ms: i64) -> js_sys::Date {
    js_sys::Date::new(&JsValue::from_f64(at_ms as f64))
}

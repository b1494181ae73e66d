//! What screen readers are told: one polite region, one message in five seconds at the most.

use super::clock::local_now_ms;
use crate::ui::prelude::*;
use gloo_timers::callback::Timeout;

const PAUSE_MS: i64 = 5_000;

/// Speaks through the status region.
#[derive(Clone, Copy)]
pub struct Announcer {
    /// The text of the region.
    pub text: RwSignal<String>,
    last_ms: StoredValue<i64>,
    pending: StoredValue<Option<Timeout>>,
}

/// Makes the announcer available.
pub fn provide_announcer() -> Announcer {
    let announcer = Announcer {
        text: RwSignal::new(String::new()),
        last_ms: StoredValue::new(0),
        pending: StoredValue::new(None),
    };
    provide_context(announcer);
    announcer
}

/// The announcer.
pub fn use_announcer() -> Announcer {
    expect_context()
}

impl Announcer {
    /// Says this now, or when the last message had its time; a newer message replaces one that waits.
    pub fn say(self, message: String) {
        let wait_ms = self.last_ms.get_value() + PAUSE_MS - local_now_ms();
        if wait_ms <= 0 {
            self.pending.set_value(None);
            self.speak(message);
            return;
        }
        let wait_ms = u32::try_from(wait_ms).unwrap_or(0);
        let timeout = Timeout::new(wait_ms, move || self.speak(message));
        self.pending.set_value(Some(timeout));
    }

    fn speak(self, message: String) {
        if self.last_ms.try_set_value(local_now_ms()).is_none() {
            self.text.set(message);
        }
    }
}

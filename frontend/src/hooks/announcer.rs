//! What screen readers are told: one polite region, one message in five seconds at the most.

use super::clock::local_now_ms;
use crate::state::announcements::Announcements;
use crate::ui::prelude::*;
use gloo_timers::callback::Timeout;
use ringback_wire::CallbackSummary;

/// Speaks through the status region.
#[derive(Clone, Copy)]
pub struct Announcer {
    /// The text of the region.
    pub text: RwSignal<String>,
    waiting: StoredValue<(Announcements, Option<Timeout>)>,
}

/// Makes the announcer available.
pub fn provide_announcer() -> Announcer {
    let announcer = Announcer {
        text: RwSignal::new(String::new()),
        waiting: StoredValue::new(Default::default()),
    };
    provide_context(announcer);
    announcer
}

/// The announcer.
pub fn use_announcer() -> Announcer {
    expect_context()
}

impl Announcer {
    /// Says this now, or when the last message had its time; a newer message replaces one that waits,
    /// save arrivals.
    pub fn say(self, message: String) {
        self.speak(&|waiting| waiting.say(&message));
    }

    /// Tells of callbacks, with those that wait to be told of.
    pub fn arrive(self, rows: &[CallbackSummary]) {
        self.speak(&|waiting| waiting.arrive(rows));
    }

    fn speak(self, add: &dyn Fn(&mut Announcements)) {
        let text = self.waiting.try_update_value(|(waiting, pending)| {
            add(waiting);
            let now_ms = local_now_ms();
            let wait_ms = waiting.wait_ms(now_ms);
            *pending = None;
            if wait_ms == 0 {
                return Some(waiting.take(now_ms));
            }
            *pending = Some(Timeout::new(wait_ms, move || self.speak(&|_| {})));
            None
        });
        // The desk may be gone when a wait is over.
        if let Some(text) = text.flatten() {
            self.text.set(text);
        }
    }
}

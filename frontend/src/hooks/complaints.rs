//! Telling a person that something did not work: on screen and through the status region.

use super::announcer::{Announcer, use_announcer};
use super::toasts::{ToastContext, use_toasts};

/// Tells of what failed and what to do about it.
#[derive(Clone, Copy)]
pub struct Complaints {
    toasts: ToastContext,
    announcer: Announcer,
}

/// The way to tell.
pub fn use_complaints() -> Complaints {
    Complaints { toasts: use_toasts(), announcer: use_announcer() }
}

impl Complaints {
    /// Shows a line as a notification, and says it.
    pub fn tell(self, text: String) {
        self.announcer.say(text.clone());
        self.toasts.push_notice(text);
    }
}

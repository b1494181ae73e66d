//! Lets toasts age, and pauses them while somebody looks at them or at another tab.

use super::browser::{focus_id, focus_is_inside, focused, is_visible, refocus};
use super::clock::local_now_ms;
use super::notices::{NoticesContext, use_notices};
use super::preferences::use_preferences;
use crate::state::toasts::{ToastId, ToastStack};
use crate::ui::prelude::*;
use crate::ui::window_event_listener_untyped;
use gloo_timers::callback::Interval;
use ringback_wire::CallbackSummary;
use web_sys::HtmlElement;

const TICK_MS: u32 = 250;
/// The id of the element that holds the toasts.
pub const REGION: &str = "toasts";

/// Why toasts do not age.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Held {
    hovered: bool,
    focused: bool,
    hidden: bool,
}

/// The notifications on screen.
#[derive(Clone, Copy)]
pub struct ToastContext {
    /// The stack; follows changes.
    pub stack: RwSignal<ToastStack>,
    held: RwSignal<Held>,
    /// What had the focus before the toasts were given it.
    before: StoredValue<Option<HtmlElement>>,
    notices: NoticesContext,
}

/// Makes the toasts available and lets them age.
pub fn provide_toasts() -> ToastContext {
    let context = ToastContext {
        stack: RwSignal::new(ToastStack::default()),
        held: RwSignal::new(Held::default()),
        before: StoredValue::new(None),
        notices: use_notices(),
    };
    provide_context(context);
    let preferences = use_preferences();
    Effect::new(move |_| {
        let life_ms = preferences.get().toast_life.ms();
        context.stack.update(|stack| stack.set_life(life_ms));
    });
    context.hold(|held| held.hidden = !is_visible());
    StoredValue::new(Interval::new(TICK_MS, move || context.tick()));
    let listener = window_event_listener_untyped("visibilitychange", move |_| {
        context.hold(|held| held.hidden = !is_visible());
    });
    on_cleanup(move || listener.remove());
    context
}

/// The notifications.
pub fn use_toasts() -> ToastContext {
    expect_context()
}

impl ToastContext {
    /// Tells of a batch of callbacks.
    pub fn push_batch(self, rows: Vec<CallbackSummary>) {
        self.stack.update(|stack| stack.push_batch(rows, local_now_ms()));
    }

    /// Says one line.
    pub fn push_notice(self, text: String) {
        self.stack.update(|stack| stack.push_notice(text, local_now_ms()));
    }

    /// Takes one away.
    pub fn dismiss(self, id: ToastId) {
        self.stack.update(|stack| stack.dismiss(id));
        if self.stack.with_untracked(|stack| stack.toasts().is_empty()) {
            // The element that had the pointer or the focus is gone without telling.
            self.hold(|held| (held.hovered, held.focused) = (false, false));
        }
    }

    /// Takes one away for a person, whose focus was on it. After a key the page hands the focus on to
    /// those that are left, and after the last it goes back to where it came from; a pointer lets them
    /// age.
    pub fn dismiss_in_hand(self, id: ToastId, by_key: bool) {
        self.dismiss(id);
        if !by_key {
            self.set_focused(false);
        } else if self.stack.with_untracked(|stack| stack.toasts().is_empty())
            && let Some(before) = self.before.try_update_value(Option::take).flatten()
        {
            refocus(&before);
        }
    }

    /// Gives the focus to the toasts.
    pub fn focus(self) {
        // Pressed again it leads back to where one came from all the same.
        if !focus_is_inside(REGION) {
            self.before.set_value(focused());
        }
        focus_id(REGION);
    }

    /// Somebody opened a callback: what was told of it is read.
    pub fn dismiss_callback(self, callback: i64) {
        self.stack.update(|stack| stack.dismiss_callback(callback));
        self.notices.read_callback(callback);
    }

    /// The pointer came or went.
    pub fn set_hovered(self, hovered: bool) {
        self.hold(|held| held.hovered = hovered);
    }

    /// The focus came or went.
    pub fn set_focused(self, focused: bool) {
        self.hold(|held| held.focused = focused);
    }

    fn hold(self, change: impl FnOnce(&mut Held)) {
        let mut held = self.held.get_untracked();
        change(&mut held);
        self.held.set(held);
        self.stack.update(|stack| {
            if held == Held::default() { stack.resume(local_now_ms()) } else { stack.pause() }
        });
    }

    fn tick(self) {
        let changed = self.stack.try_update_untracked(|stack| stack.tick(TICK_MS));
        if changed == Some(true) {
            self.stack.notify();
        }
    }
}

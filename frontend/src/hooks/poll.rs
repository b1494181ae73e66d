//! Carries out what the poller decides: one timer, one request, the tab's events.

use super::browser::{is_online, is_visible};
use super::feed::Feed;
use crate::api::{self, ApiError};
use crate::state::poller::{Effect, Event, Poller, Ticket};
use crate::storage;
use gloo_timers::callback::Timeout;
use leptos::leptos_dom::helpers::{WindowListenerHandle, window_event_listener_untyped};
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

struct Shared {
    feed: Feed,
    poller: RefCell<Poller>,
    timer: RefCell<Option<Timeout>>,
    stopped: Cell<bool>,
}

/// A running poller.
#[derive(Clone)]
pub struct Runner(Rc<Shared>);

/// Starts to poll; ends with the owner that started it.
pub fn start_poller(feed: Feed) -> Runner {
    let runner = Runner(Rc::new(Shared {
        feed,
        poller: RefCell::default(),
        timer: RefCell::default(),
        stopped: Cell::new(false),
    }));
    let listeners = runner.listen();
    let stored = StoredValue::new_local(runner.clone());
    on_cleanup(move || {
        for listener in listeners {
            listener.remove();
        }
        stored.try_with_value(Runner::stop);
    });
    let cursor = storage::load_cursor();
    feed.cursor.set(cursor.clone());
    runner.tell(Event::Started { cursor, visible: is_visible(), online: is_online() });
    runner
}

impl Runner {
    /// Asks now.
    pub fn nudge(&self) {
        self.tell(Event::Nudged);
    }

    fn listen(&self) -> Vec<WindowListenerHandle> {
        let on = |name: &str, event: fn() -> Event| {
            let runner = self.clone();
            window_event_listener_untyped(name, move |_| runner.tell(event()))
        };
        let shown_or_hidden = || if is_visible() { Event::Shown } else { Event::Hidden };
        vec![
            on("visibilitychange", shown_or_hidden),
            on("pageshow", shown_or_hidden),
            on("online", || Event::WentOnline),
            on("offline", || Event::WentOffline),
        ]
    }

    fn stop(&self) {
        self.0.stopped.set(true);
        self.0.timer.take();
    }

    fn tell(&self, event: Event) {
        if self.0.stopped.get() {
            return;
        }
        let effects = self.0.poller.borrow_mut().step(event, js_sys::Math::random());
        for effect in effects {
            self.carry_out(effect);
        }
    }

    fn carry_out(&self, effect: Effect) {
        let feed = self.0.feed;
        match effect {
            Effect::Fetch { ticket, cursor } => {
                self.0.timer.take();
                self.fetch(ticket, cursor);
            }
            Effect::Schedule { ticket, after_ms } => {
                let runner = self.clone();
                let after_ms = u32::try_from(after_ms).unwrap_or(u32::MAX);
                let timer = Timeout::new(after_ms, move || runner.tell(Event::TimerFired(ticket)));
                self.0.timer.replace(Some(timer));
            }
            Effect::Deliver { rows, more } => feed.deliver(rows, more),
            Effect::SaveCursor(cursor) => {
                storage::save_cursor(&cursor);
                feed.cursor.set(Some(cursor));
            }
            Effect::Count { unviewed, server_time } => feed.count(unviewed, &server_time),
            Effect::Resynced => feed.resynced(),
            Effect::Show(connection) => feed.show(connection),
        }
    }

    fn fetch(&self, ticket: Ticket, cursor: Option<String>) {
        let runner = self.clone();
        spawn_local(async move {
            let event = match api::check(cursor.as_deref()).await {
                Ok(page) => Event::Answered(ticket, Box::new(page)),
                Err(ApiError::SignedOut) => Event::SignedOut(ticket),
                Err(ApiError::Problem { problem, .. }) if problem.status == 410 => {
                    Event::CursorUnknown(ticket)
                }
                Err(ApiError::Problem { retry_after_ms, .. }) => {
                    Event::Failed(ticket, retry_after_ms)
                }
                Err(ApiError::Unreachable) => Event::Failed(ticket, None),
            };
            runner.tell(event);
        });
    }
}

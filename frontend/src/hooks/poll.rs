//! Carries out what the poller and the stream decide: timers, requests, the events of this tab
//! and the words of the others.

use super::browser::{is_online, is_visible};
use super::feed::Feed;
use super::push::{Push, Pushed};
use super::tabs::{Channel, Leadership};
use crate::api::{self, ApiError};
use crate::state::poller::{Connection, Effect, Event, Poller, Ticket};
use crate::state::stream::{self, Stream};
use crate::state::tabs::TabMessage;
use crate::storage;
use crate::ui::prelude::*;
use crate::ui::{WindowListener, window_event_listener_untyped};
use gloo_timers::callback::Timeout;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

struct Shared {
    feed: Feed,
    poller: RefCell<Poller>,
    timer: RefCell<Option<Timeout>>,
    /// The text of the answer that the poller takes at the moment.
    answer: RefCell<String>,
    stream: RefCell<Stream>,
    stream_timer: RefCell<Option<Timeout>>,
    push: RefCell<Option<Push>>,
    /// Where the stream stands.
    pushed_to: RefCell<Option<String>>,
    channel: RefCell<Option<Channel>>,
    leadership: RefCell<Option<Leadership>>,
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
        answer: RefCell::default(),
        stream: RefCell::default(),
        stream_timer: RefCell::default(),
        push: RefCell::default(),
        pushed_to: RefCell::default(),
        channel: RefCell::default(),
        leadership: RefCell::default(),
        stopped: Cell::new(false),
    }));
    let listeners = runner.listen();
    let stored = StoredValue::new(runner.clone());
    on_cleanup(move || {
        for listener in listeners {
            listener.remove();
        }
        stored.try_with_value(Runner::stop);
    });
    let stored = storage::load_position();
    runner.tell(Event::Started { stored, visible: is_visible(), online: is_online() });
    runner.join_tabs();
    runner
}

impl Runner {
    /// Asks now.
    pub fn nudge(&self) {
        self.tell(Event::Nudged);
    }

    /// True when this tab is the one that tells: by toasts in front, by the browser in the back.
    pub fn leads(&self) -> bool {
        self.0.leadership.borrow().as_ref().is_some_and(Leadership::leads)
    }

    /// Tells the other tabs.
    pub fn say(&self, message: &TabMessage) {
        if let Some(channel) = &*self.0.channel.borrow() {
            channel.say(message);
        }
    }

    fn listen(&self) -> Vec<WindowListener> {
        let on = |name: &'static str, act: fn(&Self)| {
            let runner = self.clone();
            window_event_listener_untyped(name, move |_| act(&runner))
        };
        vec![
            on("visibilitychange", Self::show_or_hide),
            on("pageshow", Self::show_or_hide),
            on("online", |runner| runner.hear_browser(Event::WentOnline)),
            on("offline", |runner| runner.hear_browser(Event::WentOffline)),
            // Whoever closes the tab that leads sees the next one lead at once.
            on("pagehide", |runner| runner.with_leadership(Leadership::make_room)),
            on("storage", |runner| runner.with_leadership(Leadership::look)),
        ]
    }

    fn show_or_hide(&self) {
        self.hear_browser(if is_visible() { Event::Shown } else { Event::Hidden });
    }

    fn hear_browser(&self, event: Event) {
        self.tell(event);
        self.come_or_go();
    }

    fn with_leadership(&self, act: fn(&Leadership)) {
        // A copy: what it does may look at it again.
        let leadership = self.0.leadership.borrow().clone();
        if let Some(leadership) = leadership {
            act(&leadership);
        }
    }

    fn join_tabs(&self) {
        let hearing = self.clone();
        let channel = Channel::open(move |message| hearing.hear(message));
        self.0.channel.replace(Some(channel));
        let leading = self.clone();
        let leadership = Leadership::seek(move |leads| leading.lead(leads));
        self.0.leadership.replace(Some(leadership.clone()));
        // The lease may have been had at once, before there was a leadership to ask.
        if leadership.leads() {
            self.lead(true);
        }
        self.come_or_go();
    }

    /// A tab that came to the front wants to lead if none in front does, and one that leads and went
    /// to the back asks whether one in front wants to.
    fn come_or_go(&self) {
        match (is_visible(), self.leads()) {
            (true, false) => self.say(&TabMessage::Visible),
            (false, true) => self.say(&TabMessage::Led),
            _ => {}
        }
        self.0.feed.settle_toasts();
        self.want_stream();
    }

    fn lead(&self, leads: bool) {
        if self.0.stopped.get() {
            return;
        }
        if leads {
            self.say(&TabMessage::Led);
        }
        self.tell(Event::Led(leads));
        self.0.feed.settle_toasts();
    }

    fn hear(&self, message: TabMessage) {
        if self.0.stopped.get() {
            return;
        }
        let feed = self.0.feed;
        match message {
            TabMessage::Page { from, text } => {
                if let Some(page) = api::read_page(&text) {
                    self.tell(Event::Heard { from, page: Box::new(page) });
                }
            }
            TabMessage::Toasted(keys) => feed.forget_toasts(&keys),
            TabMessage::Visible if self.leads() => {
                if is_visible() {
                    self.say(&TabMessage::Live(feed.is_live()));
                } else {
                    self.with_leadership(Leadership::make_room);
                }
            }
            TabMessage::Led if is_visible() => self.come_or_go(),
            TabMessage::Visible | TabMessage::Led => {}
            TabMessage::Live(live) => {
                if !self.leads() {
                    feed.set_live(live);
                }
            }
            TabMessage::Read => feed.read_notices(),
        }
    }

    fn stop(&self) {
        self.0.stopped.set(true);
        self.0.timer.take();
        self.0.stream_timer.take();
        self.0.push.take();
        if let Some(leadership) = self.0.leadership.take() {
            leadership.stop();
        }
        if let Some(channel) = self.0.channel.take() {
            channel.close();
        }
    }

    fn tell(&self, event: Event) {
        if self.0.stopped.get() {
            return;
        }
        let effects = self.0.poller.borrow_mut().step(event, js_sys::Math::random());
        for effect in effects {
            self.carry_out(effect);
        }
        self.want_stream();
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
                let timer = after(after_ms, move || runner.tell(Event::TimerFired(ticket)));
                self.0.timer.replace(Some(timer));
            }
            Effect::Share { from } => {
                let text = self.0.answer.take();
                self.say(&TabMessage::Page { from, text });
            }
            Effect::Deliver(rows) => feed.deliver(rows),
            Effect::Save(position) => storage::save_position(&position),
            Effect::Count { unviewed, server_time } => {
                feed.cursor.set(self.cursor());
                feed.count(unviewed, &server_time);
            }
            Effect::Resynced => feed.resynced(),
            Effect::Show(connection) => feed.show(connection),
        }
    }

    fn cursor(&self) -> Option<String> {
        self.0.poller.borrow().cursor().map(str::to_owned)
    }

    fn fetch(&self, ticket: Ticket, cursor: Option<String>) {
        let runner = self.clone();
        spawn_local(async move {
            let event = match api::check(cursor.as_deref()).await {
                Ok((page, text)) => {
                    runner.0.answer.replace(text);
                    Event::Answered(ticket, Box::new(page))
                }
                Err(ApiError::SignedOut) => Event::SignedOut(ticket),
                Err(ApiError::Problem { problem, retry_after_ms }) => match problem.status {
                    410 => Event::CursorUnknown(ticket, storage::load_position()),
                    403 => Event::Refused(ticket),
                    _ => Event::Failed(ticket, retry_after_ms),
                },
                Err(ApiError::Unreachable) => Event::Failed(ticket, None),
            };
            runner.tell(event);
        });
    }

    /// Only the tab that leads has a stream, once it knows from where.
    fn want_stream(&self) {
        let has_position = self.0.poller.borrow().cursor().is_some();
        let wanted = self.leads() && has_position && is_online() && !self.0.stopped.get();
        self.tell_stream(stream::Event::Wanted(wanted));
    }

    fn tell_stream(&self, event: stream::Event) {
        let effects = self.0.stream.borrow_mut().step(event);
        for effect in effects {
            match effect {
                stream::Effect::Open(ticket) => self.open_stream(ticket),
                stream::Effect::Close => {
                    self.0.stream_timer.take();
                    self.0.push.take();
                }
                stream::Effect::Schedule { ticket, after_ms } => {
                    let runner = self.clone();
                    let fire = move || runner.tell_stream(stream::Event::TimerFired(ticket));
                    self.0.stream_timer.replace(Some(after(after_ms, fire)));
                }
                stream::Effect::Live(live) => {
                    self.0.feed.set_live(live);
                    self.say(&TabMessage::Live(live));
                }
                stream::Effect::CatchUp => self.tell(Event::StreamOpened),
            }
        }
    }

    fn open_stream(&self, ticket: Ticket) {
        let cursor = self.cursor();
        let href = api::stream_href(cursor.as_deref());
        self.0.pushed_to.replace(cursor);
        let runner = self.clone();
        let push = Push::open(&href, move |pushed| {
            let event = match pushed {
                Pushed::Opened => stream::Event::Opened(ticket),
                Pushed::Broke => stream::Event::Broke(ticket),
                Pushed::Ping => stream::Event::Heard(ticket),
                Pushed::Page { cursor, text } => {
                    runner.take_pushed(cursor, text);
                    stream::Event::Heard(ticket)
                }
            };
            runner.tell_stream(event);
        });
        self.0.push.replace(push);
    }

    fn take_pushed(&self, cursor: String, text: String) {
        let from = self.0.pushed_to.replace(Some(cursor));
        if let Some(page) = api::read_page(&text) {
            self.say(&TabMessage::Page { from: from.clone(), text });
            self.tell(Event::Heard { from, page: Box::new(page) });
        }
    }
}

/// Browsers take a longer wait for none: whoever asks for more than 24 days is asked again then.
const LONGEST_MS: u32 = i32::MAX.cast_unsigned();

fn after(after_ms: u64, then: impl FnOnce() + 'static) -> Timeout {
    Timeout::new(u32::try_from(after_ms).unwrap_or(LONGEST_MS).min(LONGEST_MS), then)
}

/// What the header shows: a stream makes `Polling` live.
pub fn shown(connection: Connection, live: bool) -> Connection {
    match connection {
        Connection::Polling | Connection::Connecting if live => Connection::Live,
        other => other,
    }
}

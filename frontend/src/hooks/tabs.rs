//! The other tabs of this browser: a channel to them, and the question which tab leads.
//!
//! The browser's lock answers that where it has locks. Where it has none (plain http other than
//! this computer) a lease in the storage does.

use super::browser::is_visible;
use super::clock::local_now_ms;
use crate::state::tabs::{Lease, TabMessage};
use crate::storage;
use crate::ui::spawn_local;
use gloo_timers::callback::Interval;
use js_sys::{Function, Promise, Reflect};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{BroadcastChannel, MessageEvent};

const NAME: &str = "ringback-feed";
const LEASE_TICK_MS: u32 = 5_000;

type Listener = Closure<dyn FnMut(MessageEvent)>;

/// What the tabs say to each other.
pub struct Channel {
    channel: Option<BroadcastChannel>,
    _listener: Option<Listener>,
}

impl Channel {
    /// Listens from now on; a browser without channels has tabs that hear nothing.
    pub fn open(hear: impl Fn(TabMessage) + 'static) -> Self {
        let Ok(channel) = BroadcastChannel::new(NAME) else {
            return Self { channel: None, _listener: None };
        };
        let listener = Listener::new(move |event: MessageEvent| {
            let text = event.data().as_string();
            if let Some(message) = text.and_then(|text| TabMessage::parse(&text)) {
                hear(message);
            }
        });
        channel.set_onmessage(Some(listener.as_ref().unchecked_ref()));
        Self { channel: Some(channel), _listener: Some(listener) }
    }

    /// Tells all the others.
    pub fn say(&self, message: &TabMessage) {
        if let Some(channel) = &self.channel {
            // A channel that is closed belongs to a desk that is gone.
            let _ = channel.post_message(&JsValue::from_str(&message.to_text()));
        }
    }

    /// Neither speaks nor listens any more.
    pub fn close(&self) {
        if let Some(channel) = &self.channel {
            channel.set_onmessage(None);
            channel.close();
        }
    }
}

struct Shared {
    leads: Cell<bool>,
    stopped: Cell<bool>,
    /// Gives the lock back.
    release: RefCell<Option<Function>>,
    lease: RefCell<Option<Interval>>,
    holder: String,
    changed: Box<dyn Fn(bool)>,
}

/// One tab's part in the question which of them leads.
#[derive(Clone)]
pub struct Leadership(Rc<Shared>);

impl Leadership {
    /// Asks to lead; `changed` hears of it when that begins and ends.
    pub fn seek(changed: impl Fn(bool) + 'static) -> Self {
        let leadership = Self(Rc::new(Shared {
            leads: Cell::new(false),
            stopped: Cell::new(false),
            release: RefCell::default(),
            lease: RefCell::default(),
            holder: format!("{}-{}", local_now_ms(), js_sys::Math::random().to_bits()),
            changed: Box::new(changed),
        }));
        if leadership.request_lock().is_none() {
            leadership.renew_lease();
            let renewing = leadership.clone();
            let interval = Interval::new(LEASE_TICK_MS, move || renewing.renew_lease());
            leadership.0.lease.replace(Some(interval));
        }
        leadership
    }

    /// True while this tab leads.
    pub fn leads(&self) -> bool {
        self.0.leads.get()
    }

    /// Lets another tab lead, and gets in line again.
    pub fn make_room(&self) {
        self.set(false);
        if self.give_back() {
            self.request_lock();
        }
    }

    /// What the tabs share has changed: a tab in front takes a lease that is free by now.
    pub fn look(&self) {
        if self.0.lease.borrow().is_some() && is_visible() {
            self.renew_lease();
        }
    }

    /// Ends it for good.
    pub fn stop(&self) {
        self.0.stopped.set(true);
        self.0.lease.take();
        // Nobody is told: what would hear of it ends too.
        self.0.leads.set(false);
        self.give_back();
    }

    fn set(&self, leads: bool) {
        if self.0.leads.replace(leads) != leads {
            (self.0.changed)(leads);
        }
    }

    /// `None` when the browser has no locks.
    fn request_lock(&self) -> Option<()> {
        let navigator = web_sys::window()?.navigator();
        let locks = Reflect::get(&navigator, &"locks".into()).ok().filter(JsValue::is_object)?;
        let request: Function = Reflect::get(&locks, &"request".into()).ok()?.dyn_into().ok()?;
        let leadership = self.clone();
        let granted = Closure::once_into_js(move || leadership.hold());
        let promise: Promise =
            request.call2(&locks, &NAME.into(), &granted).ok()?.dyn_into().ok()?;
        // It is refused when the page is about to go: then nobody needs to know.
        spawn_local(async move {
            let _ = JsFuture::from(promise).await;
        });
        Some(())
    }

    /// The lock is held until the promise that this gives is fulfilled.
    fn hold(&self) -> Promise {
        if self.0.stopped.get() {
            return Promise::resolve(&JsValue::NULL);
        }
        let held = Promise::new(&mut |release, _| {
            self.0.release.replace(Some(release));
        });
        self.set(true);
        held
    }

    /// Frees the lease or the lock; true when it was the lock.
    fn give_back(&self) -> bool {
        if storage::load_lease().is_some_and(|lease| lease.holder == self.0.holder) {
            storage::remove_lease();
        }
        let release = self.0.release.take();
        release.is_some_and(|release| release.call0(&JsValue::NULL).is_ok())
    }

    fn renew_lease(&self) {
        let stored = storage::load_lease();
        match Lease::take(stored.as_ref(), &self.0.holder, local_now_ms()) {
            Some(lease) => {
                storage::save_lease(&lease);
                self.set(true);
            }
            None => self.set(false),
        }
    }
}

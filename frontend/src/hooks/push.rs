//! The server's stream of callbacks, as the browser gives it.

use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{EventSource, MessageEvent};

/// What comes by a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// The server took the request.
    Opened,
    /// A page of the feed.
    Page {
        /// The position after it.
        cursor: String,
        /// As the server sent it.
        text: String,
    },
    /// A sign of life.
    Ping,
    /// It ended or was refused.
    Broke,
}

type Listener = Closure<dyn FnMut(MessageEvent)>;

/// An open stream; closes when it is dropped.
pub struct Push {
    source: EventSource,
    _listeners: Vec<Listener>,
}

impl Push {
    /// Opens a stream; `None` when the browser has none to offer.
    pub fn open(href: &str, hear: impl Fn(Pushed) + 'static) -> Option<Self> {
        let source = EventSource::new(href).ok()?;
        let hear = Rc::new(hear);
        let listen = |name: &str, read: fn(&MessageEvent) -> Pushed| {
            let hear = hear.clone();
            let listener = Listener::new(move |event: MessageEvent| hear(read(&event)));
            let _ =
                source.add_event_listener_with_callback(name, listener.as_ref().unchecked_ref());
            listener
        };
        let listeners = vec![
            listen("open", |_| Pushed::Opened),
            listen("page", |event| Pushed::Page {
                cursor: event.last_event_id(),
                text: event.data().as_string().unwrap_or_default(),
            }),
            listen("ping", |_| Pushed::Ping),
            // The browser would open it again by itself, at once and for ever.
            listen("error", |_| Pushed::Broke),
        ];
        Some(Self { source, _listeners: listeners })
    }
}

impl Drop for Push {
    fn drop(&mut self) {
        self.source.close();
    }
}

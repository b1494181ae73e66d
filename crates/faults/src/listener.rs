//! A reader that listens to the stream, as browsers do, and resumes where it was cut.

use crate::observer::{FeedPage, Observer};
use crate::plan::Plan;
use crate::rotation::Rotation;
use futures_util::StreamExt;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

const STREAM: &str = "/api/admin/llm-callbacks/stream";
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
/// The server says something every 15 s; what is silent for longer is dead.
const SILENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(200);
/// The client's own limit, which would end the stream.
const FOR_EVER: Duration = Duration::from_secs(1 << 20);

/// A reader by stream. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Listener {
    pub(crate) observer: Rc<RefCell<Observer>>,
    client: awc::Client,
    rotation: Rotation,
    token: String,
    last_event_id: Rc<RefCell<String>>,
}

impl Listener {
    /// Begins after a cursor.
    pub(crate) fn new(
        plan: Plan,
        client: awc::Client,
        rotation: Rotation,
        token: String,
        cursor: String,
    ) -> Self {
        Self {
            observer: Rc::new(RefCell::new(Observer::new(plan))),
            client,
            rotation,
            token,
            last_event_id: Rc::new(RefCell::new(cursor)),
        }
    }

    /// Follows until the task is dropped; after each cut at another node.
    pub(crate) async fn run(self) {
        loop {
            self.listen().await;
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn listen(&self) -> Option<()> {
        let url = &self.rotation.pick().url;
        let request = self
            .client
            .get(format!("{url}{STREAM}"))
            .timeout(FOR_EVER)
            .bearer_auth(&self.token)
            .insert_header(("last-event-id", self.last_event_id.borrow().as_str()));
        let mut answer = tokio::time::timeout(CONNECT_PATIENCE, request.send()).await.ok()?.ok()?;
        if !answer.status().is_success() {
            return None;
        }
        let mut events = Events::default();
        while let Some(chunk) = tokio::time::timeout(SILENCE, answer.next()).await.ok()? {
            events.push(&chunk.ok()?);
            while let Some(event) = events.pop() {
                if event.name != "page" {
                    continue;
                }
                let page: FeedPage = serde_json::from_str(&event.data).ok()?;
                self.observer.borrow_mut().see(&page.callbacks);
                self.last_event_id.replace(event.id);
            }
        }
        None
    }
}

/// An event of a stream.
#[derive(Debug, Default, PartialEq, Eq)]
struct Event {
    name: String,
    id: String,
    data: String,
}

/// Puts chunks together and takes events off, by the WHATWG's rules as far as the server uses them.
#[derive(Debug, Default)]
struct Events {
    buffer: Vec<u8>,
}

impl Events {
    fn push(&mut self, chunk: &[u8]) {
        self.buffer.extend_from_slice(chunk);
    }

    fn pop(&mut self) -> Option<Event> {
        let end = self.buffer.windows(2).position(|two| two == b"\n\n")?;
        let block: Vec<u8> = self.buffer.drain(..end + 2).collect();
        let mut event = Event::default();
        for line in String::from_utf8_lossy(&block).lines() {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => value.clone_into(&mut event.name),
                "id" => value.clone_into(&mut event.id),
                "data" => {
                    if !event.data.is_empty() {
                        event.data.push('\n');
                    }
                    event.data.push_str(value);
                }
                _ => {}
            }
        }
        Some(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_taken_off_when_they_are_whole() {
        let mut events = Events::default();
        let text = "retry: 2000\n\nevent: page\nid: c1\ndata: {\"a\":\ndata: 1}\n\nevent: ping\n";
        let (first, rest) = text.split_at(30);
        events.push(first.as_bytes());
        assert_eq!(events.pop(), Some(Event::default()));
        assert_eq!(events.pop(), None);
        events.push(rest.as_bytes());
        let (name, id) = ("page".to_owned(), "c1".to_owned());
        assert_eq!(events.pop(), Some(Event { name, id, data: "{\"a\":\n1}".to_owned() }));
        assert_eq!(events.pop(), None);
    }
}

//! The feed as readers follow it: pages after a cursor, and word that there is more.
//!
//! A position is all that a reader needs to go on, so whatever is told here may be lost, doubled or
//! late: every reader then reads from its own cursor and misses nothing.

use crate::database::Readers;
use crate::error::ApiError;
use crate::state::AppState;
use crate::views;
use actix_web::web::Bytes;
use ringback_core::cursor::FeedCursor;
use ringback_core::queries;
use ringback_wire::{CheckResponse, Ping};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{broadcast, watch};

/// Callbacks in a page unless a reader asks for another number.
pub const PAGE: i64 = 100;
/// Pages that wait for a reader who is slow. One that falls further behind reads by itself.
const SHARED_PAGES: usize = 16;

/// What is told to whoever follows the feed on this node.
#[derive(Clone, Debug)]
pub enum Told {
    /// The page that comes after a position, read once for all.
    Page(Arc<SharedPage>),
    /// Something changed; read from your own position.
    Changed,
}

/// A page as every stream sends it.
#[derive(Debug)]
pub struct SharedPage {
    /// The position that it comes after.
    pub after: i64,
    /// The position of its last callback.
    pub seq: i64,
    /// The event, ready to be sent.
    pub event: Bytes,
}

/// The ways in which the node's parts tell each other what happened. Nothing here is a promise:
/// the feed itself is.
#[derive(Debug)]
pub struct Feed {
    told: broadcast::Sender<Told>,
    elsewhere: watch::Sender<u64>,
    credentials: watch::Sender<u64>,
    credentials_here: watch::Sender<u64>,
    stopping: watch::Sender<bool>,
    streams: AtomicUsize,
}

impl Default for Feed {
    fn default() -> Self {
        Self {
            told: broadcast::Sender::new(SHARED_PAGES),
            elsewhere: watch::Sender::new(0),
            credentials: watch::Sender::new(0),
            credentials_here: watch::Sender::new(0),
            stopping: watch::Sender::new(false),
            streams: AtomicUsize::new(0),
        }
    }
}

impl Feed {
    /// What the streams are told from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Told> {
        self.told.subscribe()
    }

    /// Tells every stream.
    pub fn tell(&self, told: Told) {
        // Nobody may be listening.
        let _nobody = self.told.send(told);
    }

    /// True when somebody would hear [`Self::tell`].
    pub fn has_listeners(&self) -> bool {
        self.told.receiver_count() > 0
    }

    /// Another node has stored something, or may have.
    pub fn note_elsewhere(&self) {
        self.elsewhere.send_modify(|times| *times = times.wrapping_add(1));
    }

    /// Changes when another node has stored something.
    pub fn elsewhere(&self) -> watch::Receiver<u64> {
        self.elsewhere.subscribe()
    }

    /// Somebody signed out or was shut out on this node: whoever follows the feed, here or on
    /// another node, shows the credential again.
    pub fn note_credentials(&self) {
        self.credentials_here.send_modify(|times| *times = times.wrapping_add(1));
        self.note_credentials_elsewhere();
    }

    /// The same happened on another node.
    pub fn note_credentials_elsewhere(&self) {
        self.credentials.send_modify(|times| *times = times.wrapping_add(1));
    }

    /// Changes when a credential may have lost its worth by what this node did.
    pub fn credentials_here(&self) -> watch::Receiver<u64> {
        self.credentials_here.subscribe()
    }

    /// Changes when a credential may have lost its worth, wherever.
    pub fn credentials(&self) -> watch::Receiver<u64> {
        self.credentials.subscribe()
    }

    /// The server stops: every stream ends.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Becomes true when the server stops.
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    /// How many streams are open.
    pub fn streams(&self) -> usize {
        self.streams.load(Ordering::Relaxed)
    }

    /// Counts a stream until the guard is dropped; `None` when there are `most` already.
    pub fn open_stream(self: &Arc<Self>, most: usize) -> Option<OpenStream> {
        let open = self.streams.fetch_add(1, Ordering::Relaxed);
        let guard = OpenStream(Arc::clone(self));
        (open < most).then_some(guard)
    }
}

/// A stream that is counted.
#[derive(Debug)]
pub struct OpenStream(Arc<Feed>);

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A page of the feed.
#[derive(Debug)]
pub struct FeedPage {
    /// The position that it comes after.
    pub after: i64,
    /// The position to go on from.
    pub seq: i64,
    /// The page as it is answered.
    pub answer: CheckResponse,
}

impl FeedPage {
    /// The page as an event of a stream; its id is the cursor to resume from.
    ///
    /// # Errors
    /// 500 when it cannot be written as JSON.
    pub fn event(&self) -> Result<Bytes, ApiError> {
        let data = serde_json::to_string(&self.answer).map_err(ApiError::internal)?;
        Ok(Bytes::from(format!("id: {}\nevent: page\ndata: {data}\n\n", self.answer.cursor)))
    }
}

/// An event that says that the stream is alive.
pub fn ping_event(state: &AppState) -> Bytes {
    let ping = Ping { server_time: views::time(state.clock.now()) };
    let data = serde_json::to_string(&ping).unwrap_or_default();
    Bytes::from(format!("event: ping\ndata: {data}\n\n"))
}

/// The position of a cursor.
///
/// # Errors
/// [`ApiError::CursorUnknown`] for a cursor of another feed, or for no cursor at all.
pub fn decode_cursor(feed_id: u64, text: &str) -> Result<i64, ApiError> {
    match FeedCursor::decode(text) {
        Ok(cursor) if cursor.feed_id == feed_id => Ok(cursor.seq),
        _ => Err(ApiError::CursorUnknown),
    }
}

/// What comes after a position; without one, the newest position and no callbacks.
///
/// # Errors
/// 410 for a position that was never given out: the database was rolled back.
pub async fn read_page(
    state: &AppState,
    after: Option<i64>,
    limit: i64,
) -> Result<FeedPage, ApiError> {
    let (mut lines, head, unviewed) = read(&state.readers, after, limit + 1).await?;
    if after.is_some_and(|seq| seq > head && lines.is_empty()) {
        return Err(ApiError::CursorUnknown);
    }
    let limit = usize::try_from(limit).map_err(ApiError::internal)?;
    let has_more = lines.len() > limit;
    lines.truncate(limit);
    if let Some(seq) = after {
        state.metrics.observe_feed_lag(head - seq);
    }
    let after = after.unwrap_or(head);
    let seq = lines.last().map_or(after, |line| line.callback.seq);
    let answer = CheckResponse {
        callbacks: views::summaries(lines),
        cursor: FeedCursor { feed_id: state.feed_id, seq }.encode(),
        has_more,
        unviewed,
        server_time: views::time(state.clock.now()),
    };
    Ok(FeedPage { after, seq, answer })
}

async fn read(
    readers: &Readers,
    after: Option<i64>,
    limit: i64,
) -> Result<(Vec<ringback_core::models::CallbackLine>, i64, i64), ApiError> {
    let read = move |conn: &mut ringback_core::connection::Connection| {
        let head = queries::callbacks::find_feed_head(conn)?;
        let lines = match after {
            Some(seq) => queries::list_callbacks_after(conn, seq, limit)?,
            None => Vec::new(),
        };
        Ok((lines, head, queries::count_unviewed_callbacks(conn)?))
    };
    readers.read(read).await
}

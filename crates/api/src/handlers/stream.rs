//! The feed as server-sent events.
//!
//! A stream holds a cursor and nothing else: it reads what comes after it, waits for word that there
//! is more, and reads again. The body is made as fast as the client takes it, so a slow client costs
//! a page of memory and catches up from the database; one that takes nothing for long is cut by the
//! system (`startup.rs`) and resumes with `Last-Event-ID`.

use crate::error::ApiError;
use crate::extractors::{self, Viewer};
use crate::feed::{FeedPage, OpenStream, PAGE, Told, decode_cursor, ping_event, read_page};
use crate::handlers::callbacks::parse_query;
use crate::state::State;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::stream;
use serde::Deserialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

/// Streams on one node; above it a client polls.
const MOST_STREAMS: usize = 2000;
/// A client that lost its stream waits so long, in milliseconds.
const RETRY_MS: u32 = 2000;

/// The query of [`follow`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamQuery {
    cursor: Option<String>,
}

/// The feed after a cursor and from then on, for as long as the credential is good.
///
/// # Errors
/// 410 for a cursor that is not of this feed; 503 when the node has streams enough or stops.
pub async fn follow(
    request: HttpRequest,
    _viewer: Viewer,
    query: Result<web::Query<StreamQuery>, actix_web::Error>,
    state: State,
) -> Result<HttpResponse, ApiError> {
    let query = parse_query(query)?;
    let resumed = match request.headers().get("last-event-id") {
        Some(id) => Some(id.to_str().map_err(|_| ApiError::CursorUnknown)?.to_owned()),
        None => query.cursor,
    };
    let after = resumed.map(|cursor| decode_cursor(state.feed_id, &cursor)).transpose()?;
    let open = state.feed.open_stream(MOST_STREAMS).ok_or(ApiError::Unavailable(None))?;
    // Listening begins before the first reading: what is stored in between is told.
    let stopping = state.feed.stopping();
    if *stopping.borrow() {
        return Err(ApiError::Unavailable(None));
    }
    let mut follower = Follower {
        told: state.feed.subscribe(),
        credentials: state.feed.credentials(),
        stopping,
        pings: pings(state.config.stream_ping),
        after: 0,
        is_behind: false,
        request,
        state,
        _open: open,
    };
    // Read before the head of the answer goes out, so that a problem is still one.
    let page = read_page(&follower.state, after, PAGE).await?;
    let first = follower.advance(&page)?;
    let opening = Bytes::from(format!("retry: {RETRY_MS}\n\n"));
    let body = stream::unfold(Some((follower, vec![first, opening])), |step| async move {
        let (mut follower, mut ready) = step?;
        let event = match ready.pop() {
            Some(event) => event,
            None => follower.next().await?,
        };
        Some((Ok::<_, ApiError>(event), Some((follower, ready))))
    });
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        // A proxy that gathers an answer before it passes it on would never pass this one on.
        .insert_header(("x-accel-buffering", "no"))
        .streaming(body))
}

fn pings(every: std::time::Duration) -> Interval {
    let mut pings = interval_at(Instant::now() + every, every);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pings
}

/// One client's place in the feed.
struct Follower {
    told: broadcast::Receiver<Told>,
    credentials: watch::Receiver<u64>,
    stopping: watch::Receiver<bool>,
    pings: Interval,
    after: i64,
    is_behind: bool,
    request: HttpRequest,
    state: State,
    _open: OpenStream,
}

impl Follower {
    /// The next event; `None` ends the stream, and the client resumes where it was.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if *self.stopping.borrow() {
                return None;
            }
            if self.is_behind {
                let page = read_page(&self.state, Some(self.after), PAGE).await.ok()?;
                let has_news = page.seq > self.after;
                let event = self.advance(&page).ok()?;
                if has_news {
                    return Some(event);
                }
            }
            tokio::select! {
                biased;
                _ = self.stopping.changed() => return None,
                _ = self.credentials.changed() => self.is_still_welcome().await.then_some(())?,
                told = self.told.recv() => match told {
                    Ok(Told::Page(page)) if page.after == self.after => {
                        self.after = page.seq;
                        return Some(page.event.clone());
                    }
                    // Sent already, by our own reading.
                    Ok(Told::Page(page)) if page.seq <= self.after => {}
                    Ok(_) | Err(RecvError::Lagged(_)) => self.is_behind = true,
                    Err(RecvError::Closed) => return None,
                },
                _ = self.pings.tick() => {
                    // Sessions expire, and other programs sign people out.
                    self.is_still_welcome().await.then_some(())?;
                    return Some(ping_event(&self.state));
                }
            }
        }
    }

    /// Goes on behind a page and gives it as an event.
    fn advance(&mut self, page: &FeedPage) -> Result<Bytes, ApiError> {
        self.after = page.seq;
        self.is_behind = page.answer.has_more;
        page.event()
    }

    /// A database that is away says nothing about a credential, and nothing can be read meanwhile.
    async fn is_still_welcome(&self) -> bool {
        match extractors::identify(&self.request).await {
            Ok(_) | Err(ApiError::Unavailable(_)) => true,
            Err(_) => false,
        }
    }
}

//! Reads the feed once for all streams of this node, whenever something was stored here or elsewhere.

use crate::error::ApiError;
use crate::feed::{PAGE, SharedPage, Told, read_page};
use crate::state::{AppState, State};
use std::sync::Arc;
use std::time::Duration;

/// What is stored within this time reaches the streams in one reading.
const GATHER: Duration = Duration::from_millis(50);
/// Word from other nodes can be lost; this is how long it stays unnoticed.
const AT_LEAST: Duration = Duration::from_secs(2);
/// After a reading that failed.
const PAUSE: Duration = Duration::from_secs(1);

/// Tells the streams what comes after a position, and gives the position to go on from: `None` when
/// nobody listens, so that nothing is read for nobody.
///
/// # Errors
/// When the feed cannot be read.
pub async fn run_once(state: &AppState, after: Option<i64>) -> Result<Option<i64>, ApiError> {
    if !state.feed.has_listeners() {
        return Ok(None);
    }
    let Some(mut after) = after else {
        let page = read_page(state, None, PAGE).await?;
        // The streams are at positions of their own.
        state.feed.tell(Told::Changed);
        return Ok(Some(page.seq));
    };
    loop {
        let page = read_page(state, Some(after), PAGE).await?;
        let (has_news, has_more) = (page.seq > after, page.answer.has_more);
        if has_news {
            let shared = SharedPage { after, seq: page.seq, event: page.event()? };
            state.feed.tell(Told::Page(Arc::new(shared)));
        }
        after = page.seq;
        if !has_more {
            return Ok(Some(after));
        }
    }
}

/// Runs until it is dropped.
pub async fn run(state: State) {
    let mut here = state.writer.stored();
    let mut elsewhere = state.feed.elsewhere();
    let mut after = None;
    loop {
        // What is stored from here on counts as new, even when the reading sees it already.
        here.mark_unchanged();
        elsewhere.mark_unchanged();
        after = if let Ok(after) = run_once(&state, after).await {
            after
        } else {
            // Logged by whoever asks for something; here it only means later.
            tokio::time::sleep(PAUSE).await;
            None
        };
        tokio::time::sleep(GATHER).await;
        tokio::select! {
            _ = here.changed() => {}
            _ = elsewhere.changed() => {}
            () = tokio::time::sleep(AT_LEAST) => {}
        }
    }
}

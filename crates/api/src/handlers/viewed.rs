//! Marking callbacks as viewed, and taking it back.

use super::callbacks::parse_json;
use crate::error::ApiError;
use crate::extractors::Admin;
use crate::feed::decode_cursor;
use crate::state::State;
use crate::views;
use actix_web::{HttpResponse, web};
use ringback_core::models::Micros;
use ringback_core::queries::{self, UnviewedSelection, ViewedSelection};
use ringback_wire::{
    MarkUnviewedRequest, MarkUnviewedResponse, MarkViewedRequest, MarkViewedResponse,
};

/// Ids in one request, and callbacks in one step of marking all.
const STEP: usize = 1000;

/// Marks callbacks as viewed: some, some as they were seen, or all up to a cursor.
///
/// # Errors
/// 422 unless exactly one of the three is given; 410 for a foreign cursor.
pub async fn mark_viewed(
    admin: Admin,
    body: Result<web::Json<MarkViewedRequest>, actix_web::Error>,
    state: State,
) -> Result<HttpResponse, ApiError> {
    let body = parse_json(body)?;
    let viewer = admin.0.name;
    let at = state.clock.now();
    let marked = match (body.ids, body.seen, body.through) {
        (Some(ids), None, None) if ids.len() <= STEP => {
            let mark = move |conn: &mut _| {
                queries::mark_callbacks_viewed(conn, ViewedSelection::Ids(&ids), &viewer, at)
            };
            state.writer.write(mark).await?
        }
        (None, Some(seen), None) if seen.len() <= STEP => {
            let seen: Vec<(i64, i64)> = seen.iter().map(|seen| (seen.id, seen.seq)).collect();
            let mark = move |conn: &mut _| {
                queries::mark_callbacks_viewed(conn, ViewedSelection::Seen(&seen), &viewer, at)
            };
            state.writer.write(mark).await?
        }
        (None, None, Some(through)) => {
            let seq = decode_cursor(state.feed_id, &through)?;
            mark_through(&state, seq, viewer, at).await?
        }
        _ => {
            return Err(ApiError::InvalidInput(format!(
                "give one of `ids` or `seen`, {STEP} at the most, or `through`"
            )));
        }
    };
    let unviewed = state.readers.read(queries::count_unviewed_callbacks).await?;
    let marked = i64::try_from(marked).map_err(ApiError::internal)?;
    let viewed_at = views::time(at);
    Ok(HttpResponse::Ok().json(MarkViewedResponse { marked, viewed_at, unviewed }))
}

/// In steps, so that deliveries never wait for long.
async fn mark_through(
    state: &State,
    seq: i64,
    viewer: String,
    at: Micros,
) -> Result<usize, ApiError> {
    let limit = i64::try_from(STEP).map_err(ApiError::internal)?;
    let mut marked = 0;
    loop {
        let viewer = viewer.clone();
        let step = move |conn: &mut _| {
            let selection = ViewedSelection::Through { seq, limit };
            queries::mark_callbacks_viewed(conn, selection, &viewer, at)
        };
        let count = state.writer.write(step).await?;
        marked += count;
        if count < STEP {
            return Ok(marked);
        }
    }
}

/// Takes marks back: those of some callbacks, or those that the asker made at one time.
///
/// # Errors
/// 422 unless exactly one of the two is given.
pub async fn mark_unviewed(
    admin: Admin,
    body: Result<web::Json<MarkUnviewedRequest>, actix_web::Error>,
    state: State,
) -> Result<HttpResponse, ApiError> {
    let body = parse_json(body)?;
    let unmarked = match (body.ids, body.viewed_at) {
        (Some(ids), None) if ids.len() <= STEP => {
            let unmark = move |conn: &mut _| {
                queries::unmark_callbacks_viewed(conn, UnviewedSelection::Ids(&ids))
            };
            state.writer.write(unmark).await?
        }
        (None, Some(at)) => {
            let at: jiff::Timestamp = at.parse().map_err(|_| {
                ApiError::InvalidInput("`viewed_at` takes what marking answered".to_owned())
            })?;
            unmark_at(&state, admin.0.name, at.as_microsecond()).await?
        }
        _ => {
            return Err(ApiError::InvalidInput(format!(
                "give either `ids`, {STEP} at the most, or `viewed_at`"
            )));
        }
    };
    let unviewed = state.readers.read(queries::count_unviewed_callbacks).await?;
    let unmarked = i64::try_from(unmarked).map_err(ApiError::internal)?;
    Ok(HttpResponse::Ok().json(MarkUnviewedResponse { unmarked, unviewed }))
}

/// In steps as well.
async fn unmark_at(state: &State, viewer: String, at: Micros) -> Result<usize, ApiError> {
    let limit = i64::try_from(STEP).map_err(ApiError::internal)?;
    let mut unmarked = 0;
    loop {
        let viewer = viewer.clone();
        let step = move |conn: &mut _| {
            let selection = UnviewedSelection::Marked { viewer: &viewer, at, limit };
            queries::unmark_callbacks_viewed(conn, selection)
        };
        let count = state.writer.write(step).await?;
        unmarked += count;
        if count < STEP {
            return Ok(unmarked);
        }
    }
}

//! What admins read: the feed, the history, one callback.

use crate::error::ApiError;
use crate::extractors::{Admin, Viewer};
use crate::feed::{PAGE, decode_cursor, read_page};
use crate::state::State;
use crate::views;
use actix_web::http::header::{CONTENT_DISPOSITION, ETAG, HeaderValue, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse, web};
use ringback_core::cursor::HistoryKey;
use ringback_core::models::{CallbackLine, Micros, Signature};
use ringback_core::queries::{self, HistoryFilter, Page, ViewedSelection};
use ringback_wire::{HistoryResponse, MarkViewedRequest, MarkViewedResponse};
use serde::Deserialize;

const CHECK_LIMIT: (i64, i64) = (PAGE, 500);
const HISTORY_LIMIT: (i64, i64) = (50, 200);
/// Ids in one request, and callbacks in one step of marking all.
const MARK_STEP: usize = 1000;

/// The query of [`check`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckQuery {
    cursor: Option<String>,
    limit: Option<i64>,
}

/// What is new since a cursor; without one, the newest position and nothing else.
///
/// # Errors
/// 410 for a cursor that is not of this feed.
pub async fn check(
    request: HttpRequest,
    _viewer: Viewer,
    query: Result<web::Query<CheckQuery>, actix_web::Error>,
    state: State,
) -> Result<HttpResponse, ApiError> {
    let query = parse_query(query)?;
    let limit = limit_of(query.limit, CHECK_LIMIT)?;
    let after =
        query.cursor.as_deref().map(|text| decode_cursor(state.feed_id, text)).transpose()?;
    let answer = read_page(&state, after, limit).await?.answer;
    let etag = format!("\"{}.{}\"", answer.cursor, answer.unviewed);
    let known = request.headers().get(IF_NONE_MATCH).map(HeaderValue::as_bytes);
    if answer.callbacks.is_empty() && known == Some(etag.as_bytes()) {
        return Ok(HttpResponse::NotModified().insert_header((ETAG, etag)).finish());
    }
    Ok(HttpResponse::Ok().insert_header((ETAG, etag)).json(answer))
}

/// The query of [`history`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryQuery {
    event_type: Option<String>,
    signature: Option<String>,
    workflow: Option<String>,
    source: Option<String>,
    from: Option<String>,
    to: Option<String>,
    id_prefix: Option<String>,
    viewed: Option<bool>,
    before: Option<String>,
    after: Option<String>,
    limit: Option<i64>,
}

/// A page of the history, newest first.
///
/// # Errors
/// 422 for a filter that cannot be read.
pub async fn history(
    _viewer: Viewer,
    query: Result<web::Query<HistoryQuery>, actix_web::Error>,
    state: State,
) -> Result<HttpResponse, ApiError> {
    let query = parse_query(query)?;
    let limit = limit_of(query.limit, HISTORY_LIMIT)?;
    let page = page_of(&query)?;
    let filter = filter_of(query)?;
    let page = state
        .readers
        .read(move |conn| queries::list_callback_history(conn, &filter, page, limit))
        .await?;
    let key = |line: &CallbackLine| {
        HistoryKey { received_at: line.callback.received_at, id: line.callback.id }.encode()
    };
    let before = page.lines.last().filter(|_| page.has_older).map(key);
    let after = page.lines.first().filter(|_| page.has_newer).map(key);
    Ok(HttpResponse::Ok().json(HistoryResponse {
        callbacks: views::summaries(page.lines),
        before,
        after,
    }))
}

fn page_of(query: &HistoryQuery) -> Result<Page, ApiError> {
    let key = |text: &str| {
        HistoryKey::decode(text).map_err(|_| {
            ApiError::InvalidInput(
                "`before` and `after` take what a page of the history gave".into(),
            )
        })
    };
    match (&query.before, &query.after) {
        (None, None) => Ok(Page::First),
        (Some(before), None) => Ok(Page::Before(key(before)?)),
        (None, Some(after)) => Ok(Page::After(key(after)?)),
        (Some(_), Some(_)) => {
            Err(ApiError::InvalidInput("give `before` or `after`, not both".into()))
        }
    }
}

/// A time of a query or a body; an empty text is none.
pub(super) fn parse_time_of(name: &str, text: Option<&str>) -> Result<Option<Micros>, ApiError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let time: jiff::Timestamp = text.parse().map_err(|_| {
        ApiError::InvalidInput(format!("`{name}` takes a time like 2026-01-31T08:00:00Z"))
    })?;
    Ok(Some(time.as_microsecond()))
}

fn filter_of(query: HistoryQuery) -> Result<HistoryFilter, ApiError> {
    let texts =
        [&query.source, &query.event_type, &query.workflow, &query.signature, &query.id_prefix];
    // Nothing that is stored has one, and PostgreSQL's text cannot hold it.
    if texts.into_iter().flatten().any(|text| text.contains('\0')) {
        return Err(ApiError::InvalidInput("a filter cannot contain a NUL".into()));
    }
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let signatures = given(query.signature)
        .map(|list| list.split(',').map(parse_signature).collect::<Result<Vec<_>, _>>())
        .transpose()?
        .unwrap_or_default();
    Ok(HistoryFilter {
        source: given(query.source),
        event_type: given(query.event_type),
        workflow: given(query.workflow),
        signatures,
        viewed: query.viewed,
        from: parse_time_of("from", query.from.as_deref())?,
        to: parse_time_of("to", query.to.as_deref())?,
        id_prefix: given(query.id_prefix),
    })
}

fn parse_signature(name: &str) -> Result<Signature, ApiError> {
    match name {
        "valid" => Ok(Signature::Valid),
        "invalid" => Ok(Signature::Invalid),
        "missing" => Ok(Signature::Missing),
        "unchecked" => Ok(Signature::Unchecked),
        _ => Err(ApiError::InvalidInput(
            "`signature` takes valid, invalid, missing or unchecked, several with commas".into(),
        )),
    }
}

/// One callback with its payload and its evidence.
///
/// # Errors
/// 404 when there is none of this id.
pub async fn show_callback(
    _viewer: Viewer,
    id: web::Path<String>,
    state: State,
) -> Result<HttpResponse, ApiError> {
    let id = parse_id(&id)?;
    let found = state
        .readers
        .read(move |conn| {
            let Some(stored) = queries::find_callback(conn, id)? else { return Ok(None) };
            let content = stored.line.callback.delivery_id;
            let payload = queries::find_payload(conn, id, content)?;
            Ok(Some((stored, payload)))
        })
        .await?;
    let (stored, payload) = found.ok_or_else(no_callback)?;
    Ok(HttpResponse::Ok().json(views::detail(stored, payload)))
}

/// The query of [`show_payload`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PayloadQuery {
    delivery: Option<i64>,
}

/// The bytes of a callback, or of one of its deliveries, as received.
///
/// # Errors
/// 404 when there is none, or only its digest was kept.
pub async fn show_payload(
    _viewer: Viewer,
    id: web::Path<String>,
    query: Result<web::Query<PayloadQuery>, actix_web::Error>,
    state: State,
) -> Result<HttpResponse, ApiError> {
    let id = parse_id(&id)?;
    let delivery = parse_query(query)?.delivery;
    let payload = state
        .readers
        .read(move |conn| {
            let delivery = match delivery {
                Some(delivery) => delivery,
                None => match queries::find_callback(conn, id)? {
                    Some(stored) => stored.line.callback.delivery_id,
                    None => return Ok(None),
                },
            };
            queries::find_payload(conn, id, delivery)
        })
        .await?
        .ok_or_else(no_callback)?;
    Ok(HttpResponse::Ok()
        .content_type("application/octet-stream")
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"callback-{id}.bin\"")))
        .body(payload))
}

/// Marks callbacks as viewed: some, or all up to a cursor.
///
/// # Errors
/// 422 unless exactly one of the two is given; 410 for a foreign cursor.
pub async fn mark_viewed(
    admin: Admin,
    body: Result<web::Json<MarkViewedRequest>, actix_web::Error>,
    state: State,
) -> Result<HttpResponse, ApiError> {
    let body = parse_json(body)?;
    let viewer = admin.0.name;
    let at = state.clock.now();
    let marked = match (body.ids, body.through) {
        (Some(ids), None) if ids.len() <= MARK_STEP => {
            let mark = move |conn: &mut _| {
                queries::mark_callbacks_viewed(conn, ViewedSelection::Ids(&ids), &viewer, at)
            };
            state.writer.write(mark).await?
        }
        (None, Some(through)) => {
            let seq = decode_cursor(state.feed_id, &through)?;
            mark_through(&state, seq, viewer, at).await?
        }
        _ => {
            return Err(ApiError::InvalidInput(format!(
                "give either `ids`, {MARK_STEP} at the most, or `through`"
            )));
        }
    };
    let unviewed = state.readers.read(queries::count_unviewed_callbacks).await?;
    let marked = i64::try_from(marked).map_err(ApiError::internal)?;
    Ok(HttpResponse::Ok().json(MarkViewedResponse { marked, unviewed }))
}

/// In steps, so that deliveries never wait for long.
async fn mark_through(
    state: &State,
    seq: i64,
    viewer: String,
    at: Micros,
) -> Result<usize, ApiError> {
    let limit = i64::try_from(MARK_STEP).map_err(ApiError::internal)?;
    let mut marked = 0;
    loop {
        let viewer = viewer.clone();
        let step = move |conn: &mut _| {
            let selection = ViewedSelection::Through { seq, limit };
            queries::mark_callbacks_viewed(conn, selection, &viewer, at)
        };
        let count = state.writer.write(step).await?;
        marked += count;
        if count < MARK_STEP {
            return Ok(marked);
        }
    }
}

pub(super) fn parse_id(text: &str) -> Result<i64, ApiError> {
    text.parse().map_err(|_| no_callback())
}

pub(super) fn no_callback() -> ApiError {
    ApiError::NotFound("no callback of this id is stored: it may have been deleted".to_owned())
}

fn limit_of(asked: Option<i64>, (usual, most): (i64, i64)) -> Result<i64, ApiError> {
    match asked.unwrap_or(usual) {
        limit if (1..=most).contains(&limit) => Ok(limit),
        _ => Err(ApiError::InvalidInput(format!("`limit` takes 1 to {most}"))),
    }
}

/// A query, or the problem that says why it is none.
pub(super) fn parse_query<T>(
    query: Result<web::Query<T>, actix_web::Error>,
) -> Result<T, ApiError> {
    query.map(web::Query::into_inner).map_err(|error| ApiError::InvalidInput(error.to_string()))
}

/// A JSON body, or the problem that says why it is none.
pub(super) fn parse_json<T>(body: Result<web::Json<T>, actix_web::Error>) -> Result<T, ApiError> {
    body.map(web::Json::into_inner).map_err(|error| ApiError::InvalidInput(error.to_string()))
}

//! What admins read: the feed, and one callback.

use crate::error::ApiError;
use crate::extractors::Viewer;
use crate::feed::{PAGE, decode_cursor, read_page};
use crate::state::State;
use crate::views;
use actix_web::http::header::{CONTENT_DISPOSITION, ETAG, HeaderValue, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse, web};
use ringback_core::models::Micros;
use ringback_core::queries;
use serde::Deserialize;

const CHECK_LIMIT: (i64, i64) = (PAGE, 500);

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

/// The query of [`show_callback`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetailQuery {
    payload_limit: Option<i64>,
}

/// A time of a query or a body; an empty text is none.
pub(super) fn parse_time_of(name: &str, text: Option<&str>) -> Result<Option<Micros>, ApiError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let time: jiff::Timestamp = text.parse().map_err(|_| {
        ApiError::InvalidInput(format!("`{name}` takes a time like 2026-01-31T08:00:00Z"))
    })?;
    Ok(Some(time.as_microsecond()))
}

/// One callback with its evidence, and its payload unless that is larger than the asker wants.
///
/// # Errors
/// 404 when there is none of this id.
pub async fn show_callback(
    _viewer: Viewer,
    id: web::Path<String>,
    query: Result<web::Query<DetailQuery>, actix_web::Error>,
    state: State,
) -> Result<HttpResponse, ApiError> {
    let id = parse_id(&id)?;
    let limit = parse_query(query)?.payload_limit.unwrap_or(i64::MAX);
    let found = state
        .readers
        .read(move |conn| {
            let Some(stored) = queries::find_callback(conn, id)? else { return Ok(None) };
            let content = stored.line.callback.delivery_id;
            let size = stored.deliveries.iter().find(|delivery| delivery.id == content);
            let payload = match size {
                Some(delivery) if delivery.size_bytes > limit => None,
                _ => queries::find_payload(conn, id, content)?,
            };
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

pub(super) fn parse_id(text: &str) -> Result<i64, ApiError> {
    text.parse().map_err(|_| no_callback())
}

pub(super) fn no_callback() -> ApiError {
    ApiError::NotFound("no callback of this id is stored: it may have been deleted".to_owned())
}

pub(super) fn limit_of(asked: Option<i64>, (usual, most): (i64, i64)) -> Result<i64, ApiError> {
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

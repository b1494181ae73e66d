//! The alert centre: what is open, what was, and taking note.

use super::callbacks::{parse_json, parse_query};
use crate::alerting::round;
use crate::error::ApiError;
use crate::extractors::{Admin, Viewer};
use crate::state::State;
use crate::views;
use actix_web::{HttpResponse, web};
use ringback_core::models::Micros;
use ringback_core::queries::alerts;
use ringback_wire::{AlertHistoryResponse, AlertsResponse, MuteRequest};
use serde::Deserialize;

const PAGE: i64 = 50;
/// Nobody mutes something for longer and remembers it.
const LONGEST_MUTE: Micros = 366 * 24 * 3600 * 1_000_000;

/// What is open now.
///
/// # Errors
/// 503.
pub async fn list_alerts(_viewer: Viewer, state: State) -> Result<HttpResponse, ApiError> {
    // Whoever looks sees what this node has noted, told or not. That it cannot be added just now
    // keeps nobody from reading what is there.
    if let Err(error) = round::add_noted(&state).await {
        tracing::debug!(cause = %error, "alerts wait for the database");
    }
    let now = state.clock.now();
    let (open, unread) = state
        .readers
        .read(move |conn| {
            Ok((alerts::list_open_alerts(conn)?, alerts::count_unread_alerts(conn, now)?))
        })
        .await?;
    let open = open.into_iter().map(views::alert).collect();
    Ok(HttpResponse::Ok().json(AlertsResponse { open, unread }))
}

/// The query of [`list_history`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertHistoryQuery {
    before: Option<i64>,
}

/// A page of what was, newest first.
///
/// # Errors
/// 422 for a query that cannot be read.
pub async fn list_history(
    _viewer: Viewer,
    query: Result<web::Query<AlertHistoryQuery>, actix_web::Error>,
    state: State,
) -> Result<HttpResponse, ApiError> {
    let before = parse_query(query)?.before;
    let mut found = state
        .readers
        .read(move |conn| alerts::list_resolved_alerts(conn, before, PAGE + 1))
        .await?;
    let page = usize::try_from(PAGE).map_err(ApiError::internal)?;
    let has_more = found.len() > page;
    found.truncate(page);
    let before = found.last().filter(|_| has_more).map(|alert| alert.id);
    let alerts = found.into_iter().map(views::alert).collect();
    Ok(HttpResponse::Ok().json(AlertHistoryResponse { alerts, before }))
}

/// Takes note of an open alert: it is not reminded of until it resolves.
///
/// # Errors
/// 404 when there is none of this id. One that is over or taken note of already stays as it is.
pub async fn acknowledge(
    admin: Admin,
    id: web::Path<String>,
    state: State,
) -> Result<HttpResponse, ApiError> {
    let (id, by, now) = (parse_id(&id)?, admin.0.name, state.clock.now());
    let change = move |conn: &mut _| {
        alerts::acknowledge_alert(conn, id, &by, now)?;
        alerts::find_alert(conn, id)
    };
    let alert = state.writer.write(change).await?.ok_or_else(no_alert)?;
    Ok(HttpResponse::Ok().json(views::alert(alert)))
}

/// Lets nothing be told of an alert until a time.
///
/// # Errors
/// 404 when there is none of this id, 422 for a time that cannot be read or is years away.
pub async fn mute(
    _admin: Admin,
    id: web::Path<String>,
    body: Result<web::Json<MuteRequest>, actix_web::Error>,
    state: State,
) -> Result<HttpResponse, ApiError> {
    let id = parse_id(&id)?;
    let until = match parse_json(body)?.until {
        None => None,
        Some(text) => Some(parse_until(&text, state.clock.now())?),
    };
    let change = move |conn: &mut _| {
        alerts::mute_alert(conn, id, until)?;
        alerts::find_alert(conn, id)
    };
    let alert = state.writer.write(change).await?.ok_or_else(no_alert)?;
    Ok(HttpResponse::Ok().json(views::alert(alert)))
}

fn parse_until(text: &str, now: Micros) -> Result<Micros, ApiError> {
    let until = text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_microsecond);
    until.filter(|until| *until - now <= LONGEST_MUTE).ok_or_else(|| {
        ApiError::InvalidInput(
            "`until` takes a time like 2026-01-31T08:00:00Z, within a year, or null".to_owned(),
        )
    })
}

fn parse_id(text: &str) -> Result<i64, ApiError> {
    text.parse().map_err(|_| no_alert())
}

fn no_alert() -> ApiError {
    ApiError::NotFound("no alert of this id is kept".to_owned())
}

//! The history: filters and pages, and what the filters can be set to.

use super::callbacks::{limit_of, parse_query, parse_time_of};
use crate::error::ApiError;
use crate::extractors::Viewer;
use crate::state::State;
use crate::views;
use actix_web::{HttpResponse, web};
use ringback_core::cursor::HistoryKey;
use ringback_core::models::{Micros, Signature};
use ringback_core::queries::{self, HistoryFilter, Page};
use ringback_wire::{FilterOptionsResponse, HistoryResponse};

const LIMIT: (i64, i64) = (50, 200);
/// What was not sent for so long is no choice any more.
const OPTIONS_SPAN: Micros = 30 * 24 * 3_600 * 1_000_000;
/// A longer list is no help; a filter takes any name all the same.
const OPTIONS: usize = 100;

/// A page of the history, newest first.
///
/// # Errors
/// 422 for a filter that cannot be read.
pub async fn history(
    _viewer: Viewer,
    query: Result<web::Query<Vec<(String, String)>>, actix_web::Error>,
    state: State,
) -> Result<HttpResponse, ApiError> {
    let Asked { filter, page, limit } = parse(parse_query(query)?)?;
    let page = state
        .readers
        .read_behind(move |conn| queries::list_callback_history(conn, &filter, page, limit))
        .await?;
    let before = page.lines.last().filter(|_| page.has_older).map(views::position);
    let after = page.lines.first().filter(|_| page.has_newer).map(views::position);
    Ok(HttpResponse::Ok().json(HistoryResponse {
        callbacks: views::summaries(page.lines),
        before,
        after,
    }))
}

/// The sources, event types and workflows of the last 30 days, from the roll-up.
///
/// # Errors
/// 503 when the database does not answer.
pub async fn show_filters(_viewer: Viewer, state: State) -> Result<HttpResponse, ApiError> {
    let since = state.clock.now() - OPTIONS_SPAN;
    let labels =
        state.readers.read_behind(move |conn| queries::list_labels(conn, since, OPTIONS)).await?;
    Ok(HttpResponse::Ok().json(FilterOptionsResponse {
        sources: labels.sources,
        event_types: labels.event_types,
        workflows: labels.workflows,
    }))
}

struct Asked {
    filter: HistoryFilter,
    page: Page,
    limit: i64,
}

/// Reads the query. `source`, `event_type` and `workflow` may come several times; an empty value
/// does not filter.
fn parse(pairs: Vec<(String, String)>) -> Result<Asked, ApiError> {
    let mut filter = HistoryFilter::default();
    let (mut before, mut after, mut limit) = (None, None, None);
    for (name, value) in pairs {
        if value.is_empty() && !matches!(name.as_str(), "before" | "after" | "limit") {
            continue;
        }
        // Nothing that is stored has one, and PostgreSQL's text cannot hold it.
        if value.contains('\0') {
            return Err(invalid("a filter cannot contain a NUL"));
        }
        match name.as_str() {
            "source" => filter.sources.push(value),
            "event_type" => filter.event_types.push(value),
            "workflow" => filter.workflows.push(value),
            "signature" => {
                for word in value.split(',') {
                    filter.signatures.push(parse_signature(word)?);
                }
            }
            "id_prefix" => once(&mut filter.id_prefix, &name, value)?,
            "viewed" => {
                let viewed = value.parse().map_err(|_| invalid("`viewed` takes true or false"))?;
                once(&mut filter.viewed, &name, viewed)?;
            }
            "from" => filter.from = once_at(filter.from, &name, &value)?,
            "to" => filter.to = once_at(filter.to, &name, &value)?,
            "before" => once(&mut before, &name, parse_key(&value)?)?,
            "after" => once(&mut after, &name, parse_key(&value)?)?,
            "limit" => {
                let number = value.parse().map_err(|_| invalid("`limit` takes a number"))?;
                once(&mut limit, &name, number)?;
            }
            _ => return Err(ApiError::InvalidInput(format!("there is no filter `{name}`"))),
        }
    }
    let page = match (before, after) {
        (None, None) => Page::First,
        (Some(key), None) => Page::Before(key),
        (None, Some(key)) => Page::After(key),
        (Some(_), Some(_)) => return Err(invalid("give `before` or `after`, not both")),
    };
    Ok(Asked { filter, page, limit: limit_of(limit, LIMIT)? })
}

fn once<T>(slot: &mut Option<T>, name: &str, value: T) -> Result<(), ApiError> {
    if slot.replace(value).is_some() {
        return Err(ApiError::InvalidInput(format!("`{name}` is given twice")));
    }
    Ok(())
}

fn once_at(before: Option<Micros>, name: &str, value: &str) -> Result<Option<Micros>, ApiError> {
    match before {
        None => parse_time_of(name, Some(value)),
        Some(_) => Err(ApiError::InvalidInput(format!("`{name}` is given twice"))),
    }
}

fn parse_key(value: &str) -> Result<HistoryKey, ApiError> {
    HistoryKey::decode(value)
        .map_err(|_| invalid("`before` and `after` take what a page of the history gave"))
}

fn parse_signature(word: &str) -> Result<Signature, ApiError> {
    match word {
        "valid" => Ok(Signature::Valid),
        "invalid" => Ok(Signature::Invalid),
        "missing" => Ok(Signature::Missing),
        "unchecked" => Ok(Signature::Unchecked),
        _ => Err(invalid(
            "`signature` takes valid, invalid, missing or unchecked, several with commas",
        )),
    }
}

fn invalid(detail: &str) -> ApiError {
    ApiError::InvalidInput(detail.to_owned())
}

//! Why a callback is not trusted, and verifying what is stored again.

use super::callbacks::{no_callback, parse_id, parse_json, parse_query, parse_time_of};
use crate::error::ApiError;
use crate::extractors::{Admin, Viewer};
use crate::reverify;
use crate::state::State;
use crate::views;
use actix_web::{HttpResponse, web};
use ringback_core::diagnosis::{Diagnosis, Examination, HeadersAre, diagnose};
use ringback_core::queries::reverify::{
    FailureFilter, find_signature_mac, list_runs, untrusted_delivery,
};
use ringback_core::queries::{StoredDelivery, find_callback, find_payload};
use ringback_core::reverify::kept_headers;
use ringback_core::signature::MacDigests;
use ringback_core::source::Source;
use ringback_wire::{ReverifyRequest, ReverifyRunsResponse};
use serde::Deserialize;

/// Runs that are shown.
const RUNS: i64 = 50;

/// The query of [`show_diagnosis`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiagnosisQuery {
    delivery: Option<i64>,
}

/// What is kept of the delivery that is to be explained.
struct Kept {
    source: String,
    delivery: StoredDelivery,
    body: Option<Vec<u8>>,
    digests: MacDigests,
}

/// Why a callback is not trusted, or why one of its deliveries is not.
///
/// # Errors
/// 404 when there is none, or nothing to explain.
pub async fn show_diagnosis(
    _viewer: Viewer,
    id: web::Path<String>,
    query: Result<web::Query<DiagnosisQuery>, actix_web::Error>,
    state: State,
) -> Result<HttpResponse, ApiError> {
    let id = parse_id(&id)?;
    let wanted = parse_query(query)?.delivery;
    let kept = state
        .readers
        .read(move |conn| {
            let Some(stored) = find_callback(conn, id)? else { return Ok(None) };
            let Some(delivery) = untrusted_delivery(&stored, wanted) else { return Ok(Some(None)) };
            let mac = find_signature_mac(conn, id, delivery.id)?;
            Ok(Some(Some(Kept {
                source: stored.line.callback.source.clone(),
                delivery: delivery.clone(),
                body: find_payload(conn, id, delivery.id)?,
                digests: MacDigests::from_bytes(&mac.unwrap_or_default()),
            })))
        })
        .await?
        .ok_or_else(no_callback)?
        .ok_or_else(|| {
            ApiError::NotFound("there is nothing to explain: it is trusted".to_owned())
        })?;
    let source = reverify::find_source(&state, &kept.source)
        .ok_or_else(|| ApiError::NotFound("its source is configured no more".to_owned()))?;
    let delivery = kept.delivery.id;
    let can_verify_again = source.scheme.can_verify_again() && !kept.digests.is_empty();
    let others = reverify::other_sources(&state, &kept.source);
    let shared = state.clone();
    let diagnosis = web::block(move || explain(&shared, &source, &others, &kept)).await?;
    Ok(HttpResponse::Ok().json(views::diagnosis(delivery, diagnosis, can_verify_again)))
}

fn explain(state: &State, source: &Source, others: &[Source], kept: &Kept) -> Diagnosis {
    diagnose(&Examination {
        source,
        others,
        headers: &kept_headers(&kept.delivery.headers),
        body: kept.body.as_deref(),
        digests: &kept.digests,
        key: &state.digest_key,
        headers_are: HeadersAre::Kept,
        received_seconds: kept.delivery.first_received_at.div_euclid(1_000_000),
    })
}

/// Verifies the failures of one callback again, now.
///
/// # Errors
/// 404, 503.
pub async fn reverify_callback(
    admin: Admin,
    id: web::Path<String>,
    state: State,
) -> Result<HttpResponse, ApiError> {
    let id = parse_id(&id)?;
    let stored = state.readers.read(move |conn| find_callback(conn, id)).await?;
    let source = stored.ok_or_else(no_callback)?.line.callback.source;
    let answer = reverify::reverify_callback(&state, &admin.0.name, id, source).await?;
    Ok(HttpResponse::Ok().json(answer))
}

/// Starts verifying the failures of a source again, in the background.
///
/// # Errors
/// 404 for an unknown source; 422, 503.
pub async fn reverify_source(
    admin: Admin,
    body: Result<web::Json<ReverifyRequest>, actix_web::Error>,
    state: State,
) -> Result<HttpResponse, ApiError> {
    let body = parse_json(body)?;
    if reverify::find_source(&state, &body.source).is_none() {
        return Err(ApiError::UnknownSource(body.source.chars().take(64).collect()));
    }
    let filter = FailureFilter {
        source: body.source,
        callback: None,
        from: parse_time_of("from", body.from.as_deref())?,
        to: parse_time_of("to", body.to.as_deref())?,
    };
    let run = reverify::start_run(&state, filter, &admin.0.name).await?;
    Ok(HttpResponse::Accepted().json(views::reverify_run(run)))
}

/// The newest runs, and how far they are.
///
/// # Errors
/// 503.
pub async fn list_reverify_runs(_viewer: Viewer, state: State) -> Result<HttpResponse, ApiError> {
    let runs = state.readers.read(|conn| list_runs(conn, RUNS)).await?;
    let runs = runs.into_iter().map(views::reverify_run).collect();
    Ok(HttpResponse::Ok().json(ReverifyRunsResponse { runs }))
}

//! Warnings, refused deliveries.

use crate::error::ApiError;
use crate::extractors::Viewer;
use crate::state::State;
use crate::views;
use actix_web::HttpResponse;
use ringback_core::models::{Micros, Signature};
use ringback_core::queries::{refusals, stats};
use ringback_wire::{RefusalsResponse, Warning, WarningKind, WarningsResponse};
use std::collections::BTreeMap;

const DAY: Micros = 24 * 3600 * 1_000_000;
const REFUSALS: i64 = 100;
/// The problem that a refusal for its rate is recorded with.
const RATE_LIMITED: &str = "rate-limited";

/// What the banner shows: sources without a secret, and what went wrong in the last 24 hours.
///
/// # Errors
/// 503.
pub async fn list_warnings(_viewer: Viewer, state: State) -> Result<HttpResponse, ApiError> {
    let since = state.clock.now() - DAY;
    let (invalid, refused) = state
        .readers
        .read(move |conn| {
            let bad = [Signature::Invalid, Signature::Missing];
            let mut invalid: BTreeMap<String, i64> =
                stats::count_by_source_since(conn, since, &bad)?.into_iter().collect();
            for (source, count) in stats::count_bad_evidence_since(conn, since)? {
                *invalid.entry(source).or_default() += count;
            }
            let invalid: Vec<_> = invalid.into_iter().collect();
            Ok((invalid, refusals::count_refusals_since(conn, since)?))
        })
        .await?;
    let (rate_limited, refused): (Vec<_>, Vec<_>) =
        refused.into_iter().partition(|(_, problem, _)| problem == RATE_LIMITED);
    let by_source = |counts: Vec<(String, String, i64)>| -> Vec<(String, i64)> {
        let mut sums: BTreeMap<String, i64> = BTreeMap::new();
        for (source, _, count) in counts {
            *sums.entry(source).or_default() += count;
        }
        sums.into_iter().collect()
    };
    let now = state.clock.now();
    let over_quota = state.floods.over_quota(now);
    let sources = state.registry.list();
    let without = sources.iter().filter(|source| source.lacks_secret(now));
    let without = without.map(|source| (source.name().to_owned(), 0)).collect();
    let kinds = [
        (WarningKind::NoSecret, without),
        (WarningKind::InvalidSignature, invalid),
        (WarningKind::Refused, by_source(refused)),
        (WarningKind::RateLimited, by_source(rate_limited)),
        (WarningKind::OverQuota, over_quota.into_iter().map(|source| (source, 0)).collect()),
    ];
    let warnings = kinds
        .into_iter()
        .flat_map(|(kind, counts): (_, Vec<(String, i64)>)| {
            counts.into_iter().map(move |(source, count)| Warning { kind, source, count })
        })
        .collect();
    Ok(HttpResponse::Ok().json(WarningsResponse { warnings }))
}

/// The newest refused deliveries.
///
/// # Errors
/// 503.
pub async fn list_refusals(_viewer: Viewer, state: State) -> Result<HttpResponse, ApiError> {
    let rows = state.readers.read(|conn| refusals::list_refusals(conn, REFUSALS)).await?;
    let refusals = rows.into_iter().map(views::refusal).collect();
    Ok(HttpResponse::Ok().json(RefusalsResponse { refusals }))
}

//! Refused deliveries.

use crate::error::ApiError;
use crate::extractors::Viewer;
use crate::state::State;
use crate::views;
use actix_web::HttpResponse;
use ringback_core::queries::refusals;
use ringback_wire::RefusalsResponse;

const REFUSALS: i64 = 100;

/// The newest refused deliveries.
///
/// # Errors
/// 503.
pub async fn list_refusals(_viewer: Viewer, state: State) -> Result<HttpResponse, ApiError> {
    let rows = state.readers.read(|conn| refusals::list_refusals(conn, REFUSALS)).await?;
    let refusals = rows.into_iter().map(views::refusal).collect();
    Ok(HttpResponse::Ok().json(RefusalsResponse { refusals }))
}

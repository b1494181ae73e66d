//! Is the process alive, and can it work?

use crate::error::ApiError;
use crate::state::State;
use actix_web::HttpResponse;
use serde_json::json;

/// Alive: the process answers.
pub async fn show_health() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// Ready: the database answers, its schema is this version's, the writer takes work, and the server
/// is not about to stop.
///
/// # Errors
/// 503 when one of them does not hold.
pub async fn show_readiness(state: State) -> Result<HttpResponse, ApiError> {
    if state.admission.is_draining() {
        return Err(ApiError::Unavailable(None));
    }
    let feed_id = state.readers.read(ringback_core::queries::settings::find_feed_id).await?;
    if feed_id != state.feed_id {
        return Err(ApiError::Unavailable(Some("the database was replaced: restart".into())));
    }
    match state.writer.write(ringback_core::migrations::count_pending).await? {
        0 => Ok(HttpResponse::Ok().json(json!({ "status": "ready" }))),
        _ => Err(ApiError::Unavailable(Some("the database needs `ringback migrate`".into()))),
    }
}

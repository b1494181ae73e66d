//! What Prometheus asks for.

use crate::extractors::MetricsReader;
use crate::state::State;
use actix_web::HttpResponse;
use ringback_core::queries::callbacks::find_feed_head;

/// The form that Prometheus and `OpenMetrics` agree on.
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Prints every metric for whoever may read them on the public address.
pub async fn show_metrics(_reader: MetricsReader, state: State) -> HttpResponse {
    print(&state).await
}

/// Prints every metric on the address that is for nothing else.
pub async fn show_metrics_openly(state: State) -> HttpResponse {
    print(&state).await
}

async fn print(state: &State) -> HttpResponse {
    // A database that is away is what the metrics are looked at for, so they come all the same.
    let head = state.readers.read(find_feed_head).await.ok();
    let text = state.metrics.print(state, head);
    HttpResponse::Ok().content_type(CONTENT_TYPE).body(text)
}

//! Sending spans: OTLP's JSON over HTTP.

use super::{Span, Traces};
use ringback_core::models::Micros;
use serde_json::{Value, json};
use std::time::Duration;
use url::Url;

/// The collector has this long.
const TIMEOUT: Duration = Duration::from_secs(5);
/// As OTLP numbers them.
const KIND_INTERNAL: u8 = 1;
const KIND_SERVER: u8 = 2;
const STATUS_ERROR: u8 = 2;

/// Sends what waits; gives how many spans were sent, or a sentence why they were not. Those are gone.
///
/// # Errors
/// When the collector is away or does not take them.
pub async fn export_once(traces: &Traces, endpoint: &Url, node: &str) -> Result<usize, String> {
    let (spans, dropped) = traces.take();
    if dropped > 0 {
        tracing::debug!(dropped, "spans were dropped: more came than were sent");
    }
    if spans.is_empty() {
        return Ok(0);
    }
    let target = format!("{}/v1/traces", endpoint.as_str().trim_end_matches('/'));
    let client = awc::Client::builder().timeout(TIMEOUT).disable_redirects().finish();
    let answer = client
        .post(&target)
        .insert_header(("content-type", "application/json"))
        .send_body(body(&spans, node).to_string())
        .await;
    match answer {
        Ok(answer) if answer.status().is_success() => Ok(spans.len()),
        Ok(answer) => Err(format!("the collector answered {}", answer.status())),
        Err(error) => Err(format!("the collector cannot be reached: {error}")),
    }
}

/// The message.
pub fn body(spans: &[Span], node: &str) -> Value {
    let text = |key: &str, value: &str| json!({ "key": key, "value": { "stringValue": value } });
    let span = |span: &Span| {
        let attributes: Vec<Value> =
            span.attributes.iter().map(|(key, value)| text(key, value)).collect();
        let mut message = json!({
            "traceId": format!("{:032x}", span.trace_id),
            "spanId": format!("{:016x}", span.span_id),
            "name": span.name,
            "kind": if span.is_request { KIND_SERVER } else { KIND_INTERNAL },
            // 64-bit numbers are text in OTLP's JSON.
            "startTimeUnixNano": nanos(span.began_at, Duration::ZERO),
            "endTimeUnixNano": nanos(span.began_at, span.took),
            "attributes": attributes,
        });
        if span.parent_id != 0 {
            message["parentSpanId"] = json!(format!("{:016x}", span.parent_id));
        }
        if span.is_error {
            message["status"] = json!({ "code": STATUS_ERROR });
        }
        message
    };
    json!({ "resourceSpans": [{
        "resource": { "attributes": [
            text("service.name", "ringback"),
            text("service.version", env!("CARGO_PKG_VERSION")),
            text("service.instance.id", node),
        ] },
        "scopeSpans": [{
            "scope": { "name": "ringback" },
            "spans": spans.iter().map(span).collect::<Vec<Value>>(),
        }],
    }] })
}

fn nanos(at: Micros, after: Duration) -> String {
    (i128::from(at) * 1000 + i128::try_from(after.as_nanos()).unwrap_or(0)).to_string()
}

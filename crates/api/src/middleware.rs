//! Around every request: an id, a line in the log, and the security headers.

use crate::spa;
use crate::state::State;
use crate::tokens::random_u64;
use crate::traces;
use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use std::time::Instant;

tokio::task_local! {
    static REQUEST_ID: String;
}

/// The id of the request that is being answered; `None` outside one.
pub fn current_request_id() -> Option<String> {
    REQUEST_ID.try_with(Clone::clone).ok()
}

/// Gives each request an id, answers it, logs it, and adds the headers.
///
/// # Errors
/// What the handler's service gives.
pub async fn around(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let id = format!("{:016x}", random_u64());
    let started = Instant::now();
    let (method, path) = (request.method().clone(), request.path().to_owned());
    let state = request.app_data::<State>().cloned();
    let is_https = state.as_ref().is_some_and(|state| state.config.is_https());
    let trace = begin_trace(state.as_ref(), &request);
    let answering = REQUEST_ID.scope(id.clone(), next.call(request));
    let mut response = match &trace {
        Some(trace) => trace.within(answering).await?,
        None => answering.await?,
    };
    if let Some(state) = &state {
        let (route, status) = (response.request().match_pattern(), response.status().as_u16());
        state.metrics.observe_request(method.as_str(), route.as_deref(), status, started.elapsed());
        if let Some(trace) = trace {
            // Patterns and numbers: nothing that a sender chose.
            let route = route.unwrap_or_else(|| "other".to_owned());
            let attributes = vec![
                ("http.request.method", method.to_string()),
                ("http.response.status_code", status.to_string()),
                ("http.route", route.clone()),
                ("ringback.request_id", id.clone()),
            ];
            trace.end(format!("{method} {route}"), status >= 500, attributes);
        }
    }
    tracing::debug!(
        request.id = id,
        request.method = %method,
        request.path = path,
        response.status = response.status().as_u16(),
        duration_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        "answered"
    );
    if state.is_some_and(|state| state.admission.is_draining()) {
        // A proxy that keeps connections must not send its next request to a server that is gone.
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    add_headers(response.headers_mut(), &path, &id, is_https);
    Ok(response)
}

/// Probes and scrapes are not traced: there are many and they say nothing.
fn begin_trace(state: Option<&State>, request: &ServiceRequest) -> Option<traces::Request> {
    let (state, traces) = (state?, state?.traces.as_ref()?);
    if !request.path().starts_with("/api/") {
        return None;
    }
    let header = request.headers().get("traceparent").and_then(|value| value.to_str().ok());
    traces.begin(header, state.clock.now())
}

fn add_headers(headers: &mut HeaderMap, path: &str, id: &str, is_https: bool) {
    let mut add = |name: &'static str, value: &str| {
        let name = HeaderName::from_static(name);
        if !headers.contains_key(&name)
            && let Ok(value) = HeaderValue::from_str(value)
        {
            headers.insert(name, value);
        }
    };
    add("x-request-id", id);
    add("x-content-type-options", "nosniff");
    add("x-frame-options", "DENY");
    add("referrer-policy", "no-referrer");
    add("cross-origin-opener-policy", "same-origin");
    add("cross-origin-resource-policy", "same-origin");
    add("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
    if is_https {
        add("strict-transport-security", "max-age=31536000");
    }
    if path.starts_with("/api/") {
        add("content-security-policy", "default-src 'none'; frame-ancestors 'none'; sandbox");
        add("cache-control", "no-store");
    } else {
        add("content-security-policy", spa::content_security_policy());
    }
}

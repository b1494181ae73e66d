//! Who is asking: permissions as extractors, so that a handler that names one cannot forget it.

use crate::error::ApiError;
use crate::state::State;
use crate::tokens::hash_token;
use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, HOST, HeaderValue, ORIGIN};
use actix_web::{FromRequest, HttpRequest};
use ringback_core::models::Role;
use ringback_core::queries::{sessions, tokens};
use std::future::Future;
use std::pin::Pin;

/// Somebody who is signed in or holds an API token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The user's or the token's name.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The user; `None` for an API token.
    pub user_id: Option<i64>,
}

/// Somebody who may read.
#[derive(Clone, Debug)]
pub struct Viewer(pub Identity);

/// Somebody who may change things.
#[derive(Clone, Debug)]
pub struct Admin(pub Identity);

/// Somebody who may read the metrics: whoever may read, and the holder of the configured token,
/// who may even while the database is away.
#[derive(Clone, Copy, Debug)]
pub struct MetricsReader;

/// A request that changes something comes from a page of this server, or not from a browser.
#[derive(Clone, Copy, Debug)]
pub struct SameOrigin;

type Extracting<T> = Pin<Box<dyn Future<Output = Result<T, ApiError>>>>;

impl FromRequest for Viewer {
    type Error = ApiError;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { identify(&request).await.map(Viewer) })
    }
}

impl FromRequest for Admin {
    type Error = ApiError;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let identity = identify(&request).await?;
            if identity.role == Role::Admin {
                Ok(Admin(identity))
            } else {
                Err(ApiError::NotAllowed)
            }
        })
    }
}

impl FromRequest for MetricsReader {
    type Error = ApiError;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            if has_metrics_token(&request) {
                return Ok(Self);
            }
            identify(&request).await.map(|_| Self)
        })
    }
}

impl FromRequest for SameOrigin {
    type Error = ApiError;
    type Future = std::future::Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(check_same_origin(request).map(|()| Self))
    }
}

fn has_metrics_token(request: &HttpRequest) -> bool {
    let token = |state: &State| state.config.operations.metrics.token.clone();
    let Some(expected) = request.app_data::<State>().and_then(token) else { return false };
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = header.and_then(|value| value.strip_prefix("Bearer "));
    // Digests are compared, so how long it takes says nothing of the token.
    given.is_some_and(|given| hash_token(given.trim()) == hash_token(&expected))
}

/// Finds out who is asking. A stream asks again for the request that began it.
pub(crate) async fn identify(request: &HttpRequest) -> Result<Identity, ApiError> {
    let state = request
        .app_data::<State>()
        .cloned()
        .ok_or_else(|| ApiError::internal("the state is not registered"))?;
    if let Some(header) = request.headers().get(AUTHORIZATION) {
        let token = header.to_str().ok().and_then(|value| value.strip_prefix("Bearer "));
        let digest = hash_token(token.ok_or(ApiError::SignInRequired)?.trim());
        let token = state.readers.read(move |conn| tokens::find_token(conn, &digest)).await?;
        let token = token.ok_or(ApiError::SignInRequired)?;
        return Ok(Identity { role: token.role(), name: token.name, user_id: None });
    }
    let cookie = request.cookie(state.config.cookie_name()).ok_or(ApiError::SignInRequired)?;
    // A browser sends the cookie by itself, so whoever made the browser ask must be shown to be us.
    if !request.method().is_safe() {
        check_same_origin(request)?;
    }
    let (digest, now) = (hash_token(cookie.value()), state.clock.now());
    let user = state
        .readers
        .read(move |conn| sessions::find_session_user(conn, &digest, now))
        .await?
        .ok_or(ApiError::SignInRequired)?;
    Ok(Identity { role: user.role(), name: user.name, user_id: Some(user.id) })
}

/// Browsers say where a request comes from, in `Sec-Fetch-Site` or in `Origin`; a page cannot forge
/// either. Neither is there when no browser asks, and then there is nobody to be tricked.
fn check_same_origin(request: &HttpRequest) -> Result<(), ApiError> {
    let header = |name: &str| request.headers().get(name).map(HeaderValue::as_bytes);
    if let Some(site) = header("sec-fetch-site") {
        return if site == b"same-origin" { Ok(()) } else { Err(ApiError::CrossSite) };
    }
    let Some(origin) = header(ORIGIN.as_str()) else { return Ok(()) };
    let host = header(HOST.as_str()).unwrap_or_default();
    let from = origin
        .strip_prefix(b"http://")
        .or_else(|| origin.strip_prefix(b"https://"))
        .unwrap_or_default();
    if !host.is_empty() && from == host { Ok(()) } else { Err(ApiError::CrossSite) }
}

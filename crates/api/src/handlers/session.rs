//! Signing in and out, and the first admin.

use super::callbacks::parse_json;
use super::receive::remote_addr;
use crate::error::ApiError;
use crate::extractors::{SameOrigin, Viewer};
use crate::passwords::{check_new_name, check_new_password, hash_password, verify_password};
use crate::state::State;
use crate::tokens::{hash_token, random_token};
use crate::views;
use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::{HttpRequest, HttpResponse, web};
use ringback_core::models::{Micros, Role};
use ringback_core::queries::{sessions, settings, users};
use ringback_wire::{SessionResponse, SetUpRequest, SignInRequest};
use serde_json::json;

/// How long a session lasts.
const SESSION_SECONDS: i64 = 7 * 24 * 3600;
/// How long a set-up link is good for.
const SETUP_MICROS: Micros = 24 * 3600 * 1_000_000;

/// Who is signed in.
///
/// # Errors
/// 401 when nobody is.
pub async fn show_session(viewer: Viewer) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok()
        .json(SessionResponse { name: viewer.0.name, role: views::role(viewer.0.role) }))
}

/// Signs in with name and password.
///
/// # Errors
/// 401 for wrong ones, 429 after too many tries.
pub async fn sign_in(
    request: HttpRequest,
    _same_origin: SameOrigin,
    body: Result<web::Json<SignInRequest>, actix_web::Error>,
    state: State,
) -> Result<HttpResponse, ApiError> {
    let SignInRequest { name, password } = parse_json(body)?;
    let address = remote_addr(&request, &state).unwrap_or_default();
    state.throttle.check(&address, &name).map_err(ApiError::TooManyAttempts)?;
    let user = state.readers.read(move |conn| users::find_user(conn, &name)).await?;
    let user = user.filter(|user| user.disabled_at.is_none());
    let hash = user.as_ref().map(|user| user.password_hash.clone());
    let fits = web::block(move || verify_password(&password, hash.as_deref())).await?;
    let user = user.filter(|_| fits).ok_or(ApiError::SignInFailed)?;
    let role = user.role();
    start_session(&state, user.id, user.name, role).await
}

async fn start_session(
    state: &State,
    user_id: i64,
    name: String,
    role: Role,
) -> Result<HttpResponse, ApiError> {
    let token = random_token("");
    let (digest, now) = (hash_token(&token), state.clock.now());
    let expires_at = now + SESSION_SECONDS * 1_000_000;
    state
        .writer
        .write(move |conn| sessions::insert_session(conn, &digest, user_id, now, expires_at))
        .await?;
    tracing::info!(user.name = name, "signed in");
    let cookie = session_cookie(state, token, Duration::seconds(SESSION_SECONDS));
    Ok(HttpResponse::Ok().cookie(cookie).json(SessionResponse { name, role: views::role(role) }))
}

fn session_cookie(state: &State, value: String, max_age: Duration) -> Cookie<'static> {
    Cookie::build(state.config.cookie_name(), value)
        .path("/")
        .http_only(true)
        .secure(state.config.is_https())
        .same_site(SameSite::Strict)
        .max_age(max_age)
        .finish()
}

/// Signs out. An API token stays as it is.
///
/// # Errors
/// 401 when nobody is signed in.
pub async fn sign_out(
    request: HttpRequest,
    _viewer: Viewer,
    state: State,
) -> Result<HttpResponse, ApiError> {
    if let Some(cookie) = request.cookie(state.config.cookie_name()) {
        let digest = hash_token(cookie.value());
        state.writer.write(move |conn| sessions::delete_session(conn, &digest)).await?;
        state.feed.note_credentials();
    }
    let gone = session_cookie(&state, String::new(), Duration::ZERO);
    Ok(HttpResponse::NoContent().cookie(gone).finish())
}

/// Whether a first admin can still be made with a set-up link.
///
/// # Errors
/// 503.
pub async fn show_set_up(state: State) -> Result<HttpResponse, ApiError> {
    let users = state.readers.read(users::count_users).await?;
    Ok(HttpResponse::Ok().json(json!({ "open": users == 0 })))
}

/// Makes the first admin with the set-up link's token, and signs them in.
///
/// # Errors
/// 403 when the link is not good any more, 422 for a name or password that will not do.
pub async fn set_up(
    request: HttpRequest,
    _same_origin: SameOrigin,
    body: Result<web::Json<SetUpRequest>, actix_web::Error>,
    state: State,
) -> Result<HttpResponse, ApiError> {
    let SetUpRequest { token, name, password } = parse_json(body)?;
    let address = remote_addr(&request, &state).unwrap_or_default();
    state.throttle.check(&address, "the set-up link").map_err(ApiError::TooManyAttempts)?;
    check_new_name(&name)
        .and_then(|()| check_new_password(&password))
        .map_err(ApiError::InvalidInput)?;
    let now = state.clock.now();
    let stored = state
        .readers
        .read(|conn| settings::find_setting(conn, settings::SETUP_TOKEN))
        .await?
        .ok_or(ApiError::SetUpClosed)?;
    if !is_open(&stored, now) {
        return Err(ApiError::SetUpClosed);
    }
    let hash = web::block(move || hash_password(&password)).await?;
    let offered = set_up_setting(&token, issued_at(&stored).unwrap_or_default());
    let admin = name.clone();
    let id = state
        .writer
        .write(move |conn| users::insert_first_admin(conn, &offered, &admin, &hash, now))
        .await?
        .ok_or(ApiError::SetUpClosed)?;
    start_session(&state, id, name, Role::Admin).await
}

/// What is stored of an open set-up link: when it was made and the digest of its token.
pub fn set_up_setting(token: &str, issued_at: Micros) -> String {
    format!("{issued_at}:{}", hex::encode(hash_token(token)))
}

fn issued_at(stored: &str) -> Option<Micros> {
    stored.split_once(':')?.0.parse().ok()
}

fn is_open(stored: &str, now: Micros) -> bool {
    issued_at(stored).is_some_and(|issued_at| now - issued_at < SETUP_MICROS)
}

//! Managing sources and their secrets.

use crate::error::ApiError;
use crate::extractors::{Admin, Viewer};
use crate::registry::LiveSource;
use crate::sources::{self, Change, NewSecret, NewSource, SourceEdit, SourceError, SourceOptions};
use crate::state::{AppState, State};
use crate::views;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use ringback_core::connection::Connection;
use ringback_core::models::Micros;
use ringback_core::provider::providers;
use ringback_core::queries::audit::list_audit_entries;
use ringback_core::queries::sources::SecretChange;
use ringback_core::signature::check_secret;
use ringback_wire::{
    AddSecretRequest, AddSecretResponse, AuditResponse, ChangeSecretRequest, ChangeSourceRequest,
    CreateSourceRequest, ProvidersResponse, SecretHintsRequest, SecretHintsResponse,
    SourcesResponse,
};
use serde::Deserialize;

/// Entries of the audit log in one answer.
const AUDIT_PAGE: i64 = 100;

type Json<T> = Result<web::Json<T>, actix_web::Error>;

/// Every source, without its secrets.
///
/// # Errors
/// Only who asks can be wrong.
pub async fn list_sources(_viewer: Viewer, state: State) -> Result<HttpResponse, ApiError> {
    let now = state.clock.now();
    let sources = state.registry.list().iter().map(|one| views::source(one, now)).collect();
    Ok(HttpResponse::Ok().json(SourcesResponse { sources }))
}

/// One source.
///
/// # Errors
/// 404.
pub async fn show_source(
    _viewer: Viewer,
    name: web::Path<String>,
    state: State,
) -> Result<HttpResponse, ApiError> {
    answer_source(&state, &name, StatusCode::OK)
}

/// The senders that sources are made for.
///
/// # Errors
/// Only who asks can be wrong.
pub async fn list_providers(_viewer: Viewer) -> Result<HttpResponse, ApiError> {
    let providers = providers().iter().map(views::provider).collect();
    Ok(HttpResponse::Ok().json(ProvidersResponse { providers }))
}

/// Adds a source.
///
/// # Errors
/// 422, 409 when the name is taken.
pub async fn create_source(
    admin: Admin,
    body: Json<CreateSourceRequest>,
    state: State,
) -> Result<HttpResponse, ApiError> {
    let CreateSourceRequest { name, provider, title, strict, options } = read(body)?;
    let new = NewSource { name: name.clone(), provider, title, strict, options };
    let is_configured = state.registry.is_configured(&name);
    change(&state, admin, move |conn, change| {
        sources::add_source(conn, &new, |_| is_configured, change)
    })
    .await?;
    answer_source(&state, &name, StatusCode::CREATED)
}

/// Changes a source: title, strictness, options, or whether it is paused.
///
/// # Errors
/// 404, 409 for a source of the configuration, 422.
pub async fn change_source(
    admin: Admin,
    name: web::Path<String>,
    body: Json<ChangeSourceRequest>,
    state: State,
) -> Result<HttpResponse, ApiError> {
    let ChangeSourceRequest { title, strict, paused, options } = read(body)?;
    let name = writable(&state, name.into_inner())?;
    let edit = SourceEdit { title, strict, paused, options };
    let of = name.clone();
    change(&state, admin, move |conn, change| sources::edit_source(conn, &of, &edit, change))
        .await?;
    answer_source(&state, &name, StatusCode::OK)
}

/// Deletes a source; its callbacks stay.
///
/// # Errors
/// 404, 409.
pub async fn delete_source(
    admin: Admin,
    name: web::Path<String>,
    state: State,
) -> Result<HttpResponse, ApiError> {
    let name = writable(&state, name.into_inner())?;
    change(&state, admin, move |conn, change| sources::delete_source(conn, &name, change)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Adds a secret, or makes one and shows it, once.
///
/// # Errors
/// 404, 409, 422.
pub async fn add_secret(
    admin: Admin,
    name: web::Path<String>,
    body: Json<AddSecretRequest>,
    state: State,
) -> Result<HttpResponse, ApiError> {
    let AddSecretRequest { label, secret, starts_at, ends_at } = read(body)?;
    let name = writable(&state, name.into_inner())?;
    let (starts_at, ends_at) = (parse_at(starts_at)?, parse_at(ends_at)?);
    let new = NewSecret { label, text: secret, starts_at, ends_at };
    let shared = state.clone();
    let added = change(&state, admin, move |conn, change| {
        sources::add_secret(conn, &name, &new, &shared.keyring, change)
    })
    .await?;
    Ok(HttpResponse::Created().json(AddSecretResponse { id: added.id, secret: added.made }))
}

/// Changes the label or the dates of a secret.
///
/// # Errors
/// 404, 409, 422.
pub async fn change_secret(
    admin: Admin,
    path: web::Path<(String, String)>,
    body: Json<ChangeSecretRequest>,
    state: State,
) -> Result<HttpResponse, ApiError> {
    let ChangeSecretRequest { label, starts_at, ends_at } = read(body)?;
    let (name, id) = path.into_inner();
    let name = writable(&state, name)?;
    let edit = SecretChange {
        label,
        starts_at: starts_at.map(parse_at).transpose()?,
        ends_at: ends_at.map(parse_at).transpose()?,
    };
    let of = name.clone();
    change(&state, admin, move |conn, change| sources::edit_secret(conn, &of, &id, &edit, change))
        .await?;
    answer_source(&state, &name, StatusCode::OK)
}

/// Deletes a secret.
///
/// # Errors
/// 404, 409.
pub async fn delete_secret(
    admin: Admin,
    path: web::Path<(String, String)>,
    state: State,
) -> Result<HttpResponse, ApiError> {
    let (name, id) = path.into_inner();
    let name = writable(&state, name)?;
    change(&state, admin, move |conn, change| sources::delete_secret(conn, &name, &id, change))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What looks odd about a secret that is being typed. It is neither kept nor logged.
///
/// # Errors
/// 422.
pub async fn hint_secret(
    _admin: Admin,
    body: Json<SecretHintsRequest>,
) -> Result<HttpResponse, ApiError> {
    let request = read(body)?;
    let provider = sources::provider(&request.provider)?;
    let (_, scheme) = SourceOptions::fit(provider, request.options.as_ref())?;
    let hints = check_secret(&scheme, &request.secret).into_iter().map(views::hint).collect();
    Ok(HttpResponse::Ok().json(SecretHintsResponse { hints }))
}

/// The query of [`list_audit`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    before: Option<i64>,
}

/// What was done, newest first.
///
/// # Errors
/// 422, 503.
pub async fn list_audit(
    _admin: Admin,
    query: Result<web::Query<AuditQuery>, actix_web::Error>,
    state: State,
) -> Result<HttpResponse, ApiError> {
    let before = query.map_err(|_| invalid("before is the id of an entry"))?.before;
    let rows = state.readers.read(move |conn| list_audit_entries(conn, before, AUDIT_PAGE)).await?;
    let is_full = rows.len() == usize::try_from(AUDIT_PAGE).unwrap_or_default();
    let before = rows.last().map(|row| row.id).filter(|_| is_full);
    let entries = rows.into_iter().map(views::audit_entry).collect();
    Ok(HttpResponse::Ok().json(AuditResponse { entries, before }))
}

fn invalid(message: &str) -> ApiError {
    ApiError::InvalidInput(message.to_owned())
}

fn read<T>(body: Json<T>) -> Result<T, ApiError> {
    // The cause may quote the body, which may hold a secret.
    body.map(web::Json::into_inner)
        .map_err(|_| invalid("the body is not the JSON object that docs/API.md describes"))
}

fn parse_at(text: Option<String>) -> Result<Option<Micros>, ApiError> {
    let parse = |text: String| {
        let time = text.parse::<jiff::Timestamp>();
        time.map(jiff::Timestamp::as_microsecond).map_err(|_| invalid("times are RFC 3339"))
    };
    text.map(parse).transpose()
}

/// The name, when the source is one that can be changed here.
fn writable(state: &AppState, name: String) -> Result<String, ApiError> {
    if state.registry.is_configured(&name) {
        return Err(SourceError::ReadOnly(name).into());
    }
    Ok(name)
}

fn answer_source(
    state: &AppState,
    name: &str,
    status: StatusCode,
) -> Result<HttpResponse, ApiError> {
    let source = state.registry.find(name).ok_or_else(|| unknown(name))?;
    let summary = views::source(&source, state.clock.now());
    Ok(HttpResponse::build(status).json(summary))
}

fn unknown(name: &str) -> ApiError {
    ApiError::NotFound(format!("no source is named {name:?}"))
}

/// The source of a name, for whoever needs it whole.
pub(super) fn find(state: &AppState, name: &str) -> Result<std::sync::Arc<LiveSource>, ApiError> {
    state.registry.find(name).ok_or_else(|| unknown(name))
}

/// Runs a change between two batches of the writer, and reads the sources again on the same
/// connection, so that the answer and the next request see it.
async fn change<T: Send + 'static>(
    state: &State,
    admin: Admin,
    work: impl FnOnce(&mut Connection, &Change) -> Result<T, SourceError> + Send + 'static,
) -> Result<T, ApiError> {
    let change = Change { actor: admin.0.name, now: state.clock.now() };
    let shared = state.clone();
    let done = state.writer.write(move |conn| match work(conn, &change) {
        Ok(value) => {
            shared.registry.reload(conn, &shared.keyring)?;
            Ok(Ok(value))
        }
        Err(SourceError::Query(error)) => Err(error),
        Err(error) => Ok(Err(error)),
    });
    let value = done.await??;
    state.jwks.wake();
    // A secret that was added may verify what is stored.
    state.reverify.notify_one();
    Ok(value)
}

impl From<SourceError> for ApiError {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Unknown(_) | SourceError::UnknownSecret(_) => {
                Self::NotFound(error.to_string())
            }
            SourceError::Invalid(message) => Self::InvalidInput(message),
            SourceError::Taken(_) | SourceError::ReadOnly(_) => Self::Conflict(error.to_string()),
            SourceError::Key(_) | SourceError::KeyChanged | SourceError::Query(_) => {
                Self::Unavailable(Some(Box::new(error)))
            }
        }
    }
}

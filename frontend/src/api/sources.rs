//! Requests about sources.

use super::{ApiError, fetch, get, send, to_json};
use ringback_wire::{
    AddSecretRequest, AddSecretResponse, ChangeSecretRequest, ChangeSourceRequest,
    CreateSourceRequest, ProvidersResponse, SecretHintsRequest, SecretHintsResponse, SourceSummary,
    SourcesResponse, TestResponse,
};

const SOURCES: &str = "/api/admin/sources";

/// Every source.
///
/// # Errors
/// When there was no good answer.
pub async fn list_sources() -> Result<SourcesResponse, ApiError> {
    get(SOURCES).await
}

/// The senders that sources are made for.
///
/// # Errors
/// When there was no good answer.
pub async fn list_providers() -> Result<ProvidersResponse, ApiError> {
    get("/api/admin/providers").await
}

/// Adds a source.
///
/// # Errors
/// A problem with status 409 when the name is taken, 422 when the input will not do.
pub async fn create_source(request: &CreateSourceRequest) -> Result<SourceSummary, ApiError> {
    send("POST", SOURCES, Some(to_json(request))).await
}

/// Changes a source.
///
/// # Errors
/// A problem with status 404 or 422.
pub async fn change_source(
    name: &str,
    request: &ChangeSourceRequest,
) -> Result<SourceSummary, ApiError> {
    send("PATCH", &format!("{SOURCES}/{name}"), Some(to_json(request))).await
}

/// Deletes a source; its callbacks stay.
///
/// # Errors
/// A problem with status 404.
pub async fn delete_source(name: &str) -> Result<(), ApiError> {
    fetch("DELETE", &format!("{SOURCES}/{name}"), None).await.map(|_| ())
}

/// Adds a secret; the answer holds it when the server made it.
///
/// # Errors
/// A problem with status 404 or 422.
pub async fn add_secret(
    source: &str,
    request: &AddSecretRequest,
) -> Result<AddSecretResponse, ApiError> {
    send("POST", &format!("{SOURCES}/{source}/secrets"), Some(to_json(request))).await
}

/// Changes the label or the dates of a secret.
///
/// # Errors
/// A problem with status 404 or 422.
pub async fn change_secret(
    source: &str,
    id: &str,
    request: &ChangeSecretRequest,
) -> Result<SourceSummary, ApiError> {
    send("PATCH", &format!("{SOURCES}/{source}/secrets/{id}"), Some(to_json(request))).await
}

/// Deletes a secret.
///
/// # Errors
/// A problem with status 404.
pub async fn delete_secret(source: &str, id: &str) -> Result<(), ApiError> {
    fetch("DELETE", &format!("{SOURCES}/{source}/secrets/{id}"), None).await.map(|_| ())
}

/// What looks odd about a secret that is being typed.
///
/// # Errors
/// When there was no good answer.
pub async fn hint_secret(request: &SecretHintsRequest) -> Result<SecretHintsResponse, ApiError> {
    send("POST", "/api/admin/secret-hints", Some(to_json(request))).await
}

/// Has the server send a test to a source, signed as its sender would.
///
/// # Errors
/// A problem with status 404.
pub async fn test_source(source: &str) -> Result<TestResponse, ApiError> {
    send("POST", &format!("{SOURCES}/{source}/test"), Some("{}".to_owned())).await
}

//! Requests about sources.

use super::{Reply, done, get, send, to_json};
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
pub fn list_sources() -> Reply<SourcesResponse> {
    get(SOURCES)
}

/// The senders that sources are made for.
///
/// # Errors
/// When there was no good answer.
pub fn list_providers() -> Reply<ProvidersResponse> {
    get("/api/admin/providers")
}

/// Adds a source.
///
/// # Errors
/// A problem with status 409 when the name is taken, 422 when the input will not do.
pub fn create_source(request: &CreateSourceRequest) -> Reply<SourceSummary> {
    send("POST", SOURCES, Some(to_json(request)))
}

/// Changes a source.
///
/// # Errors
/// A problem with status 404 or 422.
pub fn change_source(name: &str, request: &ChangeSourceRequest) -> Reply<SourceSummary> {
    send("PATCH", &format!("{SOURCES}/{name}"), Some(to_json(request)))
}

/// Deletes a source; its callbacks stay.
///
/// # Errors
/// A problem with status 404.
pub fn delete_source(name: &str) -> Reply<()> {
    done("DELETE", &format!("{SOURCES}/{name}"), None)
}

/// Adds a secret; the answer holds it when the server made it.
///
/// # Errors
/// A problem with status 404 or 422.
pub fn add_secret(source: &str, request: &AddSecretRequest) -> Reply<AddSecretResponse> {
    send("POST", &format!("{SOURCES}/{source}/secrets"), Some(to_json(request)))
}

/// Changes the label or the dates of a secret.
///
/// # Errors
/// A problem with status 404 or 422.
pub fn change_secret(
    source: &str,
    id: &str,
    request: &ChangeSecretRequest,
) -> Reply<SourceSummary> {
    send("PATCH", &format!("{SOURCES}/{source}/secrets/{id}"), Some(to_json(request)))
}

/// Deletes a secret.
///
/// # Errors
/// A problem with status 404.
pub fn delete_secret(source: &str, id: &str) -> Reply<()> {
    done("DELETE", &format!("{SOURCES}/{source}/secrets/{id}"), None)
}

/// What looks odd about a secret that is being typed.
///
/// # Errors
/// When there was no good answer.
pub fn hint_secret(request: &SecretHintsRequest) -> Reply<SecretHintsResponse> {
    send("POST", "/api/admin/secret-hints", Some(to_json(request)))
}

/// Has the server send a test to a source, signed as its sender would.
///
/// # Errors
/// A problem with status 404.
pub fn test_source(source: &str) -> Reply<TestResponse> {
    send("POST", &format!("{SOURCES}/{source}/test"), Some("{}".to_owned()))
}

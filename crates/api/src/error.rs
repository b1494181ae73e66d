//! What goes wrong, as the client is told.
//!
//! Layers: core has its own errors, which say what the database said; the writer has
//! [`crate::writer::StoreError`]; handlers answer [`ApiError`] alone. An `ApiError` becomes
//! `application/problem+json` (RFC 9457) with a `type` of [`PROBLEMS`]. A cause never reaches the
//! client: it is logged once, here, with the id of the request.

use crate::middleware::current_request_id;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use ringback_wire::Problem;

/// Everything that an answer can say went wrong.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// Nothing is there.
    #[error("{0}")]
    NotFound(String),
    /// The path is served, not with this method.
    #[error("this path takes {0}")]
    MethodNotAllowed(String),
    /// No source of this name is configured.
    #[error("no source is named {0:?}: check the path, or configure the source")]
    UnknownSource(String),
    /// Nobody is signed in.
    #[error("sign in, or send an API token as `Authorization: Bearer`")]
    SignInRequired,
    /// Somebody is, who may not do this.
    #[error("your role may read and not change: ask an admin")]
    NotAllowed,
    /// A page of another site sent this.
    #[error("the request does not come from a page of this server")]
    CrossSite,
    /// Name or password are wrong.
    #[error("the name or the password is wrong")]
    SignInFailed,
    /// Too many tries.
    #[error("too many attempts: try again in {0} s")]
    TooManyAttempts(u64),
    /// Too many deliveries that are not trusted.
    #[error("too many deliveries without a valid signature: sign them, or send again in {0} s")]
    RateLimited(u64),
    /// The set-up link was used, has expired, or is not needed.
    #[error(
        "this set-up link is not valid any more: restart the server for a new one, or run `ringback user add`"
    )]
    SetUpClosed,
    /// Something in the request cannot be taken.
    #[error("{0}")]
    InvalidInput(String),
    /// It is there already, or cannot be changed here.
    #[error("{0}")]
    Conflict(String),
    /// The source takes nothing for now.
    #[error("the source {0:?} is paused: keep it and send it again")]
    SourcePaused(String),
    /// A strict source got something that is not valid.
    #[error("the signature does not hold, and this source is strict; the delivery is recorded")]
    SignatureRefused,
    /// The cursor is not of this feed.
    #[error("the cursor is not one of this server's feed: start over without a cursor")]
    CursorUnknown,
    /// The body is too large.
    #[error("the body is larger than {0} bytes: the refusal is recorded, the body is not")]
    TooLarge(usize),
    /// The body did not come.
    #[error("the body did not arrive in time, or the connection broke")]
    BodyIncomplete,
    /// It cannot be stored now.
    #[error("it could not be stored just now: keep it and send it again")]
    Unavailable(#[source] Option<Box<dyn std::error::Error + Send + Sync>>),
    /// Too much is being received.
    #[error("too much is being received just now: keep it and send it again")]
    Overloaded,
    /// A mistake of ours.
    #[error("an internal error: the server's log has the cause under this request's id")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A type of problem: `/problems/<name>`.
#[derive(Clone, Copy, Debug)]
pub struct ProblemKind {
    /// The last part of `type`.
    pub name: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// The same for every problem of the type.
    pub title: &'static str,
}

const fn kind(name: &'static str, status: u16, title: &'static str) -> ProblemKind {
    ProblemKind { name, status, title }
}

/// Every type of problem there is.
pub const PROBLEMS: &[ProblemKind] = &[
    kind("not-found", 404, "Not found"),
    kind("method-not-allowed", 405, "Method not allowed"),
    kind("unknown-source", 404, "Unknown source"),
    kind("sign-in-required", 401, "Sign-in required"),
    kind("not-allowed", 403, "Not allowed"),
    kind("cross-site", 403, "Cross-site request"),
    kind("sign-in-failed", 401, "Sign-in failed"),
    kind("too-many-attempts", 429, "Too many attempts"),
    kind("set-up-closed", 403, "Set-up link not valid"),
    kind("invalid-input", 422, "Invalid input"),
    kind("cursor-unknown", 410, "Unknown cursor"),
    kind("too-large", 413, "Body too large"),
    kind("body-incomplete", 408, "Body incomplete"),
    kind("unavailable", 503, "Unavailable"),
    kind("internal", 500, "Internal error"),
    kind("rate-limited", 429, "Too many unverified deliveries"),
    kind("conflict", 409, "Conflict"),
    kind("source-paused", 503, "Source paused"),
    kind("signature-refused", 401, "Signature refused"),
];

/// Where a client whose cursor is unknown starts over.
const START_OVER: &str = "/api/admin/llm-callbacks/check";
/// How long a sender waits before it tries again, in seconds.
const RETRY_SECONDS: u64 = 5;

impl ApiError {
    /// Its type.
    pub fn kind(&self) -> &'static ProblemKind {
        let index = match self {
            Self::NotFound(_) => 0,
            Self::MethodNotAllowed(_) => 1,
            Self::UnknownSource(_) => 2,
            Self::SignInRequired => 3,
            Self::NotAllowed => 4,
            Self::CrossSite => 5,
            Self::SignInFailed => 6,
            Self::TooManyAttempts(_) => 7,
            Self::SetUpClosed => 8,
            Self::InvalidInput(_) => 9,
            Self::CursorUnknown => 10,
            Self::TooLarge(_) => 11,
            Self::BodyIncomplete => 12,
            Self::Unavailable(_) | Self::Overloaded => 13,
            Self::Internal(_) => 14,
            Self::RateLimited(_) => 15,
            Self::Conflict(_) => 16,
            Self::SourcePaused(_) => 17,
            Self::SignatureRefused => 18,
        };
        &PROBLEMS[index]
    }

    /// Wraps a cause that the client must not see.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }

    fn log(&self, request_id: Option<&str>) {
        let request_id = request_id.unwrap_or_default();
        match self {
            Self::Internal(cause) => {
                tracing::error!(request.id = request_id, cause = %chain(cause.as_ref()), "internal error");
            }
            Self::Unavailable(Some(cause)) => {
                tracing::error!(request.id = request_id, cause = %chain(cause.as_ref()), "unavailable");
            }
            _ => {}
        }
    }
}

/// A cause with all its causes, on one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text.replace('\n', " ")
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.kind().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let request_id = current_request_id();
        self.log(request_id.as_deref());
        let kind = self.kind();
        let problem = Problem {
            kind: format!("/problems/{}", kind.name),
            title: kind.title.to_owned(),
            status: kind.status,
            detail: self.to_string(),
            request_id,
            start_over: matches!(self, Self::CursorUnknown).then(|| START_OVER.to_owned()),
        };
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((CONTENT_TYPE, "application/problem+json"));
        match self {
            Self::TooManyAttempts(seconds) | Self::RateLimited(seconds) => {
                response.insert_header((RETRY_AFTER, seconds.to_string()));
            }
            Self::Unavailable(_) | Self::Overloaded | Self::SourcePaused(_) => {
                response.insert_header((RETRY_AFTER, RETRY_SECONDS.to_string()));
            }
            Self::SignInRequired => {
                response.insert_header((WWW_AUTHENTICATE, "Bearer"));
            }
            Self::MethodNotAllowed(methods) => {
                response.insert_header((ALLOW, methods.clone()));
            }
            _ => {}
        }
        if matches!(self, Self::TooLarge(_) | Self::BodyIncomplete | Self::Overloaded) {
            // The rest of the body is not read, so the connection cannot serve another request.
            response.force_close();
        }
        response.body(serde_json::to_string(&problem).unwrap_or_default())
    }
}

impl From<crate::database::DatabaseError> for ApiError {
    fn from(error: crate::database::DatabaseError) -> Self {
        Self::Unavailable(Some(Box::new(error)))
    }
}

impl From<crate::writer::StoreError> for ApiError {
    fn from(error: crate::writer::StoreError) -> Self {
        // The writer has logged what the database said, once for all that waited.
        tracing::debug!(cause = %error, "not stored");
        Self::Unavailable(None)
    }
}

impl From<actix_web::error::BlockingError> for ApiError {
    fn from(error: actix_web::error::BlockingError) -> Self {
        Self::internal(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_has_its_own_type_and_status() {
        let errors = [
            (ApiError::NotFound(String::new()), "not-found", 404),
            (ApiError::UnknownSource(String::new()), "unknown-source", 404),
            (ApiError::TooManyAttempts(1), "too-many-attempts", 429),
            (ApiError::RateLimited(1), "rate-limited", 429),
            (ApiError::CursorUnknown, "cursor-unknown", 410),
            (ApiError::TooLarge(1), "too-large", 413),
            (ApiError::Unavailable(None), "unavailable", 503),
            (ApiError::internal("x"), "internal", 500),
        ];
        for (error, name, status) in errors {
            assert_eq!((error.kind().name, error.kind().status), (name, status));
        }
    }

    #[test]
    fn every_type_of_problem_is_in_the_documentation() {
        let documentation = include_str!("../../../docs/API.md");
        for ProblemKind { name, status, .. } in PROBLEMS {
            let row = format!("| `/problems/{name}` | {status} |");
            assert!(documentation.contains(&row), "docs/API.md lacks {row}");
        }
        let rows = documentation.matches("| `/problems/").count();
        assert_eq!(rows, PROBLEMS.len(), "docs/API.md has types that do not exist");
    }

    #[test]
    fn a_cause_never_reaches_the_client() {
        let shown = ApiError::internal("password=s3cret").to_string();
        assert!(!shown.contains("s3cret"));
    }
}

//! Why a configuration cannot be used. No text names a secret.

use super::LARGEST_BODY_LIMIT_BYTES;
use ringback_core::connection::OpenError;
use ringback_core::keys::KeyFormError;
use std::net::AddrParseError;
use std::path::PathBuf;

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The address is none.
    #[error("the address to listen on is not like 127.0.0.1:8080: {0}")]
    Bind(#[from] AddrParseError),
    /// The public URL is none.
    #[error("the public URL is not like https://ringback.example: {0}")]
    PublicUrl(#[from] url::ParseError),
    /// The database URL is none.
    #[error(transparent)]
    Database(#[from] OpenError),
    /// The limit cannot be used.
    #[error("the body limit takes 1 to {LARGEST_BODY_LIMIT_BYTES} bytes")]
    BodyLimit,
    /// The server's key is none.
    #[error("RINGBACK_SECRET_KEY: {0}")]
    Key(#[from] KeyFormError),
    /// A network is none.
    #[error("a network is like 10.0.0.0/8 or fd00::/8, not {0:?}")]
    Network(String),
    /// One body would not fit.
    #[error("the memory for bodies takes at least the body limit, {0} bytes")]
    BodyMemory(usize),
    /// The mail server cannot be used; the text names no value.
    #[error("{0}")]
    Mail(&'static str),
    /// A value cannot be meant.
    #[error("{0}")]
    Value(String),
    /// The file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file says something that is not understood.
    #[error("{path}: {message}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why, without the value: it may be a secret.
        message: String,
    },
}

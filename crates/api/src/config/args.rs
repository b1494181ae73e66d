//! Flags and variables that several commands take, and all that `ringback serve` takes.

use super::{ConfigError, DEFAULT_DATABASE, DEFAULT_LOG, MailArgs, OperationsArgs, file};
use crate::keyring::KeyPlace;
use crate::telemetry::LogFormat;
use clap::Args;
use ringback_core::connection::DatabaseUrl;
use std::path::PathBuf;

/// What every command that opens the database takes.
#[derive(Args, Clone, Debug, Default)]
pub struct DatabaseArgs {
    /// Database: `sqlite://PATH` or `postgres://…` [default: `sqlite://./data/ringback.db`]
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// Configuration file [default: ringback.toml when it exists]
    #[arg(long, env = "RINGBACK_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// What every command takes that opens signing secrets.
#[derive(Args, Clone, Debug, Default)]
pub struct KeyArgs {
    /// The key that seals signing secrets, older ones after commas; never a flag that `ps` shows.
    #[arg(long, env = "RINGBACK_SECRET_KEY", hide = true, hide_env_values = true)]
    pub secret_key: Option<String>,
    /// The file with the key that seals signing secrets [default: ringback.key beside the database]
    #[arg(long, env = "RINGBACK_SECRET_KEY_FILE", value_name = "FILE")]
    pub secret_key_file: Option<PathBuf>,
}

/// What every command takes for its log.
#[derive(Args, Clone, Debug, Default)]
pub struct LogArgs {
    /// Log filter, a level or target=level pairs [default: info]
    #[arg(long, env = "RINGBACK_LOG", value_name = "FILTER")]
    pub log: Option<String>,
    /// Form of the log [default: text]
    #[arg(long, env = "RINGBACK_LOG_FORMAT", value_enum)]
    pub log_format: Option<LogFormat>,
}

/// What `ringback serve` takes.
#[derive(Args, Clone, Debug, Default)]
pub struct ServeArgs {
    /// Address to listen on, port 0 for a free one [default: 127.0.0.1:8080]
    #[arg(long, env = "RINGBACK_BIND", value_name = "ADDR:PORT")]
    pub bind: Option<String>,
    /// The server's address as browsers see it, when a proxy stands before it
    #[arg(long, env = "RINGBACK_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// Largest body that is taken [default: 1048576]
    #[arg(long, env = "RINGBACK_BODY_LIMIT_BYTES", value_name = "BYTES")]
    pub body_limit_bytes: Option<usize>,
    /// Memory for bodies that are being received, in bytes; more is answered 503 [default: 134217728]
    #[arg(long, env = "RINGBACK_BODY_MEMORY_BYTES", value_name = "BYTES")]
    pub body_memory_bytes: Option<usize>,
    /// Connections at once; more wait until one is closed [default: 8192]
    #[arg(long, env = "RINGBACK_MAX_CONNECTIONS", value_name = "N")]
    pub max_connections: Option<usize>,
    /// Seconds between SIGTERM and the end of listening, in which `/readyz` says 503 and all else is
    /// answered: a proxy needs them to turn elsewhere [default: 5]
    #[arg(long, env = "RINGBACK_DRAIN_SECONDS", value_name = "SECONDS")]
    pub drain_seconds: Option<u64>,
    /// A replica of a PostgreSQL database, which the history is read from
    #[arg(long, env = "DATABASE_READ_URL", hide_env_values = true, value_name = "URL")]
    pub database_read_url: Option<String>,
    /// Threads that answer requests [default: one for each core]
    #[arg(long, env = "RINGBACK_WORKERS", value_name = "N")]
    pub workers: Option<usize>,
    /// Private networks that requests of this server may go to, like 10.0.0.0/8, with commas
    #[arg(long, env = "RINGBACK_OUTBOUND_ALLOW", value_name = "NETWORKS")]
    pub outbound_allow: Option<String>,
    #[command(flatten)]
    /// Where the key is.
    pub key: KeyArgs,
    #[command(flatten)]
    /// Where the database is.
    pub database: DatabaseArgs,
    #[command(flatten)]
    /// What an operator sets.
    pub operations: OperationsArgs,
    #[command(flatten)]
    /// How the log is written.
    pub log: LogArgs,
    #[command(flatten)]
    /// The mail server for alerts.
    pub mail: MailArgs,
    /// Secrets of the default source; from the environment or the file, never a flag that `ps` shows.
    #[arg(long, env = "LLM_WEBHOOK_SECRET", hide = true, hide_env_values = true)]
    pub llm_webhook_secret: Option<String>,
}

impl DatabaseArgs {
    /// Where the database is, for commands that need nothing else.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn url(&self) -> Result<DatabaseUrl, ConfigError> {
        let file = file::read(self.config.as_ref())?;
        database_url(self, &file)
    }
}

impl KeyArgs {
    /// Where the key is: given, in a file that is named, or in the one beside the database.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn place(&self, database: &DatabaseArgs) -> Result<KeyPlace, ConfigError> {
        let file = file::read(database.config.as_ref())?;
        self.place_with(&file, &database_url(database, &file)?)
    }

    pub(super) fn place_with(
        &self,
        file: &file::File,
        url: &DatabaseUrl,
    ) -> Result<KeyPlace, ConfigError> {
        if let Some(text) = self.secret_key.as_deref().filter(|text| !text.trim().is_empty()) {
            return Ok(KeyPlace::given(text)?);
        }
        let named = self.secret_key_file.as_ref().or(file.key_path.as_ref());
        Ok(named.map_or_else(|| KeyPlace::beside(url), |path| KeyPlace::File(path.clone())))
    }
}

pub(super) fn database_url(
    args: &DatabaseArgs,
    file: &file::File,
) -> Result<DatabaseUrl, ConfigError> {
    let url = args.database_url.as_deref().or(file.database_url.as_deref());
    Ok(DatabaseUrl::parse(url.unwrap_or(DEFAULT_DATABASE))?)
}

impl LogArgs {
    /// The filter and the form, with the usual ones where nothing is said.
    pub fn resolve(&self) -> (String, LogFormat) {
        let filter = self.log.clone().unwrap_or_else(|| DEFAULT_LOG.to_owned());
        (filter, self.log_format.unwrap_or_default())
    }
}

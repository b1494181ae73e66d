//! How the server is told to run: flags over the environment over a TOML file.
//!
//! The only room that knows names of environment variables. `.env.sample` documents each.

mod args;
mod error;
mod file;
mod mail;
mod operations;

use args::database_url;
pub use args::{DatabaseArgs, KeyArgs, LogArgs, ServeArgs};
pub use error::ConfigError;
pub use mail::{MailArgs, MailConfig, MailSecurity};
pub use operations::{
    FloodConfig, MetricsConfig, OperationsArgs, OperationsConfig, RetentionConfig,
};

use crate::keyring::KeyPlace;
use crate::telemetry::LogFormat;
use crate::writer::WriterConfig;
use ipnet::IpNet;
use ringback_core::connection::DatabaseUrl;
use ringback_core::keys::{KEY_BYTES, ServerKey};
use ringback_core::signature::Secret;
use ringback_core::source::Source;
use std::net::SocketAddr;
use std::time::Duration;
use url::Url;

/// Where the database is when nothing says so.
const DEFAULT_DATABASE: &str = "sqlite://./data/ringback.db";
const DEFAULT_BIND: &str = "127.0.0.1:8080";
const DEFAULT_LOG: &str = "info";
/// The largest body that is taken when nothing says so.
pub const DEFAULT_BODY_LIMIT_BYTES: usize = 1 << 20;
/// No limit may be larger: a body is held in memory.
const LARGEST_BODY_LIMIT_BYTES: usize = 64 << 20;
/// Memory for bodies that are being received when nothing says so.
const DEFAULT_BODY_MEMORY_BYTES: usize = 128 << 20;
/// Connections at once when nothing says so.
const DEFAULT_MAX_CONNECTIONS: usize = 8192;
/// How long a server that was told to stop goes on when nothing says so.
const DEFAULT_DRAIN_SECONDS: u64 = 5;
/// Shorter than the minute after which most proxies cut what is silent.
const STREAM_PING: Duration = Duration::from_secs(15);
const STALLED_CLIENT: Duration = Duration::from_secs(30);
/// The file that is read when none is named.
const DEFAULT_FILE: &str = "ringback.toml";

/// How the server runs.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it listens.
    pub bind: SocketAddr,
    /// Its address as browsers see it.
    pub public_url: Option<Url>,
    /// Where the data is.
    pub database_url: DatabaseUrl,
    /// A replica of it.
    pub database_read_url: Option<DatabaseUrl>,
    /// The key that seals signing secrets.
    pub key_place: KeyPlace,
    /// Private networks that requests of this server may go to.
    pub outbound_allow: Vec<IpNet>,
    /// Who sends, as configured; the database has others.
    pub sources: Vec<Source>,
    /// The largest body that is taken.
    pub body_limit_bytes: usize,
    /// Memory for bodies that are being received, in bytes.
    pub body_memory_bytes: usize,
    /// Connections at once.
    pub max_connections: usize,
    /// Between SIGTERM and the end of listening.
    pub drain: Duration,
    /// Metrics, traces, proxies, retention, floods.
    pub operations: OperationsConfig,
    /// Threads that answer requests.
    pub workers: usize,
    /// Threads that write, each with a connection; SQLite has one.
    pub writers: usize,
    /// How often a stream says that it is alive.
    pub stream_ping: Duration,
    /// A client that takes nothing of what is sent to it for so long is cut.
    pub stalled_client: Duration,
    /// The mail server that alerts go out by.
    pub mail: Option<MailConfig>,
    /// The log's filter.
    pub log: String,
    /// The log's form.
    pub log_format: LogFormat,
}

impl Config {
    /// Puts flags and environment over the file and checks the result.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn load(args: &ServeArgs) -> Result<Self, ConfigError> {
        let file = file::read(args.database.config.as_ref())?;
        let bind = args.bind.as_ref().or(file.bind.as_ref());
        let public_url = args.public_url.as_ref().or(file.public_url.as_ref());
        let body_limit_bytes =
            args.body_limit_bytes.or(file.body_limit_bytes).unwrap_or(DEFAULT_BODY_LIMIT_BYTES);
        if !(1..=LARGEST_BODY_LIMIT_BYTES).contains(&body_limit_bytes) {
            return Err(ConfigError::BodyLimit);
        }
        let body_memory_bytes = args
            .body_memory_bytes
            .or(file.body_memory_bytes)
            .unwrap_or(DEFAULT_BODY_MEMORY_BYTES.max(2 * body_limit_bytes));
        if body_memory_bytes < body_limit_bytes {
            return Err(ConfigError::BodyMemory(body_limit_bytes));
        }
        let drain_seconds = args.drain_seconds.or(file.drain_seconds);
        let secrets = args.llm_webhook_secret.as_deref().or(file.llm_webhook_secret.as_deref());
        let mut sources = vec![Source::default_source(split_secrets(secrets.unwrap_or_default()))];
        sources.extend(file.sources()?);
        let database_url = database_url(&args.database, &file)?;
        let read_url = args.database_read_url.as_deref().or(file.database_read_url.as_deref());
        let database_read_url = read_url.map(DatabaseUrl::parse).transpose()?;
        let networks = args.outbound_allow.as_deref().or(file.outbound_allow.as_deref());
        let outbound_allow = parse_networks(networks.unwrap_or_default())?;
        let key_place = args.key.place_with(&file, &database_url)?;
        let mail = MailArgs {
            smtp_url: args.mail.smtp_url.clone().or(file.smtp_url),
            smtp_from: args.mail.smtp_from.clone().or(file.smtp_from),
            smtp_ca_file: args.mail.smtp_ca_file.clone().or(file.smtp_ca),
        };
        Ok(Self {
            bind: bind.map_or(DEFAULT_BIND, String::as_str).parse()?,
            public_url: public_url.map(String::as_str).map(Url::parse).transpose()?,
            key_place,
            outbound_allow,
            database_url,
            database_read_url,
            sources,
            body_limit_bytes,
            body_memory_bytes,
            max_connections: args
                .max_connections
                .or(file.max_connections)
                .unwrap_or(DEFAULT_MAX_CONNECTIONS)
                .max(1),
            drain: Duration::from_secs(drain_seconds.unwrap_or(DEFAULT_DRAIN_SECONDS)),
            operations: OperationsConfig::load(&args.operations, &file.operations)?,
            workers: args.workers.or(file.workers).unwrap_or_else(cores).max(1),
            writers: WriterConfig::default().writers,
            stream_ping: STREAM_PING,
            stalled_client: STALLED_CLIENT,
            mail: MailConfig::load(&mail)?,
            log: args.log.log.clone().or(file.log).unwrap_or_else(|| DEFAULT_LOG.to_owned()),
            log_format: args.log.log_format.or(file.log_format).unwrap_or_default(),
        })
    }

    /// A server for a test: a free port, one source with one secret.
    pub fn for_testing(database_url: DatabaseUrl, secrets: &str) -> Self {
        Self {
            bind: SocketAddr::from(([127, 0, 0, 1], 0)),
            public_url: None,
            database_url,
            database_read_url: None,
            key_place: KeyPlace::Given(vec![ServerKey::new([1; KEY_BYTES])]),
            outbound_allow: Vec::new(),
            sources: vec![Source::default_source(split_secrets(secrets))],
            body_limit_bytes: DEFAULT_BODY_LIMIT_BYTES,
            body_memory_bytes: DEFAULT_BODY_MEMORY_BYTES,
            max_connections: DEFAULT_MAX_CONNECTIONS,
            drain: Duration::ZERO,
            operations: OperationsConfig::default(),
            workers: 2,
            writers: WriterConfig::default().writers,
            stream_ping: STREAM_PING,
            stalled_client: STALLED_CLIENT,
            mail: None,
            log: DEFAULT_LOG.to_owned(),
            log_format: LogFormat::Text,
        }
    }

    /// True when browsers come by https, so that cookies can be bound to it.
    pub fn is_https(&self) -> bool {
        self.public_url.as_ref().is_some_and(|url| url.scheme() == "https")
    }

    /// The session cookie. `__Host-` binds it to this host and to https; browsers refuse it on http.
    pub fn cookie_name(&self) -> &'static str {
        if self.is_https() { "__Host-ringback" } else { "ringback" }
    }
}

/// The sources of the configuration, without the default one's secrets: for commands that must know
/// which names are taken.
///
/// # Errors
/// [`ConfigError`].
pub fn configured_sources(args: &DatabaseArgs) -> Result<Vec<Source>, ConfigError> {
    let mut sources = vec![Source::default_source(Vec::new())];
    sources.extend(file::read(args.config.as_ref())?.sources()?);
    Ok(sources)
}

/// Several secrets separated by commas; what is empty is none.
pub fn split_secrets(list: &str) -> Vec<Secret> {
    list.split(',').filter_map(Secret::new).collect()
}

/// Networks separated by commas; a single address is a network of one.
fn parse_networks(list: &str) -> Result<Vec<IpNet>, ConfigError> {
    let parse = |text: &str| {
        let network = text.parse::<IpNet>().ok();
        network
            .or_else(|| text.parse::<std::net::IpAddr>().ok().map(IpNet::from))
            .ok_or_else(|| ConfigError::Network(text.to_owned()))
    };
    list.split(',').map(str::trim).filter(|text| !text.is_empty()).map(parse).collect()
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}

#[cfg(test)]
mod tests;

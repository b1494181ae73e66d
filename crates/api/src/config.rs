//! How the server is told to run: flags over the environment over a TOML file.
//!
//! The only room that knows names of environment variables. `.env.sample` documents each.

mod file;
mod mail;
mod operations;

pub use operations::{
    FloodConfig, MetricsConfig, OperationsArgs, OperationsConfig, RetentionConfig,
};

use crate::keyring::KeyPlace;
use crate::telemetry::LogFormat;
use crate::writer::WriterConfig;
use clap::Args;
use ipnet::IpNet;
use ringback_core::connection::{DatabaseUrl, OpenError};
use ringback_core::keys::{KEY_BYTES, KeyFormError, ServerKey};
use ringback_core::signature::Secret;
use ringback_core::source::Source;
use std::net::{AddrParseError, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

pub use mail::{MailArgs, MailConfig, MailSecurity};

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

impl KeyArgs {
    /// Where the key is: given, in a file that is named, or in the one beside the database.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn place(&self, database: &DatabaseArgs) -> Result<KeyPlace, ConfigError> {
        let file = file::read(database.config.as_ref())?;
        self.place_with(&file, &database_url(database, &file)?)
    }

    fn place_with(&self, file: &file::File, url: &DatabaseUrl) -> Result<KeyPlace, ConfigError> {
        if let Some(text) = self.secret_key.as_deref().filter(|text| !text.trim().is_empty()) {
            return Ok(KeyPlace::given(text)?);
        }
        let named = self.secret_key_file.as_ref().or(file.key_path.as_ref());
        Ok(named.map_or_else(|| KeyPlace::beside(url), |path| KeyPlace::File(path.clone())))
    }
}

fn database_url(args: &DatabaseArgs, file: &file::File) -> Result<DatabaseUrl, ConfigError> {
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
mod tests {
    use super::*;

    fn args(file: &std::path::Path) -> ServeArgs {
        ServeArgs {
            database: DatabaseArgs { config: Some(file.to_owned()), database_url: None },
            ..ServeArgs::default()
        }
    }

    fn load(text: &str, change: impl FnOnce(&mut ServeArgs)) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ringback.toml");
        std::fs::write(&path, text).unwrap();
        let mut args = args(&path);
        change(&mut args);
        Config::load(&args)
    }

    #[test]
    fn a_flag_or_the_environment_wins_over_the_file() {
        let text = "bind = \"127.0.0.1:1\"\nbody_limit_bytes = 5\nllm_webhook_secret = \"a,b\"";
        let config = load(text, |args| args.bind = Some("127.0.0.1:2".to_owned())).unwrap();
        assert_eq!(config.bind.port(), 2);
        assert_eq!(config.body_limit_bytes, 5);
        assert_eq!(config.sources[0].secrets.len(), 2);
        let config = load(text, |args| args.llm_webhook_secret = Some(" c , ".to_owned())).unwrap();
        assert_eq!(config.sources[0].secrets.len(), 1);
    }

    #[test]
    fn a_source_is_configured_whole() {
        let text = r#"
            [[sources]]
            name = "github"
            scheme = "hmac-sha256"
            header = "X-Hub-Signature-256"
            secrets = ["It's a Secret to Everybody"]
            callback_id = ["x-github-delivery"]
            event_type = ["x-github-event", "/action"]
        "#;
        let config = load(text, |_| {}).unwrap();
        let source = &config.sources[1];
        assert_eq!((source.name.as_str(), source.scheme.name()), ("github", "hmac-sha256"));
        assert!(source.scheme.is_signature_header("x-hub-signature-256"));
        assert_eq!(source.map.event_type.len(), 2);
    }

    #[test]
    fn a_mistake_in_the_file_is_named_and_no_secret_is_shown() {
        for (text, part) in [
            ("bindd = \"x\"", "bindd"),
            ("[[sources]]\nname = \"A b\"", "name"),
            ("[[sources]]\nname = \"default\"", "default"),
            ("[[sources]]\nname = \"a\"\n[[sources]]\nname = \"a\"", "twice"),
            ("[[sources]]\nname = \"a\"\nscheme = \"rot13\"", "rot13"),
        ] {
            let error = load(text, |_| {}).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
        let error = load("llm_webhook_secret = [\"s3cret\"]", |_| {}).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
    }

    #[test]
    fn networks_are_read_and_the_key_is_given_named_or_beside_the_database() {
        let config = load("outbound_allow = \"10.0.0.0/8, ::1\"", |_| {}).unwrap();
        assert_eq!(config.outbound_allow.len(), 2);
        assert!(
            matches!(config.key_place, KeyPlace::File(path) if path.ends_with("data/ringback.key"))
        );
        assert!(load("outbound_allow = \"10.0.0.0/99\"", |_| {}).is_err());
        let given = |args: &mut ServeArgs| args.key.secret_key = Some("11".repeat(32));
        let config = load("secret_key_file = \"/run/key\"", given).unwrap();
        assert!(matches!(config.key_place, KeyPlace::Given(keys) if keys.len() == 1));
        let config = load("secret_key_file = \"/run/key\"", |_| {}).unwrap();
        assert!(matches!(config.key_place, KeyPlace::File(path) if path.ends_with("run/key")));
        let error = load("", |args| args.key.secret_key = Some("s3cret".to_owned())).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cret"));
    }

    #[test]
    fn every_variable_is_in_the_sample() {
        use clap::CommandFactory;
        #[derive(clap::Parser)]
        struct Serve {
            #[command(flatten)]
            _args: ServeArgs,
        }
        let sample = include_str!("../../../.env.sample");
        let command = Serve::command();
        let variables: Vec<&str> =
            command.get_arguments().filter_map(|arg| arg.get_env()?.to_str()).collect();
        assert!(variables.len() >= 9, "{variables:?}");
        for variable in variables {
            let is_there = sample
                .lines()
                .any(|line| line.trim_start_matches('#').starts_with(&format!("{variable}=")));
            assert!(is_there, ".env.sample lacks {variable}");
        }
    }

    #[test]
    fn a_wrong_database_url_is_refused() {
        let error = load("database_url = \"ringback.db\"", |_| {}).unwrap_err();
        assert!(error.to_string().contains("sqlite://"), "{error}");
    }
}

//! From a configuration to a server that listens.

use crate::admission::Admission;
use crate::alerting::round::Memory;
use crate::clock::Clock;
use crate::config::Config;
use crate::database::Readers;
use crate::feed::Feed;
use crate::floods::Floods;
use crate::handlers;
use crate::handlers::session::set_up_setting;
use crate::keyring::{Keyring, KeyringError};
use crate::listener::Listener;
use crate::metrics::Metrics;
use crate::middleware::around;
use crate::observations::Observations;
use crate::outbound::{Outbound, TlsError};
use crate::refusals::RefusalLog;
use crate::registry::Registry;
use crate::routes;
use crate::state::{AppState, State};
use crate::throttle::SignInThrottle;
use crate::tokens::{fill_random, random_token, random_u64};
use crate::worker;
use crate::worker::jwks::JwksState;
use crate::writer::{Writer, WriterConfig, WriterThread};
use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::from_fn;
#[cfg(target_os = "linux")]
use actix_web::rt::net::TcpStream;
use actix_web::web::{self, Data, JsonConfig};
use actix_web::{App, HttpServer};
use ringback_core::connection::{Connection, OpenError, Purpose};
use ringback_core::migrations::{self, MigrateError};
use ringback_core::queries::server_key::{self, ServerKeyError};
use ringback_core::queries::{settings, users};
use std::any::Any;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::Notify;
use url::Url;

/// Requests that are being answered have this long when the server stops, in seconds.
const STOP_SECONDS: u64 = 30;
/// A client has this long for the head of a request. Sending it byte by byte gains nothing.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection may be idle between two requests for this long: longer than the interval at which
/// browsers poll, so that polling needs no new connection each time.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);
/// A client has this long to take its last answer before the connection is cut.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);
/// The largest body of an administrative request.
const JSON_LIMIT_BYTES: usize = 256 * 1024;

/// A server that listens and does not answer yet.
pub struct Application {
    server: Server,
    metrics_server: Option<Server>,
    writer_thread: WriterThread,
    listener: Option<Listener>,
    state: State,
    address: SocketAddr,
    set_up_token: Option<String>,
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The schema cannot be brought up to date.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The database refused.
    #[error("the database refused")]
    Query(#[from] diesel::result::Error),
    /// `ringback copy` was cut off.
    #[error("a copy into this database is not finished: run `ringback copy` again, it goes on")]
    CopyUnfinished,
    /// No connection for reading.
    #[error("cannot open the database for reading")]
    Readers(#[from] r2d2::Error),
    /// There is no key that seals secrets.
    #[error(transparent)]
    Key(#[from] KeyringError),
    /// The key is not the one of this database.
    #[error(
        "the server's key does not fit the database: give every node the same RINGBACK_SECRET_KEY \
         or key file, or run `ringback source rotate-key --lost` when the right one is lost"
    )]
    ForeignKey(#[from] ServerKeyError),
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The address is taken, or the system gives no thread.
    #[error("cannot listen on {address}: is another server there?")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
}

/// The readers, with the replica when one is configured.
fn open_readers(config: &Config) -> Result<Readers, StartError> {
    let readers = Readers::open(&config.database_url)?;
    Ok(match &config.database_read_url {
        Some(replica) => readers.with_replica(replica),
        None => readers,
    })
}

impl Application {
    /// Opens and migrates the database, starts the writer, and listens.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn build(config: Config, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        let mut conn = config.database_url.open(Purpose::Create)?;
        for name in migrations::migrate(&mut conn, random_u64())? {
            tracing::info!(migration = name, "migrated");
        }
        if settings::find_setting(&mut conn, settings::COPY_PROGRESS)?.is_some() {
            return Err(StartError::CopyUnfinished);
        }
        let feed_id = settings::find_feed_id(&mut conn)?;
        let keyring = Keyring::open_or_make(config.key_place.clone())?;
        let digest_key =
            server_key::adopt_server_key(&mut conn, &keyring.keys(), &mut fill_random)?;
        let outbound = Outbound::new(&config.outbound_allow)?;
        let registry = Registry::new(config.sources.clone());
        registry.reload(&mut conn, &keyring)?;
        let set_up_token = open_set_up_link(&mut conn, clock.as_ref())?;
        let readers = open_readers(&config)?;
        let bind = config.bind;
        let listen = |source| StartError::Listen { address: bind, source };
        let writer_config = WriterConfig { writers: config.writers, ..WriterConfig::default() };
        let (writer, writer_thread) =
            Writer::start(config.database_url.clone(), conn, writer_config).map_err(listen)?;
        let connections = config.max_connections.div_ceil(config.workers);
        let feed = Arc::new(Feed::default());
        // SQLite has one node: there is nobody else to hear.
        let listener = config
            .database_url
            .is_postgres()
            .then(|| {
                Listener::start(config.database_url.clone(), Arc::clone(&feed), writer.stored())
            })
            .transpose()
            .map_err(listen)?;
        let (workers, stalled_client) = (config.workers, config.stalled_client);
        let metrics = Metrics::new(writer.stats());
        let floods = Floods::new(config.operations.floods);
        let traces = config.operations.otlp_endpoint.as_ref().map(|_| Arc::default());
        let state = Data::new(AppState {
            admission: Admission::new(config.body_memory_bytes),
            config,
            clock,
            readers,
            writer,
            feed_id,
            feed,
            keyring,
            digest_key,
            reverify: Notify::new(),
            outbound,
            registry,
            jwks: JwksState::default(),
            listens_on: OnceLock::new(),
            observations: Observations::default(),
            alerts: Memory::default(),
            node: random_token(""),
            base_url: OnceLock::new(),
            floods,
            refusals: RefusalLog::default(),
            metrics,
            traces,
            throttle: SignInThrottle::new(),
        });
        let shared = state.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(shared.clone())
                .app_data(JsonConfig::default().limit(JSON_LIMIT_BYTES))
                .wrap(from_fn(around))
                .configure(routes::configure)
        })
        .workers(workers)
        .max_connections(connections)
        .client_request_timeout(HEAD_TIMEOUT)
        .client_disconnect_timeout(CLOSE_TIMEOUT)
        .keep_alive(IDLE_TIMEOUT)
        .on_connect(move |connection, _| bound_stalling(connection, stalled_client))
        .shutdown_timeout(STOP_SECONDS)
        .disable_signals()
        .bind(bind)
        .map_err(listen)?;
        let address = server.addrs().first().copied().unwrap_or(bind);
        let base_url = base_url(state.config.public_url.as_ref(), address);
        state.listens_on.get_or_init(|| address);
        state.base_url.get_or_init(|| base_url);
        let metrics_server = state
            .config
            .operations
            .metrics
            .bind
            .map(|bind| serve_metrics(bind, &state))
            .transpose()?;
        Ok(Self {
            server: server.run(),
            metrics_server,
            writer_thread,
            listener,
            state,
            address,
            set_up_token,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address as browsers see it, without a slash at the end.
    pub fn public_url(&self) -> String {
        self.state.base_url().to_owned()
    }

    /// The link that makes the first admin; `None` when there is a user.
    pub fn set_up_link(&self) -> Option<String> {
        let token = self.set_up_token.as_ref()?;
        Some(format!("{}/setup?token={token}", self.public_url()))
    }

    /// What the handlers share. For tests.
    pub fn state(&self) -> State {
        self.state.clone()
    }

    /// Stops it from elsewhere: whoever listens for signals, or a test.
    pub fn handle(&self) -> StopHandle {
        StopHandle { server: self.server.handle(), feed: Arc::clone(&self.state.feed) }
    }

    /// Answers until its handle tells it to stop; then answers what it has
    /// begun, stores what waits, and ends.
    ///
    /// # Errors
    /// When the server itself fails.
    pub async fn run(self) -> std::io::Result<()> {
        let loops = [
            actix_web::rt::spawn(worker::alerts::run(self.state.clone())),
            actix_web::rt::spawn(worker::sources::run(self.state.clone())),
            actix_web::rt::spawn(worker::clock::run(self.state.clone())),
            actix_web::rt::spawn(worker::jwks::run(self.state.clone())),
            actix_web::rt::spawn(worker::tail::run(self.state.clone())),
            actix_web::rt::spawn(worker::floods::run(self.state.clone())),
            actix_web::rt::spawn(worker::retention::run(self.state.clone())),
            actix_web::rt::spawn(worker::reverify::run(self.state.clone())),
            actix_web::rt::spawn(worker::traces::run(self.state.clone())),
        ];
        let metrics_handle = self.metrics_server.as_ref().map(Server::handle);
        let metrics_task = self.metrics_server.map(actix_web::rt::spawn);
        let ended = self.server.await;
        // What was noted last is told, and another node need not wait to go on.
        worker::alerts::finish(&self.state).await;
        for one in loops {
            one.abort();
        }
        if let (Some(handle), Some(task)) = (metrics_handle, metrics_task) {
            handle.stop(false).await;
            let _ended = task.await;
        }
        if worker::floods::record_refusals(&self.state).await.is_err() {
            tracing::warn!("the last refusals could not be recorded");
        }
        // Nobody sends to the writer any more, and what is in its queue is stored before the end.
        let (writer_thread, listener) = (self.writer_thread, self.listener);
        let drained = actix_web::web::block(move || {
            writer_thread.drain();
            if let Some(listener) = listener {
                listener.stop();
            }
        })
        .await;
        tracing::info!("stopped, nothing waits");
        ended.and(drained.map_err(std::io::Error::other))
    }
}

/// Stops a server from elsewhere.
#[derive(Clone, Debug)]
pub struct StopHandle {
    server: ServerHandle,
    feed: Arc<Feed>,
}

impl StopHandle {
    /// Ends the streams, which would never end by themselves, and stops the server: gracefully, or
    /// at once.
    pub async fn stop(&self, graceful: bool) {
        self.feed.stop();
        self.server.stop(graceful).await;
    }
}

/// Has the system cut a connection whose other end takes nothing for so long: a stream is written
/// only when there is room, so nobody else would notice.
fn bound_stalling(connection: &dyn Any, patience: Duration) {
    #[cfg(target_os = "linux")]
    if let Some(stream) = connection.downcast_ref::<TcpStream>() {
        // A connection that is gone already has no options to set.
        let _gone = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(patience));
    }
    #[cfg(not(target_os = "linux"))]
    let _no_such_option = (connection, patience);
}

/// The public address, else the one that is listened on; without a slash at the end.
fn base_url(public_url: Option<&Url>, address: SocketAddr) -> String {
    let url = public_url.map(ToString::to_string);
    url.unwrap_or_else(|| format!("http://{address}")).trim_end_matches('/').to_owned()
}

/// Serves the metrics on an address of their own, for who can reach it.
fn serve_metrics(bind: SocketAddr, state: &State) -> Result<Server, StartError> {
    let state = state.clone();
    let listen = |source| StartError::Listen { address: bind, source };
    let server = HttpServer::new(move || {
        App::new()
            .app_data(state.clone())
            .route("/metrics", web::get().to(handlers::metrics::show_metrics_openly))
    })
    .workers(1)
    .disable_signals()
    .bind(bind)
    .map_err(listen)?;
    if let Some(address) = server.addrs().first() {
        tracing::info!(%address, "metrics are served");
    }
    Ok(server.run())
}

/// A new link at every start while there is no user: the old one is void.
fn open_set_up_link(
    conn: &mut Connection,
    clock: &dyn Clock,
) -> Result<Option<String>, diesel::result::Error> {
    if users::count_users(conn)? > 0 {
        settings::delete_setting(conn, settings::SETUP_TOKEN)?;
        return Ok(None);
    }
    let token = random_token("");
    settings::replace_setting(conn, settings::SETUP_TOKEN, &set_up_setting(&token, clock.now()))?;
    Ok(Some(token))
}

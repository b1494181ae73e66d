//! The servers that are compared: Ringback itself, and two that differ from it in storing alone.

use crate::Failure;
use crate::requests::{PATH, SECRET};
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use clap::{Args, ValueEnum};
use ringback_api::admission::Admission;
use ringback_api::alerting::round::Memory;
use ringback_api::clock::SystemClock;
use ringback_api::config::Config;
use ringback_api::database::Readers;
use ringback_api::error::ApiError;
use ringback_api::floods::Floods;
use ringback_api::handlers::receive::{Taken, take_delivery};
use ringback_api::keyring::Keyring;
use ringback_api::metrics::Metrics;
use ringback_api::middleware::around;
use ringback_api::observations::Observations;
use ringback_api::outbound::Outbound;
use ringback_api::refusals::RefusalLog;
use ringback_api::registry::Registry;
use ringback_api::routes;
use ringback_api::startup::Application;
use ringback_api::state::{AppState, State};
use ringback_api::throttle::SignInThrottle;
use ringback_api::worker::jwks::JwksState;
use ringback_api::writer::{Writer, WriterConfig};
use ringback_core::connection::{Connection, DatabaseUrl, OpenError, Purpose};
use ringback_core::keys::{DigestKey, KEY_BYTES};
use ringback_core::models::{NewDelivery, StoredReceipt};
use ringback_core::{migrations, queries};
use ringback_wire::Receipt;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
}

impl Backend {
    /// Its name in the report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// How a server stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Variant {
    /// Ringback as it is: one transaction for what has gathered.
    Group,
    /// Not at all: it verifies, reads, and answers.
    Parse,
    /// One transaction for each request, by the same statements.
    Single,
}

/// How many connections to the database; for finding out what is best.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// Threads that write to PostgreSQL with group commit
    #[arg(long, default_value = "1", global = true)]
    writers: usize,
    /// Connections to PostgreSQL of the variant that stores each request alone
    #[arg(long, default_value = "16", global = true)]
    pool: u32,
}

impl Sizes {
    /// As arguments for another process.
    pub(crate) fn args(self) -> [String; 4] {
        [
            "--writers".to_owned(),
            self.writers.to_string(),
            "--pool".to_owned(),
            self.pool.to_string(),
        ]
    }
}

/// What the hidden command takes.
#[derive(Args, Debug)]
pub(crate) struct ServeArgs {
    #[arg(value_enum)]
    variant: Variant,
    #[arg(value_enum)]
    backend: Backend,
    #[arg(long, env = "BENCH_DATABASE_URL", hide_env_values = true)]
    database_url: String,
}

/// Serves until standard input is closed or the process is killed.
pub(crate) fn run(args: &ServeArgs, sizes: Sizes) -> Result<(), Failure> {
    std::thread::spawn(|| {
        let _read = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        std::process::exit(0);
    });
    let mut config = Config::for_testing(DatabaseUrl::parse(&args.database_url)?, SECRET);
    config.writers = sizes.writers;
    config.workers = std::thread::available_parallelism().map_or(2, usize::from);
    actix_web::rt::System::new().block_on(async {
        if args.variant == Variant::Group {
            let application = Application::build(config, Arc::new(SystemClock))?;
            announce(application.address())?;
            return Ok(application.run().await?);
        }
        let store = Store::open(args, sizes, &config.database_url)?;
        serve_baseline(config, store).await
    })
}

fn announce(address: SocketAddr) -> std::io::Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "{address}")?;
    out.flush()
}

/// Everything is Ringback's own up to the moment of storing.
async fn serve_baseline(config: Config, store: Store) -> Result<(), Failure> {
    let conn = config.database_url.open(Purpose::Write)?;
    // Its thread sleeps: nothing is sent to it.
    let (writer, _thread) =
        Writer::start(config.database_url.clone(), conn, WriterConfig::default())?;
    let readers = Readers::open(&config.database_url)?;
    let (bind, workers) = (config.bind, config.workers);
    let metrics = Metrics::new(writer.stats());
    let floods = Floods::new(config.operations.floods);
    let state = Data::new(AppState {
        admission: Admission::new(config.body_memory_bytes),
        keyring: Keyring::open(config.key_place.clone())?,
        digest_key: DigestKey::new([0; KEY_BYTES]),
        reverify: tokio::sync::Notify::new(),
        outbound: Outbound::new(&config.outbound_allow)?,
        registry: Registry::new(config.sources.clone()),
        jwks: JwksState::default(),
        listens_on: OnceLock::new(),
        config,
        clock: Arc::new(SystemClock),
        readers,
        writer,
        feed_id: 0,
        feed: Arc::default(),
        observations: Observations::default(),
        alerts: Memory::default(),
        node: String::new(),
        base_url: std::sync::OnceLock::new(),
        floods,
        refusals: RefusalLog::default(),
        metrics,
        traces: None,
        throttle: SignInThrottle::new(),
    });
    let store = Data::new(store);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(state.clone())
            .app_data(store.clone())
            .wrap(from_fn(around))
            .route(PATH, web::post().to(receive))
            .configure(routes::configure)
    })
    .workers(workers)
    .bind(bind)?;
    announce(server.addrs().first().copied().ok_or("no address")?)?;
    Ok(server.run().await?)
}

/// How the baselines store.
enum Store {
    Nowhere,
    /// SQLite has one writer at a time, so one connection behind a mutex is the best that a
    /// transaction for each request can do: a pool only adds waiting for the file's lock.
    Mutex(Arc<Mutex<Connection>>),
    Pool(r2d2::Pool<Connections>),
}

impl Store {
    /// Makes the tables, as Ringback does at its start.
    fn open(args: &ServeArgs, sizes: Sizes, url: &DatabaseUrl) -> Result<Self, Failure> {
        let mut conn = url.open(Purpose::Create)?;
        migrations::migrate(&mut conn, 0)?;
        Ok(match (args.variant, args.backend) {
            (Variant::Parse | Variant::Group, _) => Self::Nowhere,
            (Variant::Single, Backend::Sqlite) => Self::Mutex(Arc::new(Mutex::new(conn))),
            (Variant::Single, Backend::Postgres) => {
                let pool = r2d2::Pool::builder().max_size(sizes.pool).test_on_check_out(false);
                Self::Pool(pool.build(Connections { url: url.clone() })?)
            }
        })
    }
}

struct Connections {
    url: DatabaseUrl,
}

impl r2d2::ManageConnection for Connections {
    type Connection = Connection;
    type Error = OpenError;

    fn connect(&self) -> Result<Connection, OpenError> {
        self.url.open(Purpose::Write)
    }

    fn is_valid(&self, _: &mut Connection) -> Result<(), OpenError> {
        Ok(())
    }

    fn has_broken(&self, _: &mut Connection) -> bool {
        false
    }
}

async fn receive(
    request: HttpRequest,
    payload: web::Payload,
    state: State,
    store: Data<Store>,
) -> Result<HttpResponse, ApiError> {
    let Taken { delivery, memory: _memory, .. } =
        take_delivery(&request, payload, &state, "default").await?;
    let receipt = match store.get_ref() {
        Store::Nowhere => Receipt { id: 0, callback_id: delivery.callback_id, duplicate: false },
        Store::Mutex(conn) => {
            let conn = Arc::clone(conn);
            web::block(move || {
                let mut conn = conn.lock().unwrap_or_else(PoisonError::into_inner);
                store_alone(&mut conn, delivery)
            })
            .await??
        }
        Store::Pool(pool) => {
            let pool = pool.clone();
            web::block(move || store_alone(&mut *pool.get().map_err(ApiError::internal)?, delivery))
                .await??
        }
    };
    Ok(HttpResponse::Ok().json(receipt))
}

fn store_alone(conn: &mut Connection, delivery: NewDelivery) -> Result<Receipt, ApiError> {
    let stored = queries::upsert_callbacks(conn, &[delivery]).map_err(ApiError::internal)?;
    let Some(StoredReceipt { id, callback_id, duplicate, .. }) = stored.into_iter().next() else {
        return Err(ApiError::internal("no receipt"));
    };
    Ok(Receipt { id, callback_id, duplicate })
}

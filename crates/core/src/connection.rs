//! One connection type over both databases, and the parsing of database URLs.

use diesel::connection::SimpleConnection;
use diesel::result::Error as DieselError;
use diesel::{ConnectionError, PgConnection, SqliteConnection};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use multi::AnyConnection as Connection;
pub(crate) use multi::MultiBackend;

/// The derive writes items next to the enum that would collide, so it has a module of its own.
mod multi {
    #![allow(
        missing_docs,
        missing_debug_implementations,
        unreachable_pub,
        clippy::pedantic,
        reason = "the derive generates these items"
    )]

    use diesel::{PgConnection, SqliteConnection};

    /// A connection to either database: `Postgres` in production, `Sqlite` embedded.
    #[derive(diesel::MultiConnection)]
    pub enum AnyConnection {
        Postgres(PgConnection),
        Sqlite(SqliteConnection),
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Postgres(_) => "Connection::Postgres",
            Self::Sqlite(_) => "Connection::Sqlite",
        })
    }
}

/// Where the data lives, parsed from a database URL.
///
/// Diesel would take any text that is not `postgres://` as the name of a new SQLite file, so the
/// scheme decides here and a typing error stays an error.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A PostgreSQL connection URL, as libpq reads it. It may carry a password.
    Postgres(String),
    /// The path of a SQLite file.
    Sqlite(PathBuf),
}

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL names neither database.
    #[error("a database URL starts with sqlite:// or postgres://, this one does not")]
    UnknownScheme,
    /// The URL names no file.
    #[error("the SQLite URL names no file: write sqlite://./data/ringback.db")]
    NoFile,
    /// The file must exist for this command and does not.
    #[error("there is no database at {0}: `ringback migrate` makes one")]
    Missing(PathBuf),
    /// The folder of the file cannot be made.
    #[error("cannot make the folder {folder}")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is there and cannot be written.
    #[error("cannot write to {0}: the file, its folder or its disk is read-only for this user")]
    ReadOnly(PathBuf),
    /// The database refused or is away.
    #[error("cannot connect to {place}")]
    Connect {
        /// The URL without its password.
        place: String,
        /// Why.
        source: ConnectionError,
    },
    /// The file or the server was reached and its settings were refused.
    #[error("cannot prepare {place}")]
    Prepare {
        /// The URL without its password.
        place: String,
        /// Why.
        source: diesel::result::Error,
    },
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Writes, and makes a missing SQLite file.
    Create,
    /// Writes to a database that is there.
    Write,
    /// Reads only.
    Read,
}

impl DatabaseUrl {
    /// Reads `sqlite://PATH`, `postgres://…` or `postgresql://…`.
    ///
    /// # Errors
    /// [`OpenError::UnknownScheme`] and [`OpenError::NoFile`].
    pub fn parse(url: &str) -> Result<Self, OpenError> {
        let url = url.trim();
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(url.to_owned()));
        }
        let Some(path) = url.strip_prefix("sqlite://") else {
            return Err(OpenError::UnknownScheme);
        };
        if path.is_empty() || path.ends_with('/') || path == ":memory:" {
            return Err(OpenError::NoFile);
        }
        Ok(Self::Sqlite(PathBuf::from(path)))
    }

    /// True for PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Opens a connection with the settings that its purpose needs.
    ///
    /// # Errors
    /// Everything of [`OpenError`] but the parsing ones.
    pub fn open(&self, purpose: Purpose) -> Result<Connection, OpenError> {
        match self {
            Self::Postgres(url) => self.open_postgres(url, purpose),
            Self::Sqlite(path) => self.open_sqlite(path, purpose),
        }
    }

    fn open_postgres(&self, url: &str, purpose: Purpose) -> Result<Connection, OpenError> {
        let mut conn = <PgConnection as diesel::Connection>::establish(&with_timeouts(url))
            .map_err(|source| OpenError::Connect { place: self.to_string(), source })?;
        // A commit must be on disk before it is acknowledged, whatever the server's default is.
        let settings = match purpose {
            Purpose::Read => {
                "SET default_transaction_read_only = on; SET statement_timeout = '10s'; \
                 SET lock_timeout = '5s'; SET client_min_messages = 'warning'"
            }
            Purpose::Create | Purpose::Write => {
                // The writer's statements take arrays, whose lengths differ each time: left to
                // itself PostgreSQL would plan them anew for each batch, under the head's lock.
                "SET lock_timeout = '5s'; SET statement_timeout = '30s'; \
                 SET plan_cache_mode = force_generic_plan; SET jit = off; \
                 SET client_min_messages = 'warning'; \
                 DO $$ BEGIN IF current_setting('synchronous_commit') = 'off' THEN \
                 SET synchronous_commit = on; END IF; END $$"
            }
        };
        conn.batch_execute(settings)
            .map_err(|source| OpenError::Prepare { place: self.to_string(), source })?;
        Ok(Connection::Postgres(conn))
    }

    fn open_sqlite(&self, path: &Path, purpose: Purpose) -> Result<Connection, OpenError> {
        if purpose == Purpose::Create {
            if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                make_private_folder(folder)
                    .map_err(|source| OpenError::Folder { folder: folder.to_owned(), source })?;
            }
        } else if !path.exists() {
            return Err(OpenError::Missing(path.to_owned()));
        }
        let is_new = path.metadata().map_or(true, |file| file.len() == 0);
        let mut conn = <SqliteConnection as diesel::Connection>::establish(&path.to_string_lossy())
            .map_err(|source| OpenError::Connect { place: self.to_string(), source })?;
        // auto_vacuum takes effect on a new file only, before its first table; on any other it would
        // write to the file, which may not be ours to write to.
        if is_new && purpose == Purpose::Create {
            prepare_sqlite(&mut conn, "PRAGMA auto_vacuum = INCREMENTAL")
                .map_err(|source| OpenError::Prepare { place: self.to_string(), source })?;
        }
        // FULL: in WAL mode NORMAL loses the last commits at a power cut.
        let settings = match purpose {
            Purpose::Create | Purpose::Write => {
                // The log is copied beside the writer; a commit does it when that falls behind by 64 MB.
                "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
                 PRAGMA wal_autocheckpoint = 16000; PRAGMA cache_size = -8000"
            }
            Purpose::Read => {
                "PRAGMA busy_timeout = 5000; PRAGMA query_only = ON; PRAGMA cache_size = -16000"
            }
        };
        prepare_sqlite(&mut conn, settings).map_err(|source| {
            if purpose != Purpose::Read && is_read_only(path) {
                return OpenError::ReadOnly(path.to_owned());
            }
            OpenError::Prepare { place: self.to_string(), source }
        })?;
        Ok(Connection::Sqlite(conn))
    }
}

/// Payloads are nobody's business on a shared machine: a folder that is made here is its owner's
/// alone. One that exists stays as it is.
fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

/// SQLite itself says only that it is unable to open the file.
fn is_read_only(path: &Path) -> bool {
    let writable = |path: &Path| rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    !writable(path) || !writable(folder.unwrap_or(Path::new(".")))
}

/// Changing a new file to WAL does not wait for a lock as other statements do, so when several
/// processes open it at the same moment all but one are refused at once and must try again.
fn prepare_sqlite(conn: &mut SqliteConnection, settings: &str) -> Result<(), DieselError> {
    let until = Instant::now() + Duration::from_secs(5);
    loop {
        match conn.batch_execute(settings) {
            Err(DieselError::DatabaseError(_, info))
                if info.message().contains("locked") && Instant::now() < until =>
            {
                std::thread::sleep(Duration::from_millis(20));
            }
            done => return done,
        }
    }
}

/// A host that does not answer must not hold the writer for the minutes that TCP would wait. What
/// the URL says itself stays.
fn with_timeouts(url: &str) -> String {
    let usual = [
        ("connect_timeout", "5"),
        ("tcp_user_timeout", "15000"),
        ("keepalives_idle", "10"),
        ("keepalives_interval", "5"),
        ("keepalives_count", "3"),
        ("application_name", "ringback"),
    ];
    usual.into_iter().filter(|(name, _)| !url.contains(&format!("{name}="))).fold(
        url.to_owned(),
        |url, (name, value)| {
            let join = if url.contains('?') { '&' } else { '?' };
            format!("{url}{join}{name}={value}")
        },
    )
}

/// The URL without its password.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(url) => {
                let rest = url.split_once("://").map_or("", |(_, rest)| rest);
                // The query may carry a password too.
                let rest = rest.split(['?', '#']).next().unwrap_or_default();
                let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
                write!(f, "postgres://{place}")
            }
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_url_is_an_error_and_never_a_new_file() {
        for wrong in ["", "ringback.db", "postgre://x", "mysql://x/y", "sqlite:x.db", "./data"] {
            assert!(
                matches!(DatabaseUrl::parse(wrong), Err(OpenError::UnknownScheme)),
                "{wrong} was taken"
            );
        }
        for wrong in ["sqlite://", "sqlite://data/", "sqlite://:memory:"] {
            assert!(matches!(DatabaseUrl::parse(wrong), Err(OpenError::NoFile)), "{wrong}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let url = DatabaseUrl::parse("postgres://me:s3cret@db.example:5432/x?password=s3cret");
        let shown = format!("{0} {0:?}", url.unwrap());
        assert!(!shown.contains("s3cret"), "{shown}");
        assert!(shown.contains("db.example:5432/x"), "{shown}");
    }

    #[test]
    fn a_host_that_does_not_answer_is_given_up_unless_the_url_says_otherwise() {
        let url = with_timeouts("postgres://a,b/x?connect_timeout=60");
        assert!(url.starts_with("postgres://a,b/x?connect_timeout=60&tcp_user_timeout="), "{url}");
        assert!(with_timeouts("postgres://a/x").contains("/x?connect_timeout=5&"));
    }

    #[test]
    fn several_hosts_are_one_database_and_are_shown_without_the_password() {
        let text = "postgres://me:s3cret@h1:5432,h2:5433/db?target_session_attrs=read-write";
        let url = DatabaseUrl::parse(text).unwrap();
        assert!(url.is_postgres());
        assert_eq!(url.to_string(), "postgres://h1:5432,h2:5433/db");
        let DatabaseUrl::Postgres(kept) = &url else { panic!("{url}") };
        assert_eq!(kept, text);
        assert!(with_timeouts(kept).starts_with(&format!("{text}&connect_timeout=5&")));
    }

    #[test]
    fn several_processes_may_open_a_new_file_at_the_same_moment() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let url = DatabaseUrl::Sqlite(folder.path().join("ringback.db"));
            let barrier = std::sync::Barrier::new(6);
            std::thread::scope(|scope| {
                for _ in 0..6 {
                    scope.spawn(|| {
                        barrier.wait();
                        url.open(Purpose::Create).expect("it opens");
                    });
                }
            });
        }
    }

    #[test]
    fn a_file_that_cannot_be_written_is_said_to_be_so() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ringback.db");

        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).unwrap();
        // Root may write whatever the permissions say.
        let is_root = std::fs::File::options().write(true).open(&path).is_ok();
        assert_eq!(is_read_only(&path), !is_root);
    }

    #[test]
    fn only_creating_makes_a_missing_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/er/ringback.db");
        let url = DatabaseUrl::Sqlite(path.clone());
        assert!(matches!(url.open(Purpose::Read), Err(OpenError::Missing(_))));
        assert!(matches!(url.open(Purpose::Write), Err(OpenError::Missing(_))));
        assert!(!path.exists());
        url.open(Purpose::Create).unwrap();
        assert!(path.exists());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = path.parent().unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700, "others may read the payloads");
        }
    }
}

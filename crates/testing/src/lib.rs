//! Throw-away databases, so that one suite runs on SQLite and on PostgreSQL.
//!
//! PostgreSQL is the server of `TEST_DATABASE_URL`; without it a test fails, for a suite that skips
//! half of itself proves nothing. `just test` starts a server and sets it.

use diesel::connection::SimpleConnection;
use ringback_core::connection::{Connection, DatabaseUrl, Purpose};
use ringback_core::migrations;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

/// The identity that the feed of every test database has.
pub const FEED_ID: u64 = 0x5eed;

/// A fresh, migrated database, gone when this value is dropped.
#[derive(Debug)]
pub struct TestDatabase {
    url: DatabaseUrl,
    text: String,
    _folder: Option<TempDir>,
    server: Option<(DatabaseUrl, String)>,
}

impl TestDatabase {
    /// A SQLite file in a temporary folder.
    pub fn sqlite() -> Self {
        let database = Self::empty_sqlite();
        database.migrate();
        database
    }

    /// A database of its own on the server of `TEST_DATABASE_URL`.
    pub fn postgres() -> Self {
        let database = Self::empty_postgres();
        database.migrate();
        database
    }

    /// A SQLite file that does not exist yet.
    pub fn empty_sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let text = format!("sqlite://{}", folder.path().join("ringback.db").display());
        let url = DatabaseUrl::parse(&text).expect("a SQLite URL");
        Self { url, text, _folder: Some(folder), server: None }
    }

    /// A PostgreSQL database without any table.
    pub fn empty_postgres() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        #[expect(clippy::disallowed_methods, reason = "where the tests' server is")]
        let server = std::env::var("TEST_DATABASE_URL")
            .expect("TEST_DATABASE_URL names no PostgreSQL server: run the tests with `just test`");
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("ringback_test_{}_{number}", std::process::id());
        let text = with_database(&server, &name);
        let server = DatabaseUrl::parse(&server).expect("TEST_DATABASE_URL is a database URL");
        execute(&server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        execute(&server, &format!("CREATE DATABASE {name}"));
        let url = DatabaseUrl::parse(&text).expect("a PostgreSQL URL");
        Self { url, text, _folder: None, server: Some((server, name)) }
    }

    /// The same database for somebody else, such as a second node. It goes with this value.
    #[must_use]
    pub fn share(&self) -> Self {
        Self { url: self.url.clone(), text: self.text.clone(), _folder: None, server: None }
    }

    fn migrate(&self) {
        let mut conn = self.url.open(Purpose::Create).expect("the test database opens");
        migrations::migrate(&mut conn, FEED_ID).expect("the migrations run");
    }

    /// Where it is.
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// Where it is, as configuration takes it.
    pub fn url_text(&self) -> &str {
        &self.text
    }

    /// A connection that may write.
    pub fn connect(&self) -> Connection {
        self.url.open(Purpose::Write).expect("the test database opens")
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Some((server, name)) = &self.server {
            execute(server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

/// Runs a test on a fresh SQLite file and on a fresh PostgreSQL database.
pub fn for_each_database(test: impl Fn(&TestDatabase)) {
    for make in [TestDatabase::sqlite, TestDatabase::postgres] {
        let database = make();
        eprintln!("on {}", database.url());
        test(&database);
    }
}

/// The same for a test that needs one connection only.
pub fn for_each_backend(test: impl Fn(&mut Connection)) {
    for_each_database(|database| test(&mut database.connect()));
}

fn execute(server: &DatabaseUrl, statement: &str) {
    let mut conn = server.open(Purpose::Write).expect("the test server answers");
    conn.batch_execute(statement).expect("the statement runs on the test server");
}

/// Puts another database name into a PostgreSQL URL.
fn with_database(server: &str, name: &str) -> String {
    let (base, query) = server.split_once('?').map_or((server, None), |(b, q)| (b, Some(q)));
    let start = base.find("://").map_or(0, |at| at + 3);
    let end = base[start..].find('/').map_or(base.len(), |at| start + at);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}/{name}{query}", &base[..end])
}

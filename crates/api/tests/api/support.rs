//! A real server on a free port, a clock that stands still, and a client.

use actix_web::http::{Method, StatusCode};
use actix_web::rt::task::JoinHandle;
use awc::ClientResponse;
use ringback_api::clock::MockClock;
use ringback_api::config::Config;
use ringback_api::passwords::hash_password;
use ringback_api::startup::{Application, StopHandle};
use ringback_api::state::State;
use ringback_api::tokens::{hash_token, random_token};
use ringback_core::models::Role;
use ringback_core::queries::{tokens, users};
use ringback_core::signature::{Scheme, Secret};
use ringback_testing::TestDatabase;
use ringback_wire::Receipt;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;

/// 2027-01-15T08:00:00Z
pub(crate) const NOW_SECONDS: i64 = 1_800_000_000;
/// The default source's secret.
pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// Where the default source posts.
pub(crate) const RECEIVE: &str = "/api/webhooks/llm-callback";
/// The password of every user made here.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A server and what a test needs to talk to it.
pub(crate) struct TestApp {
    /// Its database.
    pub(crate) database: TestDatabase,
    /// Its clock.
    pub(crate) clock: Arc<MockClock>,
    /// What its handlers share.
    pub(crate) state: State,
    /// Its set-up link, while there is no user.
    pub(crate) set_up_link: Option<String>,
    /// Its address.
    pub(crate) url: String,
    admin: String,
    handle: StopHandle,
    run: JoinHandle<std::io::Result<()>>,
}

/// An answer, read to its end.
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: StatusCode,
    /// The headers.
    pub(crate) headers: actix_web::http::header::HeaderMap,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The body as JSON of a type.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// A header as text; empty when it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The `type` of a problem.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem: Value = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        problem["type"].as_str().expect("a type").to_owned()
    }
}

impl TestApp {
    /// Starts one on a database.
    pub(crate) fn start(database: TestDatabase, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::for_testing(database.url().clone(), SECRET);
        change(&mut config);
        let clock = Arc::new(MockClock::new(NOW_SECONDS * 1_000_000));
        let application = Application::build(config, clock.clone()).expect("the server starts");
        let admin = random_token("rbk_");
        let digest = hash_token(&admin);
        // A server that is started again finds the token of the first.
        let names = ["tests".to_owned(), random_token("tests")];
        let mut conn = database.connect();
        let inserted = names.iter().find_map(|name| {
            tokens::insert_token(&mut conn, name, &digest, Role::Admin, 0).expect("a token")
        });
        assert!(inserted.is_some());
        Self::run(application, database, clock, admin)
    }

    /// Starts another node on the same database, with the same clock and admin.
    pub(crate) fn start_second_node(&self) -> Self {
        self.start_another(|_| {})
    }

    /// The same, configured otherwise.
    pub(crate) fn start_another(&self, change: impl FnOnce(&mut Config)) -> Self {
        let database = self.database.share();
        let mut config = Config::for_testing(database.url().clone(), SECRET);
        change(&mut config);
        let application = Application::build(config, self.clock.clone()).expect("it starts");
        Self::run(application, database, self.clock.clone(), self.admin.clone())
    }

    fn run(
        application: Application,
        database: TestDatabase,
        clock: Arc<MockClock>,
        admin: String,
    ) -> Self {
        Self {
            url: format!("http://{}", application.address()),
            state: application.state(),
            set_up_link: application.set_up_link(),
            handle: application.handle(),
            run: actix_web::rt::spawn(application.run()),
            database,
            clock,
            admin,
        }
    }

    /// Stops it as SIGTERM does and waits for its end.
    pub(crate) async fn stop(self) -> TestDatabase {
        let Self { database, handle, run, state, .. } = self;
        drop(state);
        handle.stop(true).await;
        run.await.expect("the server did not panic").expect("the server ended well");
        database
    }

    /// The value of `Authorization` that makes somebody an admin.
    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.admin)
    }

    /// Asks without any credential.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        ask(&self.url, method, path, headers, body).await
    }

    /// Asks as an admin.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[]).await
    }

    /// Asks as an admin, with headers.
    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let bearer = self.bearer();
        let headers = [&[("authorization", bearer.as_str())], headers].concat();
        self.ask(Method::GET, path, &headers, "").await
    }

    /// Posts JSON as an admin.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        let bearer = self.bearer();
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        self.ask(Method::POST, path, &headers, body.to_string()).await
    }

    /// Deletes as an admin.
    pub(crate) async fn delete(&self, path: &str) -> Answer {
        let bearer = format!("Bearer {}", self.admin);
        self.ask(Method::DELETE, path, &[("authorization", bearer.as_str())], "").await
    }

    /// Sends JSON as an admin, nothing for `null`.
    pub(crate) async fn send(&self, method: Method, path: &str, body: &Value) -> Answer {
        let bearer = format!("Bearer {}", self.admin);
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.ask(method, path, &headers, body).await
    }

    /// Delivers as a sender with the right secret, signed at the clock's time.
    pub(crate) async fn deliver(&self, id: &str, body: impl AsRef<[u8]>) -> Answer {
        let headers = sign(id, body.as_ref(), self.now_seconds());
        self.deliver_with(&headers, body).await
    }

    /// Delivers with these headers.
    pub(crate) async fn deliver_with(
        &self,
        headers: &[(String, String)],
        body: impl AsRef<[u8]>,
    ) -> Answer {
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.ask(Method::POST, RECEIVE, &headers, body.as_ref()).await
    }

    /// Delivers and expects a receipt.
    pub(crate) async fn receipt(&self, id: &str, body: impl AsRef<[u8]>) -> Receipt {
        let answer = self.deliver(id, body).await;
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        answer.json()
    }

    /// The clock's time in seconds.
    pub(crate) fn now_seconds(&self) -> i64 {
        use ringback_api::clock::Clock;
        self.clock.now().div_euclid(1_000_000)
    }

    /// Adds a user with [`PASSWORD`].
    pub(crate) fn add_user(&self, name: &str, role: Role) {
        let hash = hash_password(PASSWORD);
        users::insert_user(&mut self.database.connect(), name, &hash, role, 0).expect("a user");
    }

    /// Signs in and gives the cookie.
    pub(crate) async fn sign_in(&self, name: &str) -> String {
        let answer = self.try_sign_in(name, PASSWORD).await;
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        let cookie = answer.header("set-cookie");
        cookie.split(';').next().expect("a cookie").to_owned()
    }

    /// Tries to sign in.
    pub(crate) async fn try_sign_in(&self, name: &str, password: &str) -> Answer {
        let body = serde_json::json!({ "name": name, "password": password }).to_string();
        let headers = [("content-type", "application/json"), ("sec-fetch-site", "same-origin")];
        self.ask(Method::POST, "/api/session", &headers, body).await
    }
}

/// Asks a server.
pub(crate) async fn ask(
    url: &str,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Vec<u8>>,
) -> Answer {
    let client = awc::Client::builder()
        .timeout(std::time::Duration::from_secs(60))
        .disable_redirects()
        .finish();
    let mut request = client.request(method, format!("{url}{path}")).no_decompress();
    for (name, value) in headers {
        request = request.append_header((*name, *value));
    }
    let mut response: ClientResponse<_> =
        request.send_body(body.into()).await.expect("the server answers");
    let body = response.body().limit(64 << 20).await.expect("the body arrives").to_vec();
    Answer { status: response.status(), headers: response.headers().clone(), body }
}

/// The headers of a genuine Standard Webhooks request.
pub(crate) fn sign(id: &str, body: &[u8], at_seconds: i64) -> Vec<(String, String)> {
    let secret = Secret::new(SECRET).expect("not empty");
    Scheme::StandardWebhooks.sign(&secret, id, body, at_seconds).expect("a key")
}

/// The headers of a request that somebody made without the secret.
pub(crate) fn forge(id: &str, body: &[u8], at_seconds: i64) -> Vec<(String, String)> {
    let secret = Secret::new("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").expect("not empty");
    Scheme::StandardWebhooks.sign(&secret, id, body, at_seconds).expect("a key")
}

/// Runs a story on a server on SQLite and on a server on PostgreSQL.
pub(crate) async fn on_each_database(story: impl AsyncFn(&TestApp)) {
    on_each_database_with(|_| {}, story).await;
}

/// The same with a configuration of its own.
pub(crate) async fn on_each_database_with(change: fn(&mut Config), story: impl AsyncFn(&TestApp)) {
    for make in [TestDatabase::sqlite, TestDatabase::postgres] {
        let app = TestApp::start(make(), change);
        eprintln!("on {}", app.database.url());
        story(&app).await;
        app.stop().await;
    }
}

//! Public keys that a sender publishes: fetched, changed, and kept while the sender is away.

use crate::support::TestApp;
use actix_web::http::Method;
use actix_web::rt::net::TcpListener;
use ringback_api::worker::jwks::run_once;
use ringback_core::provider::find_scheme;
use ringback_core::signature::Secret;
use ringback_testing::TestDatabase;
use ringback_wire::{CallbackDetail, Receipt, Signature, SourceSummary};
use serde_json::json;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const HOUR: i64 = 3600 * 1_000_000;
/// The key of RFC 8037, and a second one.
const PRIVATE: [&str; 2] = [
    r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
    r#"{"kty":"OKP","crv":"Ed25519","d":"TM0Imyj_ltqdtsNG7BFOD1uKMZ81q6Yk2oz27U-4pvs","x":"PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw"}"#,
];
const PUBLIC: [&str; 2] = [
    r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
    r#"{"kty":"OKP","crv":"Ed25519","x":"PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw"}"#,
];

/// A sender's server: answers with what is set, and counts.
#[derive(Clone, Default)]
struct KeyServer(Arc<Mutex<(String, usize)>>);

impl KeyServer {
    async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/jwks.json", listener.local_addr().expect("an address"));
        let shared = self.clone();
        actix_web::rt::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 4096];
                let _read = stream.read(&mut request).await;
                let answer = {
                    let mut state = shared.0.lock().expect("not poisoned");
                    state.1 += 1;
                    state.0.clone()
                };
                let _gone = stream.write_all(answer.as_bytes()).await;
            }
        });
        url
    }

    fn answer(&self, status: &str, body: &str) {
        let text = format!(
            "HTTP/1.1 {status}\r\ncontent-length: {}\r\nlocation: http://127.0.0.1:1/\r\n\
             connection: close\r\n\r\n{body}",
            body.len()
        );
        self.0.lock().expect("not poisoned").0 = text;
    }

    fn publish(&self, keys: &[&str]) {
        self.answer("200 OK", &format!("{{\"keys\":[{}]}}", keys.join(",")));
    }

    fn asked(&self) -> usize {
        self.0.lock().expect("not poisoned").1
    }
}

async fn start(allow: &str) -> (TestApp, KeyServer) {
    let server = KeyServer::default();
    server.publish(&[PUBLIC[0]]);
    let url = server.start().await;
    let app = TestApp::start(TestDatabase::sqlite(), |config| {
        config.outbound_allow = allow.split_whitespace().map(|n| n.parse().expect("n")).collect();
    });
    let body =
        json!({ "name": "keys", "provider": "generic-ed25519", "options": { "jwks_url": url } });
    assert_eq!(app.post("/api/admin/sources", &body).await.status, 201);
    (app, server)
}

/// Delivers a request that a key signs; gives the verdict.
async fn deliver(app: &TestApp, key: usize, id: &str) -> Signature {
    let body = json!({ "id": id }).to_string();
    let scheme = find_scheme("generic-ed25519").expect("a scheme");
    let secret = Secret::new(PRIVATE[key]).expect("not empty");
    let headers = scheme.sign(&secret, id, body.as_bytes(), app.now_seconds()).expect("a key");
    let headers: Vec<(&str, &str)> =
        headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let answer = app.ask(Method::POST, "/api/webhooks/llm-callback/keys", &headers, body).await;
    let id = answer.json::<Receipt>().id;
    app.get(&format!("/api/admin/llm-callbacks/{id}")).await.json::<CallbackDetail>().signature
}

/// Rounds until the loop that runs in the background, or this one, has fetched.
async fn fetch(app: &TestApp) {
    run_once(&app.state).await;
}

#[actix_web::test]
async fn keys_are_fetched_used_and_fetched_anew_when_they_change() {
    let (app, server) = start("127.0.0.0/8").await;
    fetch(&app).await;
    assert_eq!(deliver(&app, 0, "a").await, Signature::Valid);
    let asked = server.asked();
    fetch(&app).await;
    assert_eq!(server.asked(), asked, "they are fresh");
    let shown: SourceSummary = app.get("/api/admin/sources/keys").await.json();
    assert!(shown.jwks.expect("a set").fetched_at.is_some());

    // The sender changes its key: the first request is not verified, and makes the set due.
    server.publish(&[PUBLIC[0], PUBLIC[1]]);
    assert_eq!(deliver(&app, 1, "b").await, Signature::Invalid);
    app.clock.advance(HOUR);
    fetch(&app).await;
    assert_eq!(deliver(&app, 1, "c").await, Signature::Valid);
    assert_eq!(deliver(&app, 0, "d").await, Signature::Valid, "every key of the set is tried");
    app.stop().await;
}

#[actix_web::test]
async fn the_last_good_set_is_kept_while_the_sender_is_away_or_talks_nonsense() {
    let (app, server) = start("127.0.0.0/8").await;
    fetch(&app).await;
    let large = format!("{{\"keys\":[{}],\"x\":\"{}\"}}", PUBLIC[1], "x".repeat(300_000));
    for (status, body) in [
        ("500 Internal Server Error", ""),
        ("302 Found", ""),
        ("200 OK", "<html>maintenance</html>"),
        ("200 OK", "{\"keys\":[]}"),
        ("200 OK", &large),
    ] {
        server.answer(status, body);
        let asked = server.asked();
        app.clock.advance(25 * HOUR);
        fetch(&app).await;
        assert_ne!(server.asked(), asked, "it is asked");
        let id = format!("{status}-{}", body.len());
        assert_eq!(deliver(&app, 0, &id).await, Signature::Valid, "{status}");
        assert_eq!(deliver(&app, 1, &format!("{id}-other")).await, Signature::Invalid);
    }
    server.publish(&[PUBLIC[1]]);
    app.clock.advance(25 * HOUR);
    fetch(&app).await;
    assert_eq!(deliver(&app, 1, "back").await, Signature::Valid);
    assert_eq!(deliver(&app, 0, "gone").await, Signature::Invalid, "a key that is gone is gone");

    // What was fetched is there after a restart, without the sender.
    let database = app.stop().await;
    server.answer("500 Internal Server Error", "");
    let app = TestApp::start(database, |_| {});
    assert_eq!(deliver(&app, 1, "restarted").await, Signature::Valid);
    app.stop().await;
}

#[actix_web::test]
async fn keys_are_never_fetched_from_an_address_that_only_this_server_reaches() {
    let (app, server) = start("").await;
    fetch(&app).await;
    app.clock.advance(25 * HOUR);
    fetch(&app).await;
    assert_eq!(server.asked(), 0, "nothing connected");
    assert_eq!(deliver(&app, 0, "a").await, Signature::Unchecked);
    app.stop().await;
}

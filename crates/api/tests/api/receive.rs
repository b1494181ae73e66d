//! Receiving.

use crate::support::{RECEIVE, SECRET, TestApp, on_each_database};
use actix_web::http::Method;
use ringback_core::signature::{HeaderSignature, Scheme, Secret};
use ringback_testing::TestDatabase;
use ringback_wire::{
    CallbackDetail, IdOrigin, Reason, Receipt, RefusalsResponse, Signature, TestResponse,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

async fn detail(app: &TestApp, id: i64) -> CallbackDetail {
    app.get(&format!("/api/admin/llm-callbacks/{id}")).await.json()
}

#[actix_web::test]
async fn a_signed_callback_is_stored_read_and_shown() {
    on_each_database(async |app| {
        let body = r#"{"callback_id":"cb_1","event_type":"job.completed","job_id":"job_7","workflow":"review"}"#;
        let secret = Secret::new(SECRET).expect("not empty");
        let scheme = Scheme::Header(HeaderSignature::default());
        let mut headers = scheme.sign(&secret, "", body.as_bytes(), 0).expect("a key");
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
        headers.push(("user-agent".to_owned(), "in-house/1".to_owned()));
        let answer = app.deliver_with(&headers, body).await;
        assert_eq!(answer.status, 200);
        assert_eq!(
            answer.json::<Receipt>(),
            Receipt { id: 1, callback_id: "cb_1".to_owned(), duplicate: false }
        );
        let mut shown: serde_json::Value = app.get("/api/admin/llm-callbacks/1").await.json();
        // Header order and the client's own headers are not what this is about.
        shown["evidence"][0]["headers"] = serde_json::Value::Null;
        insta::assert_json_snapshot!("detail", shown);
    })
    .await;
}

type Case = (&'static [(&'static str, &'static str)], Signature, Reason);

#[actix_web::test]
async fn a_bad_signature_is_stored_and_flagged_with_its_reason() {
    on_each_database(async |app| {
        let cases: [Case; 3] = [
            (&[], Signature::Missing, Reason::HeaderMissing),
            (&[("x-webhook-signature", "sha256=00")], Signature::Invalid, Reason::Malformed),
            (
                &[("webhook-id", "a"), ("webhook-timestamp", "1"), ("webhook-signature", "v9,x")],
                Signature::Invalid,
                Reason::UnknownVersion,
            ),
        ];
        for (index, (headers, signature, reason)) in cases.into_iter().enumerate() {
            let answer =
                app.ask(Method::POST, RECEIVE, headers, format!("{{\"n\":{index}}}")).await;
            assert_eq!(answer.status, 200);
            let shown = detail(app, answer.json::<Receipt>().id).await;
            assert_eq!((shown.signature, shown.reason), (signature, Some(reason)));
        }
    })
    .await;
}

#[actix_web::test]
async fn without_a_secret_callbacks_are_stored_unchecked_and_an_alert_says_so() {
    let app = TestApp::start(TestDatabase::sqlite(), |config| {
        config.sources[0].secrets.clear();
    });
    let receipt = app.receipt("msg_1", "{}").await;
    let shown = detail(&app, receipt.id).await;
    assert_eq!((shown.signature, shown.reason), (Signature::Unchecked, Some(Reason::NoSecret)));
    let told = crate::alerts::open(&app).await.open;
    assert_eq!((told.len(), told[0].condition.as_str()), (1, "no_secret"));
    app.stop().await;
}

#[actix_web::test]
async fn a_callback_without_an_id_is_still_one_callback() {
    on_each_database(async |app| {
        let deliver = || app.ask(Method::POST, RECEIVE, &[], "no id, no json");
        let (first, second): (Receipt, Receipt) = (deliver().await.json(), deliver().await.json());
        assert!(first.callback_id.starts_with("sha256:"));
        assert_eq!((first.id, second.duplicate), (second.id, true));
        let long = serde_json::json!({ "callback_id": "x".repeat(300) }).to_string();
        let receipt: Receipt = app.ask(Method::POST, RECEIVE, &[], long).await.json();
        assert!(receipt.callback_id.starts_with("sha256:"));
        let shown = detail(app, receipt.id).await;
        assert_eq!(shown.evidence[0].id_origin, IdOrigin::Unfit, "and says so");
    })
    .await;
}

#[actix_web::test]
async fn a_body_that_is_too_large_is_refused_and_an_admin_sees_it() {
    on_each_database(async |app| {
        let answer = app.deliver("msg_1", vec![b'x'; 1_048_577]).await;
        assert_eq!(
            (answer.status.as_u16(), answer.problem().as_str()),
            (413, "/problems/too-large")
        );
        let refusals: RefusalsResponse = app.get("/api/admin/refusals").await.json();
        assert_eq!(refusals.refusals.len(), 1);
        let refusal = &refusals.refusals[0];
        assert_eq!((refusal.size_bytes, refusal.source.as_str()), (1_048_577, "default"));
        assert_eq!(refusal.problem, "/problems/too-large");
        assert_eq!(refusal.received_at, "2027-01-15T08:00:00.000000Z");
    })
    .await;
}

#[actix_web::test]
async fn a_body_of_unknown_size_is_read_no_further_than_the_limit() {
    let app = TestApp::start(TestDatabase::sqlite(), |config| config.body_limit_bytes = 1000);
    let address = app.url.strip_prefix("http://").expect("http");
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("a connection");
    let head = format!("POST {RECEIVE} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n");
    let chunk = format!("400\r\n{}\r\n", "x".repeat(1024));
    // The last chunk never comes: an answer shows that the server did not wait for it.
    stream.write_all(format!("{head}{chunk}").as_bytes()).await.expect("sent");
    let mut answer = vec![0; 12];
    stream.read_exact(&mut answer).await.expect("an answer");
    assert_eq!(answer, b"HTTP/1.1 413");
    let refusals: RefusalsResponse = app.get("/api/admin/refusals").await.json();
    assert_eq!(refusals.refusals[0].size_bytes, 1024);
    drop(stream);
    app.stop().await;
}

#[actix_web::test]
async fn bodies_that_do_not_fit_into_memory_are_sent_again_later() {
    let app = TestApp::start(TestDatabase::sqlite(), |config| config.body_memory_bytes = 2000);
    let address = app.url.strip_prefix("http://").expect("http");
    let mut slow = tokio::net::TcpStream::connect(address).await.expect("a connection");
    let head = format!("POST {RECEIVE} HTTP/1.1\r\nhost: x\r\ncontent-length: 1999\r\n\r\n");
    slow.write_all(format!("{head}{}", "x".repeat(1500)).as_bytes()).await.expect("sent");
    while app.state.admission.body_bytes() < 1500 {
        tokio::task::yield_now().await;
    }
    let refused = app.deliver("msg_1", vec![b'x'; 1000]).await;
    assert_eq!(
        (refused.status.as_u16(), refused.problem().as_str()),
        (503, "/problems/unavailable")
    );
    assert_eq!((refused.header("retry-after"), refused.header("connection")), ("5", "close"));
    app.receipt("msg_2", "small enough").await;
    drop(slow);
    while app.state.admission.body_bytes() > 0 {
        tokio::task::yield_now().await;
    }
    app.receipt("msg_1", vec![b'x'; 1000]).await;
    app.stop().await;
}

#[actix_web::test]
async fn a_named_source_has_its_own_path_scheme_and_ids() {
    let app = TestApp::start(TestDatabase::sqlite(), |config| {
        let mut source = config.sources[0].clone();
        source.name = "other".to_owned();
        config.sources.push(source);
    });
    let post = |path: String| {
        let app = &app;
        async move { app.ask(Method::POST, &path, &[("x-callback-id", "same")], "{}").await }
    };
    let first: Receipt = post(RECEIVE.to_owned()).await.json();
    let again: Receipt = post(format!("{RECEIVE}/default")).await.json();
    let other: Receipt = post(format!("{RECEIVE}/other")).await.json();
    assert_eq!(first.id, again.id, "the default source has two paths");
    assert_ne!(first.id, other.id, "one id at two sources is two callbacks");
    let unknown = post(format!("{RECEIVE}/nobody")).await;
    assert_eq!(
        (unknown.status.as_u16(), unknown.problem().as_str()),
        (404, "/problems/unknown-source")
    );
    app.stop().await;
}

#[actix_web::test]
async fn hostile_requests_get_an_answer_and_the_server_goes_on() {
    on_each_database(async |app| {
        let deep = "{\"id\":".repeat(100_000);
        for body in ["{\"id\":\"\\u0000\"}", "{\"id\":{}}", &deep, "[", "\u{0}"] {
            assert_eq!(app.ask(Method::POST, RECEIVE, &[], body).await.status, 200);
        }
        let address = app.url.strip_prefix("http://").expect("http").to_owned();
        for garbage in
            [&b"\0\0\0\r\n\r\n"[..], b"POST / HTTP/9.9\r\n\r\n", b"GET /%ff%00 HTTP/1.1\r\n\r\n"]
        {
            let mut stream = tokio::net::TcpStream::connect(&address).await.expect("a connection");
            stream.write_all(garbage).await.expect("sent");
            let mut answer = Vec::new();
            let _closed = stream.read_to_end(&mut answer).await;
        }
        app.receipt("msg_1", "{}").await;
    })
    .await;
}

#[actix_web::test]
async fn a_test_from_the_desk_is_received_like_any_other() {
    on_each_database(async |app| {
        let answer = app.post("/api/admin/sources/default/test", &serde_json::json!({})).await;
        let test: TestResponse = answer.json();
        assert_eq!(
            (test.sent, test.status, test.signature),
            (true, Some(200), Some(Signature::Valid))
        );
        let shown = detail(app, test.callback.expect("it is stored")).await;
        assert_eq!(
            (shown.signature, shown.event_type.as_str()),
            (Signature::Valid, "ringback.test")
        );
        assert_eq!(shown.deliveries, 1);
    })
    .await;
}

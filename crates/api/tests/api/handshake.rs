//! What senders do to a URL before they send callbacks to it, and what hostile ones try.

use crate::support::{TestApp, on_each_database};
use actix_web::http::Method;
use ringback_core::provider::find_provider;
use ringback_core::signature::Secret;
use serde_json::json;

const PATH: &str = "/api/webhooks/llm-callback";

#[actix_web::test]
async fn a_challenge_in_the_query_is_repeated_as_plain_text() {
    on_each_database(async |app| {
        for query in ["challenge=abc-123", "hub.mode=subscribe&hub.challenge=abc-123"] {
            for path in [PATH.to_owned(), format!("{PATH}/default")] {
                let answer = app.ask(Method::GET, &format!("{path}?{query}"), &[], "").await;
                assert_eq!(
                    (answer.status.as_u16(), answer.body.as_slice()),
                    (200, &b"abc-123"[..])
                );
                assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
                assert_eq!(answer.header("x-content-type-options"), "nosniff");
                assert!(answer.header("content-security-policy").contains("sandbox"));
            }
        }
    })
    .await;
}

#[actix_web::test]
async fn a_hostile_challenge_is_not_repeated() {
    on_each_database(async |app| {
        let long = "a".repeat(513);
        for challenge in ["%3Cscript%3Ealert(1)%3C/script%3E", "a%0d%0aX-Evil:1", "%22%27", &long] {
            let path = format!("{PATH}?challenge={challenge}");
            let answer = app.ask(Method::GET, &path, &[], "").await;
            assert_eq!(answer.problem(), "/problems/invalid-input");
            let text = String::from_utf8(answer.body).expect("text");
            assert!(!text.contains("script") && !text.contains("Evil") && text.len() < 500);
        }
        assert_eq!(
            app.ask(Method::GET, PATH, &[], "").await.problem(),
            "/problems/method-not-allowed"
        );
        let none = app.ask(Method::GET, &format!("{PATH}/none?challenge=a"), &[], "").await;
        assert_eq!(none.problem(), "/problems/unknown-source");
    })
    .await;
}

#[actix_web::test]
async fn cloud_events_are_told_that_they_may_send() {
    on_each_database(async |app| {
        let ask = async |origin: &str| {
            app.ask(Method::OPTIONS, PATH, &[("webhook-request-origin", origin)], "").await
        };
        let answer = ask("eventgrid.azure.net").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("webhook-allowed-origin"), "eventgrid.azure.net");
        assert!(answer.header("allow").contains("POST"));
        assert_eq!(ask("https://a/<b>").await.problem(), "/problems/invalid-input");
        let plain = app.ask(Method::OPTIONS, PATH, &[], "").await;
        assert_eq!((plain.status.as_u16(), plain.header("webhook-allowed-origin")), (200, ""));
    })
    .await;
}

async fn verify_url(
    app: &TestApp,
    secret: Option<&str>,
    challenge: &str,
) -> (u16, Vec<u8>, String) {
    let body =
        json!({ "type": "url_verification", "challenge": challenge, "token": "x" }).to_string();
    let scheme = &find_provider("slack").expect("a provider").scheme;
    let sign = |secret| {
        let secret = Secret::new(secret).expect("not empty");
        scheme.sign(&secret, "", body.as_bytes(), app.now_seconds()).expect("a key")
    };
    let headers = secret.map(sign).unwrap_or_default();
    let headers: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let path = format!("{PATH}/slack");
    let answer = app.ask(Method::POST, &path, &headers, body.clone()).await;
    let content_type = answer.header("content-type").to_owned();
    (answer.status.as_u16(), answer.body, content_type)
}

#[actix_web::test]
async fn the_challenge_of_a_url_verification_is_answered_when_it_is_signed_and_only_then() {
    on_each_database(async |app| {
        let secret = "8f742231b10e8888abcd99yyyzzz85a5";
        app.post("/api/admin/sources", &json!({ "name": "slack", "provider": "slack" })).await;
        let path = "/api/admin/sources/slack/secrets";
        assert_eq!(app.post(path, &json!({ "secret": secret })).await.status, 201);
        let (status, body, content_type) =
            verify_url(app, Some(secret), "3eZbrw1aBm2rZgRNFdxV").await;
        assert_eq!((status, body.as_slice()), (200, &b"3eZbrw1aBm2rZgRNFdxV"[..]));
        assert_eq!(content_type, "text/plain; charset=utf-8");
        for (secret, challenge) in [
            (None, "abc"),
            (Some("another-secret-of-32-characters!"), "abc"),
            (Some(secret), "<b>"),
        ] {
            let (status, body, content_type) = verify_url(app, secret, challenge).await;
            assert_eq!((status, content_type.as_str()), (200, "application/json"));
            assert!(body.starts_with(b"{\"id\":"), "stored as any other");
        }
    })
    .await;
}

//! Every door is tried with every key.

use crate::support::{SECRET, TestApp, on_each_database};
use actix_web::http::Method;
use ringback_api::routes::{Access, ROUTES};
use ringback_api::tokens::{hash_token, random_token};
use ringback_core::models::Role;
use ringback_core::queries::tokens;
use std::collections::HashSet;

fn method(route: &ringback_api::routes::Route) -> Method {
    route.method.to_uppercase().parse().expect("a method")
}

fn path(route: &ringback_api::routes::Route) -> String {
    let path =
        route.path.replace("{id}", "1").replace("{source}", "default").replace("{name}", "default");
    // A stream that is let in would not end.
    if path.ends_with("/stream") { format!("{path}?cursor=none") } else { path }
}

#[actix_web::test]
async fn every_route_refuses_what_is_not_allowed() {
    on_each_database(async |app| {
        let viewer = random_token("rbk_");
        let digest = hash_token(&viewer);
        tokens::insert_token(&mut app.database.connect(), "viewer", &digest, Role::Viewer, 0)
            .expect("a token");
        let viewer = format!("Bearer {viewer}");
        let wrong = ["Bearer", "Bearer x", "Basic eDp5", "Bearer rbk_"];
        for route in ROUTES {
            let ask = |header: Option<&str>| {
                let headers: Vec<(String, String)> = header
                    .map(|value| ("authorization".to_owned(), value.to_owned()))
                    .into_iter()
                    .collect();
                let (method, path) = (method(route), path(route));
                async move {
                    let headers: Vec<(&str, &str)> =
                        headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
                    app.ask(method, &path, &headers, "").await.status.as_u16()
                }
            };
            let name = format!("{} {}", route.method, route.path);
            if route.access == Access::Public {
                assert_ne!(ask(None).await, 403, "{name}");
                continue;
            }
            assert_eq!(ask(None).await, 401, "{name} without a credential");
            for wrong in wrong {
                assert_eq!(ask(Some(wrong)).await, 401, "{name} with {wrong:?}");
            }
            let expected = if route.access == Access::Admin { Some(403) } else { None };
            let got = ask(Some(&viewer)).await;
            match expected {
                Some(status) => assert_eq!(got, status, "{name} as a viewer"),
                None => assert!(got != 401 && got != 403, "{name} as a viewer: {got}"),
            }
        }
    })
    .await;
}

#[test]
fn only_these_routes_are_public() {
    let public: HashSet<&str> = ROUTES
        .iter()
        .filter(|route| route.access == Access::Public)
        .map(|route| route.path)
        .collect();
    let expected = HashSet::from([
        "/healthz",
        "/readyz",
        "/api/webhooks/llm-callback",
        "/api/webhooks/llm-callback/{source}",
        "/api/session",
        "/api/session/setup",
    ]);
    assert_eq!(public, expected);
    assert!(
        ROUTES
            .iter()
            .filter(|r| r.path.starts_with("/api/admin"))
            .all(|r| r.access != Access::Public)
    );
}

#[actix_web::test]
async fn an_unknown_path_or_method_is_a_problem_and_other_paths_are_the_app() {
    on_each_database(async |app| {
        let answer = app.ask(Method::GET, "/api/nothing", &[], "").await;
        assert_eq!(
            (answer.status.as_u16(), answer.problem().as_str()),
            (404, "/problems/not-found")
        );
        let answer = app.ask(Method::PUT, "/api/session", &[], "").await;
        assert_eq!(answer.problem(), "/problems/method-not-allowed");
        assert!(answer.header("allow").contains("DELETE"));
        let page = app.ask(Method::GET, "/jobs", &[], "").await;
        assert_eq!(page.status, 200);
        assert!(page.header("content-type").starts_with("text/html"));
        let stale = app.ask(Method::GET, "/app-0123456789abcdef.js", &[], "").await;
        assert_eq!(stale.status, 404);
    })
    .await;
}

#[actix_web::test]
async fn every_answer_carries_the_security_headers_and_a_request_id() {
    on_each_database(async |app| {
        for path in ["/", "/healthz", "/api/session", "/api/admin/llm-callbacks/check", "/api/x"] {
            let answer = app.ask(Method::GET, path, &[], "").await;
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(answer.header("x-request-id").len(), 16, "{path}");
            let policy = answer.header("content-security-policy");
            assert!(policy.contains("default-src 'none'"), "{path}: {policy}");
            assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe-inline"));
        }
        assert_eq!(app.get("/api/session").await.header("cache-control"), "no-store");
    })
    .await;
}

#[actix_web::test]
async fn health_and_readiness_answer() {
    on_each_database(async |app| {
        assert_eq!(app.ask(Method::GET, "/healthz", &[], "").await.status, 200);
        assert_eq!(app.ask(Method::GET, "/readyz", &[], "").await.status, 200);
    })
    .await;
}

#[actix_web::test]
async fn sources_are_listed_without_their_secrets() {
    on_each_database(async |app: &TestApp| {
        let answer = app.get("/api/admin/sources").await;
        let text = String::from_utf8(answer.body).expect("text");
        assert!(text.contains("\"secrets\":1") && !text.contains(&SECRET[6..]), "{text}");
    })
    .await;
}

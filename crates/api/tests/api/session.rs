//! Signing in and out, roles, the set-up link.

use crate::support::{PASSWORD, TestApp, on_each_database};
use actix_web::http::Method;
use ringback_api::tokens::{hash_token, random_token};
use ringback_core::models::Role;
use ringback_core::queries::{tokens, users};
use ringback_testing::TestDatabase;
use serde_json::json;

async fn set_up(app: &TestApp, token: &str, name: &str) -> crate::support::Answer {
    let body = json!({ "token": token, "name": name, "password": PASSWORD }).to_string();
    let headers = [("content-type", "application/json"), ("sec-fetch-site", "same-origin")];
    app.ask(Method::POST, "/api/session/setup", &headers, body).await
}

fn link_token(app: &TestApp) -> String {
    let link = app.set_up_link.as_deref().expect("there is no user yet");
    link.split_once("/setup?token=").expect("a set-up link").1.to_owned()
}

#[actix_web::test]
async fn the_set_up_link_makes_the_first_admin_once() {
    on_each_database(async |app| {
        let token = link_token(app);
        assert_eq!(set_up(app, "wrong", "ada").await.problem(), "/problems/set-up-closed");
        let (one, two) = tokio::join!(set_up(app, &token, "ada"), set_up(app, &token, "eve"));
        let statuses = [one.status.as_u16(), two.status.as_u16()];
        assert!(statuses.contains(&200) && statuses.contains(&403), "{statuses:?}");
        assert_eq!(set_up(app, &token, "mallory").await.status, 403);
        let admins = users::list_users(&mut app.database.connect()).expect("users");
        assert_eq!(admins.len(), 1);
        assert_eq!(admins[0].role(), Role::Admin);
        let open = app.ask(Method::GET, "/api/session/setup", &[], "").await;
        assert_eq!(open.json::<serde_json::Value>(), json!({ "open": false }));
    })
    .await;
}

#[actix_web::test]
async fn the_set_up_link_ends_after_a_day() {
    on_each_database(async |app| {
        app.clock.advance(24 * 3600 * 1_000_000);
        let answer = set_up(app, &link_token(app), "ada").await;
        assert_eq!(answer.problem(), "/problems/set-up-closed");
    })
    .await;
}

#[actix_web::test]
async fn somebody_signs_in_reads_and_signs_out() {
    on_each_database(async |app| {
        app.add_user("ada", Role::Admin);
        let answer = app.try_sign_in("ada", PASSWORD).await;
        let set = answer.header("set-cookie").to_owned();
        assert!(
            set.contains("HttpOnly") && set.contains("SameSite=Strict") && set.contains("Path=/")
        );
        let cookie = set.split(';').next().expect("a cookie").to_owned();
        let ask = |method: Method| {
            let cookie = cookie.clone();
            async move {
                let headers = [("cookie", cookie.as_str()), ("sec-fetch-site", "same-origin")];
                app.ask(method, "/api/session", &headers, "").await
            }
        };
        let session: serde_json::Value = ask(Method::GET).await.json();
        assert_eq!(session, json!({ "name": "ada", "role": "admin" }));
        assert_eq!(ask(Method::DELETE).await.status, 204);
        assert_eq!(ask(Method::GET).await.problem(), "/problems/sign-in-required");
    })
    .await;
}

#[actix_web::test]
async fn a_session_ends_after_a_week_and_with_its_user() {
    on_each_database(async |app| {
        app.add_user("ada", Role::Admin);
        app.add_user("bob", Role::Viewer);
        let cookie = app.sign_in("ada").await;
        let bob = app.sign_in("bob").await;
        let status = async |cookie: &str| {
            app.ask(Method::GET, "/api/session", &[("cookie", cookie)], "").await.status.as_u16()
        };
        assert_eq!(status(&bob).await, 200);
        assert!(users::disable_user(&mut app.database.connect(), "bob", 1).expect("disabled"));
        assert_eq!(status(&bob).await, 401);
        assert_eq!(app.try_sign_in("bob", PASSWORD).await.problem(), "/problems/sign-in-failed");
        app.clock.advance(7 * 24 * 3600 * 1_000_000 - 1);
        assert_eq!(status(&cookie).await, 200);
        app.clock.advance(1);
        assert_eq!(status(&cookie).await, 401);
    })
    .await;
}

#[actix_web::test]
async fn a_wrong_name_and_a_wrong_password_look_the_same_and_are_throttled() {
    on_each_database(async |app| {
        app.add_user("ada", Role::Admin);
        let wrong = app.try_sign_in("ada", "not the password").await;
        let nobody = app.try_sign_in("nobody", "not the password").await;
        assert_eq!(wrong.problem(), "/problems/sign-in-failed");
        assert_eq!(nobody.problem(), "/problems/sign-in-failed");
        let mut last = app.try_sign_in("ada", "x").await;
        for _ in 0..20 {
            if last.status == 429 {
                break;
            }
            last = app.try_sign_in("ada", "x").await;
        }
        assert_eq!(last.problem(), "/problems/too-many-attempts");
        assert!(last.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds >= 1));
        // Also the right password has to wait, or the throttle would tell when it was found.
        assert_eq!(app.try_sign_in("ada", PASSWORD).await.status, 429);
    })
    .await;
}

#[actix_web::test]
async fn another_site_cannot_use_somebodys_cookie() {
    on_each_database(async |app| {
        app.add_user("ada", Role::Admin);
        let cookie = app.sign_in("ada").await;
        let host = app.url.strip_prefix("http://").expect("http");
        let own = format!("http://{host}");
        let cases = [
            (vec![("sec-fetch-site", "same-origin")], 200),
            (vec![("origin", own.as_str())], 200),
            (vec![("sec-fetch-site", "cross-site")], 403),
            (vec![("sec-fetch-site", "same-site")], 403),
            (vec![("origin", "https://evil.example")], 403),
            (vec![("origin", "null")], 403),
            (vec![("sec-fetch-site", "cross-site"), ("origin", own.as_str())], 403),
        ];
        for (mut headers, status) in cases {
            headers.extend([("cookie", cookie.as_str()), ("content-type", "application/json")]);
            let path = "/api/admin/llm-callbacks/mark-viewed";
            let answer = app.ask(Method::POST, path, &headers, r#"{"ids":[]}"#).await;
            assert_eq!(answer.status.as_u16(), status, "{headers:?}");
        }
    })
    .await;
}

#[actix_web::test]
async fn a_viewer_reads_and_changes_nothing() {
    on_each_database(async |app| {
        app.add_user("vera", Role::Viewer);
        let receipt = app.receipt("msg_1", "{}").await;
        let cookie = app.sign_in("vera").await;
        let headers = [
            ("cookie", cookie.as_str()),
            ("sec-fetch-site", "same-origin"),
            ("content-type", "application/json"),
        ];
        let path = format!("/api/admin/llm-callbacks/{}", receipt.id);
        assert_eq!(app.ask(Method::GET, &path, &headers, "").await.status, 200);
        let body = json!({ "ids": [receipt.id] }).to_string();
        let path = "/api/admin/llm-callbacks/mark-viewed";
        let answer = app.ask(Method::POST, path, &headers, body).await;
        assert_eq!(answer.problem(), "/problems/not-allowed");
    })
    .await;
}

#[actix_web::test]
async fn a_revoked_token_opens_nothing() {
    on_each_database(async |app| {
        let token = random_token("rbk_");
        let mut conn = app.database.connect();
        tokens::insert_token(&mut conn, "ci", &hash_token(&token), Role::Viewer, 0).expect("added");
        let bearer = format!("Bearer {token}");
        let status = async || {
            let headers = [("authorization", bearer.as_str())];
            app.ask(Method::GET, "/api/session", &headers, "").await.status.as_u16()
        };
        assert_eq!(status().await, 200);
        assert!(tokens::revoke_token(&mut conn, "ci", 1).expect("revoked"));
        assert_eq!(status().await, 401);
    })
    .await;
}

#[actix_web::test]
async fn behind_https_the_cookie_is_bound_to_the_host() {
    let app = TestApp::start(TestDatabase::sqlite(), |config| {
        config.public_url = Some("https://ringback.example".parse().expect("a URL"));
    });
    app.add_user("ada", Role::Admin);
    let answer = app.try_sign_in("ada", PASSWORD).await;
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-") && cookie.contains("Secure"), "{cookie}");
    assert!(!cookie.contains("Domain"), "{cookie}");
    assert!(!answer.header("strict-transport-security").is_empty());
    assert!(
        app.set_up_link
            .as_deref()
            .is_some_and(|l| l.starts_with("https://ringback.example/setup?"))
    );
    app.stop().await;
}

#[actix_web::test]
async fn a_weak_password_or_an_odd_name_is_refused_with_a_sentence() {
    on_each_database(async |app| {
        let token = link_token(app);
        for (name, password) in [("ada", "short"), ("", PASSWORD), (" ada", PASSWORD)] {
            let body = json!({ "token": token, "name": name, "password": password }).to_string();
            let headers = [("content-type", "application/json"), ("sec-fetch-site", "same-origin")];
            let answer = app.ask(Method::POST, "/api/session/setup", &headers, body).await;
            assert_eq!(answer.problem(), "/problems/invalid-input", "{name:?}");
        }
        assert_eq!(set_up(app, &token, "ada").await.status, 200, "the link is still good");
    })
    .await;
}

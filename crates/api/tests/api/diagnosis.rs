//! Explaining why a callback is not trusted, and verifying it again.

use crate::support::{TestApp, on_each_database, sign};
use actix_web::http::Method;
use ringback_api::config::split_secrets;
use ringback_api::reverify::start_reverify;
use ringback_api::worker::reverify;
use ringback_core::models::Role;
use ringback_core::queries::audit::list_audit_entries;
use ringback_wire::{
    CallbackDetail, Certainty, CheckResponse, DiagnosisResponse, Receipt, ReverifiedResponse,
    ReverifyRun, ReverifyRunsResponse, Signature,
};
use serde_json::json;

const WRONG: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A node on the same database whose default source has another secret, or none.
fn node_with(app: &TestApp, secrets: &str) -> TestApp {
    app.start_another(|config| {
        config.sources[0].secrets = split_secrets(secrets);
    })
}

/// Delivers what the right secret signed to a node that does not have it.
async fn deliver(node: &TestApp, id: &str, body: &str) -> i64 {
    node.receipt(id, body).await.id
}

async fn explain(app: &TestApp, id: i64) -> DiagnosisResponse {
    let answer = app.get(&format!("/api/admin/llm-callbacks/{id}/diagnosis")).await;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    answer.json()
}

async fn signature(app: &TestApp, id: i64) -> Signature {
    app.get(&format!("/api/admin/llm-callbacks/{id}")).await.json::<CallbackDetail>().signature
}

/// Lets every run go on to its end.
async fn finish(app: &TestApp) {
    while reverify::run_once(&app.state).await.expect("a step").is_some() {}
}

#[actix_web::test]
async fn a_stored_callback_is_explained_with_what_is_kept_of_it() {
    on_each_database(async |app| {
        let wrong = node_with(app, WRONG);
        let id = deliver(&wrong, "msg_1", "{}").await;
        let found = explain(&wrong, id).await;
        assert_eq!((found.cause.as_str(), found.certainty), ("wrong_secret", Certainty::Likely));
        assert!(found.can_verify_again && found.tries > 10);
        // The other node has the right secret by now, and says so.
        let found = explain(app, id).await;
        assert_eq!((found.cause.as_str(), found.certainty), ("would_pass_now", Certainty::Proved));

        let mut headers = sign("msg_2", br#"{"a":1}"#, app.now_seconds());
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
        let receipt: Receipt = app.deliver_with(&headers, "{\"a\": 1}").await.json();
        let found = explain(app, receipt.id).await;
        assert_eq!((found.cause.as_str(), found.certainty), ("body_changed", Certainty::Proved));

        let headers = sign("msg_3", b"{}", app.now_seconds() - 3_600);
        let receipt: Receipt = app.deliver_with(&headers, "{}").await.json();
        let found = explain(app, receipt.id).await;
        assert_eq!(found.cause, "too_old");
        assert!(found.explanation.contains("1 h"), "{}", found.explanation);
        for (_, value) in sign("msg_3", b"{}", app.now_seconds() - 3_600) {
            let shown = format!("{found:?}");
            assert!(value.len() < 12 || !shown.contains(&value), "{shown}");
        }
        wrong.stop().await;
    })
    .await;
}

#[actix_web::test]
async fn there_is_nothing_to_explain_about_what_is_trusted_or_not_there() {
    on_each_database(async |app| {
        let receipt = app.receipt("msg_1", "{}").await;
        for id in [receipt.id, 99] {
            let path = format!("/api/admin/llm-callbacks/{id}/diagnosis");
            assert_eq!(app.get(&path).await.problem(), "/problems/not-found");
        }
        // A forged retry leaves the callback trusted, and is explained when it is asked for.
        let headers = [("x-webhook-signature".to_owned(), format!("sha256={}", "ab".repeat(32)))];
        let headers =
            [headers.as_slice(), &[("x-callback-id".to_owned(), "msg_1".to_owned())]].concat();
        app.deliver_with(&headers, "forged").await;
        assert_eq!(signature(app, receipt.id).await, Signature::Valid);
        assert_eq!(explain(app, receipt.id).await.cause, "wrong_secret");
        let path = format!("/api/admin/llm-callbacks/{}/diagnosis?delivery=1", receipt.id);
        assert_eq!(app.get(&path).await.problem(), "/problems/not-found", "that one is trusted");
    })
    .await;
}

#[actix_web::test]
async fn stored_failures_become_trusted_in_the_background_once_the_secret_is_mended() {
    on_each_database(async |app| {
        let without = node_with(app, "");
        let mut ids = Vec::new();
        for n in 0..70 {
            ids.push(deliver(&without, &format!("msg_{n}"), &format!("{{\"n\":{n}}}")).await);
        }
        let forged = [("x-webhook-signature".to_owned(), format!("sha256={}", "ab".repeat(32)))];
        let forged: Receipt = without.deliver_with(&forged, "forged").await.json();
        without.stop().await;
        let before: CheckResponse = app.get("/api/admin/llm-callbacks/check").await.json();

        let answer =
            app.post("/api/admin/llm-callbacks/reverify", &json!({ "source": "default" })).await;
        assert_eq!(answer.status, 202);
        assert_eq!(answer.json::<ReverifyRun>().total, 71);
        finish(app).await;

        let runs: ReverifyRunsResponse = app.get("/api/admin/llm-callbacks/reverify").await.json();
        let run = &runs.runs[0];
        assert_eq!((run.checked, run.trusted, run.started_by.as_str()), (71, 70, "tests"));
        assert!(run.ended_at.is_some());
        for id in [ids[0], ids[69]] {
            assert_eq!(signature(app, id).await, Signature::Valid);
        }
        assert_eq!(signature(app, forged.id).await, Signature::Unchecked);
        let path = format!("/api/admin/llm-callbacks/check?cursor={}&limit=500", before.cursor);
        let after: CheckResponse = app.get(&path).await.json();
        assert_eq!(after.callbacks.len(), 70, "each takes a new position, once");
        let entries = list_audit_entries(&mut app.database.connect(), None, 10).expect("the log");
        let actions: Vec<&str> = entries.iter().map(|entry| entry.action.as_str()).collect();
        assert_eq!(actions, ["reverify.end", "reverify.start"]);
        assert!(entries[0].details.contains("\"trusted\":70"), "{}", entries[0].details);

        // Again there is only the forgery left to look at.
        start_reverify(&app.state, "default", "somebody").await.expect("it starts");
        finish(app).await;
        let runs: ReverifyRunsResponse = app.get("/api/admin/llm-callbacks/reverify").await.json();
        assert_eq!((runs.runs[0].checked, runs.runs[0].trusted), (1, 0));
    })
    .await;
}

#[actix_web::test]
async fn one_callback_is_verified_again_by_hand() {
    on_each_database(async |app| {
        let wrong = node_with(app, WRONG);
        let id = deliver(&wrong, "msg_1", "{}").await;
        let other = deliver(&wrong, "msg_2", "{}").await;
        let path = format!("/api/admin/llm-callbacks/{id}/reverify");
        let by_wrong: ReverifiedResponse = wrong.post(&path, &json!({})).await.json();
        assert_eq!((by_wrong.checked, by_wrong.trusted), (1, 0));
        let by_right: ReverifiedResponse = app.post(&path, &json!({})).await.json();
        assert_eq!((by_right.checked, by_right.trusted), (1, 1));
        assert_eq!(signature(app, id).await, Signature::Valid);
        assert_eq!(signature(app, other).await, Signature::Invalid);
        let missing = app.post("/api/admin/llm-callbacks/99/reverify", &json!({})).await;
        assert_eq!(missing.problem(), "/problems/not-found");
        let unknown = json!({ "source": "nobody" });
        let unknown = app.post("/api/admin/llm-callbacks/reverify", &unknown).await;
        assert_eq!(unknown.problem(), "/problems/unknown-source");
        let bad = json!({ "source": "default", "from": "yesterday" });
        let bad = app.post("/api/admin/llm-callbacks/reverify", &bad).await;
        assert_eq!(bad.problem(), "/problems/invalid-input");
        wrong.stop().await;
    })
    .await;
}

#[actix_web::test]
async fn a_viewer_reads_the_diagnosis_and_changes_nothing() {
    on_each_database(async |app| {
        let wrong = node_with(app, WRONG);
        let id = deliver(&wrong, "msg_1", "{}").await;
        wrong.stop().await;
        app.add_user("vera", Role::Viewer);
        let cookie = app.sign_in("vera").await;
        let headers = [
            ("cookie", cookie.as_str()),
            ("sec-fetch-site", "same-origin"),
            ("content-type", "application/json"),
        ];
        let path = format!("/api/admin/llm-callbacks/{id}");
        let read = app.ask(Method::GET, &format!("{path}/diagnosis"), &headers, "").await;
        assert_eq!(read.status, 200);
        for (path, body) in [
            (format!("{path}/reverify"), "{}"),
            ("/api/admin/llm-callbacks/reverify".to_owned(), "{\"source\":\"default\"}"),
        ] {
            let answer = app.ask(Method::POST, &path, &headers, body).await;
            assert_eq!(answer.problem(), "/problems/not-allowed", "{path}");
        }
        assert_eq!(signature(app, id).await, Signature::Invalid);
    })
    .await;
}

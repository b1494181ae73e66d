//! Managing sources and their secrets, and what each setting does to a delivery.

use crate::support::{Answer, TestApp, on_each_database};
use actix_web::http::Method;
use ringback_api::clock::Clock;
use ringback_api::startup::Application;
use ringback_api::worker;
use ringback_core::provider::find_provider;
use ringback_core::queries::sources::list_secrets;
use ringback_core::signature::Secret;
use ringback_testing::TestDatabase;
use ringback_wire::{
    AddSecretResponse, AuditResponse, CallbackDetail, HintSeverity, ProvidersResponse, Receipt,
    RefusalsResponse, SecretHintsResponse, SecretState, Signature, SourceSummary, SourcesResponse,
    TestResponse,
};
use serde_json::{Value, json};
use std::sync::Arc;

const SOURCES: &str = "/api/admin/sources";
const ONE: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const TWO: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const HOUR: i64 = 3600 * 1_000_000;

async fn create(app: &TestApp, name: &str, provider: &str) -> SourceSummary {
    let answer = app.post(SOURCES, &json!({ "name": name, "provider": provider })).await;
    assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
    answer.json()
}

async fn add_secret(app: &TestApp, name: &str, body: Value) -> AddSecretResponse {
    let answer = app.post(&format!("{SOURCES}/{name}/secrets"), &body).await;
    assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
    answer.json()
}

async fn show(app: &TestApp, name: &str) -> SourceSummary {
    app.get(&format!("{SOURCES}/{name}")).await.json()
}

/// Delivers to a source, signed with a secret as its provider signs.
async fn deliver(app: &TestApp, name: &str, provider: &str, secret: &str, id: &str) -> Answer {
    let body = json!({ "id": id, "type": "batch.completed" }).to_string();
    let scheme = &find_provider(provider).expect("a provider").scheme;
    let secret = Secret::new(secret).expect("not empty");
    let headers = scheme.sign(&secret, id, body.as_bytes(), app.now_seconds()).expect("a key");
    let headers: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let path = format!("/api/webhooks/llm-callback/{name}");
    app.ask(Method::POST, &path, &headers, body).await
}

async fn verdict(app: &TestApp, answer: &Answer) -> Signature {
    let receipt: Receipt = answer.json();
    let path = format!("/api/admin/llm-callbacks/{}", receipt.id);
    app.get(&path).await.json::<CallbackDetail>().signature
}

fn time(app: &TestApp, after_micros: i64) -> String {
    ringback_api::views::time(app.clock.now() + after_micros)
}

#[actix_web::test]
async fn a_source_is_made_used_changed_and_deleted_and_its_callbacks_stay() {
    on_each_database(async |app| {
        let made = create(app, "openai", "openai").await;
        assert_eq!(made.path, "/api/webhooks/llm-callback/openai");
        assert!(made.lacks_secret && !made.read_only && !made.strict);
        let unchecked = deliver(app, "openai", "openai", ONE, "a").await;
        assert_eq!(verdict(app, &unchecked).await, Signature::Unchecked);
        add_secret(app, "openai", json!({ "label": "main", "secret": ONE })).await;
        let answer = deliver(app, "openai", "openai", ONE, "b").await;
        assert_eq!(verdict(app, &answer).await, Signature::Valid);
        let wrong = deliver(app, "openai", "openai", TWO, "c").await;
        assert_eq!(verdict(app, &wrong).await, Signature::Invalid);

        let path = format!("{SOURCES}/openai");
        let changed = app.send(Method::PATCH, &path, &json!({ "title": "Team A" })).await;
        assert_eq!(changed.json::<SourceSummary>().title, "Team A");
        assert_eq!(app.send(Method::DELETE, &path, &Value::Null).await.status, 204);
        assert_eq!(app.send(Method::DELETE, &path, &Value::Null).await.status, 404);
        let gone = deliver(app, "openai", "openai", ONE, "d").await;
        assert_eq!(gone.problem(), "/problems/unknown-source");
        let receipt: Receipt = answer.json();
        let kept = app.get(&format!("/api/admin/llm-callbacks/{}", receipt.id)).await;
        assert_eq!(kept.json::<CallbackDetail>().source, "openai");
    })
    .await;
}

#[actix_web::test]
async fn what_came_before_the_right_secret_becomes_trusted_when_it_is_added() {
    on_each_database(async |app| {
        create(app, "openai", "openai").await;
        add_secret(app, "openai", json!({ "label": "wrong", "secret": TWO })).await;
        let early = deliver(app, "openai", "openai", ONE, "early").await;
        assert_eq!(verdict(app, &early).await, Signature::Invalid);
        add_secret(app, "openai", json!({ "label": "right", "secret": ONE })).await;
        // The loop in the background takes the steps too; both together take all.
        while worker::reverify::run_once(&app.state).await.expect("a step").is_some() {}
        app.clock.advance(1);
        assert_eq!(verdict(app, &early).await, Signature::Valid);
        let log: AuditResponse = app.get("/api/admin/audit-log").await.json();
        assert!(log.entries.iter().any(|one| one.action == "reverify.start"));
    })
    .await;
}

#[actix_web::test]
async fn what_a_source_is_made_of_is_checked() {
    on_each_database(async |app| {
        create(app, "taken", "github").await;
        for (body, problem) in [
            (json!({ "name": "taken", "provider": "github" }), "conflict"),
            (json!({ "name": "default", "provider": "github" }), "conflict"),
            (json!({ "name": "A b", "provider": "github" }), "invalid-input"),
            (json!({ "name": "", "provider": "github" }), "invalid-input"),
            (json!({ "name": "a", "provider": "nobody" }), "invalid-input"),
            (json!({ "name": "a", "provider": "github", "title": "\u{7}" }), "invalid-input"),
            (json!({ "name": "a", "provider": "unsigned", "strict": true }), "invalid-input"),
            (json!({ "name": "a", "provider": "github", "options": { "x": 1 } }), "invalid-input"),
            (json!({ "name": "a" }), "invalid-input"),
        ] {
            let answer = app.post(SOURCES, &body).await;
            assert_eq!(answer.problem(), format!("/problems/{problem}"), "{body}");
        }
        let path = format!("{SOURCES}/default");
        let refused = app.send(Method::PATCH, &path, &json!({ "strict": true })).await;
        assert_eq!(refused.problem(), "/problems/conflict");
        let refused = app.post(&format!("{path}/secrets"), &json!({ "secret": "x" })).await;
        assert_eq!(refused.problem(), "/problems/conflict");
        let all: SourcesResponse = app.get(SOURCES).await.json();
        let names: Vec<&str> = all.sources.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["default", "taken"]);
        assert!(all.sources[0].read_only && all.sources[0].secrets == 1);
    })
    .await;
}

#[actix_web::test]
async fn options_change_how_a_generic_sender_is_verified_and_read() {
    on_each_database(async |app| {
        let options = json!({ "header": "X-Sig", "prefix": "v9=", "callback_id": ["/uuid"] });
        let body = json!({ "name": "ours", "provider": "generic-hmac", "options": options });
        assert_eq!(app.post(SOURCES, &body).await.status, 201);
        let made = add_secret(app, "ours", json!({})).await.secret.expect("made here");
        assert_eq!(show(app, "ours").await.options, options);
        let secret = Secret::new(&made).expect("not empty");
        let payload = br#"{"uuid":"u1"}"#;
        let scheme = ringback_core::provider::find_scheme("hmac-sha256").expect("a scheme");
        let signed = scheme.sign(&secret, "", payload, 0).expect("a key");
        let value = signed[0].1.replace("sha256=", "v9=");
        let path = "/api/webhooks/llm-callback/ours";
        let answer = app.ask(Method::POST, path, &[("x-sig", value.as_str())], &payload[..]).await;
        assert_eq!(answer.json::<Receipt>().callback_id, "u1");
        assert_eq!(verdict(app, &answer).await, Signature::Valid);
    })
    .await;
}

#[actix_web::test]
async fn secrets_are_sealed_shown_once_and_nowhere_else() {
    on_each_database(async |app| {
        create(app, "openai", "openai").await;
        let kept = add_secret(app, "openai", json!({ "label": "pasted", "secret": ONE })).await;
        assert_eq!(kept.secret, None, "who pastes a secret has it");
        let made = add_secret(app, "openai", json!({ "label": "made" })).await;
        let secret = made.secret.expect("shown once");
        assert!(secret.starts_with("whsec_"));
        let answer = deliver(app, "openai", "openai", &secret, "a").await;
        assert_eq!(verdict(app, &answer).await, Signature::Valid);
        for path in [SOURCES, &format!("{SOURCES}/openai"), "/api/admin/audit-log"] {
            let text = String::from_utf8(app.get(path).await.body).expect("text");
            assert!(!text.contains(&ONE[6..]) && !text.contains(&secret[6..]), "{path}: {text}");
        }
        for row in list_secrets(&mut app.database.connect()).expect("rows") {
            let sealed = String::from_utf8_lossy(&row.sealed).into_owned();
            assert!(!sealed.contains(&ONE[6..]) && !sealed.contains("whsec_"));
        }
        let state = format!("{:?}", show(app, "openai").await);
        assert!(!state.contains(&ONE[6..]));
    })
    .await;
}

#[actix_web::test]
async fn a_secret_is_replaced_without_a_gap_by_its_dates() {
    on_each_database(async |app| {
        create(app, "openai", "openai").await;
        let old = add_secret(app, "openai", json!({ "label": "old", "secret": ONE })).await;
        let start = time(app, HOUR);
        app.clock.advance(1);
        add_secret(app, "openai", json!({ "label": "new", "secret": TWO, "starts_at": start }))
            .await;
        let path = format!("{SOURCES}/openai/secrets/{}", old.id);
        let end = json!({ "ends_at": time(app, 2 * HOUR) });
        assert_eq!(app.send(Method::PATCH, &path, &end).await.status, 200);
        let mut seen = Vec::new();
        for step in ["before", "both", "after"] {
            let one = deliver(app, "openai", "openai", ONE, &format!("{step}-1")).await;
            let two = deliver(app, "openai", "openai", TWO, &format!("{step}-2")).await;
            let valid = |verdict: Signature| verdict == Signature::Valid;
            seen.push((valid(verdict(app, &one).await), valid(verdict(app, &two).await)));
            app.clock.advance(HOUR);
        }
        assert_eq!(seen, [(true, false), (true, true), (false, true)]);
        let states: Vec<SecretState> =
            show(app, "openai").await.secret_list.iter().map(|one| one.state).collect();
        assert_eq!(states, [SecretState::Ended, SecretState::InForce]);
        // `null` takes the date away.
        let back = app.send(Method::PATCH, &path, &json!({ "ends_at": null })).await;
        assert_eq!(back.json::<SourceSummary>().secrets, 2);
        let wrong = json!({ "ends_at": time(app, -HOUR), "starts_at": time(app, 0) });
        assert_eq!(
            app.send(Method::PATCH, &path, &wrong).await.problem(),
            "/problems/invalid-input"
        );
        assert_eq!(app.send(Method::DELETE, &path, &Value::Null).await.status, 204);
        let gone = app.send(Method::PATCH, &path, &json!({ "label": "x" })).await;
        assert_eq!(gone.status, 404);
    })
    .await;
}

#[actix_web::test]
async fn a_strict_source_answers_401_to_what_is_not_valid_and_records_it() {
    on_each_database(async |app| {
        create(app, "openai", "openai").await;
        add_secret(app, "openai", json!({ "secret": ONE })).await;
        let path = format!("{SOURCES}/openai");
        app.send(Method::PATCH, &path, &json!({ "strict": true })).await;
        assert_eq!(deliver(app, "openai", "openai", ONE, "good").await.status, 200);
        let refused = deliver(app, "openai", "openai", TWO, "forged").await;
        assert_eq!(refused.problem(), "/problems/signature-refused");
        assert_eq!(refused.status, 401);
        let history: Value = app.get("/api/admin/llm-callbacks/history?source=openai").await.json();
        let seen: Vec<(&str, &str)> = history["callbacks"]
            .as_array()
            .expect("rows")
            .iter()
            .map(|row| {
                let text = |name: &str| row[name].as_str().expect("text");
                (text("callback_id"), text("signature"))
            })
            .collect();
        assert_eq!(seen, [("forged", "invalid"), ("good", "valid")]);
    })
    .await;
}

#[actix_web::test]
async fn a_paused_source_tells_its_sender_to_keep_what_it_has() {
    on_each_database(async |app| {
        create(app, "openai", "openai").await;
        let path = format!("{SOURCES}/openai");
        let paused = app.send(Method::PATCH, &path, &json!({ "paused": true })).await;
        assert!(paused.json::<SourceSummary>().paused_at.is_some());
        let refused = deliver(app, "openai", "openai", ONE, "a").await;
        assert_eq!(
            (refused.status.as_u16(), refused.problem().as_str()),
            (503, "/problems/source-paused")
        );
        assert!(!refused.header("retry-after").is_empty());
        let refusals: RefusalsResponse = app.get("/api/admin/refusals").await.json();
        assert_eq!(refusals.refusals[0].problem, "/problems/source-paused");
        app.send(Method::PATCH, &path, &json!({ "paused": false })).await;
        assert_eq!(deliver(app, "openai", "openai", ONE, "a").await.status, 200);
    })
    .await;
}

#[actix_web::test]
async fn another_node_sees_a_change_when_it_next_looks() {
    for make in [TestDatabase::sqlite, TestDatabase::postgres] {
        let app = TestApp::start(make(), |_| {});
        let config = app.state.config.clone();
        let other = Application::build(config, app.clock.clone()).expect("a second node");
        let state = other.state();
        assert!(!worker::sources::run_once(&state).await, "nothing has changed");
        create(&app, "openai", "openai").await;
        add_secret(&app, "openai", json!({ "secret": ONE })).await;
        assert!(state.registry.find("openai").is_none());
        assert!(worker::sources::run_once(&state).await);
        let found = state.registry.find("openai").expect("it sees the source");
        assert_eq!(found.at(app.clock.now()).secrets.len(), 1, "and opens its secret");
        assert!(!worker::sources::run_once(&state).await);
        drop((found, state, other));
        app.stop().await;
    }
}

#[actix_web::test]
async fn a_key_that_looks_wrong_is_recognised_when_it_is_typed() {
    on_each_database(async |app| {
        let hints = async |provider: &str, secret: &str| {
            let body = json!({ "provider": provider, "secret": secret });
            let answer = app.post("/api/admin/secret-hints", &body).await;
            assert_eq!(answer.status, 200);
            answer.json::<SecretHintsResponse>().hints
        };
        let noted = hints("openai", ONE).await;
        assert!(noted.iter().all(|hint| hint.severity == HintSeverity::Note), "{noted:?}");
        let prefixed = hints("openai", &format!("v1,{ONE}")).await;
        assert_eq!(prefixed[0].severity, HintSeverity::Wrong);
        assert_eq!(prefixed[0].mended.as_deref(), Some(ONE));
        let stripe = hints("openai", "whsec_test_secret").await;
        assert!(stripe[0].text.contains("Stripe"), "{}", stripe[0].text);
        assert!(!hints("openai", " whsec_!!! ").await.is_empty());
    })
    .await;
}

#[actix_web::test]
async fn what_was_done_is_in_the_audit_log_with_who_did_it() {
    on_each_database(async |app| {
        create(app, "openai", "openai").await;
        let added = add_secret(app, "openai", json!({ "label": "main", "secret": ONE })).await;
        let path = format!("{SOURCES}/openai");
        app.send(Method::PATCH, &path, &json!({ "paused": true })).await;
        app.send(Method::DELETE, &path, &Value::Null).await;
        // What is refused is not done, and so not there.
        app.send(Method::DELETE, &path, &Value::Null).await;
        let log: AuditResponse = app.get("/api/admin/audit-log").await.json();
        let actions: Vec<&str> = log.entries.iter().map(|one| one.action.as_str()).collect();
        assert_eq!(actions, ["source.delete", "source.edit", "secret.add", "source.create"]);
        assert!(log.entries.iter().all(|one| one.actor == "tests" && one.subject == "openai"));
        assert_eq!(log.entries[2].details["secret"], added.id);
        assert_eq!(log.entries[1].details, json!({ "paused": true }));
        assert_eq!(log.before, None);
    })
    .await;
}

#[actix_web::test]
async fn a_test_is_signed_as_each_sender_would_and_its_verdict_is_told() {
    on_each_database(async |app| {
        let providers: ProvidersResponse = app.get("/api/admin/providers").await.json();
        assert!(providers.providers.len() >= 20);
        for provider in providers.providers {
            let name = provider.name.as_str();
            assert!(!format!("{}{}", provider.about, provider.secret).contains('`'), "{name}");
            create(app, name, name).await;
            let scheme = &find_provider(name).expect("a provider").scheme;
            let made = ringback_api::sources::make_secret(scheme);
            if let Some(secret) = &made {
                add_secret(app, name, json!({ "secret": secret })).await;
            } else if !provider.secret.is_empty() {
                // An ed25519 public key of RFC 8032; an RSA sender cannot use it and says so.
                let key = "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
                add_secret(app, name, json!({ "secret": key })).await;
            }
            let answer = app.post(&format!("{SOURCES}/{name}/test"), &json!({})).await;
            let test: TestResponse = answer.json();
            if made.is_some() {
                assert_eq!(test.signature, Some(Signature::Valid), "{name}: {test:?}");
                assert_eq!((test.sent, test.status), (true, Some(200)), "{name}");
            } else if provider.secret.is_empty() {
                assert_eq!(test.signature, Some(Signature::Unchecked), "{name}: {test:?}");
            } else {
                assert!(!test.sent && test.detail.contains("private key"), "{name}: {test:?}");
            }
        }
    })
    .await;
}

#[actix_web::test]
async fn a_test_of_a_paused_or_strict_source_tells_what_the_sender_would_see() {
    on_each_database(async |app| {
        create(app, "openai", "openai").await;
        let path = format!("{SOURCES}/openai");
        app.send(Method::PATCH, &path, &json!({ "strict": true })).await;
        let test: TestResponse = app.post(&format!("{path}/test"), &json!({})).await.json();
        assert_eq!((test.status, test.signature), (Some(401), Some(Signature::Unchecked)));
        app.send(Method::PATCH, &path, &json!({ "paused": true })).await;
        let test: TestResponse = app.post(&format!("{path}/test"), &json!({})).await.json();
        assert_eq!((test.status, test.signature), (Some(503), None));
        assert!(test.detail.contains("paused"), "{}", test.detail);
    })
    .await;
}

#[actix_web::test]
async fn a_server_with_another_key_does_not_start_on_this_database() {
    for make in [TestDatabase::sqlite, TestDatabase::postgres] {
        let app = TestApp::start(make(), |_| {});
        let mut config = app.state.config.clone();
        let other = ringback_core::keys::ServerKey::new([9; 32]);
        config.key_place = ringback_api::keyring::KeyPlace::Given(vec![other]);
        let clock: Arc<dyn Clock> = app.clock.clone();
        let error = Application::build(config, clock).err().expect("it does not start");
        assert!(error.to_string().contains("rotate-key --lost"), "{error}");
        app.stop().await;
    }
}

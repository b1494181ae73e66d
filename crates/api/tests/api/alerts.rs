//! Alerts over HTTP: what is noted is shown, taken note of, muted, and told by one node.

use crate::support::{NOW_SECONDS, PASSWORD, TestApp, forge, on_each_database, sign};
use actix_web::http::Method;
use ringback_api::clock::Clock;
use ringback_api::worker::alerts::run_once;
use ringback_api::worker::clock;
use ringback_core::alert::Telling;
use ringback_core::models::Role;
use ringback_core::queries::inspect::find_server_time;
use ringback_testing::TestDatabase;
use ringback_wire::{Alert, AlertHistoryResponse, AlertsResponse, Preferences};
use serde_json::{Value, json};

pub(crate) const MINUTE: i64 = 60_000_000;
pub(crate) const HOUR: i64 = 60 * MINUTE;

pub(crate) async fn open(app: &TestApp) -> AlertsResponse {
    run_once(&app.state).await;
    app.get("/api/admin/alerts").await.json()
}

async fn send_forged(app: &TestApp, id: &str, body: &str) {
    let headers = forge(id, body.as_bytes(), app.now_seconds());
    assert_eq!(app.deliver_with(&headers, body).await.status, 200);
}

#[actix_web::test]
async fn bad_signatures_are_one_alert_for_each_source_and_cause_with_a_sample() {
    on_each_database(async |app| {
        for n in 0..5 {
            send_forged(app, &format!("m{n}"), "{}").await;
        }
        let old = sign("old", b"{}", NOW_SECONDS - 3600);
        app.deliver_with(&old, "{}").await;
        let open = open(app).await;
        assert_eq!((open.open.len(), open.unread), (2, 2), "{open:?}");
        let wrong = open.open.iter().find(|alert| alert.cause == "wrong").expect("the alert");
        assert_eq!((wrong.condition.as_str(), wrong.count), ("bad_signature", 5));
        assert!(wrong.title.contains("default") && !wrong.advice.is_empty());
        let sample = wrong.sample.expect("a sample");
        let shown = app.get(&format!("/api/admin/llm-callbacks/{sample}")).await;
        assert_eq!(shown.json::<Value>()["signature"], "invalid");
    })
    .await;
}

#[actix_web::test]
async fn a_forgery_aimed_at_a_trusted_callback_is_an_alert_of_its_own() {
    on_each_database(async |app| {
        let trusted = app.receipt("msg_1", "{}").await;
        send_forged(app, "msg_1", "{ }").await;
        // This one meets a callback that is not trusted either.
        send_forged(app, "msg_2", "{}").await;
        send_forged(app, "msg_2", "{ }").await;
        let open = open(app).await;
        let forged: Vec<&Alert> =
            open.open.iter().filter(|alert| alert.condition == "forgery").collect();
        assert_eq!(forged.len(), 1, "{open:?}");
        assert_eq!((forged[0].count, forged[0].sample), (1, Some(trusted.id)));
    })
    .await;
}

#[actix_web::test]
async fn a_body_that_is_too_large_is_an_alert() {
    on_each_database(async |app| {
        let large = vec![b' '; (1 << 20) + 1];
        assert_eq!(app.deliver("msg_1", large).await.status, 413);
        let open = open(app).await;
        assert_eq!(open.open[0].condition, "refused");
        assert_eq!(open.open[0].cause, "too-large");
    })
    .await;
}

#[actix_web::test]
async fn a_source_without_a_secret_is_told_at_once_then_hourly_and_the_end_of_it() {
    for make in [TestDatabase::sqlite, TestDatabase::postgres] {
        let app = TestApp::start(make(), |config| config.sources[0].secrets.clear());
        let state: Alert = open(&app).await.open.remove(0);
        assert_eq!((state.condition.as_str(), state.count), ("no_secret", 0));
        app.receipt("msg_1", "{}").await;
        let mut told = Vec::new();
        for _ in 0..30 {
            app.clock.advance(10 * MINUTE);
            told.extend(run_once(&app.state).await.into_iter().filter_map(|step| step.telling));
        }
        assert!((4..=5).contains(&told.len()), "five hours: {told:?}");
        assert!(told.iter().all(|telling| *telling == Telling::Reminder), "{told:?}");
        assert_eq!(open(&app).await.open[0].count, 1);
        let database = app.stop().await;

        // Restarted with a secret.
        let app = TestApp::start(database, |_| {});
        assert_eq!(open(&app).await.open, []);
        let history: AlertHistoryResponse = app.get("/api/admin/alerts/history").await.json();
        assert_eq!(history.alerts[0].id, state.id);
        app.stop().await;
    }
}

#[actix_web::test]
async fn a_restart_repeats_nothing_and_two_nodes_tell_once() {
    for make in [TestDatabase::sqlite, TestDatabase::postgres] {
        let app = TestApp::start(make(), |config| config.sources[0].secrets.clear());
        let told_at = open(&app).await.open[0].told_at.clone();
        assert!(told_at.is_some());
        let database = app.stop().await;
        let app = TestApp::start(database, |config| config.sources[0].secrets.clear());
        app.clock.advance(MINUTE);
        assert_eq!(open(&app).await.open[0].told_at, told_at, "it is not told again");

        let beside = app.start_another(|config| config.sources[0].secrets.clear());
        for hour in 1..=3 {
            app.clock.advance(HOUR);
            run_once(&app.state).await;
            run_once(&beside.state).await;
            let mut conn = app.database.connect();
            let alerts = ringback_core::queries::alerts::list_open_alerts(&mut conn).expect("read");
            assert_eq!((alerts.len(), alerts[0].tellings), (1, 1 + hour));
        }
        beside.stop().await;
        app.stop().await;
    }
}

#[actix_web::test]
async fn an_admin_takes_note_and_mutes_and_a_viewer_does_not() {
    on_each_database(async |app| {
        send_forged(app, "m1", "{}").await;
        let alert = open(app).await.open.remove(0);
        let path = |what: &str| format!("/api/admin/alerts/{}/{what}", alert.id);
        let noted: Alert = app.post(&path("acknowledge"), &json!({})).await.json();
        assert_eq!(noted.acknowledged_by.as_deref(), Some("tests"));
        assert_eq!(open(app).await.unread, 0);
        let until = "2027-01-16T08:00:00.000000Z";
        let muted: Alert = app.post(&path("mute"), &json!({ "until": until })).await.json();
        assert_eq!(muted.muted_until.as_deref(), Some(until));
        let unmuted: Alert = app.post(&path("mute"), &json!({ "until": null })).await.json();
        assert_eq!(unmuted.muted_until, None);
        for wrong in ["tomorrow", "2099-01-01T00:00:00Z"] {
            let answer = app.post(&path("mute"), &json!({ "until": wrong })).await;
            assert_eq!(answer.problem(), "/problems/invalid-input");
        }
        let answer = app.post("/api/admin/alerts/999/acknowledge", &json!({})).await;
        assert_eq!(answer.problem(), "/problems/not-found");
    })
    .await;
}

#[actix_web::test]
async fn the_history_is_paged_newest_first() {
    on_each_database(async |app| {
        let mut conn = app.database.connect();
        let at = NOW_SECONDS * 1_000_000 - 24 * HOUR;
        let seen = ringback_core::alert::Seen { count: 1, at, sample: None };
        let keys: Vec<_> = (0..60)
            .map(|n| {
                let condition = ringback_core::alert::Condition::NewEventType;
                (ringback_core::alert::Key::new(condition, "default", &format!("t{n:02}")), seen)
            })
            .collect();
        ringback_core::queries::alerts::record_seen(&mut conn, &keys).expect("recorded");
        run_once(&app.state).await;
        let first: AlertHistoryResponse = app.get("/api/admin/alerts/history").await.json();
        assert_eq!((first.alerts.len(), first.alerts[0].cause.as_str()), (50, "t59"));
        let before = first.before.expect("more");
        let path = format!("/api/admin/alerts/history?before={before}");
        let second: AlertHistoryResponse = app.get(&path).await.json();
        assert_eq!((second.alerts.len(), second.before), (10, None));
        assert_eq!(second.alerts[9].cause, "t00");
    })
    .await;
}

#[actix_web::test]
async fn a_source_that_falls_silent_a_new_event_type_and_an_ending_secret_are_alerts() {
    use diesel::connection::SimpleConnection;
    on_each_database(async |app| {
        // Four days of a callback each hour, then nothing.
        for hour in 0..4 * 24 {
            let body = json!({ "event_type": "job.completed", "hour": hour }).to_string();
            app.receipt(&format!("m{hour}"), body).await;
            run_once(&app.state).await;
            app.clock.advance(HOUR);
        }
        let conditions = async || -> Vec<String> {
            open(app).await.open.into_iter().map(|alert| alert.condition).collect()
        };
        assert_eq!(conditions().await, [""; 0]);
        app.clock.advance(4 * HOUR);
        assert_eq!(conditions().await, ["silent"]);
        app.receipt("new", json!({ "event_type": "job.exploded" }).to_string()).await;
        app.clock.advance(MINUTE);
        let now = open(app).await.open;
        assert_eq!((now.len(), now[0].condition.as_str()), (1, "new_event_type"), "{now:?}");
        assert!(now[0].title.contains("job.exploded"), "{now:?}");

        let ends_at = (app.now_seconds() + 3 * 24 * 3600) * 1_000_000;
        app.database
            .connect()
            .batch_execute(&format!(
                "INSERT INTO sources (name, title, provider, options, strict, created_at, created_by)
                 VALUES ('later', 'Later', 'standard-webhooks', '{{}}', FALSE, 0, 'tests');
                 INSERT INTO source_secrets
                 (id, source, label, sealed, key_id, ends_at, created_at, created_by)
                 VALUES ('s', 'later', 'spring', 'x', 'k', {ends_at}, 0, 'tests')"
            ))
            .expect("a source");
        app.clock.advance(MINUTE);
        let now = open(app).await.open;
        let ending = now.iter().find(|alert| alert.condition == "secret_ending");
        assert!(ending.is_some_and(|alert| alert.title.contains("spring")), "{now:?}");
    })
    .await;
}

async fn as_user(
    app: &TestApp,
    cookie: &str,
    method: Method,
    body: &Value,
) -> crate::support::Answer {
    let headers = [
        ("cookie", cookie),
        ("sec-fetch-site", "same-origin"),
        ("content-type", "application/json"),
    ];
    app.ask(method, "/api/admin/preferences", &headers, body.to_string()).await
}

#[actix_web::test]
async fn each_user_has_preferences_and_what_cannot_be_followed_is_refused() {
    on_each_database(async |app| {
        assert_eq!(PASSWORD.len(), 21);
        for (name, role) in [("ada", Role::Admin), ("vera", Role::Viewer)] {
            app.add_user(name, role);
        }
        let ada = app.sign_in("ada").await;
        let usual: Preferences = as_user(app, &ada, Method::GET, &json!(null)).await.json();
        assert_eq!(usual, Preferences::default());
        assert!(!usual.sound && usual.toasts.enabled && !usual.notifications.enabled);
        let mut chosen = serde_json::to_value(&usual).expect("JSON");
        chosen["quiet_hours"] = json!({ "from": "22:00", "to": "07:00" });
        chosen["time_zone"] = json!("Europe/Berlin");
        chosen["digest"] = json!("daily");
        chosen["digest_at"] = json!("07:30");
        chosen["conditions_off"] = json!(["silent"]);
        chosen["toasts"]["event_types"] = json!(["batch.*"]);
        let answer = as_user(app, &ada, Method::PUT, &chosen).await;
        assert_eq!(answer.json::<Value>(), chosen);
        assert_eq!(as_user(app, &ada, Method::GET, &json!(null)).await.json::<Value>(), chosen);
        for (field, wrong) in [
            ("time_zone", json!("Mars/Olympus")),
            ("digest_at", json!("7:30")),
            ("digest_at", json!("24:00")),
            ("quiet_hours", json!({ "from": "07:00", "to": "07:00" })),
            ("conditions_off", json!(["weather"])),
            ("toasts", json!({})),
        ] {
            let mut wrong_choice = chosen.clone();
            wrong_choice[field] = wrong;
            let answer = as_user(app, &ada, Method::PUT, &wrong_choice).await;
            assert_eq!(answer.problem(), "/problems/invalid-input", "{field}");
        }
        let vera = app.sign_in("vera").await;
        let hers: Preferences = as_user(app, &vera, Method::GET, &json!(null)).await.json();
        assert_eq!(hers, Preferences::default(), "they are hers, and hers alone");
        assert_eq!(as_user(app, &vera, Method::PUT, &chosen).await.status, 200);
        assert_eq!(app.get("/api/admin/preferences").await.problem(), "/problems/not-found");
    })
    .await;
}

#[actix_web::test]
async fn a_clock_that_is_not_the_databases_is_an_alert_until_it_is_set_right() {
    let app = TestApp::start(TestDatabase::postgres(), |_| {});
    // The tests' clock stands still somewhere else.
    let there = find_server_time(&mut app.database.connect()).expect("a time").expect("a clock");
    app.clock.advance(there - app.clock.now());
    let apart = async || clock::run_once(&app.state).await.expect("a look").expect("a clock");
    assert!(apart().await.abs() < 30_000_000);
    assert!(open(&app).await.open.is_empty());

    app.clock.advance(5 * HOUR);
    assert!(apart().await > 4 * HOUR);
    let now = open(&app).await.open;
    assert_eq!((now[0].condition.as_str(), now[0].cause.as_str()), ("clock", "ahead"));
    assert_eq!((now.len(), now[0].told_at.is_some()), (1, true));
    assert!(now[0].title.contains("ahead of the database's"), "{now:?}");

    app.clock.advance(-10 * HOUR);
    assert!(apart().await < -4 * HOUR);
    let now = open(&app).await.open;
    assert!(now.iter().any(|alert| alert.cause == "behind" && alert.told_at.is_some()), "{now:?}");

    app.clock.advance(5 * HOUR);
    assert!(apart().await.abs() < 30_000_000);
    app.clock.advance(6 * HOUR);
    assert!(open(&app).await.open.is_empty());
    app.stop().await;

    let app = TestApp::start(TestDatabase::sqlite(), |_| {});
    assert_eq!(clock::run_once(&app.state).await.expect("a look"), None);
    app.stop().await;
}

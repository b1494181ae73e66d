//! Alerts as they arrive: by real mail and by real webhooks, over days of a clock that is pushed.

use crate::alerts::{HOUR, MINUTE};
use crate::smtp::{AUTHORITY, MailServer, PASSWORD, USER};
use crate::support::{TestApp, forge};
use actix_web::dev::ServerHandle;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use futures_util::future::join_all;
use ringback_api::config::{Config, MailConfig, MailSecurity};
use ringback_api::keyring::KeyPlace;
use ringback_api::observations::Observation;
use ringback_api::worker::alerts::run_once;
use ringback_core::models::{Reason, Role};
use ringback_core::signature::{Headers, Scheme, Secret};
use ringback_testing::TestDatabase;
use ringback_wire::{
    ChannelsResponse, NewChannelResponse, Preferences, QuietHours, TestChannelResponse,
};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU16, Ordering};

const DAY: i64 = 24 * HOUR;

fn by_mail(server: &MailServer) -> impl Fn(&mut Config) + use<> {
    let port = server.port;
    move |config| {
        config.mail = Some(MailConfig {
            host: "127.0.0.1".to_owned(),
            port,
            security: MailSecurity::StartTls,
            credentials: Some((USER.to_owned(), PASSWORD.to_owned())),
            from: "Ringback <ringback@example.com>".to_owned(),
            root_certificate: Some(AUTHORITY.to_vec()),
        });
    }
}

async fn add_mail_channel(app: &TestApp) -> i64 {
    let body = json!({ "name": "ops", "kind": "mail", "target": "ops@example.com, b@example.com" });
    let added: NewChannelResponse = app.post("/api/admin/channels", &body).await.json();
    assert_eq!(added.secret, None);
    added.channel.id
}

async fn channels(app: &TestApp) -> ChannelsResponse {
    app.get("/api/admin/channels").await.json()
}

/// A bad signature, as receiving notes it.
fn note_forgery(app: &TestApp, source: &str) {
    use ringback_api::clock::Clock;
    let bad = Observation::BadSignature { source, reason: Some(Reason::Wrong) };
    app.state.observations.note(bad, None, app.clock.now());
}

/// Runs a story with a mail server, on each database.
async fn with_mail(story: impl AsyncFn(&TestApp, &MailServer)) {
    for make in [TestDatabase::sqlite, TestDatabase::postgres] {
        let server = MailServer::start(true).await;
        let app = TestApp::start(make(), by_mail(&server));
        add_mail_channel(&app).await;
        story(&app, &server).await;
        app.stop().await;
    }
}

#[actix_web::test]
async fn a_mail_goes_out_by_starttls_with_a_password_as_text_and_html() {
    with_mail(async |app, server| {
        note_forgery(app, "default");
        run_once(&app.state).await;
        let [mail] = server.mails().try_into().expect("one mail");
        assert_eq!((mail.user.as_deref(), mail.was_encrypted), (Some(USER), true));
        assert_eq!(mail.to, ["ops@example.com", "b@example.com"]);
        assert!(mail.from.contains("<ringback@example.com>"), "{}", mail.from);
        let subject = mail.subject();
        assert!(subject.starts_with("[Ringback] Bad signatures from “default”"), "{subject}");
        let text = mail.text();
        for part in ["text/plain", "text/html", "Compare the sender's secret", "/alerts"] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        let channel = channels(app).await.channels.remove(0);
        assert!(channel.last_sent_at.is_some() && channel.last_error.is_none());
        assert_eq!((channel.failures, channel.waiting), (0, 0));
    })
    .await;
}

#[actix_web::test]
async fn a_mail_server_that_is_wrong_is_told_of_and_gives_no_secret_away() {
    let server = MailServer::start(true).await;
    let in_clear = MailServer::start(false).await;
    let cases: [(&MailServer, &str, &str); 3] = [
        (&server, "not-the-password", "wrong name or password"),
        // It offers no STARTTLS: the password is not said to it.
        (&in_clear, PASSWORD, "STARTTLS"),
        (&server, PASSWORD, "no such box"),
    ];
    for (server, password, why) in cases {
        let app = TestApp::start(TestDatabase::sqlite(), |config| {
            by_mail(server)(config);
            let mail = config.mail.as_mut().expect("configured");
            mail.credentials = Some((USER.to_owned(), password.to_owned()));
        });
        let target = if why == "no such box" { "nobody@example.com" } else { "a@example.com" };
        let body = json!({ "name": "ops", "kind": "mail", "target": target });
        let added: NewChannelResponse = app.post("/api/admin/channels", &body).await.json();
        let path = format!("/api/admin/channels/{}/test", added.channel.id);
        let tested: TestChannelResponse = app.post(&path, &json!({})).await.json();
        let error = tested.error.expect("it failed");
        assert!(!tested.sent && error.contains(why), "{error}");
        assert!(!error.contains(password), "{error}");
        assert_eq!(channels(&app).await.channels[0].last_error.as_ref(), Some(&error));
        app.stop().await;
    }
    assert!(in_clear.mails().is_empty());
}

#[actix_web::test]
async fn a_storm_of_ten_thousand_forged_requests_is_a_handful_of_mails() {
    let server = MailServer::start(true).await;
    let app = TestApp::start(TestDatabase::sqlite(), |config| {
        by_mail(&server)(config);
        // All of them are stored: the limit on untrusted deliveries would refuse most.
        config.operations.floods.per_minute = None;
    });
    add_mail_channel(&app).await;
    for thousand in 0..10 {
        for batch in 0..10 {
            let requests = (0..100).map(|n| {
                let (app, id) = (&app, format!("f{thousand}_{batch}_{n}"));
                async move {
                    let headers = forge(&id, b"{}", app.now_seconds());
                    assert_eq!(app.deliver_with(&headers, "{}").await.status, 200);
                }
            });
            join_all(requests).await;
            run_once(&app.state).await;
        }
        app.clock.advance(6 * MINUTE);
        run_once(&app.state).await;
    }
    for _ in 0..3 * 24 {
        app.clock.advance(HOUR);
        run_once(&app.state).await;
    }
    let subjects: Vec<String> = server.mails().iter().map(crate::smtp::Mail::subject).collect();
    assert!((3..=8).contains(&subjects.len()), "{subjects:#?}");
    let last = subjects.last().expect("a mail");
    assert!(last.contains("Resolved") && last.contains("(10,000 times)"), "{subjects:#?}");
    app.stop().await;
}

#[actix_web::test]
async fn what_comes_and_goes_for_a_week_is_told_a_few_times_a_day_at_the_most() {
    with_mail(async |app, server| {
        // Every three hours, and it resolves in between.
        for half_hour in 0..7 * 48 {
            if half_hour % 6 == 0 {
                note_forgery(app, "default");
            }
            run_once(&app.state).await;
            app.clock.advance(30 * MINUTE);
        }
        let count = server.mails().len();
        assert!((3..=20).contains(&count), "{count} mails for 56 times");
    })
    .await;
}

#[actix_web::test]
async fn a_restart_sends_no_mail_again() {
    for make in [TestDatabase::sqlite, TestDatabase::postgres] {
        let server = MailServer::start(true).await;
        let app = TestApp::start(make(), by_mail(&server));
        add_mail_channel(&app).await;
        note_forgery(&app, "default");
        run_once(&app.state).await;
        let database = app.stop().await;
        let app = TestApp::start(database, by_mail(&server));
        for _ in 0..5 {
            app.clock.advance(MINUTE);
            run_once(&app.state).await;
        }
        assert_eq!(server.mails().len(), 1);
        app.stop().await;
    }
}

#[actix_web::test]
async fn of_two_nodes_that_see_it_one_sends_the_mail() {
    with_mail(async |app, server| {
        let other = app.start_another(by_mail(server));
        for round in 0..12 {
            note_forgery(app, "default");
            note_forgery(&other, "default");
            tokio::join!(run_once(&app.state), run_once(&other.state));
            app.clock.advance(10 * MINUTE);
            let now = app.get("/api/admin/alerts").await.json::<Value>();
            assert_eq!(now["open"].as_array().map(Vec::len), Some(1), "round {round}: {now}");
        }
        other.stop().await;
        run_once(&app.state).await;
        let subjects: Vec<String> = server.mails().iter().map(crate::smtp::Mail::subject).collect();
        // Two hours of it: the start, ten times as much, a reminder.
        assert!((2..=4).contains(&subjects.len()), "{subjects:#?}");
        let starts = subjects.iter().filter(|s| s.starts_with("[Ringback] Bad")).count();
        assert_eq!(starts, 1, "{subjects:#?}");
    })
    .await;
}

#[actix_web::test]
async fn what_piles_up_while_the_mail_server_is_down_for_an_hour_is_one_mail() {
    with_mail(async |app, server| {
        server.set_down(true);
        for minute in 0..60 {
            if minute % 15 == 0 {
                note_forgery(app, &format!("source-{minute}"));
            }
            run_once(&app.state).await;
            app.clock.advance(MINUTE);
        }
        let channel = channels(app).await.channels.remove(0);
        assert!(channel.failures >= 5 && channel.retry_at.is_some(), "{channel:?}");
        assert!(channel.last_error.is_some() && channel.waiting >= 4, "{channel:?}");
        assert!(channel.failures <= 12, "it is not tried each minute: {channel:?}");
        server.set_down(false);
        for _ in 0..16 {
            app.clock.advance(MINUTE);
            run_once(&app.state).await;
        }
        let [mail] = server.mails().try_into().expect("one mail");
        let text = mail.text();
        for source in ["source-0", "source-15", "source-30", "source-45"] {
            assert!(text.contains(source), "{source} is not in {text}");
        }
        let channel = channels(app).await.channels.remove(0);
        assert_eq!((channel.failures, channel.waiting, channel.last_error), (0, 0, None));
    })
    .await;
}

#[actix_web::test]
async fn quiet_hours_hold_mails_until_their_end_and_then_one_comes() {
    with_mail(async |app, server| {
        app.add_user("ada", Role::Admin);
        let cookie = app.sign_in("ada").await;
        // It is 08:00Z: 10:00 in Helsinki in winter.
        let chosen = Preferences {
            quiet_hours: Some(QuietHours { from: "09:00".to_owned(), to: "12:00".to_owned() }),
            time_zone: "Europe/Helsinki".to_owned(),
            conditions_off: vec!["refused".to_owned()],
            ..Preferences::default()
        };
        let headers = [
            ("cookie", cookie.as_str()),
            ("sec-fetch-site", "same-origin"),
            ("content-type", "application/json"),
        ];
        let body = serde_json::to_string(&chosen).expect("JSON");
        let put = actix_web::http::Method::PUT;
        let answer = app.ask(put, "/api/admin/preferences", &headers, body).await;
        assert_eq!(answer.status, 200);
        let refused = Observation::Refused { source: "default", problem: "too-large" };
        app.state.observations.note(refused, None, app.now_seconds() * 1_000_000);
        for source in ["one", "two"] {
            note_forgery(app, source);
            for _ in 0..5 {
                run_once(&app.state).await;
                app.clock.advance(10 * MINUTE);
            }
        }
        assert!(server.mails().is_empty(), "it is quiet until 12:00");
        for _ in 0..6 {
            app.clock.advance(5 * MINUTE);
            run_once(&app.state).await;
        }
        let [mail] = server.mails().try_into().expect("one mail");
        // The first of the two is over by then.
        assert!(mail.subject().contains("3 alerts, 1 of them resolved"), "{}", mail.subject());
        assert!(!mail.text().contains("too large"), "ada does not want it told");
    })
    .await;
}

/// A request that a receiver got: its headers and its body.
type Got = (Vec<(String, String)>, String);

/// What the receiver's handler shares with the test.
#[derive(Default)]
struct Seen {
    got: Mutex<Vec<Got>>,
    status: AtomicU16,
}

/// A receiver of webhooks and what it got.
struct Receiver {
    url: String,
    seen: web::Data<Seen>,
    handle: ServerHandle,
}

async fn take(request: HttpRequest, body: String, seen: web::Data<Seen>) -> HttpResponse {
    let headers = request
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()));
    seen.got.lock().expect("not poisoned").push((headers.collect(), body));
    let status = seen.status.load(Ordering::SeqCst);
    HttpResponse::build(status.try_into().expect("a status")).finish()
}

impl Receiver {
    fn start() -> Self {
        let seen = web::Data::new(Seen { status: AtomicU16::new(200), ..Seen::default() });
        let shared = seen.clone();
        let server = HttpServer::new(move || {
            App::new().app_data(shared.clone()).default_service(web::to(take))
        })
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .expect("a port");
        let url = format!("http://{}/hook/s3cret-path", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self { url, seen, handle }
    }

    fn bodies(&self) -> Vec<Got> {
        self.seen.got.lock().expect("not poisoned").clone()
    }
}

fn allow_this_machine(config: &mut Config) {
    config.outbound_allow = vec!["127.0.0.0/8".parse().expect("a network")];
}

#[actix_web::test]
async fn a_signed_webhook_verifies_as_standard_webhooks_and_a_slack_one_says_it_in_text() {
    for make in [TestDatabase::sqlite, TestDatabase::postgres] {
        let receiver = Receiver::start();
        let app = TestApp::start(make(), allow_this_machine);
        let add = async |name: &str, kind: &str| -> NewChannelResponse {
            let body = json!({ "name": name, "kind": kind, "target": receiver.url });
            app.post("/api/admin/channels", &body).await.json()
        };
        let webhook = add("hook", "webhook").await;
        let slack = add("slack", "slack").await;
        let secret = webhook.secret.expect("a signing secret, shown once");
        assert_eq!((slack.channel.target.as_str(), slack.secret), ("127.0.0.1", None));
        let listed = String::from_utf8(app.get("/api/admin/channels").await.body).expect("text");
        assert!(!listed.contains(&secret) && !listed.contains("s3cret-path\"},"), "{listed}");

        receiver.seen.status.store(500, Ordering::SeqCst);
        note_forgery(&app, "default");
        run_once(&app.state).await;
        let failed = channels(&app).await.channels;
        assert!(failed.iter().all(|c| c.failures == 1 && c.waiting == 1), "{failed:?}");
        assert!(failed[0].last_error.as_deref().is_some_and(|why| why.contains("500")));
        receiver.seen.status.store(200, Ordering::SeqCst);
        app.clock.advance(MINUTE);
        run_once(&app.state).await;

        let got = receiver.bodies();
        assert_eq!(got.len(), 4, "{got:?}");
        let signed: Vec<_> = got
            .iter()
            .filter(|(headers, _)| headers.iter().any(|(name, _)| name == "webhook-signature"))
            .collect();
        let id = |headers: &[(String, String)]| {
            headers.iter().find(|(name, _)| name == "webhook-id").map(|(_, id)| id.clone())
        };
        assert_eq!(id(&signed[0].0), id(&signed[1].0), "a retry has the id of the first try");
        let (headers, body) = signed[1];
        let headers = Headers::new(headers.iter().map(|(n, v)| (n.as_str(), v.as_bytes())));
        let secret = Secret::new(&secret).expect("not empty");
        let verdict = Scheme::StandardWebhooks.verify(
            &[secret],
            &headers,
            body.as_bytes(),
            app.now_seconds(),
        );
        assert!(verdict.signature.is_trusted(), "{verdict:?}");
        let body: Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(body["type"], "ringback.alerts");
        assert_eq!(body["data"]["alerts"][0]["condition"], "bad_signature");

        let slack: Vec<Value> = got
            .iter()
            .filter_map(|(_, body)| serde_json::from_str(body).ok())
            .filter(|body: &Value| body.get("text").is_some())
            .collect();
        assert!(slack[1]["text"].as_str().is_some_and(|text| text.contains("Bad signatures")));
        receiver.handle.stop(false).await;
        app.stop().await;
    }
}

/// Runs `ringback source rotate-key …` as an operator does beside a server.
fn rotate_key(database: &TestDatabase, key: (&str, &str), args: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_ringback"))
        .current_dir(folder.path())
        .args([&["source", "rotate-key", "--database-url", database.url_text()], args].concat())
        .env_clear()
        .env(key.0, key.1)
        .output()
        .expect("the binary runs");
    let said = String::from_utf8([output.stdout, output.stderr].concat()).expect("text");
    assert!(output.status.success(), "{said}");
    said
}

#[actix_web::test]
async fn a_running_server_goes_on_by_the_new_key_when_it_is_changed_in_the_file() {
    for make in [TestDatabase::sqlite, TestDatabase::postgres] {
        let receiver = Receiver::start();
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("ringback.key");
        let by_file = |config: &mut Config| {
            allow_this_machine(config);
            config.key_place = KeyPlace::File(file.clone());
        };
        let app = TestApp::start(make(), by_file);
        let add = async |app: &TestApp, name: &str| {
            let body = json!({ "name": name, "kind": "slack", "target": receiver.url });
            let added = app.post("/api/admin/channels", &body).await;
            added.json::<NewChannelResponse>().channel.id
        };
        let before = add(&app, "before").await;
        let path = file.to_str().expect("text");
        let said = rotate_key(&app.database, ("RINGBACK_SECRET_KEY_FILE", path), &[]);
        assert!(said.contains("those of 1 alert channels"), "{said}");
        let test = async |app: &TestApp, id: i64| {
            let path = format!("/api/admin/channels/{id}/test");
            app.post(&path, &json!({})).await.json::<TestChannelResponse>()
        };
        assert_eq!(test(&app, before).await.error, None);
        let after = add(&app, "after").await;
        let app = TestApp::start(app.stop().await, by_file);
        for id in [before, after] {
            assert_eq!(test(&app, id).await.error, None);
        }
        assert_eq!(receiver.bodies().len(), 3);
        receiver.handle.stop(false).await;
        app.stop().await;
    }
}

#[actix_web::test]
async fn channels_whose_secret_went_with_a_lost_key_ask_for_it_and_then_tell_what_waited() {
    for make in [TestDatabase::sqlite, TestDatabase::postgres] {
        let receiver = Receiver::start();
        let app = TestApp::start(make(), allow_this_machine);
        for (name, kind, target) in [
            ("hook", "webhook", receiver.url.as_str()),
            ("mail", "mail", "ops@example.com"),
            ("slack", "slack", &receiver.url),
        ] {
            let body = json!({ "name": name, "kind": kind, "target": target });
            assert_eq!(app.post("/api/admin/channels", &body).await.status, 200);
        }
        let database = app.stop().await;
        let new_key = "22".repeat(32);
        let said = rotate_key(&database, ("RINGBACK_SECRET_KEY", &new_key), &["--lost"]);
        assert!(said.contains("2 alert channels ask for their secret again"), "{said}");

        let app = TestApp::start(database, |config| {
            allow_this_machine(config);
            config.key_place = KeyPlace::given(&new_key).expect("a key");
        });
        note_forgery(&app, "default");
        run_once(&app.state).await;
        let listed = channels(&app).await.channels;
        let lacks: Vec<bool> = listed.iter().map(|channel| channel.lacks_secret).collect();
        assert_eq!(lacks, [true, false, true]);
        for channel in [&listed[0], &listed[2]] {
            let why = channel.last_error.as_deref();
            assert_eq!(why, Some("its secret was lost with the server's key: give it again"));
            assert_eq!(channel.waiting, 1);
        }
        let give = async |id: i64, body: Value| {
            app.post(&format!("/api/admin/channels/{id}/secret"), &body).await
        };
        for (id, wrong) in [
            (listed[0].id, json!({ "target": receiver.url })),
            (listed[1].id, json!({})),
            (listed[2].id, json!({})),
            (listed[2].id, json!({ "target": "ftp://x" })),
        ] {
            assert_eq!(give(id, wrong).await.problem(), "/problems/invalid-input");
        }
        assert_eq!(give(999, json!({})).await.problem(), "/problems/not-found");
        let hook: NewChannelResponse = give(listed[0].id, json!({})).await.json();
        let secret = Secret::new(&hook.secret.expect("shown once")).expect("not empty");
        let again = give(listed[2].id, json!({ "target": receiver.url })).await;
        assert!(!again.json::<NewChannelResponse>().channel.lacks_secret);
        run_once(&app.state).await;

        let got = receiver.bodies();
        assert_eq!(got.len(), 2, "{got:?}");
        let is_signed = |(headers, _): &&Got| headers.iter().any(|(n, _)| n == "webhook-signature");
        let (headers, body) = got.iter().find(is_signed).expect("the signed one");
        let headers = Headers::new(headers.iter().map(|(n, v)| (n.as_str(), v.as_bytes())));
        let seconds = app.now_seconds();
        let verdict =
            Scheme::StandardWebhooks.verify(&[secret], &headers, body.as_bytes(), seconds);
        assert!(verdict.signature.is_trusted(), "{verdict:?}");
        let listed = channels(&app).await.channels;
        assert!(listed.iter().all(|channel| !channel.lacks_secret));
        assert_eq!((listed[0].waiting, listed[0].last_error.as_deref()), (0, None));
        receiver.handle.stop(false).await;
        app.stop().await;
    }
}

#[actix_web::test]
async fn a_channel_never_reaches_a_private_address_that_is_not_allowed() {
    let receiver = Receiver::start();
    let app = TestApp::start(TestDatabase::sqlite(), |_| {});
    for kind in ["slack", "webhook"] {
        for target in
            [receiver.url.as_str(), "https://169.254.169.254/x", "https://[::1]/", "ftp://x"]
        {
            let body = json!({ "name": "x", "kind": kind, "target": target });
            let answer = app.post("/api/admin/channels", &body).await;
            assert_eq!(answer.problem(), "/problems/invalid-input", "{target}");
        }
    }
    assert!(channels(&app).await.channels.is_empty() && receiver.bodies().is_empty());
    receiver.handle.stop(false).await;
    app.stop().await;
}

#[actix_web::test]
async fn a_channel_is_named_once_tested_turned_off_and_deleted() {
    with_mail(async |app, server| {
        let id = channels(app).await.channels[0].id;
        for (name, target) in [("ops", "a@example.com"), ("", "a@example.com"), ("x", "nobody")] {
            let body = json!({ "name": name, "kind": "mail", "target": target });
            let answer = app.post("/api/admin/channels", &body).await;
            assert_eq!(answer.problem(), "/problems/invalid-input", "{name} {target}");
        }
        let tested = app.post(&format!("/api/admin/channels/{id}/test"), &json!({})).await;
        assert!(tested.json::<TestChannelResponse>().sent);
        assert!(server.mails()[0].subject().contains("test of the channel “ops”"));
        let path = format!("/api/admin/channels/{id}");
        assert_eq!(app.post(&path, &json!({ "enabled": false })).await.status, 204);
        note_forgery(app, "default");
        app.clock.advance(DAY);
        run_once(&app.state).await;
        assert_eq!(server.mails().len(), 1, "it is off");
        assert!(!channels(app).await.channels[0].enabled);
        let answer = app.delete(&path).await;
        assert_eq!(answer.status, 204);
        assert_eq!(app.delete(&path).await.problem(), "/problems/not-found");
    })
    .await;
}

//! What only a process can show: being killed, being told to stop, and what its log says.

use crate::support::{RECEIVE, SECRET, ask, forge, sign};
use actix_web::http::Method;
use ringback_api::clock::{Clock, SystemClock};
use ringback_core::queries;
use ringback_testing::{TestDatabase, for_each_database};
use ringback_wire::Receipt;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};

struct Process {
    child: Child,
    url: String,
    log: Option<ChildStderr>,
    _out: BufReader<ChildStdout>,
}

impl Process {
    fn start(database: &TestDatabase) -> Self {
        Self::start_with_drain(database, 0)
    }

    fn start_with_drain(database: &TestDatabase, drain_seconds: u32) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ringback"))
            .arg("serve")
            .current_dir(std::env::temp_dir())
            .env_clear()
            .env("DATABASE_URL", database.url_text())
            .env("LLM_WEBHOOK_SECRET", SECRET)
            .env("RINGBACK_BIND", "127.0.0.1:0")
            .env("RINGBACK_SECRET_KEY", "01".repeat(32))
            .env("RINGBACK_LOG", "debug")
            .env("RINGBACK_DRAIN_SECONDS", drain_seconds.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        out.read_line(&mut line).expect("it says where it listens");
        let url = line.trim().rsplit(' ').next().expect("an address").to_owned();
        assert!(url.starts_with("http://127.0.0.1:"), "{line}");
        let log = child.stderr.take();
        Self { child, url, log, _out: out }
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status().expect("kill runs");
        assert!(sent.success());
    }
}

/// Sends until the server is gone; gives the ids and bodies that were acknowledged.
async fn load(url: &str, senders: usize, enough: impl Fn(usize)) -> Vec<(i64, String)> {
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let enough = &enough;
    let send = |sender: usize| {
        let acknowledged = Arc::clone(&acknowledged);
        async move {
            let client = awc::Client::default();
            for n in 0.. {
                let body = format!("{{\"sender\":{sender},\"n\":{n}}}");
                let now = SystemClock.now() / 1_000_000;
                let mut request = client.post(format!("{url}{RECEIVE}"));
                for (name, value) in sign(&format!("m{sender}_{n}"), body.as_bytes(), now) {
                    request = request.append_header((name, value));
                }
                let Ok(mut response) = request.send_body(body.clone()).await else { return };
                if response.status() != 200 {
                    return;
                }
                let Ok(receipt) = response.json::<Receipt>().await else { return };
                let count = {
                    let mut acknowledged = acknowledged.lock().expect("not poisoned");
                    acknowledged.push((receipt.id, body));
                    acknowledged.len()
                };
                enough(count);
            }
        }
    };
    futures_util::future::join_all((0..senders).map(send)).await;
    Arc::try_unwrap(acknowledged).expect("all senders ended").into_inner().expect("not poisoned")
}

fn assert_all_stored(database: &TestDatabase, acknowledged: &[(i64, String)]) {
    let mut conn = database.connect();
    for (id, body) in acknowledged {
        let stored = queries::find_callback(&mut conn, *id).expect("a query");
        let stored = stored.unwrap_or_else(|| panic!("{id} was acknowledged and is lost"));
        let delivery = stored.line.callback.delivery_id;
        let payload = queries::find_payload(&mut conn, *id, delivery).expect("a query");
        assert_eq!(payload.as_deref(), Some(body.as_bytes()));
    }
}

#[test]
fn invariant_1_no_acknowledged_callback_is_lost_when_the_process_is_killed() {
    for_each_database(|database| {
        for kill_at in [1, 37, 150] {
            let mut process = Process::start(database);
            let acknowledged = actix_web::rt::System::new().block_on(async {
                load(&process.url, 16, |count| {
                    if count == kill_at {
                        process.signal("KILL");
                    }
                })
                .await
            });
            process.child.wait().expect("it is dead");
            assert!(acknowledged.len() >= kill_at);
            assert_all_stored(database, &acknowledged);
        }
    });
}

#[test]
fn a_server_that_is_told_to_stop_finishes_what_it_took_and_ends_well() {
    for_each_database(|database| {
        let mut process = Process::start(database);
        let acknowledged = actix_web::rt::System::new().block_on(async {
            load(&process.url, 8, |count| {
                if count == 50 {
                    process.signal("TERM");
                }
            })
            .await
        });
        assert!(process.child.wait().expect("it ends").success());
        assert_all_stored(database, &acknowledged);
        let stored = queries::list_callbacks_after(&mut database.connect(), 0, 10_000)
            .expect("the feed")
            .len();
        assert_eq!(stored, acknowledged.len(), "what was stored was also acknowledged");
    });
}

#[test]
fn a_server_that_is_told_to_stop_says_so_before_it_stops_listening() {
    let database = TestDatabase::sqlite();
    // Long enough for a slow machine; the second signal ends it.
    let mut process = Process::start_with_drain(&database, 600);
    actix_web::rt::System::new().block_on(async {
        assert_eq!(ask(&process.url, Method::GET, "/readyz", &[], "").await.status, 200);
        process.signal("TERM");
        while ask(&process.url, Method::GET, "/readyz", &[], "").await.status == 200 {}
        assert_eq!(ask(&process.url, Method::GET, "/healthz", &[], "").await.status, 200);
        let answer = ask(&process.url, Method::POST, RECEIVE, &[], "{}").await;
        assert_eq!((answer.status.as_u16(), answer.header("connection")), (200, "close"));
    });
    process.signal("TERM");
    assert!(process.child.wait().expect("it ends").success());
}

#[test]
fn the_log_warns_at_once_and_never_shows_a_secret_or_a_payload() {
    let database = TestDatabase::sqlite();
    let mut process = Process::start(&database);
    let now = SystemClock.now() / 1_000_000;
    actix_web::rt::System::new().block_on(async {
        for n in 0..5 {
            let body = format!("{{\"n\":{n},\"private\":\"payload-in-clear\"}}");
            let headers = forge(&format!("m{n}"), body.as_bytes(), now);
            let headers: Vec<(&str, &str)> =
                headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            ask(&process.url, Method::POST, RECEIVE, &headers, body).await;
        }
        let body = r#"{"name":"ada","password":"password-in-clear"}"#;
        let json = [("content-type", "application/json"), ("authorization", "Bearer rbk_in_clear")];
        ask(&process.url, Method::POST, "/api/session", &json, body).await;
        ask(&process.url, Method::GET, "/api/session", &json, "").await;
    });
    process.signal("TERM");
    let mut log = String::new();
    process.log.take().expect("a pipe").read_to_string(&mut log).expect("the log");
    process.child.wait().expect("it ends");
    assert_eq!(log.matches("Bad signatures from “default”").count(), 1, "{log}");
    for secret in [&SECRET[6..], "payload-in-clear", "password-in-clear", "rbk_in_clear", "v1,"] {
        assert!(!log.contains(secret), "{secret:?} is in the log");
    }
}

#[test]
fn several_servers_that_start_together_on_a_new_database_all_come_up() {
    for database in [TestDatabase::empty_sqlite(), TestDatabase::empty_postgres()] {
        let mut processes: Vec<Process> = std::thread::scope(|scope| {
            let starting: Vec<_> =
                (0..3).map(|_| scope.spawn(|| Process::start(&database))).collect();
            starting.into_iter().map(|start| start.join().expect("it started")).collect()
        });
        for process in &processes {
            process.signal("TERM");
        }
        for process in &mut processes {
            assert!(process.child.wait().expect("it ends").success());
        }
    }
}

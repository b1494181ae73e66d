//! `ringback send`, as a script uses it: against a real server, and against one that is busy.

use crate::support::{RECEIVE, SECRET, TestApp, on_each_database};
use ringback_api::clock::{Clock, SystemClock};
use ringback_wire::{HistoryResponse, Signature};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output};

fn send(url: &str, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ringback"))
        .args(["send", "--url", url])
        .args(args)
        .current_dir(std::env::temp_dir())
        .env_clear()
        .env("LLM_WEBHOOK_SECRET", format!("{SECRET},an old one"))
        .output()
        .expect("the binary runs")
}

async fn send_to(app: &TestApp, args: &'static [&'static str]) -> Output {
    // The command signs by the machine's clock, so the server's has to follow.
    app.clock.advance(SystemClock.now() - app.clock.now());
    let url = format!("{}{RECEIVE}", app.url);
    actix_web::web::block(move || send(&url, args)).await.expect("it ran")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

async fn history(app: &TestApp) -> HistoryResponse {
    app.get("/api/admin/llm-callbacks/history?limit=200").await.json()
}

#[actix_web::test]
async fn the_demo_is_stored_and_its_forgery_changes_nothing() {
    on_each_database(async |app| {
        let args = &["--scenario", "demo", "--rate", "1000", "--json"];
        let output = send_to(app, args).await;
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert!(text(&output.stderr).contains("sent 17, acknowledged 17, duplicates 2, failed 0"));
        let stored = history(app).await.callbacks;
        for line in text(&output.stdout).lines() {
            let line: Value = serde_json::from_str(line).expect("JSON");
            assert_eq!(line["status"], 200);
            assert!(stored.iter().any(|callback| line["callback_id"] == callback.callback_id));
        }
        let count = |signature| stored.iter().filter(|c| c.signature == signature).count();
        assert_eq!((count(Signature::Valid), count(Signature::Missing), stored.len()), (14, 1, 15));
    })
    .await;
}

#[actix_web::test]
async fn both_schemes_are_believed_and_a_second_run_is_new() {
    on_each_database(async |app| {
        for scheme in [&["--scheme", "standard-webhooks"], &["--scheme", "hmac-sha256"]] {
            let output = send_to(app, scheme).await;
            assert!(text(&output.stdout).contains("acknowledged 1, duplicates 0"));
        }
        let stored = history(app).await.callbacks;
        assert_eq!(stored.len(), 2);
        assert!(stored.iter().all(|callback| callback.signature == Signature::Valid));
    })
    .await;
}

#[actix_web::test]
async fn a_burst_is_acknowledged_whole_and_a_seed_repeats_it() {
    on_each_database(async |app| {
        let args = &["--scenario", "burst", "--count", "200", "--connections", "16", "--seed", "7"];
        let first = send_to(app, args).await;
        assert!(first.status.success(), "{}", text(&first.stderr));
        assert!(text(&first.stdout).contains("acknowledged 200, duplicates 0"));
        let again = send_to(app, args).await;
        assert!(text(&again.stdout).contains("acknowledged 200, duplicates 200"));
        assert_eq!(history(app).await.callbacks.len(), 200);
    })
    .await;
}

#[test]
fn a_busy_server_is_asked_again_and_a_dead_one_makes_the_command_fail() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let busy = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let stored = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
    let server = std::thread::spawn(move || {
        [busy, busy, stored].map(|answer| {
            let (mut stream, _) = listener.accept().expect("a connection");
            let request = read_request(&mut stream);
            stream.write_all(answer.as_bytes()).expect("the answer");
            request
        })
    });
    let output = send(&url, &["--id", "one"]);
    assert!(output.status.success(), "{}", text(&output.stdout));
    for request in server.join().expect("three requests") {
        assert!(request.contains("webhook-id: one\r\n"), "{request}");
    }
    let output = send(&url, &["--id", "one"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("acknowledged 0, duplicates 0, failed 1"));
}

/// Reads a whole request, so that closing the connection does not lose the answer.
fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let count = stream.read(&mut chunk).expect("the request");
        bytes.extend_from_slice(&chunk[..count]);
        let request = text(&bytes).to_ascii_lowercase();
        if let Some((head, body)) = request.split_once("\r\n\r\n") {
            let length = head.split("content-length: ").nth(1).expect("a length");
            let length: usize = length.lines().next().expect("a line").parse().expect("a number");
            if body.len() >= length {
                return request;
            }
        }
    }
}

//! The invariants of `docs/ARCHITECTURE.md`, each by name, over HTTP. Invariant 1 needs a process
//! that is killed: `process.rs`. The same promises are tested closer to the database in core.

use crate::support::{NOW_SECONDS, TestApp, forge, on_each_database, sign};
use futures_util::future::join_all;
use ringback_wire::{CallbackDetail, CheckResponse, HistoryResponse, Receipt, Signature};
use serde_json::Value;

async fn detail(app: &TestApp, id: i64) -> CallbackDetail {
    app.get(&format!("/api/admin/llm-callbacks/{id}")).await.json()
}

async fn check(app: &TestApp, cursor: &str) -> CheckResponse {
    app.get(&format!("/api/admin/llm-callbacks/check?cursor={cursor}")).await.json()
}

async fn newest_cursor(app: &TestApp) -> String {
    app.get("/api/admin/llm-callbacks/check").await.json::<CheckResponse>().cursor
}

#[actix_web::test]
async fn invariant_2_a_callback_is_stored_exactly_once_whatever_the_concurrency() {
    on_each_database(async |app| {
        let cursor = newest_cursor(app).await;
        let body = br#"{"type":"batch.completed"}"#;
        let answers = join_all((0..40).map(|_| app.deliver("msg_1", body))).await;
        let receipts: Vec<Receipt> = answers.iter().map(super::support::Answer::json).collect();
        assert!(receipts.iter().all(|receipt| receipt.id == receipts[0].id));
        assert_eq!(receipts.iter().filter(|receipt| !receipt.duplicate).count(), 1);
        let history: HistoryResponse = app.get("/api/admin/llm-callbacks/history").await.json();
        assert_eq!(history.callbacks.len(), 1);
        assert_eq!(history.callbacks[0].deliveries, 40);
        assert_eq!(check(app, &cursor).await.callbacks.len(), 1);
    })
    .await;
}

#[actix_web::test]
async fn invariant_3_a_forged_delivery_never_changes_hides_or_relabels_a_genuine_one() {
    on_each_database(async |app| {
        let genuine = br#"{"type":"batch.completed","data":{"id":"batch_1"}}"#;
        let forged = br#"{"type":"batch.failed","data":{"id":"batch_1"}}"#;
        let headers = forge("msg_1", forged, NOW_SECONDS);

        // Before the genuine one: stored and flagged, then replaced.
        let first: Receipt = app.deliver_with(&headers, forged).await.json();
        assert_eq!(detail(app, first.id).await.signature, Signature::Invalid);
        let cursor = newest_cursor(app).await;
        let second = app.receipt("msg_1", genuine).await;
        assert_eq!((second.id, second.duplicate), (first.id, true));
        let seen = check(app, &cursor).await;
        assert_eq!(seen.callbacks.len(), 1, "the genuine one notifies");
        assert_eq!(seen.callbacks[0].signature, Signature::Valid);

        // After it, in many forms: evidence, and nothing else.
        let mut attempts = vec![headers, vec![("webhook-id".into(), "msg_1".into())]];
        let mut captured = sign("msg_1", genuine, NOW_SECONDS);
        captured[1].1 = (NOW_SECONDS + 1).to_string();
        attempts.push(captured);
        for attempt in &attempts {
            assert_eq!(app.deliver_with(attempt, forged).await.status, 200);
        }
        assert!(check(app, &seen.cursor).await.callbacks.is_empty(), "a forgery never notifies");
        let stored = detail(app, first.id).await;
        assert_eq!(stored.payload.as_deref().map(str::as_bytes), Some(genuine.as_slice()));
        assert_eq!(stored.signature, Signature::Valid);
        assert_eq!(stored.event_type, "batch.completed");
        assert_eq!(stored.deliveries, 5, "every delivery is counted");
        let forged_kept = stored.evidence.iter().find(|delivery| !delivery.is_content);
        let delivery = forged_kept.expect("the forgery is evidence").id;
        let path = format!("/api/admin/llm-callbacks/{}/payload?delivery={delivery}", first.id);
        assert_eq!(app.get(&path).await.body, forged);
    })
    .await;
}

#[actix_web::test]
async fn invariant_3_a_replayed_old_request_never_turns_the_clock_back() {
    on_each_database(async |app| {
        let (old, new) = (br#"{"status":"queued"}"#, br#"{"status":"succeeded"}"#);
        let old_headers = sign("msg_1", old, NOW_SECONDS);
        let id = app.deliver_with(&old_headers, old).await.json::<Receipt>().id;
        app.clock.advance(10_000_000);
        let cursor = newest_cursor(app).await;
        app.receipt("msg_1", new).await;
        let seen = check(app, &cursor).await;
        assert_eq!(seen.callbacks.len(), 1, "changed bytes notify");
        app.deliver_with(&old_headers, old).await;
        assert!(check(app, &seen.cursor).await.callbacks.is_empty());
        assert_eq!(detail(app, id).await.payload.as_deref(), Some(r#"{"status":"succeeded"}"#));
    })
    .await;
}

#[actix_web::test]
async fn invariant_4_a_reader_sees_each_callback_once_while_many_write() {
    on_each_database(async |app| {
        let mut cursor = newest_cursor(app).await;
        let writing = async {
            for round in 0..10 {
                let batch = (0..20).map(|n| app.deliver_owned(format!("msg_{round}_{n}")));
                join_all(batch).await;
            }
        };
        let mut seen = Vec::new();
        let reading = async {
            while seen.len() < 200 {
                let page = check(app, &cursor).await;
                seen.extend(page.callbacks.into_iter().map(|callback| callback.id));
                cursor = page.cursor;
            }
        };
        tokio::join!(writing, reading);
        assert!(check(app, &cursor).await.callbacks.is_empty());
        let mut once = seen.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), 200, "none skipped and none repeated");
        assert_eq!(once, seen, "in one order");
    })
    .await;
}

impl TestApp {
    async fn deliver_owned(&self, id: String) {
        self.receipt(&id, b"{}").await;
    }
}

#[actix_web::test]
async fn invariant_5_bytes_are_kept_and_shown_as_they_were_sent() {
    on_each_database(async |app| {
        let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
        let bodies: Vec<Vec<u8>> = vec![
            vec![],
            b"\x00\xff\xfe not utf-8".to_vec(),
            br#"{"a":1,"a":2, "z":196619188014358660, "b":1.10}"#.to_vec(),
            b" {\r\n\t\"x\" : \"\\u00e9\" }\n\n".to_vec(),
            deep.into_bytes(),
            (0..1_048_576).map(|n: u32| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect(),
            vec![b'a'; 1_048_576],
        ];
        for (index, body) in bodies.iter().enumerate() {
            let receipt = app.receipt(&format!("msg_{index}"), body).await;
            let path = format!("/api/admin/llm-callbacks/{}/payload", receipt.id);
            assert!(app.get(&path).await.body == *body, "body {index}");
            let shown = detail(app, receipt.id).await;
            assert_eq!(shown.size_bytes, i64::try_from(body.len()).expect("small"));
            match std::str::from_utf8(body) {
                Ok(text) => assert_eq!(shown.payload.as_deref(), Some(text)),
                Err(_) => assert!(shown.payload.is_none() && shown.payload_base64.is_some()),
            }
        }
        let odd: Value = app.get("/api/admin/llm-callbacks/3").await.json();
        assert!(odd["payload"].as_str().is_some_and(|text| text.contains("196619188014358660")));
    })
    .await;
}

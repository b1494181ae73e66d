//! What deliveries that are not trusted may take.

use crate::support::{NOW_SECONDS, RECEIVE, TestApp, forge, on_each_database_with, sign};
use actix_web::http::Method;
use ringback_api::config::Config;
use ringback_api::worker::floods;
use ringback_testing::TestDatabase;
use ringback_wire::{Alert, CallbackDetail, PayloadAbsence, Receipt, RefusalsResponse, Signature};
use std::num::NonZeroU32;

/// Two at once, then one in half a minute: no test is so slow.
fn strict(config: &mut Config) {
    config.operations.floods.per_minute = NonZeroU32::new(2);
}

/// What an admin is told of deliveries that were not kept whole.
async fn refused(app: &TestApp) -> Vec<Alert> {
    let open = crate::alerts::open(app).await.open;
    open.into_iter().filter(|alert| alert.condition == "refused").collect()
}

#[actix_web::test]
async fn a_flood_is_told_to_wait_and_genuine_deliveries_pass_all_the_while() {
    on_each_database_with(strict, async |app| {
        let mut refused = 0;
        for n in 0..20 {
            let body = format!("{{\"n\":{n}}}");
            let forged = forge(&format!("forged_{n}"), body.as_bytes(), NOW_SECONDS);
            let answer = app.deliver_with(&forged, &body).await;
            if answer.status == 429 {
                assert_eq!(answer.problem(), "/problems/rate-limited");
                let wait: u64 = answer.header("retry-after").parse().expect("seconds");
                assert!((1..=60).contains(&wait), "{wait}");
                refused += 1;
            } else {
                assert_eq!(answer.status, 200);
            }
            app.receipt(&format!("genuine_{n}"), &body).await;
        }
        assert_eq!(refused, 18);

        floods::run_once(&app.state).await.expect("the refusals are recorded");
        let refusals: RefusalsResponse = app.get("/api/admin/refusals").await.json();
        let seen: i64 = refusals.refusals.iter().map(|refusal| refusal.seen).sum();
        assert_eq!(seen, 18);
        assert!(refusals.refusals.len() <= 4, "a flood of refusals is a few rows");
        let refusal = &refusals.refusals[0];
        assert_eq!(refusal.problem, "/problems/rate-limited");
        assert_eq!(refusal.remote_addr.as_deref(), Some("127.0.0.1"));
        let told = self::refused(app).await;
        let told: Vec<_> =
            told.iter().map(|a| (a.source.as_str(), a.cause.as_str(), a.count)).collect();
        assert_eq!(told, [("default", "rate-limited", 18)]);
    })
    .await;
}

#[actix_web::test]
async fn refusals_that_wait_are_recorded_when_the_server_stops() {
    let app = TestApp::start(TestDatabase::sqlite(), strict);
    for _ in 0..5 {
        app.deliver_with(&[], "{}").await;
    }
    let database = app.stop().await;
    let refused = ringback_core::queries::refusals::list_refusals(&mut database.connect(), 10);
    let seen: i64 = refused.expect("a query").iter().map(|row| row.seen).sum();
    assert_eq!(seen, 3);
}

#[actix_web::test]
async fn bodies_over_the_quota_are_kept_as_digests_and_the_screen_is_told() {
    let small = |config: &mut Config| config.operations.floods.bytes_per_day = Some(100);
    on_each_database_with(small, async |app| {
        let body = "x".repeat(60);
        let first: Receipt = app.ask(Method::POST, RECEIVE, &[], body.clone()).await.json();
        let detail = async |id: i64| -> CallbackDetail {
            app.get(&format!("/api/admin/llm-callbacks/{id}")).await.json()
        };
        assert_eq!(detail(first.id).await.payload.as_deref(), Some(body.as_str()));
        assert_eq!(refused(app).await, []);

        let other = "y".repeat(60);
        let second: Receipt = app.ask(Method::POST, RECEIVE, &[], other.clone()).await.json();
        let stored = detail(second.id).await;
        assert_eq!(stored.payload_absence, Some(PayloadAbsence::OverQuota));
        assert_eq!((stored.payload, stored.payload_base64, stored.size_bytes), (None, None, 60));
        assert_eq!(stored.evidence[0].payload_sha256.len(), 64);
        assert!(!stored.evidence[0].has_payload);
        let raw = app.get(&format!("/api/admin/llm-callbacks/{}/payload", second.id)).await;
        assert_eq!(raw.status, 404);
        let told = refused(app).await;
        assert_eq!((told.len(), told[0].cause.as_str()), (1, "over-quota"));

        // The genuine one is kept whole, under the same digest, and makes the callback trusted.
        let id = format!("sha256:{}", stored.evidence[0].payload_sha256);
        let genuine = app.receipt(&id, &other).await;
        assert_eq!((genuine.id, genuine.duplicate), (second.id, true));
        let promoted = detail(second.id).await;
        assert_eq!(promoted.signature, Signature::Valid);
        assert_eq!(promoted.payload.as_deref(), Some(other.as_str()));
    })
    .await;
}

#[actix_web::test]
async fn a_source_that_has_used_up_its_bytes_elsewhere_is_over_its_quota_here() {
    let small = |config: &mut Config| config.operations.floods.bytes_per_day = Some(100);
    on_each_database_with(small, async |app| {
        // Another node stored it: this one hears of it from the database.
        let (writer, body) = (app.state.writer.clone(), vec![b'z'; 100]);
        let source = app.state.config.sources[0].clone();
        let headers = ringback_core::signature::Headers::new(std::iter::empty::<(&str, &str)>());
        let request = ringback_core::intake::Request {
            headers: &headers,
            body: &body,
            remote_addr: None,
            received_at: NOW_SECONDS * 1_000_000,
        };
        let delivery = ringback_core::intake::read_delivery(&source, &request);
        writer.store(delivery).await.expect("it is stored");
        floods::run_once(&app.state).await.expect("the database is asked");
        let receipt: Receipt = app.ask(Method::POST, RECEIVE, &[], "{}").await.json();
        let path = format!("/api/admin/llm-callbacks/{}", receipt.id);
        let detail: CallbackDetail = app.get(&path).await.json();
        assert_eq!(detail.payload_absence, Some(PayloadAbsence::OverQuota));
    })
    .await;
}

#[actix_web::test]
async fn the_sender_behind_a_trusted_proxy_is_the_one_that_the_proxy_names() {
    let trusted = |config: &mut Config| {
        strict(config);
        config.operations.trusted_proxies = vec![std::net::IpAddr::from([127, 0, 0, 1]).into()];
    };
    for (change, expected) in [(trusted as fn(&mut Config), 4), (strict, 2)] {
        let app = TestApp::start(TestDatabase::sqlite(), change);
        let mut taken = 0;
        for from in ["203.0.113.1", "203.0.113.1", "203.0.113.1", "203.0.113.2", "203.0.113.2"] {
            let answer = app.ask(Method::POST, RECEIVE, &[("x-forwarded-for", from)], "{}").await;
            taken += usize::from(answer.status == 200);
        }
        assert_eq!(taken, expected);
        let receipt = app.receipt("genuine", "{\"n\":1}").await;
        let path = format!("/api/admin/llm-callbacks/{}", receipt.id);
        let detail: CallbackDetail = app.get(&path).await.json();
        assert_eq!(detail.evidence[0].remote_addr.as_deref(), Some("127.0.0.1"));
        app.stop().await;
    }
}

#[actix_web::test]
async fn a_valid_delivery_from_a_flooding_address_is_stored() {
    let app = TestApp::start(TestDatabase::sqlite(), strict);
    for _ in 0..10 {
        app.deliver_with(&[], "{}").await;
    }
    let headers = sign("msg_1", b"{}", NOW_SECONDS);
    let flood = (0..50).map(|_| app.deliver_with(&[], "{}"));
    let (genuine, flood) = futures_util::future::join(
        app.deliver_with(&headers, "{}"),
        futures_util::future::join_all(flood),
    )
    .await;
    assert_eq!(genuine.status, 200);
    assert!(flood.iter().all(|answer| answer.status == 429));
    app.stop().await;
}

//! What Prometheus is told.

use crate::support::{NOW_SECONDS, TestApp, forge, on_each_database};
use actix_web::http::Method;
use ringback_api::metrics::Metrics;
use ringback_api::writer::WriterStats;
use ringback_testing::TestDatabase;
use std::collections::BTreeMap;

async fn scrape(app: &TestApp) -> String {
    let answer = app.get("/metrics").await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").starts_with("application/openmetrics-text"));
    String::from_utf8(answer.body).expect("text")
}

/// The value of a series, by name and labels as they are printed.
fn value(text: &str, series: &str) -> i64 {
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{series} ")));
    line.unwrap_or_else(|| panic!("{series} is not in\n{text}"))
        .trim_end_matches(".0")
        .parse()
        .expect("a number")
}

#[actix_web::test]
async fn what_happens_is_counted() {
    on_each_database(async |app| {
        app.receipt("msg_1", "{}").await;
        app.receipt("msg_1", "{}").await;
        app.deliver_with(&forge("msg_2", b"{}", NOW_SECONDS), "{}").await;
        app.deliver("msg_3", vec![b'x'; (1 << 20) + 1]).await;
        app.get("/api/admin/llm-callbacks/check").await;
        let text = scrape(app).await;
        let delivered = |signature: &str, effect: &str| {
            let labels =
                format!("source=\"default\",signature=\"{signature}\",effect=\"{effect}\"");
            value(&text, &format!("ringback_deliveries_total{{{labels}}}"))
        };
        assert_eq!(delivered("valid", "created"), 1);
        assert_eq!(delivered("valid", "repeated"), 1);
        assert_eq!(delivered("invalid", "created"), 1);
        let refused = "ringback_refused_total{source=\"default\",problem=\"too-large\"}";
        assert_eq!(value(&text, refused), 1);
        assert_eq!(value(&text, "ringback_store_seconds_count"), 3);
        assert_eq!(value(&text, "ringback_batch_deliveries_sum"), 3);
        assert_eq!(value(&text, "ringback_commit_seconds_count"), 3);
        assert!(value(&text, "ringback_task_seconds_count") >= 1, "the refusal was a task");
        assert_eq!(value(&text, "ringback_queue_deliveries"), 0);
        assert_eq!(value(&text, "ringback_feed_head_position"), 3);
        assert!(value(&text, "ringback_readers_connections{state=\"idle\"}") >= 1);
        assert!(value(&text, "ringback_process_resident_memory_bytes") > 1_000_000);
        let route = "method=\"POST\",route=\"/api/webhooks/llm-callback\",status=\"2xx\"";
        assert_eq!(value(&text, &format!("ringback_request_duration_seconds_count{{{route}}}")), 3);
        assert!(text.ends_with("# EOF\n"));
    })
    .await;
}

#[actix_web::test]
async fn nothing_that_a_sender_chooses_becomes_a_label() {
    let app = TestApp::start(TestDatabase::sqlite(), |_| {});
    for n in 0..50 {
        let path = format!("/api/webhooks/llm-callback/made-up-{n}");
        app.ask(Method::POST, &path, &[("x-callback-id", "made-up")], "{\"type\":\"made-up\"}")
            .await;
        app.ask(Method::GET, &format!("/made-up-{n}"), &[], "").await;
        app.ask(
            Method::POST,
            "/api/webhooks/llm-callback",
            &[],
            format!("{{\"type\":\"made-up-{n}\"}}"),
        )
        .await;
    }
    let text = scrape(&app).await;
    assert!(!text.contains("made-up"), "{text}");
    app.stop().await;
}

#[actix_web::test]
async fn who_may_read_them() {
    let app = TestApp::start(TestDatabase::sqlite(), |config| {
        config.operations.metrics.token = Some("a token of the operator's".to_owned());
        config.operations.metrics.bind = Some(([127, 0, 0, 1], 0).into());
    });
    let ask = async |authorization: &str| {
        let headers = [("authorization", authorization)];
        app.ask(Method::GET, "/metrics", &headers, "").await.status.as_u16()
    };
    assert_eq!(app.ask(Method::GET, "/metrics", &[], "").await.status, 401);
    assert_eq!(ask("Bearer a token of the operator's").await, 200);
    assert_eq!(ask("Bearer another").await, 401);
    assert_eq!(app.get("/metrics").await.status, 200);
    app.stop().await;
}

#[test]
fn the_dashboard_and_the_alert_rules_ask_for_metrics_that_exist() {
    let metrics = Metrics::new(&WriterStats::default());
    let known = metrics.names();
    assert!(known.len() > 20, "{known:?}");
    let mut asked: BTreeMap<&str, usize> = BTreeMap::new();
    for (file, text) in [
        ("grafana", include_str!("../../../../deploy/grafana/ringback.json")),
        ("alerts", include_str!("../../../../deploy/prometheus/ringback.rules.yml")),
    ] {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        for word in words.filter(|word| word.starts_with("ringback_")) {
            assert!(
                known.iter().any(|name| name == word),
                "{file} asks for {word}, which is not there"
            );
            *asked.entry(file).or_default() += 1;
        }
    }
    assert!(asked["grafana"] > 15 && asked["alerts"] > 5, "{asked:?}");
}

//! Traces, as a collector gets them.

use crate::support::TestApp;
use actix_web::http::Method;
use actix_web::{App, HttpResponse, HttpServer, web};
use ringback_api::worker::traces;
use ringback_testing::TestDatabase;
use serde_json::Value;
use std::sync::{Arc, Mutex};

type Got = web::Data<Mutex<Vec<Value>>>;

async fn take(got: Got, body: web::Json<Value>) -> HttpResponse {
    got.lock().expect("not poisoned").push(body.into_inner());
    HttpResponse::Ok().json(serde_json::json!({}))
}

#[actix_web::test]
async fn a_delivery_is_a_trace_of_checking_and_storing_that_continues_the_senders() {
    let got: Got = web::Data::from(Arc::new(Mutex::new(Vec::new())));
    let shared = got.clone();
    let collector = HttpServer::new(move || {
        App::new().app_data(shared.clone()).route("/v1/traces", web::post().to(take))
    })
    .workers(1)
    .bind("127.0.0.1:0")
    .expect("a port");
    let url = format!("http://{}/", collector.addrs()[0]);
    let collector = collector.run();
    let handle = collector.handle();
    actix_web::rt::spawn(collector);

    let app = TestApp::start(TestDatabase::sqlite(), |config| {
        config.operations.otlp_endpoint = Some(url.parse().expect("a URL"));
    });
    let mut headers = crate::support::sign("msg_secret", b"{}", app.now_seconds());
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned();
    headers.push(("traceparent".to_owned(), parent));
    assert_eq!(app.deliver_with(&headers, "{}").await.status, 200);
    app.ask(Method::GET, "/healthz", &[], "").await;
    traces::run_once(&app.state).await.expect("the collector takes them");

    let got: Vec<Value> = got.lock().expect("not poisoned").clone();
    let spans: Vec<Value> = got
        .iter()
        .filter_map(|message| message["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array())
        .flatten()
        .cloned()
        .collect();
    let names: Vec<&str> = spans.iter().filter_map(|span| span["name"].as_str()).collect();
    assert_eq!(names, ["check", "store", "POST /api/webhooks/llm-callback"], "{spans:#?}");
    let request = &spans[2];
    assert_eq!(request["parentSpanId"], "b7ad6b7169203331");
    assert_eq!(request["kind"], 2);
    for part in &spans[..2] {
        assert_eq!(part["traceId"], "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(part["parentSpanId"], request["spanId"]);
    }
    assert!(!serde_json::to_string(&got).expect("JSON").contains("msg_secret"));
    handle.stop(false).await;
    assert!(traces::run_once(&app.state).await.is_ok(), "nothing waits, so nobody is asked");
    app.receipt("msg_2", "{}").await;
    assert!(traces::run_once(&app.state).await.is_err(), "the collector is gone");
    app.stop().await;
}

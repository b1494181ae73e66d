//! The way out: what it reaches, and what it gives up on.

use actix_web::http::Method;
use actix_web::rt::net::TcpListener;
use ringback_api::outbound::{Outbound, OutboundError, OutboundRequest};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use url::Url;

fn outbound(allowed: &[&str]) -> Outbound {
    let allowed: Vec<_> = allowed.iter().map(|text| text.parse().expect("a network")).collect();
    Outbound::new(&allowed).expect("TLS is set up")
}

fn get(url: &str) -> OutboundRequest {
    OutboundRequest {
        method: Method::GET,
        url: Url::parse(url).expect("a URL"),
        headers: vec![("x-test".to_owned(), "1".to_owned())],
        body: Vec::new(),
        timeout: Duration::from_secs(10),
        limit_bytes: 1000,
    }
}

/// A receiver that answers every connection with the same bytes; gives its URL.
async fn receiver(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    actix_web::rt::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let read = stream.read(&mut request).await.unwrap_or(0);
            assert!(String::from_utf8_lossy(&request[..read]).contains("x-test: 1"));
            let _gone = stream.write_all(answer.as_bytes()).await;
            if answer.is_empty() {
                std::future::pending::<()>().await;
            }
        }
    });
    format!("http://{address}/keys")
}

#[actix_web::test]
async fn an_address_that_only_this_server_reaches_is_refused_before_anything_connects() {
    let outbound = outbound(&[]);
    for url in [
        "https://127.0.0.1/",
        "https://localhost/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[fd00::1]/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://127.1/",
    ] {
        let refused = outbound.send(get(url)).await;
        assert!(matches!(refused, Err(OutboundError::Private)), "{url}: {refused:?}");
    }
}

#[actix_web::test]
async fn a_url_that_is_not_https_or_carries_a_password_is_refused() {
    for url in ["http://8.8.8.8/", "ftp://8.8.8.8/", "https://me:s3cret@8.8.8.8/", "file:///etc"] {
        let refused = outbound(&[]).send(get(url)).await.expect_err("refused");
        assert!(matches!(refused, OutboundError::Url), "{url}: {refused:?}");
        assert!(!refused.to_string().contains("s3cret"));
    }
    // With a private network allowed, http still goes nowhere else.
    let refused = outbound(&["127.0.0.0/8"]).send(get("http://8.8.8.8/")).await;
    assert!(matches!(refused, Err(OutboundError::Private)), "{refused:?}");
}

#[actix_web::test]
async fn a_network_that_is_allowed_is_reached_and_the_answer_is_read() {
    let url =
        receiver("HTTP/1.1 200 OK\r\ncache-control: max-age=60\r\ncontent-length: 2\r\n\r\n{}")
            .await;
    let answer = outbound(&["127.0.0.0/8"]).send(get(&url)).await.expect("an answer");
    assert_eq!((answer.status, answer.body.as_slice()), (200, b"{}".as_slice()));
    assert_eq!(answer.header("cache-control"), Some("max-age=60"));
}

#[actix_web::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let url = receiver(
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
    )
    .await;
    let answer = outbound(&["127.0.0.0/8"]).send(get(&url)).await.expect("an answer");
    assert_eq!(answer.status, 302);
}

#[actix_web::test]
async fn an_answer_that_is_too_large_or_does_not_come_is_given_up() {
    let outbound = outbound(&["127.0.0.0/8"]);
    let large = receiver("HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n").await;
    let given_up = outbound.send(get(&large)).await;
    assert!(matches!(given_up, Err(OutboundError::TooLarge)), "{given_up:?}");
    let silent = receiver("").await;
    let request = OutboundRequest { timeout: Duration::from_millis(300), ..get(&silent) };
    let given_up = outbound.send(request).await;
    assert!(matches!(given_up, Err(OutboundError::Timeout)), "{given_up:?}");
    let nobody = outbound.send(get("http://127.0.0.1:1/")).await;
    assert!(matches!(nobody, Err(OutboundError::Connect(_))), "{nobody:?}");
}

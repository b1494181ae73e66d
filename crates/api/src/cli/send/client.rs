//! Sending as a patient service does: what is not acknowledged for now is sent again, signed anew.

use super::super::Failure;
use super::signer::{Outgoing, Signer};
use crate::clock::{Clock, SystemClock};
use crate::outbound::{native_roots, tls_config};
use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use ringback_wire::{Problem, Receipt};
use rustls::ClientConfig;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// How often one request is sent before it counts as failed.
const MOST_TRIES: u32 = 6;
/// No answer makes the sender wait longer than this, in seconds.
const LONGEST_WAIT_SECONDS: u64 = 30;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// Shorter than a server keeps a silent connection, so that none is used while it is closed.
const KEEP_ALIVE: Duration = Duration::from_secs(3);
const ANSWER_LIMIT_BYTES: usize = 64 * 1024;

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is stored.
    Acknowledged {
        /// The status.
        status: u16,
        /// What the server says; `None` when it is not Ringback.
        receipt: Option<Receipt>,
    },
    /// The server answered something else, for good.
    Refused {
        /// The status.
        status: u16,
        /// Why, as the server says.
        detail: String,
    },
    /// No answer came.
    Unanswered {
        /// Why.
        cause: String,
    },
}

/// Sends to one URL.
pub(super) struct Client {
    http: awc::Client,
    url: String,
    signer: Signer,
}

impl Client {
    /// `connections` is how many are open at most. For https the system's certificates are read.
    pub(super) fn new(url: &Url, signer: Signer, connections: usize) -> Result<Self, Failure> {
        let mut connector = awc::Connector::new()
            .timeout(CONNECT_TIMEOUT)
            .conn_keep_alive(KEEP_ALIVE)
            .limit(connections);
        if url.scheme() == "https" {
            connector = connector.rustls_0_23(Arc::new(trusted_tls()?));
        }
        let http = awc::Client::builder()
            .connector(connector)
            .timeout(ANSWER_TIMEOUT)
            .disable_redirects()
            .add_default_header((
                "user-agent",
                concat!("ringback-send/", env!("CARGO_PKG_VERSION")),
            ))
            .finish();
        Ok(Self { http, url: url.to_string(), signer })
    }

    /// Sends until it is acknowledged or refused for good.
    pub(super) async fn send(&self, outgoing: &Outgoing) -> Outcome {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.try_once(outgoing).await {
                (_, Some(wait)) if tries < MOST_TRIES => actix_web::rt::time::sleep(wait).await,
                (outcome, _) => return outcome,
            }
        }
    }

    /// One try; a pause when the server asks for another.
    async fn try_once(&self, outgoing: &Outgoing) -> (Outcome, Option<Duration>) {
        let now_seconds = SystemClock.now().div_euclid(1_000_000);
        let mut request = self.http.post(&self.url);
        for (name, value) in self.signer.headers(outgoing, now_seconds) {
            request = request.insert_header((name, value));
        }
        let mut answer = match request.send_body(outgoing.body.clone()).await {
            Ok(answer) => answer,
            Err(error) => return (Outcome::Unanswered { cause: error.to_string() }, None),
        };
        let retry_after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let wait = find_wait(answer.status(), retry_after);
        let status = answer.status();
        match answer.body().limit(ANSWER_LIMIT_BYTES).await {
            Ok(body) => (read_answer(status, &body), wait),
            Err(error) => (Outcome::Unanswered { cause: error.to_string() }, wait),
        }
    }
}

/// Trusts who the machine trusts, a company's own authority included.
fn trusted_tls() -> Result<ClientConfig, Failure> {
    let roots = native_roots();
    if roots.is_empty() {
        return Err(
            "this machine has no certificates to check https with: install ca-certificates, \
                    or set SSL_CERT_FILE"
                .into(),
        );
    }
    Ok(tls_config(roots)?)
}

/// How long the server wants to be left alone; `None` when its answer is final.
fn find_wait(status: StatusCode, retry_after: Option<&str>) -> Option<Duration> {
    let is_for_now = matches!(status.as_u16(), 429 | 503);
    let seconds = retry_after.and_then(|text| text.trim().parse::<u64>().ok()).unwrap_or(1);
    is_for_now.then(|| Duration::from_secs(seconds.min(LONGEST_WAIT_SECONDS)))
}

fn read_answer(status: StatusCode, body: &[u8]) -> Outcome {
    let code = status.as_u16();
    if status.is_success() {
        return Outcome::Acknowledged { status: code, receipt: serde_json::from_slice(body).ok() };
    }
    let detail = serde_json::from_slice::<Problem>(body).map(|problem| problem.detail);
    let usual = || status.canonical_reason().unwrap_or("an unknown status").to_owned();
    Outcome::Refused { status: code, detail: detail.unwrap_or_else(|_| usual()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_for_now_is_waited_for_and_never_for_long() {
        let wait = |code, header| find_wait(StatusCode::from_u16(code).unwrap(), header);
        assert_eq!(wait(503, Some("5")), Some(Duration::from_secs(5)));
        assert_eq!(wait(429, Some("9999")), Some(Duration::from_secs(LONGEST_WAIT_SECONDS)));
        assert_eq!(wait(503, Some("Sun, 06 Nov 1994 08:49:37 GMT")), Some(Duration::from_secs(1)));
        for code in [200, 302, 401, 404, 413, 500] {
            assert_eq!(wait(code, Some("5")), None, "{code}");
        }
    }

    #[test]
    fn an_answer_is_what_the_server_says() {
        let receipt = br#"{"id":7,"callback_id":"a","duplicate":true}"#;
        let Outcome::Acknowledged { receipt: Some(receipt), .. } =
            read_answer(StatusCode::OK, receipt)
        else {
            panic!("not acknowledged");
        };
        assert!(receipt.duplicate);
        let elsewhere = read_answer(StatusCode::NO_CONTENT, b"");
        assert_eq!(elsewhere, Outcome::Acknowledged { status: 204, receipt: None });
        let refused = read_answer(StatusCode::BAD_GATEWAY, b"<html>");
        assert_eq!(refused, Outcome::Refused { status: 502, detail: "Bad Gateway".to_owned() });
    }
}

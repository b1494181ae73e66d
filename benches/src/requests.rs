//! Requests made and signed before the clock runs, so that the load costs little while it does.

use ringback_core::signature::{Scheme, Secret};

/// The secret of the server that is measured.
pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// The size of each body.
pub(crate) const BODY_BYTES: usize = 1024;
/// Where the default source posts.
pub(crate) const PATH: &str = "/api/webhooks/llm-callback";

const EVENTS: [&str; 4] = ["job.queued", "job.running", "job.completed", "job.failed"];
const WORKFLOWS: [&str; 5] =
    ["contract-review", "support-triage", "invoice-intake", "nightly-eval", "image-captions"];
const PROSE: &str = "The supplier may terminate this agreement with thirty days' notice; clause \
    seven limits liability to the fees paid in the preceding year, while data protection survives. ";

/// Many requests, one after another in memory.
pub(crate) struct Requests {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    run: u64,
}

impl Requests {
    /// Makes so many, each under an id of its own, signed at a time. Another `run` gives other ids.
    pub(crate) fn new(count: u32, run: u64, now_seconds: i64) -> Option<Self> {
        let secret = Secret::new(SECRET)?;
        let mut requests = Self { bytes: Vec::new(), ends: Vec::new(), run };
        for number in 0..count {
            let id = requests.id(number);
            let body = body(&id, number);
            let headers =
                Scheme::StandardWebhooks.sign(&secret, &id, body.as_bytes(), now_seconds)?;
            let signed: String =
                headers.iter().flat_map(|(name, value)| [name, ": ", value, "\r\n"]).collect();
            let head = format!(
                "POST {PATH} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n\
                 user-agent: ringback-bench\r\ncontent-length: {}\r\n{signed}\r\n",
                body.len()
            );
            requests.bytes.extend_from_slice(head.as_bytes());
            requests.bytes.extend_from_slice(body.as_bytes());
            requests.ends.push(requests.bytes.len());
        }
        Some(requests)
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.ends.len()).unwrap_or(u32::MAX)
    }

    /// The bytes of one.
    pub(crate) fn get(&self, number: u32) -> &[u8] {
        let index = number as usize;
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.bytes[start..self.ends[index]]
    }

    /// The callback's id of one. Scattered as real ids are, for that is what indexes suffer from:
    /// multiplying by an odd number takes no two numbers to the same one.
    pub(crate) fn id(&self, number: u32) -> String {
        let scattered = (self.run << 32 | u64::from(number)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        format!("evt_{scattered:016x}")
    }
}

fn body(id: &str, number: u32) -> String {
    let number = number as usize;
    let mut body = format!(
        "{{\"callback_id\":\"{id}\",\"event_type\":\"{}\",\"job_id\":\"job_{}\",\"workflow\":\"{}\",\
         \"created_at\":\"2026-05-04T12:00:00Z\",\"data\":{{\"output\":\"",
        EVENTS[number % EVENTS.len()],
        &id[4..],
        WORKFLOWS[number / 7 % WORKFLOWS.len()],
    );
    let end = "\"}}";
    body.extend(PROSE.chars().cycle().take(BODY_BYTES - body.len() - end.len()));
    body.push_str(end);
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_request_is_whole_and_has_an_id_of_its_own() {
        let requests = Requests::new(1000, 3, 1_000).unwrap();
        let mut ids = HashSet::new();
        for number in 0..requests.count() {
            let text = std::str::from_utf8(requests.get(number)).unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with("POST ") && head.contains("webhook-signature: v1,"));
            assert_eq!(body.len(), BODY_BYTES);
            assert!(body.contains(&requests.id(number)));
            assert!(ids.insert(requests.id(number)));
        }
    }
}

//! What is sent: every callback follows from its number, so nothing has to be remembered to know
//! which bytes must be stored.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// The secret of the servers that are tried.
pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// The key of every node: 32 bytes.
pub(crate) const SERVER_KEY: &str =
    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
/// Where the default source posts.
pub(crate) const PATH: &str = "/api/webhooks/llm-callback";
/// One callback of so many changes after it was acknowledged.
const CHANGES_EVERY: u32 = 16;

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// How a callback is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signing {
    /// Standard Webhooks: id, time and body. The sender's time matters.
    Timed,
    /// HMAC of the body alone.
    Untimed,
}

/// All callbacks of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Makes the ids and the bytes of this run different from every other's.
    pub(crate) run: u64,
    /// The size of each body.
    pub(crate) body_bytes: usize,
    /// How they are signed.
    pub(crate) signing: Signing,
}

/// The first or the second content of a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version {
    First = 1,
    Second = 2,
}

impl Version {
    /// The event type that the version names.
    pub(crate) fn event_type(self) -> &'static str {
        match self {
            Self::First => "job.running",
            Self::Second => "job.completed",
        }
    }
}

impl Plan {
    /// The id of a callback.
    pub(crate) fn id(&self, number: u32) -> String {
        format!("f{:016x}-{number}", self.run)
    }

    /// The number of an id of this run.
    pub(crate) fn number(&self, id: &str) -> Option<u32> {
        let (run, number) = id.strip_prefix('f')?.split_once('-')?;
        (u64::from_str_radix(run, 16).ok()? == self.run).then(|| number.parse().ok())?
    }

    /// Whether the callback gets a second content once the first is acknowledged. A new content
    /// under the same id is only believed when the signature covers the id.
    pub(crate) fn changes(&self, number: u32) -> bool {
        self.signing == Signing::Timed && number % CHANGES_EVERY == 7
    }

    /// The bytes of a callback.
    pub(crate) fn body(&self, number: u32, version: Version) -> Vec<u8> {
        let mut body = format!(
            "{{\"callback_id\":\"{}\",\"type\":\"{}\",\"job_id\":\"job_{number}\",\"output\":\"",
            self.id(number),
            version.event_type()
        )
        .into_bytes();
        // Letters at random do not compress much, so the size on disk follows the size sent.
        let mut chance = crate::seed::Chance::new(
            self.run
                ^ (u64::from(number) << 2 | version as u64).wrapping_mul(0x2545_f491_4f6c_dd1d),
        );
        while body.len() + 2 < self.body_bytes {
            let mut bits = chance.next();
            for _ in 0..10 {
                body.push(LETTERS[(bits & 63) as usize]);
                bits >>= 6;
            }
        }
        body.truncate(self.body_bytes.max(2) - 2);
        body.extend_from_slice(b"\"}");
        body
    }

    /// The digest that must be stored.
    pub(crate) fn digest(&self, number: u32, version: Version) -> [u8; 32] {
        Sha256::digest(self.body(number, version)).into()
    }

    /// The headers of a request, signed at a time.
    pub(crate) fn headers(
        &self,
        number: u32,
        body: &[u8],
        at_seconds: i64,
    ) -> Vec<(&'static str, String)> {
        match self.signing {
            Signing::Timed => {
                let id = self.id(number);
                let key = STANDARD.decode(&SECRET[6..]).unwrap_or_default();
                let head = format!("{id}.{at_seconds}.");
                let mac = STANDARD.encode(mac(&key, &[head.as_bytes(), body]));
                vec![
                    ("webhook-id", id),
                    ("webhook-timestamp", at_seconds.to_string()),
                    ("webhook-signature", format!("v1,{mac}")),
                ]
            }
            Signing::Untimed => {
                let mac = hex::encode(mac(SECRET.as_bytes(), &[body]));
                vec![("x-webhook-signature", format!("sha256={mac}"))]
            }
        }
    }
}

fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: Plan = Plan { run: 5, body_bytes: 500, signing: Signing::Timed };

    #[test]
    fn an_id_gives_its_number_back_and_no_other_run_takes_it() {
        assert_eq!(PLAN.number(&PLAN.id(77)), Some(77));
        assert_eq!(Plan { run: 6, ..PLAN }.number(&PLAN.id(77)), None);
        assert_eq!(PLAN.number("evt_1"), None);
    }

    #[test]
    fn bodies_are_json_of_the_size_asked_for_and_differ() {
        for size in [200, 500, 8192] {
            let plan = Plan { body_bytes: size, ..PLAN };
            let body = plan.body(7, Version::First);
            assert_eq!(body.len(), size);
            let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(json["callback_id"], plan.id(7));
            assert_ne!(body, plan.body(7, Version::Second));
            assert_ne!(body[100..], plan.body(8, Version::First)[100..]);
            assert_eq!(body, plan.body(7, Version::First));
        }
    }
}

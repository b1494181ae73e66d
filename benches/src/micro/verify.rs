//! Verifying, beside a plain SHA-256 of the same bytes: an HMAC cannot cost less.

use super::{Case, compare};
use crate::Failure;
use crate::requests::SECRET;
use ringback_core::models::Signature;
use ringback_core::signature::{HeaderSignature, Headers, Scheme, Secret};
use sha2::{Digest, Sha256};
use std::hint::black_box;

const NOW_SECONDS: i64 = 1_800_000_000;

pub(super) fn measure(rounds: u32) -> Result<String, Failure> {
    let secrets = [Secret::new(SECRET).ok_or("no secret")?];
    let mut text = String::new();
    for (size, size_bytes) in [("1 KiB", 1 << 10), ("64 KiB", 64 << 10), ("1 MiB", 1 << 20)] {
        let body = vec![b'x'; size_bytes];
        let mut cases = vec![Case::new("SHA-256", || {
            black_box(Sha256::digest(black_box(&body)));
            Ok(())
        })];
        for scheme in [Scheme::StandardWebhooks, Scheme::Header(HeaderSignature::default())] {
            let signed = scheme.sign(&secrets[0], "msg_1", &body, NOW_SECONDS);
            let headers = Headers::new(signed.ok_or("the secret makes no key")?);
            let (secrets, body) = (&secrets, &body);
            cases.push(Case::new(scheme.name(), move || {
                let verdict = scheme.verify(secrets, &headers, black_box(body), NOW_SECONDS);
                match verdict.signature {
                    Signature::Valid => Ok(()),
                    other => Err(format!("the verdict is {other:?}").into()),
                }
            }));
        }
        text.push_str(&compare(&format!("verify {size}"), &mut cases, rounds)?);
    }
    Ok(text)
}

//! Verifying, beside a plain SHA-256 of the same bytes: an HMAC cannot cost less.
//!
//! Every scheme verifies what it signed itself, with the key pair where there is one. A web token
//! and a bearer token do not read the body.

use super::{Case, compare};
use crate::Failure;
use crate::requests::SECRET;
use ringback_core::models::Signature;
use ringback_core::provider::find_provider;
use ringback_core::signature::{Headers, Scheme, Secret};
use sha2::{Digest, Sha256};
use std::hint::black_box;

const NOW_SECONDS: i64 = 1_800_000_000;

/// The key pairs that the tests use as well: they are published and sign nothing else.
const ED25519: &str = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
const WHSK: &str =
    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
const JWT_KEYS: &str = include_str!("../../../crates/core/tests/fixtures/jwt.json");

/// What each provider's request is signed with.
const SCHEMES: [(&str, &str); 11] = [
    ("standard-webhooks", SECRET),
    ("openai", SECRET),
    ("github", "top secret"),
    ("stripe", "whsec_test_secret"),
    ("slack", "top secret"),
    ("shopify", "top secret"),
    ("elevenlabs", "top secret"),
    ("generic-bearer", "a token"),
    ("standard-webhooks", WHSK),
    ("fal", ED25519),
    ("gemini-dynamic", ""),
];

pub(super) fn measure(rounds: u32) -> Result<String, Failure> {
    let mut text = String::new();
    for (size, size_bytes) in [("1 KiB", 1 << 10), ("64 KiB", 64 << 10), ("1 MiB", 1 << 20)] {
        let body = vec![b'x'; size_bytes];
        let mut cases = vec![Case::new("SHA-256", || {
            black_box(Sha256::digest(black_box(&body)));
            Ok(())
        })];
        for (name, secret) in SCHEMES {
            cases.push(case(name, secret, &body)?);
        }
        text.push_str(&compare(&format!("verify {size}"), &mut cases, rounds)?);
    }
    Ok(text)
}

fn case<'a>(name: &str, secret: &str, body: &'a [u8]) -> Result<Case<'a>, Failure> {
    let scheme = find_provider(name).ok_or("an unknown provider")?.scheme.clone();
    let private = match scheme {
        Scheme::Jwt(_) => {
            let keys: serde_json::Value = serde_json::from_str(JWT_KEYS)?;
            keys["private"].to_string()
        }
        _ => secret.to_owned(),
    };
    let secrets = [Secret::new(&private).ok_or("no secret")?];
    let signed = scheme.sign(&secrets[0], "msg_1", body, NOW_SECONDS);
    let headers = Headers::new(signed.ok_or("the secret makes no key")?);
    let shown = match secret {
        WHSK => format!("{name} (v1a, ed25519)"),
        _ => format!("{name} ({})", scheme.name()),
    };
    Ok(Case::new(shown, move || {
        let verdict = scheme.verify(&secrets, &headers, black_box(body), NOW_SECONDS);
        match verdict.signature {
            Signature::Valid => Ok(()),
            other => Err(format!("the verdict is {other:?}").into()),
        }
    }))
}

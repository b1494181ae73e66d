//! The vectors of every provider, and what its entry reads from them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ringback_core::intake::{Request, read_delivery};
use ringback_core::models::{NewDelivery, Signature};
use ringback_core::provider::{Overrides, find_provider, providers};
use ringback_core::signature::{Headers, Scheme, Secret};
use ringback_core::source::Source;
use serde::Deserialize;
use std::collections::{BTreeMap, HashSet};

#[derive(Deserialize)]
pub(crate) struct Vector {
    id: String,
    #[serde(alias = "scheme")]
    pub(crate) provider: String,
    pub(crate) secret: String,
    headers: BTreeMap<String, String>,
    body_b64: String,
    pub(crate) now: i64,
    #[serde(default)]
    expect: Option<String>,
}

impl Vector {
    pub(crate) fn headers(&self) -> Headers {
        Headers::new(self.headers.iter().map(|(name, value)| (name, value.as_bytes())))
    }

    pub(crate) fn body(&self) -> Vec<u8> {
        STANDARD.decode(&self.body_b64).expect("base64")
    }

    pub(crate) fn source(&self) -> Source {
        let name = match self.provider.as_str() {
            "standard_webhooks" | "standard_webhooks_ed25519" => "standard-webhooks",
            other => other,
        };
        let secrets = vec![Secret::new(&self.secret).expect("a secret")];
        let provider = find_provider(name).expect("a provider");
        provider.source(name, secrets, &Overrides::default()).expect("nothing is overridden")
    }

    fn deliver(&self) -> NewDelivery {
        let (headers, body) = (self.headers(), self.body());
        let request = Request {
            headers: &headers,
            body: &body,
            remote_addr: None,
            received_at: self.now * 1_000_000,
        };
        read_delivery(&self.source(), &request)
    }
}

pub(crate) fn vectors() -> Vec<Vector> {
    let read = |text| serde_json::from_str::<Vec<Vector>>(text).expect("the vectors");
    let mut all = read(include_str!("../fixtures/signatures.json"));
    all.extend(read(include_str!("../fixtures/providers.json")));
    all
}

#[test]
fn every_vector_has_its_verdict_under_its_providers_name() {
    let mut checked = 0;
    for vector in vectors() {
        let delivery = vector.deliver();
        let expected = match vector.expect.as_deref() {
            Some("invalid") => Signature::Invalid,
            _ => Signature::Valid,
        };
        assert_eq!(delivery.signature, expected, "{}: {:?}", vector.id, delivery.reason);
        checked += 1;
    }
    assert!(checked >= 39, "{checked} vectors");
}

#[test]
fn every_provider_that_signs_has_a_vector() {
    let covered: HashSet<String> =
        vectors().iter().map(|vector| vector.source().name.clone()).collect();
    for provider in providers().iter().filter(|one| one.scheme != Scheme::None) {
        assert!(covered.contains(&provider.name), "{} has no vector", provider.name);
    }
}

#[test]
fn every_provider_is_read_by_its_own_map() {
    // vector, callback id, event type, job, workflow
    type Row<'a> = (&'a str, &'a str, &'a str, Option<&'a str>, Option<&'a str>);
    let table: &[Row<'_>] = &[
        ("openai-1", "wh_1", "batch.failed", Some("batch_abc123"), None),
        (
            "anthropic-1",
            "whe_0f1e2d3c4b5a69788796a5b4c3d2e1f0",
            "session.status_idled",
            Some("sesn_011CZkZAtmR3yMPDzynEDxu7"),
            None,
        ),
        ("gemini-1", "gem_1", "batch.succeeded", Some("batch_123456"), None),
        ("gemini-dynamic-1", "gem_2", "batch.succeeded", Some("batch_123456"), None),
        ("replicate-1", "rep_1", "succeeded", Some("ufawqhfynnddngldkgtslldrkq"), None),
        (
            "fal-1",
            "123e4567-e89b-12d3-a456-426614174000",
            "OK",
            Some("123e4567-e89b-12d3-a456-426614174000"),
            None,
        ),
        ("elevenlabs-1", "sha256:", "post_call_transcription", Some("conv_1"), Some("agent_1")),
        ("cursor-1", "evt_1", "statusChange", Some("bc_1"), None),
        ("github-1", "72d3162e-cc78-11e3-81ab-4c9367dc0958", "ping", None, None),
        ("stripe-1", "evt_1", "charge.succeeded", Some("ch_1"), None),
        ("slack-1", "Ev1", "app_mention", None, None),
        ("shopify-1", "b1", "orders/create", Some("820982911946154508"), None),
        ("deepgram-1", "dg_1", "", Some("dg_1"), None),
        ("svix-1", "msg_1", "invoice.paid", None, None),
    ];
    let vectors = vectors();
    for &(id, callback_id, event_type, job, workflow) in table {
        let vector = vectors.iter().rev().find(|vector| vector.id == id).expect(id);
        let delivery = vector.deliver();
        assert!(delivery.callback_id.starts_with(callback_id), "{id}: {}", delivery.callback_id);
        assert_eq!(delivery.event_type, event_type, "{id}");
        assert_eq!(
            (delivery.job_id.as_deref(), delivery.workflow.as_deref()),
            (job, workflow),
            "{id}"
        );
    }
}

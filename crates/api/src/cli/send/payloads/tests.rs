//! What the bodies promise.

use super::*;

const ALL: [Kind; 13] = [
    Kind::OpenAi("batch.failed"),
    Kind::OpenAiActionRequired,
    Kind::AnthropicSessionIdled,
    Kind::ReplicateSucceeded,
    Kind::FalImageOk,
    Kind::FalImageError,
    Kind::GeminiBatchSucceeded,
    Kind::JobQueued,
    Kind::JobRunning,
    Kind::JobCompleted { size_bytes: 2000 },
    Kind::JobFailed,
    Kind::ExactBytes,
    Kind::NotText,
];

#[test]
fn every_template_is_filled_and_is_json() {
    let mut maker = Maker::new(7, 0);
    for kind in ALL.into_iter().filter(|&kind| kind != Kind::NotText) {
        let body = String::from_utf8(maker.make(kind).body).unwrap();
        assert!(!body.contains('@'), "{body}");
        serde_json::from_str::<&serde_json::value::RawValue>(&body).expect(&body);
    }
}

#[test]
fn the_same_seed_makes_the_same_bytes_and_another_makes_other_ids() {
    let run = |seed| {
        let mut maker = Maker::new(seed, 5);
        ALL.map(|kind| maker.make(kind))
    };
    assert_eq!(run(1), run(1));
    for (one, other) in run(1).iter().zip(run(2).iter()) {
        assert_ne!(one.id, other.id);
        assert_ne!(one.body, other.body);
    }
}

#[test]
fn a_completed_job_is_exactly_as_long_as_asked() {
    let mut maker = Maker::new(7, 0);
    for size_bytes in [600, 1024, 65_536, 1 << 20] {
        assert_eq!(maker.make(Kind::JobCompleted { size_bytes }).body.len(), size_bytes);
    }
}

#[test]
fn what_somebody_names_is_escaped() {
    let named = Named { job: Some("a\"b\\".to_owned()), ..Named::default() };
    let body = Maker::new(7, 0).body(Kind::JobFailed, "id", &named);
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["job_id"], "a\"b\\");
}

#[test]
fn a_body_that_is_not_text_is_not() {
    assert!(String::from_utf8(Maker::new(7, 0).make(Kind::NotText).body).is_err());
}

#[test]
fn sizes_of_a_burst_are_mostly_about_1_kib_and_never_too_large() {
    let mut maker = Maker::new(7, 0);
    let mut sizes: Vec<usize> = (0..5000).map(|_| maker.burst_size()).collect();
    sizes.sort_unstable();
    assert!((700..1500).contains(&sizes[2500]), "median {}", sizes[2500]);
    assert!(sizes[0] >= 300 && sizes[4999] > 128 << 10 && sizes[4999] < 1 << 20);
}

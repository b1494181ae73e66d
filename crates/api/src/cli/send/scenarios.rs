//! What is sent, in which order. Pure: a scenario is a plan, made from a seeded [`Maker`].

use super::payloads::{Kind, Made, Maker, Named};
use super::signer::{Outgoing, Signing};
use actix_web::web::Bytes;
use clap::ValueEnum;

/// Just below the largest body that a server takes unless it is told otherwise.
const NEARLY_TOO_LARGE_BYTES: usize = (1 << 20) - 16;

/// A scenario's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Scenario {
    /// Callbacks of several services: a retry, a forgery, odd bytes, nearly 1 MiB
    Demo,
    /// Jobs that are queued, run, and end
    Lifecycle,
    /// Each callback several times at once
    Duplicates,
    /// Forged before genuine, genuine before forged, forged ids
    Forged,
    /// As many as go through, mostly about 1 KiB
    Burst,
}

impl Scenario {
    /// How many when nobody says: rounds of demo and forged, jobs, callbacks.
    pub(super) fn usual_count(self) -> u32 {
        match self {
            Self::Demo => 1,
            Self::Forged => 2,
            Self::Lifecycle => 4,
            Self::Duplicates => 6,
            Self::Burst => 1000,
        }
    }

    /// Requests in a second when nobody says; `None` is as fast as it goes.
    pub(super) fn usual_rate(self) -> Option<f64> {
        match self {
            Self::Demo => Some(6.0),
            Self::Lifecycle | Self::Forged => Some(4.0),
            Self::Duplicates => Some(10.0),
            Self::Burst => None,
        }
    }

    /// The plan: steps one after another, the requests of a step at once.
    pub(super) fn plan(self, mut maker: Maker, count: u32) -> Plan {
        match self {
            Self::Demo => Box::new((0..count).flat_map(move |_| demo(&mut maker))),
            Self::Lifecycle => Box::new(lifecycle(&mut maker, count).into_iter()),
            Self::Duplicates => Box::new((0..count).map(move |_| duplicates(&mut maker))),
            Self::Forged => Box::new((0..count).flat_map(move |_| forged(&mut maker))),
            Self::Burst => Box::new((0..count).map(move |_| {
                let size_bytes = maker.burst_size();
                let made = maker.make(Kind::JobCompleted { size_bytes });
                vec![genuine("job.completed", made)]
            })),
        }
    }
}

/// Requests that are sent at once.
pub(super) type Step = Vec<Outgoing>;
/// Steps in their order, made when they are needed.
pub(super) type Plan = Box<dyn Iterator<Item = Step>>;

fn genuine(label: &'static str, made: Made) -> Outgoing {
    Outgoing {
        label,
        id: Some(made.id),
        body: Bytes::from(made.body),
        content_type: "application/json",
        signing: Signing::Genuine,
    }
}

fn forged_retry(label: &'static str, of: &Outgoing, maker: &mut Maker) -> Outgoing {
    let id = of.id.clone().unwrap_or_default();
    let body = maker.body(Kind::JobCompleted { size_bytes: 700 }, &id, &Named::default());
    Outgoing { signing: Signing::Forged, ..genuine(label, Made { id, body }) }
}

fn demo(maker: &mut Maker) -> Vec<Step> {
    let mut make = |label, kind| genuine(label, maker.make(kind));
    let completed = make("in-house job.completed", Kind::JobCompleted { size_bytes: 1800 });
    let retry = Outgoing { label: "identical retry", ..completed.clone() };
    let failed = make("in-house job.failed", Kind::JobFailed);
    let unsigned = Outgoing {
        signing: Signing::Unsigned,
        ..make("unsigned", Kind::JobCompleted { size_bytes: 900 })
    };
    let not_text = Outgoing {
        content_type: "application/octet-stream",
        ..make("neither JSON nor UTF-8", Kind::NotText)
    };
    let nearly_too_large = Kind::JobCompleted { size_bytes: NEARLY_TOO_LARGE_BYTES };
    let requests = [
        make("OpenAI response.completed", Kind::OpenAi("response.completed")),
        completed,
        make("Anthropic session idled", Kind::AnthropicSessionIdled),
        make("Replicate prediction succeeded", Kind::ReplicateSucceeded),
        retry,
        make("OpenAI batch.failed", Kind::OpenAi("batch.failed")),
        make("fal image", Kind::FalImageOk),
        make("fal error", Kind::FalImageError),
        failed.clone(),
        make("Gemini batch.succeeded", Kind::GeminiBatchSucceeded),
        unsigned,
        make("OpenAI fine-tuning succeeded", Kind::OpenAi("fine_tuning.job.succeeded")),
        not_text,
        make("numbers above 2^53, keys twice", Kind::ExactBytes),
        make("nearly 1 MiB", nearly_too_large),
        make("OpenAI action required", Kind::OpenAiActionRequired),
        forged_retry("forged retry of the failed job", &failed, maker),
    ];
    requests.into_iter().map(|request| vec![request]).collect()
}

/// Jobs side by side, each in its own order.
fn lifecycle(maker: &mut Maker, jobs: u32) -> Vec<Step> {
    let mut waiting: Vec<Vec<Step>> = (0..jobs)
        .map(|job| {
            let named = Named {
                job: Some(maker.job("job")),
                workflow: Some(maker.workflow().to_owned()),
                event_type: None,
            };
            let mut at = |label, kind| {
                let id = maker.id();
                let body = maker.body(kind, &id, &named);
                vec![genuine(label, Made { id, body })]
            };
            // Last first, for they are taken from the end.
            let end = if job % 4 == 3 {
                at("job.failed", Kind::JobFailed)
            } else {
                at("job.completed", Kind::JobCompleted { size_bytes: 1200 })
            };
            vec![end, at("job.running", Kind::JobRunning), at("job.queued", Kind::JobQueued)]
        })
        .collect();
    let mut steps = Vec::new();
    while !waiting.is_empty() {
        let index = maker.below(waiting.len());
        steps.extend(waiting[index].pop());
        if waiting[index].is_empty() {
            waiting.swap_remove(index);
        }
    }
    steps
}

fn duplicates(maker: &mut Maker) -> Step {
    let times = 2 + maker.below(4);
    let made = maker.make(Kind::JobCompleted { size_bytes: 1024 });
    vec![genuine("sent several times at once", made); times]
}

fn forged(maker: &mut Maker) -> Vec<Step> {
    let first = genuine("genuine, then forged", maker.make(Kind::JobFailed));
    let second = genuine("forged, then genuine", maker.make(Kind::JobFailed));
    let moved = Outgoing {
        label: "genuine bytes under a forged id",
        id: Some(maker.id()),
        signing: Signing::Moved { signed_id: first.id.clone().unwrap_or_default() },
        ..first.clone()
    };
    let invented = Outgoing {
        signing: Signing::Forged,
        ..genuine("forged, nothing genuine known", maker.make(Kind::JobFailed))
    };
    let requests = [
        first.clone(),
        forged_retry("forged after genuine", &first, maker),
        forged_retry("forged before genuine", &second, maker),
        second,
        moved,
        invented,
    ];
    requests.into_iter().map(|request| vec![request]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{HashMap, HashSet};

    fn plan(scenario: Scenario, seed: u64) -> Vec<Step> {
        let count = scenario.usual_count().min(200);
        scenario.plan(Maker::new(seed, 0), count).collect()
    }

    fn ids(steps: &[Step]) -> Vec<String> {
        steps.iter().flatten().filter_map(|request| request.id.clone()).collect()
    }

    #[test]
    fn two_runs_share_no_id_and_a_repeated_run_is_the_same() {
        for &scenario in Scenario::value_variants() {
            let (one, again, other) = (plan(scenario, 1), plan(scenario, 1), plan(scenario, 2));
            assert_eq!(ids(&one), ids(&again));
            let bodies = |steps: &[Step]| -> Vec<Bytes> {
                steps.iter().flatten().map(|request| request.body.clone()).collect()
            };
            assert_eq!(bodies(&one), bodies(&again));
            let known: HashSet<String> = ids(&one).into_iter().collect();
            assert!(ids(&other).iter().all(|id| !known.contains(id)), "{scenario:?}");
        }
    }

    #[test]
    fn the_demo_holds_every_odd_case() {
        let steps = plan(Scenario::Demo, 1);
        let requests: Vec<&Outgoing> = steps.iter().flatten().collect();
        let count = |signing| requests.iter().filter(|r| r.signing == signing).count();
        assert_eq!((count(Signing::Forged), count(Signing::Unsigned)), (1, 1));
        assert!(requests.iter().any(|r| std::str::from_utf8(&r.body).is_err()));
        let largest = requests.iter().map(|r| r.body.len()).max();
        assert_eq!(largest, Some(NEARLY_TOO_LARGE_BYTES));
        let retried = requests.iter().find(|r| r.label == "identical retry").unwrap();
        let same = requests.iter().filter(|r| r.id == retried.id && r.body == retried.body);
        assert_eq!(same.count(), 2);
    }

    #[test]
    fn every_job_is_queued_runs_and_ends_in_this_order() {
        let steps = plan(Scenario::Lifecycle, 1);
        let mut seen: HashMap<String, Vec<&str>> = HashMap::new();
        for request in steps.iter().flatten() {
            let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
            let job = body["job_id"].as_str().unwrap().to_owned();
            seen.entry(job).or_default().push(request.label);
        }
        assert_eq!(seen.len(), 4);
        for labels in seen.values() {
            assert_eq!(labels[..2], ["job.queued", "job.running"]);
            assert!(matches!(labels[2..], ["job.completed" | "job.failed"]), "{labels:?}");
        }
    }

    #[test]
    fn a_callback_that_is_sent_several_times_is_the_same_bytes() {
        for step in plan(Scenario::Duplicates, 1) {
            assert!(step.len() >= 2);
            assert!(step.iter().all(|r| r.id == step[0].id && r.body == step[0].body));
        }
    }

    #[test]
    fn forgeries_come_before_and_after_the_genuine_one() {
        let steps = plan(Scenario::Forged, 1);
        let requests: Vec<&Outgoing> = steps.iter().flatten().collect();
        let is_forged = |index: usize| requests[index].signing == Signing::Forged;
        assert_eq!(requests[0].id, requests[1].id);
        assert!(!is_forged(0) && is_forged(1));
        assert_eq!(requests[2].id, requests[3].id);
        assert!(is_forged(2) && !is_forged(3));
        assert_ne!(requests[0].body, requests[1].body);
    }
}

//! `ringback send`: plays an LLM service that signs its callbacks and posts them.

mod client;
mod payloads;
mod report;
mod scenarios;
mod signer;

use super::Failure;
use crate::clock::{Clock, SystemClock};
use crate::config::split_secrets;
use crate::error::chain;
use crate::tokens::random_u64;
use actix_web::web::Bytes;
use clap::Args;
use client::Client;
use futures_util::future::join_all;
use payloads::{Kind, Maker, Named};
use report::{Form, Report};
use ringback_core::models::Micros;
use ringback_core::provider::{Provider, find_provider, find_scheme};
use ringback_core::signature::{Scheme, Secret};
use ringback_core::source::Place;
use scenarios::{Plan, Scenario};
use signer::{Outgoing, Signer, Signing};
use std::cell::RefCell;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use url::Url;

/// More requests than this are shown as progress and not one by one.
const MOST_LINES: u32 = 60;
/// What bodies are dated when a run is to be repeated: 2026-01-01T00:00:00Z.
const REPEATED_RUN_AT: Micros = 1_767_225_600_000_000;

/// What it takes.
#[derive(Args, Debug)]
pub(super) struct SendArgs {
    /// Where to send to
    #[arg(long, default_value = "http://127.0.0.1:8080/api/webhooks/llm-callback")]
    url: Url,
    /// Secret to sign with; of several separated by commas the first
    #[arg(long, env = "LLM_WEBHOOK_SECRET", hide_env_values = true)]
    secret: Option<String>,
    /// How to sign: a scheme, or the name of a provider
    #[arg(long, value_name = "NAME", default_value = "standard-webhooks", value_parser = parse_scheme)]
    scheme: SchemeArg,
    /// Do not sign
    #[arg(long)]
    unsigned: bool,
    /// Play a scenario instead of sending one callback
    #[arg(long, value_enum)]
    scenario: Option<Scenario>,
    /// Body to send, byte for byte [default: a job that is completed]
    #[arg(long, value_name = "BODY", conflicts_with_all = ["scenario", "event_type", "job", "workflow"])]
    file: Option<PathBuf>,
    /// The callback's id [default: a new one]
    #[arg(long, conflicts_with = "scenario")]
    id: Option<String>,
    /// What happened [default: job.completed]
    #[arg(long, conflicts_with = "scenario")]
    event_type: Option<String>,
    /// The upstream object
    #[arg(long, conflicts_with = "scenario")]
    job: Option<String>,
    /// The workflow
    #[arg(long, conflicts_with = "scenario")]
    workflow: Option<String>,
    /// Requests in a second at most [default: the scenario's own pace; burst has none]
    #[arg(long, value_name = "PER_SECOND", value_parser = parse_rate)]
    rate: Option<f64>,
    /// How many: callbacks, jobs of lifecycle, rounds of demo and forged [default: the scenario's own]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    count: Option<u32>,
    /// Connections that a burst uses
    #[arg(long, default_value = "64", value_parser = clap::value_parser!(u16).range(1..=4096))]
    connections: u16,
    /// Send the same ids and bytes as every run with this number [default: random]
    #[arg(long)]
    seed: Option<u64>,
    /// Print a JSON object for each request
    #[arg(long)]
    json: bool,
}

/// How to sign, by the name of a scheme or of a provider.
#[derive(Clone, Debug)]
struct SchemeArg {
    scheme: Scheme,
    /// The header in which such a sender names a callback.
    id_header: String,
}

fn parse_scheme(name: &str) -> Result<SchemeArg, String> {
    let scheme = find_scheme(name)
        .ok_or_else(|| format!("the scheme is unknown; known are {}", super::scheme_names()))?;
    let header = |provider: &Provider| {
        provider.map.callback_id.iter().find_map(|place| match place {
            Place::Header(name) => Some(name.clone()),
            Place::Pointer(_) => None,
        })
    };
    let usual = match &scheme {
        Scheme::StandardWebhooks | Scheme::Automatic(_) => "webhook-id",
        _ => "x-callback-id",
    };
    let id_header = match scheme {
        Scheme::StandardWebhooks | Scheme::Automatic(_) => None,
        _ => find_provider(name).and_then(header),
    };
    Ok(SchemeArg { scheme, id_header: id_header.unwrap_or_else(|| usual.to_owned()) })
}

/// 0 when everything is acknowledged, 1 when not.
pub(super) fn run(args: &SendArgs) -> ExitCode {
    match prepare(args).and_then(|run| actix_web::rt::System::new().block_on(play(run))) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("ringback: {}", chain(failure.as_ref()));
            ExitCode::FAILURE
        }
    }
}

/// Everything that a run needs.
struct Run {
    url: Url,
    signer: Signer,
    plan: Plan,
    connections: u16,
    rate: Option<f64>,
    form: Form,
}

fn prepare(args: &SendArgs) -> Result<Run, Failure> {
    if !matches!(args.url.scheme(), "http" | "https") {
        return Err(format!("send speaks http and https, not {}", args.url.scheme()).into());
    }
    let now = if args.seed.is_some() { REPEATED_RUN_AT } else { SystemClock.now() };
    let mut maker = Maker::new(args.seed.unwrap_or_else(random_u64), now);
    let secret = find_secret(args);
    let forger = Secret::new(&maker.forger_secret()).ok_or("no secret to forge with")?;
    let signer = Signer::new(args.scheme.clone(), secret, forger).ok_or(
        "the secret is no key for the scheme: after whsec_ comes base64, and to sign as a sender \
         with a key pair takes its private key",
    )?;
    let count = args.count.unwrap_or_else(|| args.scenario.map_or(1, Scenario::usual_count));
    let is_burst = args.scenario == Some(Scenario::Burst);
    let form = match args.json {
        true => Form::Json,
        false if is_burst || count > MOST_LINES => Form::Progress,
        false => Form::Lines,
    };
    if form != Form::Json && args.id.is_none() {
        println!("ids begin with {}", maker.id_prefix());
    }
    let rate = args.rate.or_else(|| args.scenario?.usual_rate());
    let plan = match args.scenario {
        Some(scenario) => scenario.plan(maker, count),
        None => plan_single(args, maker, count)?,
    };
    let connections = if is_burst { args.connections } else { 1 };
    Ok(Run { url: args.url.clone(), signer, plan, connections, rate, form })
}

fn find_secret(args: &SendArgs) -> Option<Secret> {
    if args.unsigned {
        return None;
    }
    let secret = split_secrets(args.secret.as_deref().unwrap_or_default()).into_iter().next();
    if secret.is_none() {
        eprintln!(
            "ringback: without a secret nothing is signed: set LLM_WEBHOOK_SECRET or --secret"
        );
    }
    secret
}

/// One callback, or `count` of them, as the flags say.
fn plan_single(args: &SendArgs, mut maker: Maker, count: u32) -> Result<Plan, Failure> {
    let file = match &args.file {
        Some(path) => Some(Bytes::from(
            std::fs::read(path)
                .map_err(|error| format!("cannot read {}: {error}", path.display()))?,
        )),
        None => None,
    };
    let named = Named {
        job: args.job.clone(),
        event_type: args.event_type.clone(),
        workflow: args.workflow.clone(),
    };
    // With a body of their own and no id in the signature, senders leave the id to the body.
    let leaves_id = file.is_some() && args.scheme.scheme != Scheme::StandardWebhooks;
    let given_id = args.id.clone();
    Ok(Box::new((0..count).map(move |_| {
        let id = given_id.clone().or_else(|| (!leaves_id).then(|| maker.id()));
        let body = file.clone().unwrap_or_else(|| {
            let kind = Kind::JobCompleted { size_bytes: 1024 };
            maker.body(kind, id.as_deref().unwrap_or_default(), &named).into()
        });
        let content_type = "application/json";
        vec![Outgoing { label: "", id, body, content_type, signing: Signing::Genuine }]
    })))
}

/// Sends everything; true when all of it is acknowledged.
async fn play(run: Run) -> Result<bool, Failure> {
    let client = Client::new(&run.url, run.signer, usize::from(run.connections).max(64))?;
    let start = Instant::now();
    let pacer = RefCell::new(Pacer { start, sent: 0, rate: run.rate });
    let plan = RefCell::new(run.plan);
    let report = RefCell::new(Report::new(run.form));
    let work = || async {
        loop {
            let Some(step) = plan.borrow_mut().next() else { return Ok(()) };
            let wait = pacer.borrow_mut().reserve(step.len(), Instant::now());
            actix_web::rt::time::sleep(wait).await;
            let outcomes = join_all(step.iter().map(|outgoing| client.send(outgoing))).await;
            for (outgoing, outcome) in step.iter().zip(&outcomes) {
                report.borrow_mut().note(outgoing, outcome, start.elapsed())?;
            }
        }
    };
    let done: Vec<std::io::Result<()>> = join_all((0..run.connections).map(|_| work())).await;
    let report = report.borrow();
    report.finish(start.elapsed())?;
    done.into_iter().collect::<std::io::Result<()>>()?;
    Ok(report.is_complete())
}

/// Keeps a rate: request number n begins n/rate after the start, or when there is time for it.
struct Pacer {
    start: Instant,
    sent: usize,
    rate: Option<f64>,
}

impl Pacer {
    /// How long to wait before so many more requests.
    fn reserve(&mut self, requests: usize, now: Instant) -> Duration {
        let Some(rate) = self.rate else { return Duration::ZERO };
        #[expect(clippy::cast_precision_loss, reason = "nobody sends 2^52 requests")]
        let begins = self.start + Duration::from_secs_f64(self.sent as f64 / rate);
        self.sent += requests;
        begins.saturating_duration_since(now)
    }
}

fn parse_rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if (0.001..=1e6).contains(&rate) => Ok(rate),
        _ => Err("a rate is a number from 0.001 to 1000000".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_kept_whatever_a_step_holds() {
        let start = Instant::now();
        let mut pacer = Pacer { start, sent: 0, rate: Some(10.0) };
        assert_eq!(pacer.reserve(1, start), Duration::ZERO);
        assert_eq!(pacer.reserve(4, start), Duration::from_millis(100));
        assert_eq!(pacer.reserve(1, start), Duration::from_millis(500));
        assert_eq!(pacer.reserve(1, start + Duration::from_secs(9)), Duration::ZERO);
    }

    #[test]
    fn a_rate_that_is_none_is_refused() {
        for text in ["0", "-1", "NaN", "inf", "fast"] {
            assert!(parse_rate(text).is_err(), "{text}");
        }
        assert_eq!(parse_rate("0.5"), Ok(0.5));
    }
}

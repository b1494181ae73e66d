//! Clocks that jump, and a clock that is wrong.
//!
//! The program has no switch for that: time is an argument of the server, so these nodes are this
//! program, which starts the same server with a clock that can be pushed.

use crate::Failure;
use crate::plan::{PATH, Plan, Signing, Version};
use crate::report::Ending;
use crate::stage::Stage;
use crate::story::{Setting, Story, World};
use clap::Parser;
use ringback_api::clock::{Clock, SystemClock};
use ringback_api::config::{Config, ServeArgs};
use ringback_api::startup::Application;
use ringback_core::models::Micros;
use serde_json::Value;
use std::io::{BufRead, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

const HOUR_SECONDS: i64 = 3600;
const TEN_MINUTES_SECONDS: i64 = 600;

/// The machine's clock, and how far it is pushed.
struct PushedClock(Arc<AtomicI64>);

impl Clock for PushedClock {
    fn now(&self) -> Micros {
        SystemClock.now() + self.0.load(Ordering::SeqCst)
    }
}

#[derive(Parser)]
struct Serve {
    #[arg(long)]
    _serve_with_clock: bool,
    #[command(flatten)]
    serve: ServeArgs,
}

/// The server, as `ringback serve` starts it; each line that it reads is a number of seconds by
/// which its clock is off from then on.
pub(crate) fn serve() -> Result<(), Failure> {
    let config = Config::load(&Serve::parse_from(["serve"]).serve)?;
    let pushed = Arc::new(AtomicI64::new(0));
    let clock = PushedClock(Arc::clone(&pushed));
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if let Ok(seconds) = line.trim().parse::<i64>() {
                pushed.store(seconds * 1_000_000, Ordering::SeqCst);
            }
        }
    });
    ringback_api::telemetry::start("info", ringback_api::telemetry::LogFormat::Text)?;
    actix_web::rt::System::new().block_on(async {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let application = Application::build(config, Arc::new(clock))?;
        let handle = application.handle();
        actix_web::rt::spawn(async move {
            terminate.recv().await;
            handle.stop(true).await;
        });
        println!("Ringback listens on {}", application.public_url());
        std::io::stdout().flush()?;
        Ok(application.run().await?)
    })
}

/// A load whose signatures do not carry a time: what the clock must not touch at all.
fn untimed(nodes: usize) -> Result<impl FnOnce(&World, String) -> Setting, Failure> {
    let program = (std::env::current_exe()?, vec!["--serve-with-clock".to_owned()]);
    Ok(move |world: &World, url| Setting {
        signing: Signing::Untimed,
        program: Some(program),
        ..Setting::usual(world, url, nodes)
    })
}

pub(super) async fn jump(stage: Stage<'_>) -> Result<Ending, Failure> {
    let push = async |story: &mut Story<'_>| {
        let mut timed = Timed::new(story);
        for seconds in [HOUR_SECONDS, 0, -HOUR_SECONDS, 0] {
            story.pause(500, 1500).await;
            story.nodes[0].tell(&seconds.to_string()).await?;
            story.faults += 1;
            story.pause(300, 600).await;
            timed.check(story, 0, seconds).await?;
        }
        Ok(())
    };
    stage.on_sqlite(untimed(1)?, push).await
}

pub(super) async fn be_wrong(stage: Stage<'_>) -> Result<Ending, Failure> {
    let push = async |story: &mut Story<'_>, _: &mut _| {
        let mut timed = Timed::new(story);
        for seconds in [TEN_MINUTES_SECONDS, -TEN_MINUTES_SECONDS] {
            story.pause(500, 1000).await;
            story.nodes[1].tell(&seconds.to_string()).await?;
            story.faults += 1;
            story.pause(1000, 2000).await;
            timed.check(story, 1, seconds).await?;
            timed.check(story, 0, 0).await?;
        }
        Ok(())
    };
    stage.on_postgres(untimed(2)?, push).await
}

/// Callbacks whose signature carries a time. A node whose clock is off stores and acknowledges them
/// and says that their time is wrong; the next delivery at a right clock makes them trusted.
struct Timed {
    plan: Plan,
    next: u32,
    flagged: Vec<u32>,
}

impl Timed {
    fn new(story: &mut Story<'_>) -> Self {
        let plan = Plan { run: story.chance.next(), body_bytes: 200, signing: Signing::Timed };
        Self { plan, next: 0, flagged: Vec::new() }
    }

    async fn check(
        &mut self,
        story: &mut Story<'_>,
        node: usize,
        off_seconds: i64,
    ) -> Result<(), Failure> {
        let number = self.next;
        self.next += 1;
        let shown = self.deliver(story, node, number).await?;
        let expected = match off_seconds {
            0 => ("valid", Value::Null),
            1.. => ("invalid", "too_old".into()),
            _ => ("invalid", "too_far_ahead".into()),
        };
        story.expect(shown == (expected.0.into(), expected.1.clone()), || {
            format!("a clock {off_seconds} s off: {shown:?} instead of {expected:?}")
        });
        if off_seconds != 0 {
            self.flagged.push(number);
            return Ok(());
        }
        for number in std::mem::take(&mut self.flagged) {
            let (signature, _) = self.deliver(story, node, number).await?;
            story.expect(signature == "valid", || {
                format!("delivered again at a right clock it is {signature}")
            });
        }
        Ok(())
    }

    /// Delivers one and gives verdict and reason as they are shown.
    async fn deliver(
        &self,
        story: &Story<'_>,
        node: usize,
        number: u32,
    ) -> Result<(Value, Value), Failure> {
        let url = &story.nodes[node].url;
        let body = self.plan.body(number, Version::First);
        let mut request = story.client.post(format!("{url}{PATH}"));
        for header in self.plan.headers(number, &body, SystemClock.now() / 1_000_000) {
            request = request.insert_header(header);
        }
        let receipt: Value = request.send_body(body).await?.json().await?;
        let id = receipt["id"].as_i64().ok_or("no receipt")?;
        let mut answer = story
            .client
            .get(format!("{url}/api/admin/llm-callbacks/{id}"))
            .bearer_auth(&story.token)
            .send()
            .await?;
        let shown: Value = answer.json().await?;
        Ok((shown["signature"].clone(), shown["reason"].clone()))
    }
}

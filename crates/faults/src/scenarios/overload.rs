//! More than can be served: requests, bytes, connections.

use crate::Failure;
use crate::cluster::Cluster;
use crate::plan::{PATH, Version};
use crate::report::Ending;
use crate::sender::{Sender, Shape};
use crate::stage::{Stage, usual};
use crate::story::{Setting, Story, World};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const MIB: u64 = 1 << 20;
/// Memory that a node may take whatever is sent: its programs and caches, 64 MiB of queue, and what
/// connections hold. Bodies that are being received come on top, as they are configured.
const BASE_BYTES: u64 = 256 * MIB;
/// The default of what bodies may take.
const BODY_MEMORY_BYTES: u64 = 128 * MIB;

pub(super) async fn overload(stage: Stage<'_>) -> Result<Ending, Failure> {
    let nobody = |world: &World, url| Setting {
        shape: Shape { connections: 0, rate: 1, at_most: 0 },
        ..Setting::usual(world, url, 1)
    };
    stage.on_postgres(nobody, async |story, cluster| overload_node(story, cluster).await).await
}

async fn overload_node(story: &mut Story<'_>, cluster: &Cluster<'_>) -> Result<(), Failure> {
    story.may_give_up = true;
    // The database is made slow, so that one machine can offer ten times what is taken and has cores
    // left: a sender that is late itself would measure itself.
    let seconds = story.world.pick("0.016", "0.008");
    cluster.execute(
        "postgres",
        &format!(
            "CREATE FUNCTION be_slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             PERFORM pg_sleep({seconds}); RETURN NEW; END $$; \
             CREATE TRIGGER be_slow BEFORE INSERT ON llm_callbacks \
             FOR EACH ROW EXECUTE FUNCTION be_slow()"
        ),
    )?;
    let watch = Watch::start(story);
    let measured = Duration::from_secs(story.world.pick(4, 20));
    let peak = saturate(story, measured).await;
    let length = Duration::from_secs(story.world.pick(8, 60));
    let (offered, goodput) = flood(&story.sender, peak * 10.0, length).await;
    story.faults += 1;
    story.notes.push(format!(
        "peak {peak:.0}/s; then {offered} requests within {:.0} s, ten times the peak: \
         {goodput:.0}/s acknowledged, {:.0} % of the peak",
        (FILLING + length).as_secs_f64(),
        100.0 * goodput / peak
    ));
    story.expect(goodput >= 0.8 * peak, || "goodput fell below 80 % of the peak".to_owned());
    watch.finish(story, BASE_BYTES + BODY_MEMORY_BYTES);
    Ok(())
}

/// A closed loop of 64; what is acknowledged in a second.
async fn saturate(story: &Story<'_>, length: Duration) -> f64 {
    let before = story.sender.ledger.borrow().acknowledgements();
    let begin = Instant::now();
    let connections = (0..64).map(|_| {
        let mut sender = story.sender.clone();
        async move {
            while begin.elapsed() < length {
                let number = sender.take_number();
                sender.deliver(number, Version::First).await;
            }
        }
    });
    futures_util::future::join_all(connections).await;
    per_second(story.sender.ledger.borrow().acknowledgements() - before, begin.elapsed())
}

/// The queue is full after this time, and what is acknowledged from then on counts.
const FILLING: Duration = Duration::from_secs(4);

/// A callback that was told to come again.
struct Waiting {
    until: Instant,
    number: u32,
    since: Instant,
}

/// Requests at a rate, whatever becomes of the ones before: whoever was told to come again comes when
/// the time is over, the rest are new. Gives how many there were, and what is acknowledged in a
/// second once the queue is full. Answers come in bursts, one for each commit, so time is taken from
/// the end of one burst to the end of another.
async fn flood(sender: &Sender, rate: f64, length: Duration) -> (usize, f64) {
    let again: Rc<RefCell<VecDeque<Waiting>>> = Rc::default();
    let mut tasks = Vec::new();
    let begin = Instant::now();
    let mut bursts = vec![(Duration::ZERO, sender.ledger.borrow().acknowledgements())];
    while begin.elapsed() < FILLING + length {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a minute of requests fits"
        )]
        let due = (begin.elapsed().as_secs_f64() * rate) as usize;
        while tasks.len() < due {
            let now = Instant::now();
            let mut waiting = again.borrow_mut();
            let is_due = waiting.front().is_some_and(|first| first.until <= now);
            let next = if is_due { waiting.pop_front() } else { None };
            let since = next.as_ref().map(|next| next.since);
            let number = next.map_or_else(|| sender.take_number(), |next| next.number);
            let (sender, again) = (sender.clone(), Rc::clone(&again));
            tasks.push(actix_web::rt::spawn(async move {
                if let Some(wait) = sender.try_once(number, since).await {
                    let (until, since) = (Instant::now() + wait, since.unwrap_or(now));
                    again.borrow_mut().push_back(Waiting { until, number, since });
                }
            }));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
        let count = sender.ledger.borrow().acknowledgements();
        if bursts.last().is_none_or(|(_, last)| *last != count) {
            bursts.push((begin.elapsed(), count));
        }
    }
    let from = bursts.iter().rfind(|(at, _)| *at <= FILLING).copied().unwrap_or_default();
    let to = bursts.last().copied().unwrap_or(from);
    let offered = tasks.len();
    futures_util::future::join_all(tasks).await;
    sender.ledger.borrow_mut().given_up += again.borrow().len() as u64;
    (offered, per_second(to.1 - from.1, to.0.saturating_sub(from.0)))
}

#[expect(clippy::cast_precision_loss, reason = "for a person to read")]
fn per_second(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

pub(super) async fn send_large(stage: Stage<'_>) -> Result<Ending, Failure> {
    const MEMORY_BYTES: u64 = 32 * MIB;
    let large = |world: &World, url| Setting {
        shape: Shape { connections: 120, rate: 10_000, at_most: world.count(160, 3000) },
        body_bytes: 1 << 20,
        environment: vec![("RINGBACK_BODY_MEMORY_BYTES".to_owned(), MEMORY_BYTES.to_string())],
        ..Setting::usual(world, url, 1)
    };
    let wait = async |story: &mut Story<'_>| {
        let watch = Watch::start(story);
        story.wait_for_load().await?;
        story.faults += 1;
        let refused = story.sender.ledger.borrow().refused;
        story.notes.push(format!("{refused} were told to come again for want of memory"));
        story.expect(refused > 0, || "memory for bodies was never short".to_owned());
        watch.finish(story, BASE_BYTES + MEMORY_BYTES);
        Ok(())
    };
    stage.on_sqlite(large, wait).await
}

/// What a slow client does.
#[derive(Clone, Copy)]
enum Slow {
    Idle,
    Head,
    Body,
}

pub(super) async fn hold_connections(stage: Stage<'_>) -> Result<Ending, Failure> {
    stage.on_sqlite(usual(1), async |story| hold(story).await).await
}

async fn hold(story: &mut Story<'_>) -> Result<(), Failure> {
    const CONNECTIONS: u32 = 5000;
    let watch = Watch::start(story);
    let address = story.nodes[0].url.trim_start_matches("http://").to_owned();
    let opened = Rc::new(std::cell::Cell::new(0_u32));
    let slow: Vec<_> = (0..CONNECTIONS)
        .map(|number| {
            let kind = [Slow::Idle, Slow::Head, Slow::Body][(number % 3) as usize];
            actix_web::rt::spawn(be_slow(address.clone(), kind, Rc::clone(&opened)))
        })
        .collect();
    story.faults = CONNECTIONS;
    tokio::time::sleep(Duration::from_secs(story.world.pick(12, 60))).await;
    story.notes.push(format!(
        "{CONNECTIONS} clients, a third each idle, slow in the head and slow in the body, opened {} \
         connections",
        opened.get()
    ));
    let held = opened.get();
    story.expect(held >= CONNECTIONS, || format!("only {held} connections were opened"));
    for task in slow {
        task.abort();
    }
    watch.finish(story, BASE_BYTES + BODY_MEMORY_BYTES);
    Ok(())
}

/// Holds a connection as long as the server lets it, then the next one.
async fn be_slow(address: String, kind: Slow, opened: Rc<std::cell::Cell<u32>>) {
    loop {
        if let Ok(mut stream) = TcpStream::connect(&address).await {
            opened.set(opened.get() + 1);
            let _closed = dawdle(&mut stream, kind).await;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn dawdle(stream: &mut TcpStream, kind: Slow) -> std::io::Result<()> {
    let start = format!("POST {PATH} HTTP/1.1\r\nhost: x\r\n");
    match kind {
        Slow::Idle => {}
        Slow::Head => stream.write_all(start.as_bytes()).await?,
        Slow::Body => {
            stream.write_all(format!("{start}content-length: 100000\r\n\r\n{{").as_bytes()).await?;
        }
    }
    let mut answer = [0; 512];
    loop {
        let read = tokio::time::timeout(Duration::from_secs(1), stream.read(&mut answer)).await;
        match (read, kind) {
            (Ok(count), _) => {
                if count? == 0 {
                    return Ok(());
                }
            }
            (Err(_), Slow::Idle) => {}
            (Err(_), Slow::Head) => stream.write_all(b"x").await?,
            (Err(_), Slow::Body) => stream.write_all(b" ").await?,
        }
    }
}

/// Asks an admin's route all along.
struct Watch {
    latencies: Rc<RefCell<Vec<Duration>>>,
    task: actix_web::rt::task::JoinHandle<()>,
}

impl Watch {
    fn start(story: &Story<'_>) -> Self {
        let latencies = Rc::new(RefCell::new(Vec::new()));
        let (kept, client) = (Rc::clone(&latencies), story.client.clone());
        let (token, url) = (story.token.clone(), story.nodes[0].url.clone());
        let task = actix_web::rt::spawn(async move {
            loop {
                let begin = Instant::now();
                let request = client
                    .get(format!("{url}/api/admin/llm-callbacks/history?limit=50"))
                    .timeout(Duration::from_secs(30))
                    .bearer_auth(&token);
                let answered =
                    request.send().await.is_ok_and(|answer| answer.status().is_success());
                let took = if answered { begin.elapsed() } else { Duration::from_secs(30) };
                kept.borrow_mut().push(took);
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
        Self { latencies, task }
    }

    /// An admin's page within two seconds for 95 of 100, memory within the bound.
    fn finish(self, story: &mut Story<'_>, bound_bytes: u64) {
        self.task.abort();
        let mut latencies = self.latencies.take();
        latencies.sort_unstable();
        let at = |share: usize| latencies.get(latencies.len() * share / 100).copied();
        let (half, most) = (at(50).unwrap_or_default(), at(95).unwrap_or_default());
        let memory = story.nodes[0].peak_memory_bytes().unwrap_or(u64::MAX);
        story.notes.push(format!(
            "an admin's page took {} ms, p95 {} ms; the node took {} MiB at the most, the bound is \
             {} MiB",
            half.as_millis(),
            most.as_millis(),
            memory / MIB,
            bound_bytes / MIB
        ));
        story.expect(most < Duration::from_secs(2), || "an admin's page took too long".to_owned());
        story.expect(memory <= bound_bytes, || "memory went over its bound".to_owned());
    }
}

//! More than can be served: requests, bytes, connections.

use crate::Failure;
use crate::plan::{PATH, Version};
use crate::report::Ending;
use crate::seed::Chance;
use crate::sender::{Sender, Shape};
use crate::story::{Setting, Story, World};
use std::cell::RefCell;
use std::path::PathBuf;
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

pub(super) async fn overload(
    world: &World,
    mut chance: Chance,
    folder: PathBuf,
) -> Result<Ending, Failure> {
    let mut cluster = world.programs.make(&folder, "", &mut chance).await?;
    cluster.start().await?;
    let setting = Setting {
        shape: Shape { connections: 0, rate: 1, at_most: 0 },
        ..Setting::usual(world, cluster.url("postgres"), 1)
    };
    let mut story = Story::begin(world, setting, chance, &folder).await?;
    story.may_give_up = true;
    // The database is made slow, so that one machine can offer ten times what is taken.
    cluster.execute(
        "postgres",
        &format!(
            "CREATE FUNCTION be_slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             PERFORM pg_sleep({}); RETURN NEW; END $$; \
             CREATE TRIGGER be_slow BEFORE INSERT ON llm_callbacks \
             FOR EACH ROW EXECUTE FUNCTION be_slow()",
            world.pick("0.008", "0.003")
        ),
    )?;
    let watch = Watch::start(&story);
    let measured = Duration::from_secs(world.pick(4, 20));
    let peak = saturate(&story, measured).await;
    let length = Duration::from_secs(world.pick(8, 60));
    let (flood, goodput) = flood(&story.sender, peak * 10.0, length).await;
    story.sender.stop(Duration::ZERO);
    let offered = flood.len();
    futures_util::future::join_all(flood).await;
    story.faults += 1;
    story.notes.push(format!(
        "peak {peak:.0}/s; then {offered} callbacks offered within {:.0} s, ten times the peak: \
         {goodput:.0}/s acknowledged, {:.0} % of the peak",
        length.as_secs_f64(),
        100.0 * goodput / peak
    ));
    story.expect(goodput >= 0.8 * peak, || "goodput fell below 80 % of the peak".to_owned());
    let memory = BASE_BYTES + BODY_MEMORY_BYTES;
    watch.finish(&mut story, memory);
    Ok(Ending::Ran(story.end().await?))
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

/// New callbacks at a rate, whatever becomes of the ones before; and what is acknowledged in a second
/// once the queue is full. Answers come in bursts, one for each commit, so time is taken from the end
/// of one burst to the end of another.
async fn flood(
    sender: &Sender,
    rate: f64,
    length: Duration,
) -> (Vec<actix_web::rt::task::JoinHandle<()>>, f64) {
    const FILLING: Duration = Duration::from_secs(4);
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
            let mut sender = sender.clone();
            let number = sender.take_number();
            tasks.push(actix_web::rt::spawn(async move {
                sender.deliver(number, Version::First).await;
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
    (tasks, per_second(to.1 - from.1, to.0.saturating_sub(from.0)))
}

#[expect(clippy::cast_precision_loss, reason = "for a person to read")]
fn per_second(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

pub(super) async fn send_large(
    world: &World,
    chance: Chance,
    folder: PathBuf,
) -> Result<Ending, Failure> {
    let url = format!("sqlite://{}", folder.join("ringback.db").display());
    let memory_bytes = 32 * MIB;
    let setting = Setting {
        shape: Shape { connections: 120, rate: 10_000, at_most: world.pick(160, 3000) },
        body_bytes: usize::try_from(MIB)?,
        environment: vec![("RINGBACK_BODY_MEMORY_BYTES".to_owned(), memory_bytes.to_string())],
        ..Setting::usual(world, url, 1)
    };
    let mut story = Story::begin(world, setting, chance, &folder).await?;
    let watch = Watch::start(&story);
    story.wait_for_load().await?;
    story.faults += 1;
    let refused = story.sender.ledger.borrow().refused;
    story.notes.push(format!("{refused} were told to come again for want of memory"));
    story.expect(refused > 0, || "memory for bodies was never short".to_owned());
    watch.finish(&mut story, BASE_BYTES + memory_bytes);
    Ok(Ending::Ran(story.end().await?))
}

/// What a slow client does.
#[derive(Clone, Copy)]
enum Slow {
    Idle,
    Head,
    Body,
}

pub(super) async fn hold_connections(
    world: &World,
    chance: Chance,
    folder: PathBuf,
) -> Result<Ending, Failure> {
    const CONNECTIONS: u32 = 5000;
    let url = format!("sqlite://{}", folder.join("ringback.db").display());
    let mut story = Story::begin(world, Setting::usual(world, url, 1), chance, &folder).await?;
    let watch = Watch::start(&story);
    let address = story.nodes[0].url.trim_start_matches("http://").to_owned();
    let opened = Rc::new(std::cell::Cell::new(0_u32));
    let slow: Vec<_> = (0..CONNECTIONS)
        .map(|number| {
            let kind = [Slow::Idle, Slow::Head, Slow::Body][(number % 3) as usize];
            actix_web::rt::spawn(be_slow(address.clone(), kind, Rc::clone(&opened)))
        })
        .collect();
    story.faults = CONNECTIONS;
    tokio::time::sleep(Duration::from_secs(world.pick(12, 60))).await;
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
    watch.finish(&mut story, BASE_BYTES + BODY_MEMORY_BYTES);
    Ok(Ending::Ran(story.end().await?))
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

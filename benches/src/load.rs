//! The load: so many connections, each sending its next request when the last one is answered.
//!
//! One thread and raw sockets, because it runs beside the server on the same machine.

use crate::Failure;
use crate::http::parse_answer;
use crate::process::Process;
use crate::requests::Requests;
use crate::spread::quantile;
use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

/// What the server does before the clock runs.
const WARM_UP: Duration = Duration::from_millis(700);
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);

/// What a load does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// Connections, each with one request at a time.
    pub(crate) connections: usize,
    /// How long is measured.
    pub(crate) measured: Duration,
    /// Begin again when all requests are sent: for a server that stores nothing.
    pub(crate) repeat: bool,
}

/// What a load found.
#[derive(Debug)]
pub(crate) struct Found {
    /// Numbers of the requests that were acknowledged, before and after the measured time too.
    pub(crate) acknowledged: Vec<u32>,
    /// Answers other than 2xx.
    pub(crate) refused: u64,
    /// Acknowledged in a second of the measured time.
    pub(crate) rate: f64,
    /// Half of the answers were faster, in milliseconds.
    pub(crate) p50_ms: f64,
    /// 99 of 100 answers were faster, in milliseconds.
    pub(crate) p99_ms: f64,
    /// CPU time of the server for each request, in microseconds.
    pub(crate) server_cpu_us: Option<f64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    WarmUp,
    Measured,
    Over,
}

struct Shared {
    requests: Requests,
    load: Load,
    phase: Cell<Phase>,
    next: Cell<u32>,
    used_up: Notify,
    acknowledged: RefCell<Vec<u32>>,
    latencies_us: RefCell<Vec<u32>>,
    refused: Cell<u64>,
}

impl Shared {
    /// The next request; `None` when there is none or the time is over.
    fn take(&self) -> Option<u32> {
        if self.phase.get() == Phase::Over {
            return None;
        }
        let number = self.next.get();
        self.next.set(number + 1);
        if number < self.requests.count() {
            Some(number)
        } else if self.load.repeat {
            Some(number % self.requests.count())
        } else {
            self.used_up.notify_one();
            None
        }
    }
}

/// Loads a server and gives the requests back for the next time.
pub(crate) fn run(
    process: &Process,
    requests: Requests,
    load: Load,
) -> Result<(Found, Requests), Failure> {
    let shared = Rc::new(Shared {
        requests,
        load,
        phase: Cell::new(Phase::WarmUp),
        next: Cell::new(0),
        used_up: Notify::new(),
        acknowledged: RefCell::default(),
        latencies_us: RefCell::default(),
        refused: Cell::new(0),
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    let (elapsed, server_cpu) = local.block_on(&runtime, drive(process, &shared))?;
    drop(local);
    let shared = Rc::try_unwrap(shared).map_err(|_| "a connection is still open")?;
    let mut latencies_us = shared.latencies_us.into_inner();
    let count = f64::from(u32::try_from(latencies_us.len())?);
    let found = Found {
        acknowledged: shared.acknowledged.into_inner(),
        refused: shared.refused.get(),
        rate: count / elapsed.as_secs_f64(),
        p50_ms: f64::from(quantile(&mut latencies_us, 0.5)) / 1e3,
        p99_ms: f64::from(quantile(&mut latencies_us, 0.99)) / 1e3,
        server_cpu_us: server_cpu.map(|cpu| cpu.as_secs_f64() * 1e6 / count),
    };
    Ok((found, shared.requests))
}

async fn drive(
    process: &Process,
    shared: &Rc<Shared>,
) -> Result<(Duration, Option<Duration>), Failure> {
    let mut connections = Vec::with_capacity(shared.load.connections);
    for _ in 0..shared.load.connections {
        let stream = connect(process.address).await?;
        connections.push(tokio::task::spawn_local(converse(stream, Rc::clone(shared))));
    }
    tokio::time::sleep(WARM_UP).await;
    let (start, cpu_at_start) = (Instant::now(), process.cpu());
    shared.phase.set(Phase::Measured);
    // Ends early when the requests are used up.
    let _either = tokio::time::timeout(shared.load.measured, shared.used_up.notified()).await;
    shared.phase.set(Phase::Over);
    let (elapsed, cpu_at_end) = (start.elapsed(), process.cpu());
    for connection in connections {
        connection.await??;
    }
    let cpu = cpu_at_end.zip(cpu_at_start).map(|(end, start)| end.saturating_sub(start));
    Ok((elapsed, cpu))
}

async fn connect(address: SocketAddr) -> Result<TcpStream, Failure> {
    let stream = tokio::time::timeout(CONNECT_PATIENCE, TcpStream::connect(address)).await??;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// One request after another until the time is over; the last one is waited for.
async fn converse(mut stream: TcpStream, shared: Rc<Shared>) -> Result<(), String> {
    let mut buffer = Vec::with_capacity(4096);
    while let Some(number) = shared.take() {
        let begin = Instant::now();
        let sent = stream.write_all(shared.requests.get(number)).await;
        sent.map_err(|error| format!("the server hung up: {error}"))?;
        buffer.clear();
        let answer = loop {
            if let Some(answer) = parse_answer(&buffer)? {
                break answer;
            }
            let count = stream.read_buf(&mut buffer).await;
            if count.map_err(|error| format!("the server hung up: {error}"))? == 0 {
                return Err("the server hung up".to_owned());
            }
        };
        if !answer.is_success {
            shared.refused.set(shared.refused.get() + 1);
            continue;
        }
        shared.acknowledged.borrow_mut().push(number);
        if shared.phase.get() == Phase::Measured {
            let latency = u32::try_from(begin.elapsed().as_micros()).unwrap_or(u32::MAX);
            shared.latencies_us.borrow_mut().push(latency);
        }
    }
    Ok(())
}

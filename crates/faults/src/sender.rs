//! The sender: it keeps every callback until it is acknowledged, as providers do.
//!
//! A 503 is tried again after `Retry-After`, a lost connection or a late answer after a pause that
//! doubles. Providers begin at seconds and go on for days; here a pause begins at 0.1 s and grows
//! to 2 s, so that a scenario ends within minutes.

use crate::plan::{PATH, Plan, Version};
use crate::rotation::Rotation;
use crate::seed::Chance;
use awc::http::header::RETRY_AFTER;
use ringback_api::clock::{Clock, SystemClock};
use serde::Deserialize;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// An answer that takes longer is not waited for. Providers wait 5 to 30 s.
const ANSWER_PATIENCE: Duration = Duration::from_secs(15);

/// How much is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// Requests at once.
    pub(crate) connections: u32,
    /// New callbacks in a second.
    pub(crate) rate: u32,
    /// No more callbacks than these.
    pub(crate) at_most: u32,
}

/// What the sender knows. Everything is counted in versions: a callback that changes is two.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// The last version acknowledged of each callback, 0 for none.
    pub(crate) acknowledged: Vec<u8>,
    /// Versions that were sent at least once.
    pub(crate) sent: u64,
    /// Attempts after the first.
    pub(crate) retries: u64,
    /// Answers of 503.
    pub(crate) refused: u64,
    /// The longest time from the first attempt to the acknowledgement.
    pub(crate) longest: Duration,
    /// Callbacks that were given up before they were acknowledged.
    pub(crate) given_up: u64,
    /// What nobody should have seen.
    pub(crate) failures: Vec<String>,
}

impl Ledger {
    /// Versions that were acknowledged.
    pub(crate) fn acknowledgements(&self) -> u64 {
        self.acknowledged.iter().map(|&version| u64::from(version)).sum()
    }

    fn acknowledge(&mut self, number: u32, version: Version, took: Duration) {
        let index = number as usize;
        if self.acknowledged.len() <= index {
            self.acknowledged.resize(index + 1, 0);
        }
        self.acknowledged[index] = self.acknowledged[index].max(version as u8);
        self.longest = self.longest.max(took);
    }

    fn fail(&mut self, failure: String) {
        // The first ones say it all.
        if self.failures.len() < 10 {
            self.failures.push(failure);
        }
    }
}

/// A load that runs. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Sender {
    pub(crate) plan: Plan,
    pub(crate) ledger: Rc<RefCell<Ledger>>,
    client: awc::Client,
    rotation: Rotation,
    chance: Chance,
    next: Rc<Cell<u32>>,
    stopped: Rc<Cell<bool>>,
    give_up: Rc<Cell<Option<Instant>>>,
}

#[derive(Deserialize)]
struct Receipt {
    callback_id: String,
}

/// What became of one attempt.
enum Attempt {
    Acknowledged,
    Refused(Duration),
    Lost,
}

impl Sender {
    /// A sender that has not begun.
    pub(crate) fn new(plan: Plan, client: awc::Client, rotation: Rotation, chance: Chance) -> Self {
        Self {
            plan,
            ledger: Rc::default(),
            client,
            rotation,
            chance,
            next: Rc::default(),
            stopped: Rc::default(),
            give_up: Rc::default(),
        }
    }

    /// No new callback from now on; what is not acknowledged in the time is given up. Only the first
    /// word counts.
    pub(crate) fn stop(&self, patience: Duration) {
        if !self.stopped.replace(true) {
            self.give_up.set(Some(Instant::now() + patience));
        }
    }

    /// The number of a new callback.
    pub(crate) fn take_number(&self) -> u32 {
        let number = self.next.get();
        self.next.set(number + 1);
        number
    }

    /// Sends until it is stopped and all is acknowledged or given up.
    pub(crate) async fn run(self, shape: Shape) {
        let begin = Instant::now();
        let connections = (0..shape.connections).map(|connection| {
            let mut sender = self.clone();
            sender.chance = self.chance.fork(&format!("connection {connection}"));
            async move { sender.converse(shape, begin).await }
        });
        futures_util::future::join_all(connections).await;
    }

    async fn converse(mut self, shape: Shape, begin: Instant) {
        while !self.stopped.get() && self.next.get() < shape.at_most {
            let number = self.take_number();
            let due = begin + Duration::from_secs_f64(f64::from(number) / f64::from(shape.rate));
            tokio::time::sleep_until(due.into()).await;
            if self.deliver(number, Version::First).await && self.plan.changes(number) {
                self.deliver(number, Version::Second).await;
            }
        }
    }

    /// Tries until it is acknowledged; false when it was given up.
    pub(crate) async fn deliver(&mut self, number: u32, version: Version) -> bool {
        let body = self.plan.body(number, version);
        self.ledger.borrow_mut().sent += 1;
        let begin = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let wait = match self.attempt(number, body.clone()).await {
                Attempt::Acknowledged => {
                    self.ledger.borrow_mut().acknowledge(number, version, begin.elapsed());
                    return true;
                }
                Attempt::Refused(wait) => wait,
                Attempt::Lost => {
                    let wait = self.chance.between(pause / 2, pause);
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    wait
                }
            };
            if self.give_up.get().is_some_and(|at| Instant::now() + wait > at) {
                self.ledger.borrow_mut().given_up += 1;
                return false;
            }
            self.ledger.borrow_mut().retries += 1;
            tokio::time::sleep(wait).await;
        }
    }

    /// Tries a first version once; gives how long to wait when it is not acknowledged. A callback
    /// that was tried before says since when.
    pub(crate) async fn try_once(&self, number: u32, since: Option<Instant>) -> Option<Duration> {
        let body = self.plan.body(number, Version::First);
        let begin = since.unwrap_or_else(Instant::now);
        self.ledger.borrow_mut().sent += u64::from(since.is_none());
        self.ledger.borrow_mut().retries += u64::from(since.is_some());
        match self.attempt(number, body).await {
            Attempt::Acknowledged => {
                let took = begin.elapsed();
                self.ledger.borrow_mut().acknowledge(number, Version::First, took);
                None
            }
            Attempt::Refused(wait) => Some(wait),
            Attempt::Lost => Some(LONGEST_PAUSE),
        }
    }

    async fn attempt(&self, number: u32, body: Vec<u8>) -> Attempt {
        let url = &self.rotation.pick().url;
        let at_seconds = SystemClock.now() / 1_000_000;
        let mut request = self
            .client
            .post(format!("{url}{PATH}"))
            .timeout(ANSWER_PATIENCE)
            .insert_header(("content-type", "application/json"));
        for header in self.plan.headers(number, &body, at_seconds) {
            request = request.insert_header(header);
        }
        let Ok(mut answer) = request.send_body(body).await else { return Attempt::Lost };
        match answer.status().as_u16() {
            200 => {
                let Ok(receipt) = answer.json::<Receipt>().await else { return Attempt::Lost };
                if receipt.callback_id != self.plan.id(number) {
                    let wrong = format!("a receipt names {}", receipt.callback_id);
                    self.ledger.borrow_mut().fail(wrong);
                }
                Attempt::Acknowledged
            }
            503 => {
                self.ledger.borrow_mut().refused += 1;
                let seconds = answer
                    .headers()
                    .get(RETRY_AFTER)
                    .and_then(|value| value.to_str().ok()?.parse().ok());
                if seconds.is_none() {
                    let failure = "a 503 came without Retry-After".to_owned();
                    self.ledger.borrow_mut().fail(failure);
                }
                Attempt::Refused(Duration::from_secs(seconds.unwrap_or(1)))
            }
            // The server gave up on a request that this machine was too busy to send.
            408 => Attempt::Lost,
            other => {
                self.ledger.borrow_mut().fail(format!("an answer of {other}"));
                Attempt::Lost
            }
        }
    }
}

//! The frame of every scenario: nodes, a load, readers; and what must hold at the end.

use crate::Failure;
use crate::cluster::Programs;
use crate::listener::Listener;
use crate::node::{Node, NodeSettings, free_port};
use crate::observer::Observer;
use crate::plan::{Plan, Signing};
use crate::reader::Reader;
use crate::report::Outcome;
use crate::rotation::Rotation;
use crate::seed::Chance;
use crate::sender::{Sender, Shape};
use crate::stored;
use actix_web::rt::task::JoinHandle;
use std::path::PathBuf;
use std::time::Duration;
use tokio::process::Command;

/// What all scenarios share.
pub(crate) struct World {
    /// The server's program.
    pub(crate) server: PathBuf,
    /// PostgreSQL.
    pub(crate) programs: Programs,
    /// Where everything is kept.
    pub(crate) folder: PathBuf,
    /// More faults, for longer.
    pub(crate) long: bool,
    /// How many callbacks go where a number of them is sent, if not as many as usual.
    pub(crate) callbacks: Option<u32>,
}

impl World {
    /// One number for the short run, another for the long one.
    pub(crate) fn pick<T>(&self, short: T, long: T) -> T {
        if self.long { long } else { short }
    }

    /// How many callbacks are sent where a number of them is.
    pub(crate) fn count(&self, short: u32, long: u32) -> u32 {
        self.callbacks.unwrap_or_else(|| self.pick(short, long))
    }

    /// The load that nothing but the scenario's faults disturbs.
    pub(crate) fn usual(&self) -> Shape {
        Shape { connections: 24, rate: self.pick(150, 800), at_most: u32::MAX }
    }
}

/// How a scenario begins.
pub(crate) struct Setting {
    /// What the nodes are told.
    pub(crate) database_url: String,
    /// How many nodes.
    pub(crate) nodes: usize,
    /// The load.
    pub(crate) shape: Shape,
    /// The size of each body.
    pub(crate) body_bytes: usize,
    /// How callbacks are signed.
    pub(crate) signing: Signing,
    /// Further environment of the nodes.
    pub(crate) environment: Vec<(String, String)>,
    /// The program of each node and its arguments; the server's `serve` when empty.
    pub(crate) program: Option<(PathBuf, Vec<String>)>,
}

impl Setting {
    /// The usual load on a number of nodes.
    pub(crate) fn usual(world: &World, database_url: String, nodes: usize) -> Self {
        Self {
            database_url,
            nodes,
            shape: world.usual(),
            body_bytes: 400,
            signing: Signing::Timed,
            environment: Vec::new(),
            program: None,
        }
    }
}

/// A scenario that runs.
pub(crate) struct Story<'a> {
    pub(crate) world: &'a World,
    /// Chance of this scenario alone.
    pub(crate) chance: Chance,
    /// The nodes.
    pub(crate) nodes: Vec<Node>,
    /// The balancer.
    pub(crate) rotation: Rotation,
    /// The load.
    pub(crate) sender: Sender,
    /// For questions of the scenario's own.
    pub(crate) client: awc::Client,
    /// An admin's token.
    pub(crate) token: String,
    /// Faults that were injected.
    pub(crate) faults: u32,
    /// What is worth saying.
    pub(crate) notes: Vec<String>,
    /// What is wrong.
    pub(crate) failures: Vec<String>,
    /// Whether a callback may stay unacknowledged: under more load than can be served.
    pub(crate) may_give_up: bool,
    database_url: String,
    reader: Reader,
    listener: Listener,
    load: JoinHandle<()>,
    tasks: Vec<JoinHandle<()>>,
}

/// All that was sent must be acknowledged within this time once the faults are over, and be seen;
/// twice as long in the long run, in which readers have a million to look through.
const SETTLE_PATIENCE: Duration = Duration::from_secs(60);

impl<'a> Story<'a> {
    /// Starts the nodes, the readers and the load.
    ///
    /// # Errors
    /// When something does not start: there is no fault yet.
    pub(crate) async fn begin(
        world: &'a World,
        setting: Setting,
        mut chance: Chance,
        folder: &std::path::Path,
    ) -> Result<Self, Failure> {
        std::fs::create_dir_all(folder)?;
        let mut nodes = Vec::new();
        for number in 0..setting.nodes {
            let (program, arguments) = setting
                .program
                .clone()
                .unwrap_or_else(|| (world.server.clone(), vec!["serve".to_owned()]));
            let settings = NodeSettings {
                program,
                arguments,
                database_url: setting.database_url.clone(),
                environment: setting.environment.clone(),
                log: folder.join(format!("node{number}.log")),
            };
            let mut node = Node::new(settings, free_port(&mut chance)?);
            node.start().await?;
            nodes.push(node);
        }
        let token = make_token(world, &setting.database_url).await?;
        let client = client();
        let rotation = Rotation::new(nodes.iter().map(|node| node.url.clone()).collect());
        let plan =
            Plan { run: chance.next(), body_bytes: setting.body_bytes, signing: setting.signing };
        let mut tasks = vec![actix_web::rt::spawn(rotation.clone().watch(client.clone()))];
        rotation.wait_for(nodes.len(), Duration::from_secs(30)).await?;
        let reader = Reader::new(plan, client.clone(), rotation.clone(), token.clone());
        let cursor = reader.start().await.ok_or("the feed cannot be read")?;
        tasks.push(actix_web::rt::spawn(reader.clone().run()));
        let listener = Listener::new(plan, client.clone(), rotation.clone(), token.clone(), cursor);
        tasks.push(actix_web::rt::spawn(listener.clone().run()));
        let sender =
            Sender::new(plan, client.clone(), rotation.clone(), chance.fork("the sender's pauses"));
        let load = actix_web::rt::spawn(sender.clone().run(setting.shape));
        Ok(Self {
            world,
            chance,
            nodes,
            rotation,
            sender,
            client,
            token,
            faults: 0,
            notes: Vec::new(),
            failures: Vec::new(),
            may_give_up: false,
            database_url: setting.database_url,
            reader,
            listener,
            load,
            tasks,
        })
    }

    /// Waits for a random time.
    pub(crate) async fn pause(&mut self, from_ms: u64, to_ms: u64) {
        let (from, to) = (Duration::from_millis(from_ms), Duration::from_millis(to_ms));
        tokio::time::sleep(self.chance.between(from, to)).await;
    }

    /// Notes what must hold and does not.
    pub(crate) fn expect(&mut self, holds: bool, failure: impl FnOnce() -> String) {
        if !holds {
            self.failures.push(failure());
        }
    }

    /// Waits until the load has ended by itself.
    pub(crate) async fn wait_for_load(&mut self) -> Result<(), Failure> {
        Ok((&mut self.load).await?)
    }

    /// Ends the load, waits until everybody has recovered without a hand, and looks.
    ///
    /// # Errors
    /// When the end cannot be reached, so that nothing could be compared.
    pub(crate) async fn end(mut self) -> Result<Outcome, Failure> {
        let patience = self.world.pick(SETTLE_PATIENCE, 2 * SETTLE_PATIENCE);
        self.sender.stop(patience);
        if !self.load.is_finished() {
            (&mut self.load).await?;
        }
        if let Err(failure) = self.rotation.wait_for(self.nodes.len(), patience).await {
            self.failures.push(failure.to_string());
        }
        if !self.reader.catch_up(patience).await {
            self.failures.push("the reader did not catch up".to_owned());
        }
        if !self.listener_catches_up(patience).await {
            self.failures.push("the stream did not catch up with the feed".to_owned());
        }
        for task in &self.tasks {
            task.abort();
        }
        for (number, node) in self.nodes.iter_mut().enumerate() {
            if !node.is_running() {
                self.failures.push(format!("node {number} had ended:\n{}", node.log_end()));
            } else if let Err(failure) = node.stop().await {
                self.failures.push(format!("node {number}: {failure}"));
            }
            if node.log_contains("panicked") {
                self.failures.push(format!("node {number} panicked, see its log"));
            }
        }
        let ledger = self.sender.ledger.take();
        let found = stored::inspect(&self.database_url, &self.sender.plan, &ledger)?;
        let mut seen = u64::MAX;
        for (how, observer) in
            [("by cursor", &self.reader.observer), ("by stream", &self.listener.observer)]
        {
            let observer = observer.replace(Observer::new(self.sender.plan));
            seen = seen.min(observer.count());
            let failures = observer.verify(&found.order).into_iter();
            self.failures.extend(failures.map(|failure| format!("{how}: {failure}")));
        }
        self.failures.extend(found.failures);
        self.failures.extend(ledger.failures.iter().cloned());
        if ledger.given_up > 0 && !self.may_give_up {
            self.failures.push(format!("{} were never acknowledged", ledger.given_up));
        }
        Ok(Outcome {
            faults: self.faults,
            sent: ledger.sent,
            acknowledged: ledger.acknowledgements(),
            stored: found.versions,
            callbacks: found.order.len() as u64,
            seen,
            retries: ledger.retries,
            longest: ledger.longest,
            notes: self.notes,
            failures: self.failures,
        })
    }
}

impl Story<'_> {
    async fn listener_catches_up(&self, patience: Duration) -> bool {
        let wait = async {
            let has_caught_up = || {
                let (heard, read) = (&self.listener.observer, &self.reader.observer);
                heard.borrow().has_seen_what(&read.borrow())
            };
            while !has_caught_up() {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        tokio::time::timeout(patience, wait).await.is_ok()
    }
}

/// A client as providers have: many connections, kept for a while.
pub(crate) fn client() -> awc::Client {
    let connector = awc::Connector::new()
        .limit(0)
        .timeout(Duration::from_secs(5))
        .conn_keep_alive(Duration::from_secs(3));
    awc::Client::builder().connector(connector).disable_redirects().finish()
}

/// An admin's token, made by the command line.
async fn make_token(world: &World, database_url: &str) -> Result<String, Failure> {
    let out = Command::new(&world.server)
        .args(["token", "create", "--name", "faults", "--role", "admin"])
        .current_dir(&world.folder)
        .env_clear()
        .env("DATABASE_URL", database_url)
        .output()
        .await?;
    if !out.status.success() {
        return Err(format!("no token: {}", String::from_utf8_lossy(&out.stderr)).into());
    }
    Ok(String::from_utf8(out.stdout)?.trim().to_owned())
}

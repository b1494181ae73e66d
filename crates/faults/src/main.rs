//! Breaks what Ringback stands on while a load runs: processes, databases, disks, clocks. After each
//! scenario every acknowledged callback must be stored once with its bytes, a reader of the feed
//! must have seen each once and in order, and nothing may need a hand.
//!
//! The servers are real processes of the real program. Every choice follows from a seed that is
//! printed; `--seed` repeats a run as far as the machine's own timing allows.

mod cluster;
mod cost;
mod disk;
mod listener;
mod node;
mod observer;
mod plan;
mod reader;
mod report;
mod rotation;
mod scenarios;
mod seed;
mod sender;
mod stage;
mod stored;
mod story;

use clap::Parser;
use futures_util::stream::{self, StreamExt};
use report::Ending;
use scenarios::{SCENARIOS, Scenario};
use seed::Chance;
use stage::Stage;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;
use story::World;

/// Scenarios that run side by side.
const AT_ONCE: usize = 3;

/// Whatever ends a scenario early.
pub(crate) type Failure = Box<dyn std::error::Error>;

/// Breaks Ringback's surroundings while a load runs, and counts what was lost.
#[derive(Debug, Parser)]
#[command(name = "ringback-faults")]
struct Arguments {
    /// More faults, for longer, and a million callbacks: about half an hour
    #[arg(long)]
    long: bool,
    /// Repeat a run
    #[arg(long)]
    seed: Option<u64>,
    /// Callbacks in `feed-three-nodes` [default: 2500, 1000000 with --long] and in `large-bodies`
    /// [default: 160, 3000 with --long]
    #[arg(long, value_name = "N")]
    callbacks: Option<u32>,
    /// Only these scenarios
    #[arg(value_name = "SCENARIO")]
    only: Vec<String>,
    /// List the scenarios
    #[arg(long)]
    list: bool,
    /// The server's program [default: `ringback` beside this one]
    #[arg(long, value_name = "FILE")]
    server: Option<PathBuf>,
    /// The folder of PostgreSQL's `initdb`, `postgres` and `pg_ctl`
    #[arg(long, env = "RINGBACK_POSTGRES_BIN", value_name = "FOLDER")]
    postgres_bin: Option<PathBuf>,
    /// A server whose clock is set by what it reads, for the scenarios about clocks
    #[arg(long, hide = true)]
    serve_with_clock: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = if arguments.serve_with_clock {
        scenarios::clock::serve().map(|()| true)
    } else if arguments.list {
        for Scenario { name, what, .. } in SCENARIOS {
            println!("{name:22} {what}");
        }
        Ok(true)
    } else {
        actix_web::rt::System::new().block_on(async {
            // Dropping what runs ends the processes that it started.
            tokio::select! {
                done = run(&arguments) => done,
                signal = wait_for_signal() => signal.map(|()| false),
            }
        })
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn wait_for_signal() -> Result<(), Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => {}
        done = tokio::signal::ctrl_c() => done?,
    }
    Ok(())
}

async fn run(arguments: &Arguments) -> Result<bool, Failure> {
    use ringback_api::clock::{Clock, SystemClock};
    for name in &arguments.only {
        if !SCENARIOS.iter().any(|known| known.name == name) {
            return Err(format!("there is no scenario {name}; --list names them").into());
        }
    }
    let seed = arguments.seed.unwrap_or_else(|| SystemClock.now().unsigned_abs() % 1_000_000);
    let begin = Instant::now();
    // /tmp may be memory; /var/tmp is a disk.
    let work = tempfile::Builder::new().prefix("ringback-faults.").tempdir_in("/var/tmp")?;
    open_to_all(work.path())?;
    let server = match &arguments.server {
        Some(server) => server.canonicalize()?,
        None => std::env::current_exe()?.with_file_name("ringback"),
    };
    let programs = arguments.postgres_bin.as_deref().ok_or(
        "where are PostgreSQL's programs? `just faults` finds them; else set RINGBACK_POSTGRES_BIN",
    )?;
    let world = World {
        server,
        programs: cluster::Programs::prepare(programs, work.path()).await?,
        folder: work.path().to_owned(),
        long: arguments.long,
        callbacks: arguments.callbacks,
    };
    println!("seed {seed}");
    let chosen = SCENARIOS.iter().filter(|scenario| {
        arguments.only.is_empty() || arguments.only.iter().any(|only| only == scenario.name)
    });
    // Most of a scenario is waiting. What measures has the machine for itself; in the long run, all.
    let (alone, together): (Vec<&Scenario>, Vec<&Scenario>) =
        chosen.partition(|scenario| scenario.measures || world.long);
    let mut endings: Vec<(&str, Ending)> = Vec::new();
    for (scenarios, at_once) in [(together, AT_ONCE), (alone, 1)] {
        let runs = scenarios.into_iter().map(|scenario| run_one(&world, scenario, seed));
        endings.extend(stream::iter(runs).buffered(at_once).collect::<Vec<_>>().await);
    }
    println!("\n{}", report::table(&endings));
    let passed = endings.iter().filter(|(_, ending)| ending.has_passed()).count();
    let not_run = endings.iter().filter(|(_, ending)| matches!(ending, Ending::NotRun(_))).count();
    let failed = endings.len() - passed - not_run;
    if failed > 0 {
        println!("Logs are kept in {}; repeat with --seed {seed}", work.keep().display());
        println!("  {failed} failed");
    }
    if not_run > 0 {
        println!("  {not_run} not run");
    }
    println!("  {passed} passed ({:.1}m)", begin.elapsed().as_secs_f64() / 60.0);
    Ok(failed == 0)
}

async fn run_one<'a>(world: &World, scenario: &'a Scenario, seed: u64) -> (&'a str, Ending) {
    let begin = Instant::now();
    let stage = Stage {
        world,
        chance: Chance::new(seed).fork(scenario.name),
        folder: world.folder.join(scenario.name),
    };
    let ending = match (scenario.run)(stage).await {
        Ok(ending) => ending,
        Err(failure) => Ending::Broke(failure.to_string()),
    };
    let verdict = match &ending {
        Ending::NotRun(_) => "not run",
        ending if ending.has_passed() => "passed",
        _ => "FAILED",
    };
    let seconds = begin.elapsed().as_secs_f64();
    println!("{verdict:8} {seconds:4.0} s  {}: {}", scenario.name, scenario.what);
    (scenario.name, ending)
}

/// PostgreSQL's user must be able to pass through the folder to its clusters.
fn open_to_all(folder: &std::path::Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    Ok(std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o711))?)
}

//! `ringback serve`

use super::Failure;
use crate::clock::SystemClock;
use crate::config::{Config, ServeArgs};
use crate::startup::Application;
use crate::state::State;
use crate::telemetry;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Files that are no connections: the database, the log, the libraries.
const SPARE_FILES: u64 = 64;

pub(super) fn run(args: &ServeArgs) -> Result<(), Failure> {
    let config = Config::load(args)?;
    telemetry::start(&config.log, config.log_format)?;
    actix_web::rt::System::new().block_on(async {
        // Before anything is said or taken, so that no signal finds the server deaf to it.
        let signals = Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        };
        let (drain, connections) = (config.drain, config.max_connections);
        raise_file_limit(connections);
        let application = Application::build(config, Arc::new(SystemClock))?;
        let (handle, state) = (application.handle(), application.state());
        actix_web::rt::spawn(async move {
            wait_for_the_end(signals, &state, drain).await;
            drop(state);
            tracing::info!("told to stop");
            handle.stop(true).await;
        });
        // In one piece: a program that waits for the first line has the second with it.
        let mut said = Vec::new();
        writeln!(said, "Ringback listens on {}", application.public_url())?;
        if let Some(link) = application.set_up_link() {
            writeln!(said, "Set-up link (good once, for 24 hours): {link}")?;
        }
        let mut out = std::io::stdout().lock();
        out.write_all(&said)?;
        out.flush()?;
        drop(out);
        Ok(application.run().await?)
    })
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

/// Ctrl-C ends at once. SIGTERM is what a supervisor sends, and a load balancer may stand before the
/// server: it is told by `/readyz` and has some seconds to turn elsewhere. A second signal ends that.
async fn wait_for_the_end(mut signals: Signals, state: &State, drain: Duration) {
    tokio::select! {
        _ = signals.interrupt.recv() => return,
        _ = signals.terminate.recv() => {}
    }
    state.admission.begin_drain();
    tracing::info!(drain.seconds = drain.as_secs(), "about to stop: not ready any more");
    tokio::select! {
        _ = signals.interrupt.recv() => {}
        _ = signals.terminate.recv() => {}
        () = tokio::time::sleep(drain) => {}
    }
}

/// Many systems let a process open 1,024 files unless it asks for more, and each connection is one.
/// It may ask for what the hard limit allows.
fn raise_file_limit(connections: usize) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if setrlimit(Resource::Nofile, raised).is_err() {
        tracing::warn!("the limit of open files cannot be raised");
    }
    let enough = u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(SPARE_FILES);
    if let Some(files) = getrlimit(Resource::Nofile).current.filter(|&files| files < enough) {
        tracing::warn!(
            files,
            connections,
            "the limit of open files is lower than the connections that are taken: raise it"
        );
    }
}

//! `ringback serve`

use super::Failure;
use crate::clock::SystemClock;
use crate::config::{Config, ServeArgs};
use crate::startup::Application;
use crate::telemetry;
use std::io::Write;
use std::sync::Arc;
use tokio::signal::unix::{Signal, SignalKind, signal};

pub(super) fn run(args: &ServeArgs) -> Result<(), Failure> {
    let config = Config::load(args)?;
    telemetry::start(&config.log, config.log_format)?;
    actix_web::rt::System::new().block_on(async {
        // Before anything is said or taken, so that no signal finds the server deaf to it.
        let (terminate, interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let application = Application::build(config, Arc::new(SystemClock))?;
        let handle = application.handle();
        actix_web::rt::spawn(async move {
            wait_for_either(terminate, interrupt).await;
            tracing::info!("told to stop");
            handle.stop(true).await;
        });
        let mut out = std::io::stdout().lock();
        writeln!(out, "Ringback listens on {}", application.public_url())?;
        if let Some(link) = application.set_up_link() {
            writeln!(out, "Set-up link (good once, for 24 hours): {link}")?;
        }
        out.flush()?;
        drop(out);
        Ok(application.run().await?)
    })
}

async fn wait_for_either(mut terminate: Signal, mut interrupt: Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

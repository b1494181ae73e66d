//! `ringback serve`

use super::Failure;
use crate::clock::SystemClock;
use crate::config::{Config, ServeArgs};
use crate::startup::Application;
use crate::telemetry;
use std::io::Write;
use std::sync::Arc;

pub(super) fn run(args: &ServeArgs) -> Result<(), Failure> {
    let config = Config::load(args)?;
    telemetry::start(&config.log, config.log_format)?;
    actix_web::rt::System::new().block_on(async {
        let application = Application::build(config, Arc::new(SystemClock))?;
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

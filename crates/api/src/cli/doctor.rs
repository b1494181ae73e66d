//! `ringback doctor`: the checklist of a deployment, against the configuration that is there.

mod checks;
mod sources;

use super::Failure;
use crate::config::{Config, ServeArgs};
use clap::Args;
use std::fmt;

/// What it takes: what `serve` takes, from the same places.
#[derive(Args, Debug)]
pub(super) struct DoctorArgs {
    /// Only ask whether the server is ready: for the health check of a container
    #[arg(long)]
    ready: bool,
    #[command(flatten)]
    serve: ServeArgs,
}

/// How it stands with one point of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// As it should be.
    Good,
    /// Works, and should be looked at.
    Doubtful,
    /// Must be mended.
    Bad,
}

/// One point of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) state: State,
    /// What was found.
    pub(super) what: String,
    /// What to do; empty when there is nothing to do.
    pub(super) remedy: String,
}

impl Finding {
    pub(super) fn good(what: impl Into<String>) -> Self {
        Self { state: State::Good, what: what.into(), remedy: String::new() }
    }

    pub(super) fn doubtful(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { state: State::Doubtful, what: what.into(), remedy: remedy.into() }
    }

    pub(super) fn bad(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { state: State::Bad, what: what.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.state {
            State::Good => "ok  ",
            State::Doubtful => "warn",
            State::Bad => "FAIL",
        };
        write!(f, "{mark}  {}", self.what)?;
        if !self.remedy.is_empty() {
            write!(f, "\n      -> {}", self.remedy)?;
        }
        Ok(())
    }
}

pub(super) fn run(args: &DoctorArgs) -> Result<(), Failure> {
    let config = Config::load(&args.serve)?;
    if args.ready {
        let finding = checks::running(&config);
        return if finding.state == State::Good { Ok(()) } else { Err(finding.what.into()) };
    }
    let findings = checks::examine(&config);
    for finding in &findings {
        println!("{finding}");
    }
    let count = |state| findings.iter().filter(|finding| finding.state == state).count();
    let (doubtful, bad) = (count(State::Doubtful), count(State::Bad));
    println!("{} checked, {doubtful} to look at, {bad} to mend", findings.len());
    if bad > 0 { Err("something must be mended, see above".into()) } else { Ok(()) }
}

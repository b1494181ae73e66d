//! The measured server as a process: started, asked for its CPU time, killed.

use crate::Failure;
use crate::server::{Backend, Sizes, Variant};
use clap::ValueEnum;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

/// A running server. It is killed when this is dropped, without a chance to store anything more.
pub(crate) struct Process {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// When this is closed, the server ends: nothing is left when the benchmark is interrupted.
    _alive: Option<ChildStdin>,
}

impl Process {
    /// Starts this program again as a server of a variant.
    pub(crate) fn start(
        variant: Variant,
        backend: Backend,
        database_url: &str,
        sizes: Sizes,
    ) -> Result<Self, Failure> {
        let name = |value: &dyn Fn() -> Option<clap::builder::PossibleValue>| {
            value().map(|value| value.get_name().to_owned()).unwrap_or_default()
        };
        let mut child = Command::new(std::env::current_exe()?)
            .arg("serve")
            .arg(name(&|| variant.to_possible_value()))
            .arg(name(&|| backend.to_possible_value()))
            .args(sizes.args())
            .env("BENCH_DATABASE_URL", database_url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let alive = child.stdin.take();
        let out = child.stdout.take().ok_or("the server has no output")?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        let address = line.trim().parse().map_err(|_| "the server did not start, see above")?;
        Ok(Self { child, address, _alive: alive })
    }

    /// CPU time that it has used.
    pub(crate) fn cpu(&self) -> Option<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
        parse_cpu(&stat)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already; either way it is gone after this.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// User and system time from `/proc/PID/stat`, in ticks of 10 ms on every Linux.
fn parse_cpu(stat: &str) -> Option<Duration> {
    // The name in parentheses may hold spaces and parentheses.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut ticks = fields.split_whitespace().skip(11).map(str::parse::<u64>);
    let (user, system) = (ticks.next()?.ok()?, ticks.next()?.ok()?);
    Some(Duration::from_millis((user + system) * 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_read_whatever_the_name_is() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194304 90 0 0 0 150 25 0 0 20 0 4 0 1 2 3";
        assert_eq!(parse_cpu(stat), Some(Duration::from_millis(1750)));
        assert_eq!(parse_cpu("7 (a) S 1"), None);
    }
}

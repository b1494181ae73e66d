//! `ringback serve` as a process that is started, killed and told to stop, always on one address.

use crate::Failure;
use crate::cost::cpu_with_children;
use crate::plan::{SECRET, SERVER_KEY};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

const START_PATIENCE: Duration = Duration::from_secs(60);
const END_PATIENCE: Duration = Duration::from_secs(60);

/// How a node is started.
#[derive(Clone, Debug)]
pub(crate) struct NodeSettings {
    /// The program.
    pub(crate) program: PathBuf,
    /// What comes after its name.
    pub(crate) arguments: Vec<String>,
    /// The database.
    pub(crate) database_url: String,
    /// Further environment.
    pub(crate) environment: Vec<(String, String)>,
    /// Where its log goes.
    pub(crate) log: PathBuf,
}

/// One node.
pub(crate) struct Node {
    settings: NodeSettings,
    /// Its address, kept over restarts as behind a supervisor.
    pub(crate) url: String,
    bind: String,
    running: Option<Running>,
}

struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    _out: BufReader<ChildStdout>,
}

impl Node {
    /// A node that is not running.
    pub(crate) fn new(settings: NodeSettings, port: u16) -> Self {
        let bind = format!("127.0.0.1:{port}");
        Self { settings, url: format!("http://{bind}"), bind, running: None }
    }

    /// Starts it and waits until it listens. A supervisor tries again and again, so this does too:
    /// a database that is away ends a start.
    ///
    /// # Errors
    /// With the end of its log when it does not come up.
    pub(crate) async fn start(&mut self) -> Result<(), Failure> {
        let until = Instant::now() + START_PATIENCE;
        loop {
            match self.try_start().await? {
                Some(running) => {
                    self.running = Some(running);
                    return Ok(());
                }
                None if Instant::now() > until => {
                    return Err(format!("a node does not start:\n{}", self.log_end()).into());
                }
                None => tokio::time::sleep(Duration::from_millis(300)).await,
            }
        }
    }

    /// `None` when the process ended before it listened.
    async fn try_start(&self) -> Result<Option<Running>, Failure> {
        let mut child = self.command()?.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let stdin = child.stdin.take();
        let mut out = BufReader::new(child.stdout.take().ok_or("no pipe")?);
        let mut line = String::new();
        tokio::time::timeout(START_PATIENCE, out.read_line(&mut line)).await??;
        if line.contains(&self.bind) {
            return Ok(Some(Running { child, stdin, _out: out }));
        }
        child.kill().await?;
        Ok(None)
    }

    /// Starts it once and waits for its end, for a start that must fail.
    ///
    /// # Errors
    /// When it does not end in time.
    pub(crate) async fn start_and_end(&self) -> Result<(ExitStatus, String), Failure> {
        let mut child = self.command()?.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
        let status = tokio::time::timeout(END_PATIENCE, child.wait())
            .await
            .map_err(|_| "a node that had to give up goes on")??;
        Ok((status, self.log_end()))
    }

    fn command(&self) -> Result<Command, Failure> {
        let log = std::fs::File::options().create(true).append(true).open(&self.settings.log)?;
        let mut command = Command::new(&self.settings.program);
        command
            .args(&self.settings.arguments)
            .current_dir(self.settings.log.parent().unwrap_or(Path::new("/")))
            .env_clear()
            .env("DATABASE_URL", &self.settings.database_url)
            .env("LLM_WEBHOOK_SECRET", SECRET)
            .env("RINGBACK_SECRET_KEY", SERVER_KEY)
            .env("RINGBACK_BIND", &self.bind)
            .env("RINGBACK_LOG", "info")
            .env("RINGBACK_DRAIN_SECONDS", "2")
            .envs(self.settings.environment.iter().map(|(name, value)| (name, value)))
            .stderr(log)
            .kill_on_drop(true);
        Ok(command)
    }

    /// Kills it, without a chance to do anything more.
    ///
    /// # Errors
    /// When it is not running.
    pub(crate) async fn kill(&mut self) -> Result<(), Failure> {
        let mut running = self.running.take().ok_or("the node to kill is not running")?;
        running.child.kill().await?;
        Ok(())
    }

    /// Sends SIGTERM and waits for its end.
    ///
    /// # Errors
    /// When it does not end well or in time.
    pub(crate) async fn stop(&mut self) -> Result<(), Failure> {
        let Some(mut running) = self.running.take() else { return Ok(()) };
        signal(running.child.id().ok_or("the node had ended")?, "TERM").await?;
        let status = tokio::time::timeout(END_PATIENCE, running.child.wait())
            .await
            .map_err(|_| "a node does not end when it is told to")??;
        if status.success() { Ok(()) } else { Err(format!("a node ended with {status}").into()) }
    }

    /// Writes a line to its standard input.
    ///
    /// # Errors
    /// When it is not running.
    pub(crate) async fn tell(&mut self, line: &str) -> Result<(), Failure> {
        use tokio::io::AsyncWriteExt;
        let stdin = self.running.as_mut().and_then(|running| running.stdin.as_mut());
        let stdin = stdin.ok_or("the node is not running")?;
        stdin.write_all(format!("{line}\n").as_bytes()).await?;
        Ok(stdin.flush().await?)
    }

    /// True while the process is there.
    pub(crate) fn is_running(&mut self) -> bool {
        self.running
            .as_mut()
            .is_some_and(|running| running.child.try_wait().is_ok_and(|status| status.is_none()))
    }

    /// The most memory that it has had, in bytes.
    pub(crate) fn peak_memory_bytes(&self) -> Option<u64> {
        let pid = self.running.as_ref()?.child.id()?;
        parse_memory(&std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?, "VmHWM:")
    }

    /// CPU time that it has used since its start.
    pub(crate) fn cpu(&self) -> Option<Duration> {
        cpu_with_children(self.running.as_ref()?.child.id()?)
    }

    /// The last lines of its log.
    pub(crate) fn log_end(&self) -> String {
        let log = std::fs::read_to_string(&self.settings.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }

    /// Whether its log has a text.
    pub(crate) fn log_contains(&self, text: &str) -> bool {
        std::fs::read_to_string(&self.settings.log).is_ok_and(|log| log.contains(text))
    }
}

/// Sends a signal by name.
///
/// # Errors
/// When the process is gone.
pub(crate) async fn signal(pid: u32, name: &str) -> Result<(), Failure> {
    let sent = Command::new("kill").args(["-s", name, &pid.to_string()]).status().await?;
    if sent.success() { Ok(()) } else { Err(format!("no process took {name}").into()) }
}

/// A port of this machine that is free now, outside the range from which clients' ports are taken.
///
/// # Errors
/// When none of many is free.
pub(crate) fn free_port(chance: &mut crate::seed::Chance) -> Result<u16, Failure> {
    for _ in 0..200 {
        let port = u16::try_from(12_000 + chance.below(18_000))?;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    Err("no port is free".into())
}

/// A size of `/proc/PID/status`, which is in KiB.
fn parse_memory(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_from_the_status() {
        let status = "Name:\tringback\nVmHWM:\t   20480 kB\nVmRSS:\t   10 kB\n";
        assert_eq!(parse_memory(status, "VmHWM:"), Some(20 << 20));
        assert_eq!(parse_memory(status, "VmSwap:"), None);
    }
}

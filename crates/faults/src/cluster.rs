//! PostgreSQL servers of the suite's own, to be killed, filled and failed over. They write to disk
//! as in production: a crash must find what was committed.

use crate::Failure;
use crate::cost::cpu_with_children;
use crate::node::free_port;
use crate::seed::Chance;
use diesel::connection::SimpleConnection;
use ringback_core::connection::{Connection, DatabaseUrl, Purpose};
use std::fmt::Write as _;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};

const START_PATIENCE: Duration = Duration::from_secs(60);

/// PostgreSQL's programs, and a cluster that was initialised once and is copied for each server.
#[derive(Debug)]
pub(crate) struct Programs {
    folder: PathBuf,
    owner: Option<Owner>,
    template: PathBuf,
    password: String,
}

/// PostgreSQL does not run as root, so root hands its clusters to another user.
#[derive(Clone, Debug)]
struct Owner {
    name: String,
    group: String,
}

impl Programs {
    /// Makes the template in a folder that its owner may enter.
    ///
    /// # Errors
    /// When `initdb` refuses.
    pub(crate) async fn prepare(folder: &Path, work: &Path) -> Result<Self, Failure> {
        let owner = find_owner().await?;
        let template = work.join("template");
        let mut random = [0_u8; 16];
        std::fs::File::open("/dev/urandom")?.read_exact(&mut random)?;
        let mut programs =
            Self { folder: folder.to_owned(), owner, template, password: hex::encode(random) };
        std::fs::create_dir_all(&programs.template)?;
        programs.hand_over(&programs.template).await?;
        // Programs in somebody's home folder may be out of the owner's sight.
        if programs.owner.is_some() && !programs.succeeds("postgres", &["--version"]).await? {
            let copy = work.join("programs");
            run(Command::new("cp").arg("-R").arg(parent(folder)?).arg(&copy)).await?;
            programs.folder = copy.join("bin");
        }
        let password = programs.template.join("password");
        std::fs::write(&password, &programs.password)?;
        programs.hand_over(&password).await?;
        let data = programs.template.join("data");
        let initdb = [
            "--pgdata",
            &data.to_string_lossy(),
            "--username=postgres",
            &format!("--pwfile={}", password.display()),
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
        ]
        .map(str::to_owned);
        run(programs.command("initdb").args(initdb).stdout(Stdio::null())).await?;
        Ok(programs)
    }

    /// A new server in a folder, with further settings. It is not started.
    ///
    /// # Errors
    /// When the template cannot be copied.
    pub(crate) async fn make(
        &self,
        folder: &Path,
        settings: &str,
        chance: &mut Chance,
    ) -> Result<Cluster<'_>, Failure> {
        self.copy(&self.template.join("data"), folder, settings, chance).await
    }

    /// A new server from the data of one that does not run.
    ///
    /// # Errors
    /// When it cannot be copied.
    pub(crate) async fn copy(
        &self,
        from: &Path,
        folder: &Path,
        settings: &str,
        chance: &mut Chance,
    ) -> Result<Cluster<'_>, Failure> {
        std::fs::create_dir_all(folder)?;
        self.hand_over(folder).await?;
        let data = folder.join("data");
        run(Command::new("cp").arg("-a").arg(from).arg(&data)).await?;
        let conf = data.join("postgresql.auto.conf");
        std::fs::write(
            &conf,
            format!(
                "listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\n\
                 max_connections = 100\nshared_buffers = 64MB\nwal_level = replica\n\
                 log_min_messages = fatal\n{settings}\n"
            ),
        )?;
        self.hand_over(&conf).await?;
        let port = free_port(chance)?;
        Ok(Cluster { programs: self, data, port, child: None })
    }

    async fn hand_over(&self, path: &Path) -> Result<(), Failure> {
        let Some(owner) = &self.owner else { return Ok(()) };
        run(Command::new("chown").arg(format!("{}:{}", owner.name, owner.group)).arg(path)).await
    }

    /// One of the programs as the clusters' owner, from a folder that the owner may enter.
    fn command(&self, program: &str) -> Command {
        let program = self.folder.join(program);
        let mut command = match &self.owner {
            None => Command::new(program),
            Some(owner) => {
                let mut command = Command::new("setpriv");
                command
                    .args(["--reuid", &owner.name, "--regid", &owner.group, "--clear-groups"])
                    .arg(program);
                command
            }
        };
        command
            .current_dir(&self.template)
            .env("HOME", &self.template)
            .env("LC_ALL", "C")
            .kill_on_drop(true);
        command
    }

    async fn succeeds(&self, program: &str, arguments: &[&str]) -> Result<bool, Failure> {
        let mut command = self.command(program);
        let status = command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
        Ok(status.await?.success())
    }
}

/// One server.
pub(crate) struct Cluster<'a> {
    programs: &'a Programs,
    /// Its data.
    pub(crate) data: PathBuf,
    /// Its port.
    pub(crate) port: u16,
    child: Option<Child>,
}

impl Cluster<'_> {
    /// Starts it and waits until it answers. What a crash left behind may take a moment to go.
    ///
    /// # Errors
    /// With the end of its log when it does not answer in time.
    pub(crate) async fn start(&mut self) -> Result<(), Failure> {
        let until = Instant::now() + START_PATIENCE;
        while Instant::now() < until {
            if !self.is_running() {
                self.child = Some(self.spawn()?);
            }
            if self.answers() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(format!("PostgreSQL does not start:\n{}", self.log_end()).into())
    }

    fn spawn(&self) -> Result<Child, Failure> {
        let log = std::fs::File::options().create(true).append(true).open(self.log())?;
        let child = self
            .programs
            .command("postgres")
            .arg("-D")
            .arg(&self.data)
            .args(["-p", &self.port.to_string()])
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        Ok(child)
    }

    /// True while the postmaster is there.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child
            .as_mut()
            .is_some_and(|child| child.try_wait().is_ok_and(|status| status.is_none()))
    }

    /// Kills the postmaster; its children notice by themselves.
    ///
    /// # Errors
    /// When it is not running.
    pub(crate) async fn kill(&mut self) -> Result<(), Failure> {
        let mut child = self.child.take().ok_or("the server to kill is not running")?;
        Ok(child.kill().await?)
    }

    /// `pg_ctl stop` in a mode.
    ///
    /// # Errors
    /// When it does not stop.
    pub(crate) async fn stop(&mut self, mode: &str) -> Result<(), Failure> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        let data = self.data.to_string_lossy().into_owned();
        let arguments = ["stop", "-D", &data, "-m", mode, "-w", "-t", "60"];
        run(self.programs.command("pg_ctl").args(arguments).stdout(Stdio::null())).await?;
        let _status = child.wait().await?;
        Ok(())
    }

    /// CPU time that the server and its connections have used.
    pub(crate) fn cpu(&self) -> Option<Duration> {
        cpu_with_children(self.child.as_ref()?.id()?)
    }

    /// The URL of a database on it.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://postgres:{}@127.0.0.1:{}/{database}", self.programs.password, self.port)
    }

    /// What a standby needs to follow this server.
    pub(crate) fn standby_settings(&self, name: &str) -> String {
        format!(
            "primary_conninfo = 'host=127.0.0.1 port={} user=postgres password={} \
             application_name={name}'",
            self.port, self.programs.password
        )
    }

    /// A connection for an operator's statements.
    ///
    /// # Errors
    /// When it cannot be had.
    pub(crate) fn connect(&self, database: &str) -> Result<Connection, Failure> {
        Ok(DatabaseUrl::parse(&self.url(database))?.open(Purpose::Write)?)
    }

    /// Runs an operator's statements.
    ///
    /// # Errors
    /// When they cannot be run.
    pub(crate) fn execute(&self, database: &str, statements: &str) -> Result<(), Failure> {
        Ok(self.connect(database)?.batch_execute(statements)?)
    }

    fn answers(&self) -> bool {
        self.execute("postgres", "SELECT 1").is_ok()
    }

    fn log(&self) -> PathBuf {
        self.data.with_extension("log")
    }

    fn log_end(&self) -> String {
        let log = std::fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }
}

impl Drop for Cluster<'_> {
    /// An end as by `immediate`: a server that is only killed leaves its children for a while.
    fn drop(&mut self) {
        let Some(pid) = self.child.as_ref().and_then(Child::id) else { return };
        let mut kill = std::process::Command::new("kill");
        let _ended = kill.args(["-s", "QUIT", &pid.to_string()]).status();
        let until = Instant::now() + Duration::from_secs(5);
        while self.is_running() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

async fn find_owner() -> Result<Option<Owner>, Failure> {
    let id = |arguments: &'static [&'static str]| async move {
        let out = Command::new("id").args(arguments).stderr(Stdio::null()).output().await?;
        let text = String::from_utf8_lossy(&out.stdout).trim().to_owned();
        Ok::<_, Failure>(out.status.success().then_some(text))
    };
    if id(&["-u"]).await?.as_deref() != Some("0") {
        return Ok(None);
    }
    let has_postgres = id(&["-g", "postgres"]).await?.is_some();
    let name = if has_postgres { "postgres" } else { "nobody" };
    let group =
        if has_postgres { id(&["-g", "postgres"]).await? } else { id(&["-g", "nobody"]).await? };
    Ok(Some(Owner { name: name.to_owned(), group: group.ok_or("there is no user nobody")? }))
}

fn parent(path: &Path) -> Result<&Path, Failure> {
    path.parent().ok_or_else(|| format!("{} has no folder", path.display()).into())
}

/// Runs a program to its end.
///
/// # Errors
/// With what it said when it fails.
pub(crate) async fn run(command: &mut Command) -> Result<(), Failure> {
    let out = command.stdin(Stdio::null()).stderr(Stdio::piped()).output().await?;
    if out.status.success() {
        return Ok(());
    }
    let mut text = format!("{} failed: ", command.as_std().get_program().display());
    let _ok = write!(text, "{}", String::from_utf8_lossy(&out.stderr).trim());
    Err(text.into())
}

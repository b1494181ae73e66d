//! The points of the list. Each looks at one thing and says what to do.

use super::{Finding, sources};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::error::chain;
use crate::worker::clock::MOST_APART;
use ringback_core::connection::{Connection, DatabaseUrl, Purpose};
use ringback_core::migrations;
use ringback_core::models::{Micros, Role};
use ringback_core::queries::channels::{self, ChannelKind, ChannelRow};
use ringback_core::queries::{backup, inspect, retention, settings, users};
use std::io::{Read, Write};
use std::net::{IpAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

const SECOND: Micros = 1_000_000;
const GIB: u64 = 1 << 30;

/// Goes through the list.
pub(super) fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = sources::configured(config);
    findings.push(sources::key(config));
    findings.extend(address(config));
    findings.extend(keeping(config));
    match config.database_url.open(Purpose::Write) {
        Ok(mut conn) => {
            findings.push(Finding::good(format!("{} answers", config.database_url)));
            let examined = database(&mut conn, config, SystemClock.now());
            findings.extend(examined.unwrap_or_else(|error| {
                vec![Finding::bad(
                    format!("the database cannot be read: {}", chain(&error)),
                    "run `ringback migrate`; if it was restored or copied, see docs/OPERATIONS.md",
                )]
            }));
        }
        Err(error) => findings.push(Finding::bad(
            format!("the database cannot be opened: {}", chain(&error)),
            "set DATABASE_URL; for a new SQLite file run `ringback migrate` or start the server",
        )),
    }
    findings.push(running(config));
    findings
}

fn address(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    let is_local = config.bind.ip().is_loopback();
    match &config.public_url {
        Some(url) if url.scheme() == "https" => {
            findings
                .push(Finding::good(format!("browsers come by {url}, cookies are bound to it")));
        }
        Some(url) => findings.push(Finding::bad(
            format!("browsers come by {url}, without encryption"),
            "put a proxy with https before it and set RINGBACK_PUBLIC_URL to its https:// address",
        )),
        None if is_local => findings.push(Finding::doubtful(
            format!("only this machine reaches {}", config.bind),
            "for others, put a proxy before it and set RINGBACK_PUBLIC_URL",
        )),
        None => findings.push(Finding::bad(
            format!(
                "{} is reached without encryption: sessions and payloads can be read",
                config.bind
            ),
            "listen on 127.0.0.1, put a proxy with https before it and set RINGBACK_PUBLIC_URL",
        )),
    }
    let proxies = &config.operations.trusted_proxies;
    let everybody = |net: &ipnet::IpNet| net.prefix_len() == 0;
    if proxies.iter().any(everybody) {
        findings.push(Finding::bad(
            "every address is a trusted proxy: senders can name any address as theirs",
            "set RINGBACK_TRUSTED_PROXIES to the proxy's address alone",
        ));
    } else if config.public_url.is_some() && proxies.is_empty() {
        findings.push(Finding::doubtful(
            "no proxy is trusted: all senders seem to come from one address and share its limits",
            "set RINGBACK_TRUSTED_PROXIES to the address that the proxy connects from",
        ));
    } else if !proxies.is_empty() {
        findings.push(Finding::good(format!("{} trusted proxies or networks", proxies.len())));
    }
    findings
}

fn keeping(config: &Config) -> Vec<Finding> {
    let operations = &config.operations;
    let mut findings = Vec::new();
    let days = |keep: Option<Micros>| {
        keep.map_or("for ever".to_owned(), |keep| format!("{} days", keep / (86_400 * SECOND)))
    };
    let (keep, untrusted) = (operations.retention.keep, operations.retention.keep_untrusted);
    let kept = format!("callbacks are kept {}, unverified ones {}", days(keep), days(untrusted));
    if untrusted.is_none() || (keep.is_none() && operations.retention.keep_bytes.is_none()) {
        findings.push(Finding::doubtful(
            format!("{kept}: the disk fills up"),
            "set RINGBACK_KEEP_DAYS, RINGBACK_KEEP_UNTRUSTED_DAYS or RINGBACK_KEEP_BYTES",
        ));
    } else {
        findings.push(Finding::good(kept));
    }
    if operations.floods.per_minute.is_none() || operations.floods.bytes_per_day.is_none() {
        findings.push(Finding::doubtful(
            "unverified deliveries have no limit: a flood can fill the disk",
            "set RINGBACK_UNTRUSTED_PER_MINUTE and RINGBACK_UNTRUSTED_BYTES_PER_DAY",
        ));
    }
    let metrics = &operations.metrics;
    match metrics.bind {
        Some(bind) if !is_private(bind.ip()) => findings.push(Finding::bad(
            format!("metrics are open to everybody on {bind}"),
            "set RINGBACK_METRICS_BIND to an address of a private network",
        )),
        Some(bind) => findings.push(Finding::good(format!("metrics are served on {bind}"))),
        None if metrics.token.is_some() => findings.push(Finding::good("metrics take a token")),
        None => findings.push(Finding::doubtful(
            "metrics take an API token, which is refused while the database is away",
            "set RINGBACK_METRICS_BIND or RINGBACK_METRICS_TOKEN",
        )),
    }
    findings
}

fn is_private(addr: IpAddr) -> bool {
    match addr {
        IpAddr::V4(addr) => addr.is_loopback() || addr.is_private() || addr.is_link_local(),
        IpAddr::V6(addr) => addr.is_loopback() || addr.is_unique_local(),
    }
}

fn database(
    conn: &mut Connection,
    config: &Config,
    now: Micros,
) -> Result<Vec<Finding>, diesel::result::Error> {
    let mut findings = Vec::new();
    match migrations::list_pending(conn) {
        Ok(pending) if pending.is_empty() => {
            findings.push(Finding::good("the schema is this version's"));
        }
        Ok(pending) => {
            let remedy = "run `ringback migrate`, or start the server, which does it";
            findings
                .push(Finding::bad(format!("{} migrations have not run", pending.len()), remedy));
            return Ok(findings);
        }
        Err(error) => {
            findings.push(Finding::bad(chain(&error), "use the Ringback that made this database"));
            return Ok(findings);
        }
    }
    if settings::find_setting(conn, settings::COPY_PROGRESS)?.is_some() {
        findings.push(Finding::bad(
            "a copy into this database is not finished",
            "run `ringback copy` again: it goes on",
        ));
    }
    let is_admin = |user: &users::UserRow| user.role() == Role::Admin && user.disabled_at.is_none();
    findings.push(match users::list_users(conn)?.iter().filter(|user| is_admin(user)).count() {
        0 => Finding::bad("nobody can sign in as an admin", "open the set-up link that the server prints, or run `ringback user add NAME --role admin`"),
        count => Finding::good(format!("{count} admin(s) can sign in")),
    });
    findings.extend(sources::stored(conn, config, now)?);
    findings.push(alert_channels(&channels::list_channels(conn)?, config));
    findings.extend(durability(&inspect::list_durability_settings(conn)?));
    findings.extend(clock(conn, now)?);
    if let DatabaseUrl::Sqlite(path) = &config.database_url {
        findings.extend(file(conn, path)?);
    }
    Ok(findings)
}

fn alert_channels(channels: &[ChannelRow], config: &Config) -> Finding {
    let on: Vec<&ChannelRow> =
        channels.iter().filter(|channel| channel.disabled_at.is_none()).collect();
    let needs_mail = on.iter().any(|channel| channel.kind() == Some(ChannelKind::Mail));
    if on.is_empty() {
        return Finding::doubtful(
            "nobody is told of alerts who does not look at the screen",
            "add a channel by POST /api/admin/channels: mail, Slack-compatible or a webhook",
        );
    }
    if needs_mail && config.mail.is_none() {
        return Finding::bad(
            "an alert channel sends mail, and no mail server is configured",
            "set RINGBACK_SMTP_URL",
        );
    }
    let lacking = on.iter().filter(|channel| channel.lacks_secret());
    let lacking: Vec<&str> = lacking.map(|channel| channel.name.as_str()).collect();
    if !lacking.is_empty() {
        return Finding::bad(
            format!("alert channels whose secret was lost tell nobody: {}", lacking.join(", ")),
            "give each its secret again on its card, Alerts → Channels",
        );
    }
    Finding::good(format!("{} alert channel(s)", on.len()))
}

fn durability(settings: &[(String, String)]) -> Vec<Finding> {
    let get = |name: &str| {
        settings.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    };
    let mut findings = Vec::new();
    for (name, why) in [
        ("fsync", "a power cut can lose acknowledged callbacks and the whole database"),
        ("full_page_writes", "a power cut can leave half-written pages"),
    ] {
        if get(name) == "off" {
            findings.push(Finding::bad(
                format!("PostgreSQL has {name} = off: {why}"),
                format!("set {name} = on in postgresql.conf and reload"),
            ));
        }
    }
    if get("synchronous_commit") == "off" {
        findings.push(Finding::doubtful(
            "PostgreSQL has synchronous_commit = off; Ringback turns it on for its own connections",
            "set synchronous_commit = on in postgresql.conf, so that nothing depends on that",
        ));
    }
    if get("journal_mode").is_empty() {
        let standby = get("synchronous_standby_names");
        let what = if standby.is_empty() {
            "no synchronous standby"
        } else {
            "with a synchronous standby"
        };
        if findings.is_empty() {
            findings.push(Finding::good(format!(
                "PostgreSQL writes to disk before it answers, {what}"
            )));
        }
        if get("max_connections").parse::<u32>().is_ok_and(|most| most < 20) {
            findings.push(Finding::doubtful(
                format!(
                    "PostgreSQL takes {} connections; each node needs 8",
                    get("max_connections")
                ),
                "raise max_connections",
            ));
        }
    } else if get("journal_mode") == "wal" {
        findings.push(Finding::good("SQLite keeps a write-ahead log, each commit is on disk"));
    } else {
        findings.push(Finding::bad(
            format!("SQLite's journal mode is {}: readers block the writer", get("journal_mode")),
            "is the file on a network file system? Move it to a local disk",
        ));
    }
    findings
}

fn clock(conn: &mut Connection, now: Micros) -> Result<Vec<Finding>, diesel::result::Error> {
    let mut findings = Vec::new();
    if let Some(there) = inspect::find_server_time(conn)? {
        let apart = (there - now).abs();
        let text = format!("this clock and the database's are {} ms apart", apart / 1000);
        findings.push(match apart {
            apart if apart > MOST_APART => Finding::bad(
                text,
                "let both machines keep time by NTP: signatures are judged by this clock",
            ),
            apart if apart > 2 * SECOND => {
                Finding::doubtful(text, "let both machines keep time by NTP")
            }
            _ => Finding::good(text),
        });
    }
    let (count, newest) = backup::find_extent(conn)?;
    if newest.is_some_and(|newest| newest > now + 60 * SECOND) {
        findings.push(Finding::doubtful(
            "the newest callback was received in the future: a clock was wrong, or this one is",
            "let all machines keep time by NTP",
        ));
    } else {
        findings.push(Finding::good(format!("{count} callbacks are stored")));
    }
    Ok(findings)
}

fn file(conn: &mut Connection, path: &Path) -> Result<Vec<Finding>, diesel::result::Error> {
    let mut findings = Vec::new();
    if !retention::can_vacuum(conn)? {
        findings.push(Finding::doubtful(
            "the SQLite file cannot give space back",
            "stop the server and run `ringback migrate`: it writes the file anew",
        ));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    if let Ok(stat) = rustix::fs::statvfs(folder) {
        let (free, all) = (stat.f_bavail * stat.f_frsize, stat.f_blocks * stat.f_frsize);
        let text = format!("{} MiB are free in {}", free >> 20, folder.display());
        findings.push(match free {
            free if free < GIB / 4 => {
                Finding::bad(text, "make room: a full disk answers every sender with 503")
            }
            free if free < GIB || free < all / 20 => {
                Finding::doubtful(text, "make room, or set RINGBACK_KEEP_BYTES")
            }
            _ => Finding::good(text),
        });
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let readable = |path: &Path| path.metadata().is_ok_and(|meta| meta.mode() & 0o004 != 0);
        if readable(path) && readable(folder) {
            findings.push(Finding::doubtful(
                format!("everybody on this machine can read {}", path.display()),
                format!("chmod 700 {}", folder.display()),
            ));
        }
    }
    Ok(findings)
}

/// Asks the server that should listen where the configuration says.
pub(super) fn running(config: &Config) -> Finding {
    let mut address = config.bind;
    if address.ip().is_unspecified() {
        address.set_ip(IpAddr::from([127, 0, 0, 1]));
    }
    let timeout = Duration::from_secs(3);
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&address, timeout)?;
        stream.set_read_timeout(Some(timeout))?;
        stream
            .write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
        let mut head = [0; 12];
        stream.read_exact(&mut head)?;
        Ok(String::from_utf8_lossy(&head[9..]).into_owned())
    };
    match ask() {
        Ok(status) if status == "200" => Finding::good(format!("a server on {address} is ready")),
        Ok(status) => Finding::bad(
            format!("the server on {address} is not ready: {status}"),
            "its log says why; after a restore or a copy it must be restarted",
        ),
        Err(_) => Finding::doubtful(
            format!("no server answers on {address}"),
            "start it: `ringback serve`",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    fn config() -> Config {
        Config::for_testing(DatabaseUrl::Sqlite("none.db".into()), "secret")
    }

    fn states(findings: &[Finding]) -> Vec<State> {
        findings.iter().map(|finding| finding.state).collect()
    }

    #[test]
    fn an_address_that_others_reach_needs_https_and_a_trusted_proxy() {
        let mut config = config();
        assert_eq!(states(&address(&config)), [State::Doubtful]);
        config.bind = ([0, 0, 0, 0], 8080).into();
        assert_eq!(states(&address(&config)), [State::Bad]);
        config.public_url = Some("http://ringback.example".parse().unwrap());
        assert_eq!(states(&address(&config)), [State::Bad, State::Doubtful]);
        config.public_url = Some("https://ringback.example".parse().unwrap());
        config.operations.trusted_proxies = vec!["10.0.0.1/32".parse().unwrap()];
        assert_eq!(states(&address(&config)), [State::Good, State::Good]);
        config.operations.trusted_proxies = vec!["0.0.0.0/0".parse().unwrap()];
        assert_eq!(states(&address(&config)), [State::Good, State::Bad]);
    }

    #[test]
    fn what_can_fill_the_disk_or_is_open_is_told() {
        let mut config = config();
        config.operations.metrics.token = Some("0123456789abcdef".to_owned());
        assert_eq!(states(&keeping(&config)), [State::Good, State::Good]);
        config.operations.retention.keep_untrusted = None;
        config.operations.floods.bytes_per_day = None;
        config.operations.metrics.bind = Some(([203, 0, 113, 1], 9464).into());
        assert_eq!(states(&keeping(&config)), [State::Doubtful, State::Doubtful, State::Bad]);
    }

    #[test]
    fn settings_that_lose_acknowledged_callbacks_are_found() {
        let settings = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let safe =
            settings(&[("fsync", "on"), ("full_page_writes", "on"), ("synchronous_commit", "on")]);
        assert_eq!(states(&durability(&safe)), [State::Good]);
        let careless = settings(&[
            ("fsync", "off"),
            ("full_page_writes", "off"),
            ("synchronous_commit", "off"),
        ]);
        assert_eq!(states(&durability(&careless)), [State::Bad, State::Bad, State::Doubtful]);
        assert_eq!(states(&durability(&settings(&[("journal_mode", "wal")]))), [State::Good]);
        assert_eq!(states(&durability(&settings(&[("journal_mode", "delete")]))), [State::Bad]);
    }
}

//! `ringback copy`: from a SQLite file into PostgreSQL, with everything.

use super::Failure;
use crate::tokens::random_u64;
use clap::Args;
use ringback_core::connection::{DatabaseUrl, Purpose};
use ringback_core::migrations;
use ringback_core::queries::backup::take_alone;
use ringback_core::queries::copy::{
    Progress, begin_copy, copy_table, count_rest, digest_source, digest_target, end_copy,
    list_tables,
};
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// What it takes.
#[derive(Args, Debug)]
pub(super) struct CopyArgs {
    /// The SQLite database to copy: `sqlite://PATH`. Stop its server first
    #[arg(long, value_name = "URL")]
    from: String,
    /// The PostgreSQL database to fill: `postgres://…`. An empty one, or one with the beginning of this copy
    #[arg(long, value_name = "URL", env = "RINGBACK_COPY_TO", hide_env_values = true)]
    to: String,
}

pub(super) fn run(args: &CopyArgs) -> Result<(), Failure> {
    let (from_url, to_url) = (DatabaseUrl::parse(&args.from)?, DatabaseUrl::parse(&args.to)?);
    if from_url.is_postgres() || !to_url.is_postgres() {
        return Err("a copy goes from sqlite://… to postgres://…".into());
    }
    let mut from = from_url.open(Purpose::Write)?;
    if !migrations::list_pending(&mut from)?.is_empty() {
        return Err(
            "the source's schema is older than this version: run `ringback migrate` on it".into()
        );
    }
    if !take_alone(&mut from)? {
        return Err("the source is in use: stop its server first".into());
    }
    let mut to = to_url.open(Purpose::Create)?;
    migrations::migrate(&mut to, random_u64())?;
    let tables = list_tables(&mut from, &mut to)?;
    let mut progress = begin_copy(&mut from, &mut to, &tables)?;
    let begun = Instant::now();
    let mut rest = 0;
    for table in &tables {
        rest += count_rest(&mut from, table, &progress)?;
    }
    let mut bar = Bar::new("copied", rest);
    for table in &tables {
        copy_table(&mut from, &mut to, table, &mut progress, |rows| bar.add(table.name(), rows))?;
    }
    bar.end();
    let copied = begun.elapsed();
    let mut all = 0;
    for table in &tables {
        all += count_rest(&mut from, table, &Progress::default())?;
    }
    let mut bar = Bar::new("verified", all);
    let mut summary = Vec::new();
    for table in &tables {
        let here = digest_source(&mut from, table, |rows| bar.add(table.name(), rows))?;
        let there = digest_target(&mut to, table, |_| {})?;
        if here != there {
            return Err(format!(
                "{} differs: {} rows in the source and {} in the target. The source has changed since \
                 the copy began, or somebody wrote to the target: begin again with an empty database",
                table.name(),
                here.rows,
                there.rows
            )
            .into());
        }
        summary.push((table.name(), here.rows));
    }
    bar.end();
    end_copy(&mut to, &tables)?;
    for (name, rows) in summary {
        println!("{name}\t{rows}");
    }
    println!(
        "copied in {} s and verified, counts and digests, in {} s: set DATABASE_URL to the new one and start",
        copied.as_secs(),
        begun.elapsed().saturating_sub(copied).as_secs()
    );
    Ok(())
}

/// What people see while they wait, on standard error: a line that changes on a terminal, else a
/// line now and then.
struct Bar {
    done: &'static str,
    rows: u64,
    of: u64,
    begun: Instant,
    shown: Instant,
    is_terminal: bool,
}

impl Bar {
    fn new(done: &'static str, of: u64) -> Self {
        let now = Instant::now();
        Self {
            done,
            rows: 0,
            of: of.max(1),
            begun: now,
            shown: now,
            is_terminal: std::io::stderr().is_terminal(),
        }
    }

    fn add(&mut self, table: &str, rows: u64) {
        self.rows += rows;
        let pause =
            if self.is_terminal { Duration::from_millis(100) } else { Duration::from_secs(5) };
        if self.shown.elapsed() < pause {
            return;
        }
        self.shown = Instant::now();
        let (start, end) = if self.is_terminal { ("\r", "\x1b[K") } else { ("", "\n") };
        let rate = u128::from(self.rows) * 1000 / self.begun.elapsed().as_millis().max(1);
        let done = usize::try_from(self.rows * 20 / self.of).unwrap_or(20).min(20);
        let (full, empty) = ("#".repeat(done), ".".repeat(20 - done));
        let mut err = std::io::stderr().lock();
        let _shown = write!(
            err,
            "{start}[{full}{empty}] {} {}/{} rows, {rate} a second, {table}{end}",
            self.done, self.rows, self.of
        );
        let _shown = err.flush();
    }

    fn end(&self) {
        if self.is_terminal {
            eprintln!();
        }
    }
}

//! Ringback's benchmarks: what group commit gains, beside what it is compared with, in one run.
//!
//! `just bench` runs it with a PostgreSQL that really writes to disk. Machines differ and are
//! shared, so the ratios within a round are what counts, and rounds of everything are interleaved.
//! The report is Markdown, printed and written to `target/bench.md`.

mod disk;
mod http;
mod ingest;
mod load;
mod micro;
mod process;
mod report;
mod requests;
mod server;
mod spread;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Whatever goes wrong ends the benchmark.
type Failure = Box<dyn std::error::Error>;

/// Measures Ringback and writes target/bench.md.
#[derive(Debug, Parser)]
struct Cli {
    /// Rounds of everything; the median and the spread of them are shown
    #[arg(long, global = true, default_value = "5", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Seconds that each is measured in a round
    #[arg(long, global = true, default_value = "3")]
    seconds: f64,
    /// Connections that the load comes by; several separated by commas
    #[arg(long, global = true, default_value = "64,256", value_delimiter = ',')]
    connections: Vec<usize>,
    /// Measure only this database
    #[arg(long, global = true, value_enum)]
    only: Option<server::Backend>,
    /// Measure only these variants; several separated by commas
    #[arg(long, global = true, value_enum, value_delimiter = ',')]
    variants: Vec<server::Variant>,
    #[command(flatten)]
    sizes: server::Sizes,
    /// The PostgreSQL server, whose role may create databases; without it only SQLite is measured
    #[arg(long, global = true, env = "TEST_DATABASE_URL", hide_env_values = true)]
    postgres: Option<String>,
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Measure ingest beside its baselines; this is done when nothing is named
    Ingest,
    /// Measure single functions: verifying, and reading 100,000 rows
    Micro,
    /// The server that is measured, in a process of its own.
    #[command(hide = true)]
    Serve(server::ServeArgs),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match &cli.what {
        Some(What::Serve(args)) => server::run(args, cli.sizes),
        Some(What::Micro) => measure(&cli, true),
        Some(What::Ingest) | None => measure(&cli, false),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("ringback-bench: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn measure(cli: &Cli, micro: bool) -> Result<(), Failure> {
    let mut backends = vec![server::Backend::Sqlite, server::Backend::Postgres];
    backends.retain(|&backend| cli.only.is_none_or(|only| only == backend));
    if cli.postgres.is_none() {
        eprintln!("ringback-bench: without TEST_DATABASE_URL PostgreSQL is left out");
        backends.retain(|&backend| backend == server::Backend::Sqlite);
    }
    let text = if micro {
        micro::measure(&backends, cli.rounds)?
    } else {
        ingest::measure(&ingest::Plan {
            backends,
            connections: cli.connections.clone(),
            rounds: cli.rounds,
            seconds: cli.seconds,
            sizes: cli.sizes,
            variants: cli.variants.clone(),
        })?
    };
    println!("{text}");
    let file = if micro { "bench-micro.md" } else { "bench.md" };
    std::fs::write(disk::target().join(file), text)?;
    Ok(())
}

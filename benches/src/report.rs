//! What was measured, as Markdown.

use crate::ingest::{Measured, Plan};
use crate::requests::BODY_BYTES;
use crate::server::{Backend, Variant};
use crate::spread::Spread;
use std::fmt::Write;

/// What the project promises: group commit to one transaction for each request.
const EXPECTED: [(Backend, usize, f64); 2] =
    [(Backend::Sqlite, 64, 8.0), (Backend::Postgres, 256, 1.5)];

/// The report on ingest. `syncs` are the disk's flushes in a second, before and after.
pub(crate) fn ingest(plan: &Plan, results: &[Measured], syncs: [f64; 2]) -> String {
    let mut text = String::new();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let _ok = writeln!(
        text,
        "# Ingest\n\n\
         Signed callbacks of {BODY_BYTES} bytes under new ids, closed loop; median (min–max) of {} interleaved \
         rounds of {} s after a warm-up, each on a fresh database on disk. Server, load and database \
         share {cores} cores. The disk did {:.0} flushes of 4 KiB in a second before and {:.0} after. \
         The server was killed after each round and every acknowledged callback was found stored.\n",
        plan.rounds, plan.seconds, syncs[0], syncs[1]
    );
    text.push_str(
        "| database | connections | storing | requests/s | p50 ms | p99 ms | server CPU µs/request |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for &connections in &plan.connections {
        for (backend, variant) in lines(plan) {
            let found = select(results, backend, connections, variant);
            let column = |read: fn(&Measured) -> Option<f64>| {
                let spread = Spread::of(found.iter().filter_map(|measured| read(measured)));
                spread.map_or_else(|| "–".to_owned(), |spread| spread.to_string())
            };
            let _ok = writeln!(
                text,
                "| {} | {connections} | {} | {} | {} | {} | {} |",
                backend.map_or("–", Backend::name),
                storing(variant),
                column(|m| Some(m.found.rate)),
                column(|m| Some(m.found.p50_ms)),
                column(|m| Some(m.found.p99_ms)),
                column(|m| m.found.server_cpu_us),
            );
        }
    }
    text.push_str(
        "\nCPU is the server's own; PostgreSQL's processes are not in it.\n\n\
         | database | connections | group commit to not storing | group commit to a transaction for each request | expected |\n\
         |---|---|---|---|---|\n",
    );
    for &backend in &plan.backends {
        for &connections in &plan.connections {
            let group = select(results, Some(backend), connections, Variant::Group);
            let ratio = |others: Vec<&Measured>| {
                let ratios = group.iter().filter_map(|group| {
                    let other = others.iter().find(|other| other.round == group.round)?;
                    Some(group.found.rate / other.found.rate)
                });
                Spread::of(ratios).map_or_else(|| "–".to_owned(), |spread| spread.to_string())
            };
            let expected = EXPECTED
                .iter()
                .find(|(of, at, _)| *of == backend && *at == connections)
                .map_or_else(|| "–".to_owned(), |(_, _, least)| format!("at least {least}"));
            let _ok = writeln!(
                text,
                "| {} | {connections} | {} | {} | {expected} |",
                backend.name(),
                ratio(select(results, None, connections, Variant::Parse)),
                ratio(select(results, Some(backend), connections, Variant::Single)),
            );
        }
    }
    text
}

fn lines(plan: &Plan) -> Vec<(Option<Backend>, Variant)> {
    let mut lines = vec![(None, Variant::Parse)];
    for &backend in &plan.backends {
        lines.push((Some(backend), Variant::Group));
        lines.push((Some(backend), Variant::Single));
    }
    lines
}

fn select(
    results: &[Measured],
    backend: Option<Backend>,
    connections: usize,
    variant: Variant,
) -> Vec<&Measured> {
    results
        .iter()
        .filter(|m| m.backend == backend && m.connections == connections && m.variant == variant)
        .collect()
}

fn storing(variant: Variant) -> &'static str {
    match variant {
        Variant::Group => "group commit (Ringback)",
        Variant::Parse => "nothing: verify and parse",
        Variant::Single => "one transaction for each request",
    }
}

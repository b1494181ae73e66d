//! Single functions, each beside the cheapest thing that does the same kind of work.

mod reads;
mod verify;

use crate::Failure;
use crate::server::Backend;
use crate::spread::Spread;
use std::fmt::Write;
use std::time::{Duration, Instant};

/// Calls are timed in batches of about this length, so that reading the clock costs nothing.
const BATCH: Duration = Duration::from_millis(2);
/// Batches in a round; the one in the middle counts.
const BATCHES: usize = 101;

/// Measures everything and gives the report.
pub(crate) fn measure(backends: &[Backend], rounds: u32) -> Result<String, Failure> {
    let mut text = format!(
        "# Single functions\n\nMedian (min–max) of {rounds} interleaved rounds, one thread, warm.\n\n"
    );
    text.push_str(&verify::measure(rounds)?);
    for &backend in backends {
        text.push_str(&reads::measure(backend, rounds)?);
    }
    Ok(text)
}

/// Something to call again and again.
struct Case<'a> {
    name: String,
    call: Box<dyn FnMut() -> Result<(), Failure> + 'a>,
}

impl<'a> Case<'a> {
    fn new(name: impl Into<String>, call: impl FnMut() -> Result<(), Failure> + 'a) -> Self {
        Self { name: name.into(), call: Box::new(call) }
    }

    /// Microseconds for each call.
    fn time(&mut self, calls: u32) -> Result<f64, Failure> {
        let mut batches = Vec::with_capacity(BATCHES);
        for _ in 0..BATCHES {
            let start = Instant::now();
            for _ in 0..calls {
                (self.call)()?;
            }
            batches.push(start.elapsed().as_secs_f64() * 1e6 / f64::from(calls));
        }
        Ok(Spread::of(batches).map_or(0.0, |spread| spread.median))
    }

    /// How many calls make a batch.
    fn calibrate(&mut self) -> Result<u32, Failure> {
        let mut calls = 1_u32;
        loop {
            let start = Instant::now();
            for _ in 0..calls {
                (self.call)()?;
            }
            if start.elapsed() >= BATCH / 2 || calls >= 1 << 20 {
                return Ok(calls);
            }
            calls *= 2;
        }
    }
}

/// A table of the cases; the first is what the others are compared with, round by round.
fn compare(title: &str, cases: &mut [Case<'_>], rounds: u32) -> Result<String, Failure> {
    let calls = cases.iter_mut().map(Case::calibrate).collect::<Result<Vec<_>, _>>()?;
    let mut times = vec![Vec::new(); cases.len()];
    for _ in 0..rounds {
        for (index, case) in cases.iter_mut().enumerate() {
            times[index].push(case.time(calls[index])?);
        }
    }
    let mut text = format!("| {title} | µs | ratio to the first |\n|---|---|---|\n");
    for (case, own) in cases.iter().zip(&times) {
        let ratios = own.iter().zip(&times[0]).map(|(own, first)| own / first);
        let shown = |spread: Option<Spread>| spread.map_or_else(String::new, |s| s.to_string());
        let _ok = writeln!(
            text,
            "| {} | {} | {} |",
            case.name,
            shown(Spread::of(own.iter().copied())),
            shown(Spread::of(ratios))
        );
    }
    text.push('\n');
    Ok(text)
}

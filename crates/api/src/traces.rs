//! Traces of requests, for a collector that takes OTLP over HTTP.
//!
//! The form is OTLP's JSON, written here: the crates that speak OTLP would more than double what is
//! compiled, for one fixed message. A trace has the request and, of a delivery, checking it and
//! storing it. A sender's `traceparent` is continued. Without an endpoint nothing of this runs; with
//! one, so many traces are begun in a second and the others are not, and what the collector does not
//! take is dropped: a delivery never waits for it.

mod export;

pub use export::{body, export_once};

use crate::tokens::random_u64;
use ringback_core::models::Micros;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Traces that are begun in one second.
const TRACES_A_SECOND: u64 = 100;
/// Spans that wait for the collector.
const WAITING: usize = 4096;

tokio::task_local! {
    static CURRENT: Context;
}

/// Something that took time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Shared by all spans of a request, and with the sender's when it named one.
    pub trace_id: u128,
    /// Its own.
    pub span_id: u64,
    /// The span within which it happened; 0 when there is none.
    pub parent_id: u64,
    /// What was done.
    pub name: String,
    /// True for the request, false for what was done within it.
    pub is_request: bool,
    /// When it began.
    pub began_at: Micros,
    /// How long it took.
    pub took: Duration,
    /// Words about it; never what a sender sent.
    pub attributes: Vec<(&'static str, String)>,
    /// True when it failed by our fault.
    pub is_error: bool,
}

#[derive(Clone, Debug)]
struct Context {
    traces: Arc<Traces>,
    trace_id: u128,
    span_id: u64,
    /// What a monotonic clock and the wall clock said when the request began.
    began: (Instant, Micros),
}

/// Spans that wait to be sent.
#[derive(Debug, Default)]
pub struct Traces {
    waiting: Mutex<Vec<Span>>,
    dropped: AtomicU64,
    second: AtomicI64,
    begun: AtomicU64,
}

/// A request that is traced.
#[derive(Debug)]
pub struct Request {
    context: Context,
    parent_id: u64,
}

impl Traces {
    /// Begins to trace a request; `None` when there are enough of them in this second, or the sender
    /// says that it does not trace.
    pub fn begin(self: &Arc<Self>, traceparent: Option<&str>, now: Micros) -> Option<Request> {
        let second = now.div_euclid(1_000_000);
        if self.second.swap(second, Ordering::Relaxed) != second {
            self.begun.store(0, Ordering::Relaxed);
        }
        let parent = traceparent.and_then(parse_traceparent);
        let is_wanted = parent.is_none_or(|parent| parent.is_sampled);
        if !is_wanted || self.begun.fetch_add(1, Ordering::Relaxed) >= TRACES_A_SECOND {
            return None;
        }
        let fresh = || u128::from(random_u64()) << 64 | u128::from(random_u64());
        let context = Context {
            traces: Arc::clone(self),
            trace_id: parent.map_or_else(fresh, |parent| parent.trace_id),
            span_id: random_u64(),
            began: (Instant::now(), now),
        };
        Some(Request { context, parent_id: parent.map_or(0, |parent| parent.span_id) })
    }

    fn add(&self, span: Span) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < WAITING {
            waiting.push(span);
        } else {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Takes what waits, and how many were dropped since it was last asked.
    pub fn take(&self) -> (Vec<Span>, u64) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        (std::mem::take(&mut *waiting), self.dropped.swap(0, Ordering::Relaxed))
    }
}

impl Request {
    /// Runs the request, so that what is done within it can be told.
    pub async fn within<T>(&self, work: impl Future<Output = T>) -> T {
        CURRENT.scope(self.context.clone(), work).await
    }

    /// Ends the trace.
    pub fn end(self, name: String, is_error: bool, attributes: Vec<(&'static str, String)>) {
        let Context { traces, trace_id, span_id, began } = self.context;
        traces.add(Span {
            trace_id,
            span_id,
            parent_id: self.parent_id,
            name,
            is_request: true,
            began_at: began.1,
            took: began.0.elapsed(),
            attributes,
            is_error,
        });
    }
}

/// Tells of something that was done within the request that is answered now; nothing when that is
/// not traced.
pub fn tell(name: &'static str, since: Instant, attributes: Vec<(&'static str, String)>) {
    let _not_traced = CURRENT.try_with(|context| {
        let after = since.saturating_duration_since(context.began.0);
        let after = Micros::try_from(after.as_micros()).unwrap_or(0);
        context.traces.add(Span {
            trace_id: context.trace_id,
            span_id: random_u64(),
            parent_id: context.span_id,
            name: name.to_owned(),
            is_request: false,
            began_at: context.began.1 + after,
            took: since.elapsed(),
            attributes,
            is_error: false,
        });
    });
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Parent {
    trace_id: u128,
    span_id: u64,
    is_sampled: bool,
}

/// Reads W3C's `00-<trace>-<span>-<flags>`; what is not in that form is no parent.
fn parse_traceparent(text: &str) -> Option<Parent> {
    let mut parts = text.trim().split('-');
    let (version, trace, span, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_hex = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit());
    if version.len() != 2 || trace.len() != 32 || span.len() != 16 || flags.len() != 2 {
        return None;
    }
    if ![version, trace, span, flags].into_iter().all(is_hex) || version == "ff" {
        return None;
    }
    let trace_id = u128::from_str_radix(trace, 16).ok().filter(|id| *id != 0)?;
    let span_id = u64::from_str_radix(span, 16).ok().filter(|id| *id != 0)?;
    let is_sampled = u8::from_str_radix(flags, 16).ok()? & 1 == 1;
    Some(Parent { trace_id, span_id, is_sampled })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_senders_trace_is_continued_and_nonsense_is_no_parent() {
        let parent = parse_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        let parent = parent.unwrap();
        assert_eq!(format!("{:032x}", parent.trace_id), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(format!("{:016x}", parent.span_id), "b7ad6b7169203331");
        for wrong in [
            "",
            "00-0-0-0",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c8031+c-b7ad6b7169203331-01",
        ] {
            assert_eq!(parse_traceparent(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_flood_of_requests_begins_no_flood_of_traces() {
        let traces = Arc::new(Traces::default());
        let begun = |at| (0..1000).filter(|_| traces.begin(None, at).is_some()).count();
        assert_eq!(begun(0), 100);
        assert_eq!(begun(999_999), 0);
        assert_eq!(begun(1_000_000), 100);
        let unsampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
        assert!(traces.begin(Some(unsampled), 5_000_000).is_none());
    }

    #[test]
    fn what_the_collector_does_not_take_is_dropped_and_counted() {
        let traces = Arc::new(Traces::default());
        for n in 0..10_000 {
            if let Some(request) = traces.begin(None, n * 1_000_000) {
                request.end("GET /".to_owned(), false, Vec::new());
            }
        }
        let (waiting, dropped) = traces.take();
        assert_eq!((waiting.len(), dropped), (WAITING, 10_000 - WAITING as u64));
        assert_eq!(traces.take(), (Vec::new(), 0));
    }
}

//! What Prometheus is told.
//!
//! Every label has a bounded set of values: sources are those that are configured, routes are the
//! patterns of [`crate::routes`], everything else is an enum. Nothing that a sender chooses becomes
//! a label. What is a state rather than a count (the queue, the pool) is read when somebody asks.

mod process;

use crate::state::AppState;
use crate::writer::WriterStats;
use prometheus_client::encoding::{
    EncodeLabelSet, EncodeLabelValue, EncodeMetric as _, LabelValueEncoder,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use ringback_core::models::Signature;
use ringback_core::rule::Effect;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::time::Duration;

/// More sources than this share one label: a label for each would slow Prometheus down.
const SOURCES: usize = 200;
/// The label of everything beyond.
const OTHER: &str = "other";

/// A text that is chosen by us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Word(&'static str);

impl EncodeLabelValue for Word {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        encoder.write_str(self.0)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DeliveryLabels {
    source: String,
    signature: Word,
    effect: Word,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusalLabels {
    source: String,
    problem: Word,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SourceLabel {
    source: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: Word,
    route: String,
    status: Word,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabel {
    state: Word,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabel {
    kind: Word,
}

/// What retention takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    /// Callbacks whose time was over.
    Callbacks,
    /// Callbacks that were never trusted, whose shorter time was over.
    Untrusted,
    /// Callbacks that went because the limit of size was reached.
    OverSize,
    /// Bodies of callbacks that stay.
    Payloads,
}

impl Removed {
    fn word(self) -> Word {
        Word(match self {
            Self::Callbacks => "callbacks",
            Self::Untrusted => "untrusted",
            Self::OverSize => "over_size",
            Self::Payloads => "payloads",
        })
    }
}

/// Everything that is counted, and the registry that prints it.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    names: Vec<String>,
    sources: Mutex<HashSet<String>>,
    deliveries: Family<DeliveryLabels, Counter>,
    refused: Family<RefusalLabels, Counter>,
    digests_only: Family<SourceLabel, Counter>,
    requests: Family<RequestLabels, Histogram, fn() -> Histogram>,
    store: Histogram,
    queue: Gauge,
    queue_bytes: Gauge,
    readers: Family<StateLabel, Gauge>,
    feed_head: Gauge,
    feed_lag: Histogram,
    stream_clients: Gauge,
    removed: Family<KindLabel, Counter>,
    retention_at: Gauge,
    stored_bytes: Gauge,
    process: process::ProcessMetrics,
}

fn request_histogram() -> Histogram {
    // 0.25 ms to 4 s.
    Histogram::new(exponential_buckets(0.00025, 2.0, 15))
}

impl Metrics {
    /// Starts with everything at zero. The writer counts for itself and is asked here.
    pub fn new(writer: &WriterStats) -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("ringback"),
            names: Vec::new(),
            sources: Mutex::default(),
            deliveries: Family::default(),
            refused: Family::default(),
            digests_only: Family::default(),
            requests: Family::new_with_constructor(request_histogram),
            store: Histogram::new(exponential_buckets(0.0005, 2.0, 16)),
            queue: Gauge::default(),
            queue_bytes: Gauge::default(),
            readers: Family::default(),
            feed_head: Gauge::default(),
            // 1 to 16,384 positions.
            feed_lag: Histogram::new(exponential_buckets(1.0, 4.0, 8)),
            stream_clients: Gauge::default(),
            removed: Family::default(),
            retention_at: Gauge::default(),
            stored_bytes: Gauge::default(),
            process: process::ProcessMetrics::default(),
        };
        metrics.register(writer);
        metrics
    }

    fn register(&mut self, writer: &WriterStats) {
        self.registry.register(
            "build",
            "The version that runs",
            Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]),
        );
        self.names.push("ringback_build_info".to_owned());
        macro_rules! add {
            ($name:literal $($unit:ident)?, $help:literal, $metric:expr) => {{
                let metric = $metric.clone();
                self.names.extend(series(concat!($name $(, "_", $unit!())?), metric.metric_type()));
                add!(@register $name, $help, metric $(, $unit)?);
            }};
            (@register $name:literal, $help:literal, $metric:ident) => {
                self.registry.register($name, $help, $metric)
            };
            (@register $name:literal, $help:literal, $metric:ident, seconds) => {
                self.registry.register_with_unit($name, $help, Unit::Seconds, $metric)
            };
            (@register $name:literal, $help:literal, $metric:ident, bytes) => {
                self.registry.register_with_unit($name, $help, Unit::Bytes, $metric)
            };
        }
        macro_rules! seconds {
            () => {
                "seconds"
            };
        }
        macro_rules! bytes {
            () => {
                "bytes"
            };
        }
        add!("deliveries", "Deliveries stored, by verdict and by what they did", self.deliveries);
        add!("refused", "Deliveries refused, by problem", self.refused);
        add!(
            "digests_only",
            "Untrusted bodies over their quota, kept as digests",
            self.digests_only
        );
        add!("request_duration" seconds, "Answering, by route and class of status", self.requests);
        add!("store" seconds, "A delivery's wait, from the queue to its commit", self.store);
        add!("queue_deliveries", "Deliveries that wait for the writer", self.queue);
        add!("queue" bytes, "Bytes of bodies that wait for the writer", self.queue_bytes);
        add!("batch_deliveries", "Deliveries in one transaction", writer.batch_deliveries);
        add!("commit" seconds, "One transaction of the writer", writer.commit_seconds);
        add!("task" seconds, "An administrative write between two batches", writer.task_seconds);
        add!("queue_full", "Deliveries answered 503: too much was waiting", writer.full);
        add!("store_failed", "Deliveries answered 503: the database was away", writer.failed);
        add!("readers_connections", "The pool of readers, by state", self.readers);
        add!("feed_head_position", "The last position given out", self.feed_head);
        add!("feed_lag_positions", "How far a reader of the feed was behind", self.feed_lag);
        add!("stream_clients", "Open event streams", self.stream_clients);
        add!("retention_removed", "What retention took away", self.removed);
        add!("retention_last_run_timestamp" seconds, "The end of the last round here", self.retention_at);
        add!("stored" bytes, "What callbacks take, when retention last looked", self.stored_bytes);
        add!("process_resident_memory" bytes, "Memory of the process", self.process.resident);
        add!("process_open_files", "Files and connections of the process", self.process.files);
    }

    /// The names of all series, as Prometheus stores them. For whoever checks a dashboard.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Counts a delivery that was stored.
    pub fn count_delivery(&self, source: &str, signature: Signature, effect: Effect) {
        let labels = DeliveryLabels {
            source: self.source_label(source),
            signature: signature_word(signature),
            effect: effect_word(effect),
        };
        self.deliveries.get_or_create(&labels).inc();
    }

    /// Counts a delivery that was refused with a problem of [`crate::error::PROBLEMS`].
    pub fn count_refusal(&self, source: &str, problem: &'static str) {
        let labels = RefusalLabels { source: self.source_label(source), problem: Word(problem) };
        self.refused.get_or_create(&labels).inc();
    }

    /// Counts a body that was not kept.
    pub fn count_digest_only(&self, source: &str) {
        self.digests_only.get_or_create(&SourceLabel { source: self.source_label(source) }).inc();
    }

    /// Counts an answer. `route` is a pattern of the table of routes; `None` is everything else.
    pub fn observe_request(&self, method: &str, route: Option<&str>, status: u16, took: Duration) {
        let labels = RequestLabels {
            method: method_word(method),
            route: route.unwrap_or(OTHER).to_owned(),
            status: status_word(status),
        };
        self.requests.get_or_create(&labels).observe(took.as_secs_f64());
    }

    /// Counts how long a delivery waited for its commit.
    pub fn observe_store(&self, took: Duration) {
        self.store.observe(took.as_secs_f64());
    }

    /// Counts how far behind a reader of the feed was.
    pub fn observe_feed_lag(&self, positions: i64) {
        #[expect(clippy::cast_precision_loss, reason = "a bucket's border is coarse anyway")]
        self.feed_lag.observe(positions.max(0) as f64);
    }

    /// Counts what retention took away.
    pub fn count_removed(&self, kind: Removed, count: usize) {
        self.removed.get_or_create(&KindLabel { kind: kind.word() }).inc_by(count as u64);
    }

    /// Notes the end of a round of retention and what is stored after it.
    pub fn note_retention(&self, now_seconds: i64, stored_bytes: i64) {
        self.retention_at.set(now_seconds);
        self.stored_bytes.set(stored_bytes);
    }

    /// The text that Prometheus reads. `head` is the feed's last position; `None` when the database
    /// is away, and then the last one known stays.
    pub fn print(&self, state: &AppState, head: Option<i64>) -> String {
        let (waiting, waiting_bytes) = state.writer.waiting();
        self.queue.set(clamp(waiting));
        self.queue_bytes.set(clamp(waiting_bytes));
        self.stream_clients.set(clamp(state.feed.streams()));
        let (busy, idle) = state.readers.connections();
        for (state, count) in [("busy", busy), ("idle", idle)] {
            self.readers.get_or_create(&StateLabel { state: Word(state) }).set(i64::from(count));
        }
        if let Some(head) = head {
            self.feed_head.set(head);
        }
        self.process.read();
        let mut text = String::new();
        if prometheus_client::encoding::text::encode(&mut text, &self.registry).is_err() {
            tracing::error!("the metrics could not be printed");
        }
        text
    }

    /// A source's name while there are few, else `other`.
    fn source_label(&self, source: &str) -> String {
        let mut known = self.sources.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if known.contains(source) {
            return source.to_owned();
        }
        if known.len() >= SOURCES {
            return OTHER.to_owned();
        }
        known.insert(source.to_owned());
        source.to_owned()
    }
}

/// The series that a metric of a kind makes.
fn series(name: &str, kind: MetricType) -> Vec<String> {
    let parts: &[&str] = match kind {
        MetricType::Counter => &["_total"],
        MetricType::Histogram => &["_bucket", "_sum", "_count"],
        MetricType::Info => &["_info"],
        _ => &[""],
    };
    parts.iter().map(|part| format!("ringback_{name}{part}")).collect()
}

fn clamp(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn signature_word(signature: Signature) -> Word {
    Word(match signature {
        Signature::Unchecked => "unchecked",
        Signature::Missing => "missing",
        Signature::Invalid => "invalid",
        Signature::Valid => "valid",
    })
}

fn effect_word(effect: Effect) -> Word {
    Word(match effect {
        Effect::Created => "created",
        Effect::Repeated => "repeated",
        Effect::Promoted => "promoted",
        Effect::Replaced => "replaced",
        Effect::Disputed => "disputed",
        Effect::KeptAsEvidence => "kept_as_evidence",
    })
}

fn method_word(method: &str) -> Word {
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    Word(known.into_iter().find(|known| *known == method).unwrap_or(OTHER))
}

fn status_word(status: u16) -> Word {
    Word(match status / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_source_names_makes_no_flood_of_labels() {
        let metrics = Metrics::new(&WriterStats::default());
        for n in 0..1000 {
            metrics.count_refusal(&format!("source-{n}"), "too-large");
        }
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &metrics.registry).unwrap();
        let lines = text.lines().filter(|line| line.starts_with("ringback_refused_total{"));
        assert_eq!(lines.count(), SOURCES + 1);
        assert!(text.contains("source=\"other\",problem=\"too-large\"} 800"), "{text}");
    }
}

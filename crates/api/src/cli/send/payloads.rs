//! Bodies as real LLM services send them. Pure: the same seed and time give the same bytes.

use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use ringback_core::models::Micros;

const OPENAI_EVENT: &str = include_str!("payloads/openai-event.json");
const OPENAI_ACTION_REQUIRED: &str = include_str!("payloads/openai-action-required.json");
const ANTHROPIC_SESSION_IDLED: &str = include_str!("payloads/anthropic-session-idled.json");
const REPLICATE_SUCCEEDED: &str = include_str!("payloads/replicate-prediction-succeeded.json");
const FAL_IMAGE_OK: &str = include_str!("payloads/fal-image-ok.json");
const FAL_IMAGE_ERROR: &str = include_str!("payloads/fal-image-error.json");
const GEMINI_BATCH_SUCCEEDED: &str = include_str!("payloads/gemini-batch-succeeded.json");
const JOB_QUEUED: &str = include_str!("payloads/inhouse-job-queued.json");
const JOB_RUNNING: &str = include_str!("payloads/inhouse-job-running.json");
const JOB_COMPLETED: &str = include_str!("payloads/inhouse-job-completed.json");
const JOB_FAILED: &str = include_str!("payloads/inhouse-job-failed.json");
const EXACT_BYTES: &str = include_str!("payloads/inhouse-exact-bytes.json");

const WORKFLOWS: [&str; 5] =
    ["contract-review", "support-triage", "invoice-intake", "nightly-eval", "image-captions"];
const MODELS: [&str; 4] = ["llama-3.3-70b", "qwen3-32b", "mistral-large", "gpt-oss-120b"];
const WORDS: [&str; 48] = [
    "the",
    "supplier",
    "may",
    "terminate",
    "agreement",
    "with",
    "thirty",
    "days",
    "notice",
    "clause",
    "seven",
    "limits",
    "liability",
    "to",
    "fees",
    "paid",
    "in",
    "preceding",
    "year",
    "however",
    "data",
    "protection",
    "obligations",
    "survive",
    "and",
    "require",
    "a",
    "separate",
    "review",
    "by",
    "counsel",
    "before",
    "renewal",
    "of",
    "any",
    "service",
    "order",
    "risk",
    "is",
    "high",
    "because",
    "audit",
    "rights",
    "are",
    "missing",
    "from",
    "this",
    "draft",
];

/// A kind of callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// OpenAI's thin event of the type given.
    OpenAi(&'static str),
    /// An agent waits for somebody.
    OpenAiActionRequired,
    /// An Anthropic session came to rest.
    AnthropicSessionIdled,
    /// A Replicate prediction; the body is the prediction itself.
    ReplicateSucceeded,
    /// A fal image, with a seed above 2^53.
    FalImageOk,
    /// A fal request that was refused.
    FalImageError,
    /// A Gemini batch is done.
    GeminiBatchSucceeded,
    /// An in-house job waits.
    JobQueued,
    /// An in-house job runs.
    JobRunning,
    /// An in-house job is done; its output makes the body about this long.
    JobCompleted {
        /// How long the body becomes, exactly when it is possible.
        size_bytes: usize,
    },
    /// An in-house job failed.
    JobFailed,
    /// Duplicate keys, numbers above 2^53 and an order that a parser would not keep.
    ExactBytes,
    /// Neither JSON nor UTF-8.
    NotText,
}

/// What a callback says about itself, where somebody wants to choose it.
#[derive(Clone, Debug, Default)]
pub(super) struct Named {
    /// The upstream object.
    pub(super) job: Option<String>,
    /// The event type, for kinds that leave a choice.
    pub(super) event_type: Option<String>,
    /// The workflow.
    pub(super) workflow: Option<String>,
}

/// A callback's id and body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Made {
    pub(super) id: String,
    pub(super) body: Vec<u8>,
}

/// Makes callbacks whose ids begin with a prefix of this run.
pub(super) struct Maker {
    rng: StdRng,
    run: String,
    serial: u32,
    now: Micros,
}

impl Maker {
    /// `now` is the time that bodies name.
    pub(super) fn new(seed: u64, now: Micros) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let run = format!("{:08x}", rng.next_u32());
        Self { rng, run, serial: 0, now }
    }

    /// What all ids of this run begin with.
    pub(super) fn id_prefix(&self) -> String {
        format!("msg_{}_", self.run)
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.rng.random_range(0..end)
    }

    /// The next id.
    pub(super) fn id(&mut self) -> String {
        self.serial += 1;
        format!("msg_{}_{:04}", self.run, self.serial)
    }

    /// An upstream object of this run.
    pub(super) fn job(&mut self, prefix: &str) -> String {
        format!("{prefix}_{}", self.hex(6))
    }

    /// A workflow's name.
    pub(super) fn workflow(&mut self) -> &'static str {
        let index = self.below(WORKFLOWS.len());
        WORKFLOWS[index]
    }

    /// A secret that nobody configured.
    pub(super) fn forger_secret(&mut self) -> String {
        self.hex(24)
    }

    /// A callback of a kind under a new id.
    pub(super) fn make(&mut self, kind: Kind) -> Made {
        let id = self.id();
        let body = self.body(kind, &id, &Named::default());
        Made { id, body }
    }

    /// A body of a kind under an id.
    pub(super) fn body(&mut self, kind: Kind, id: &str, named: &Named) -> Vec<u8> {
        let (template, job, event_type) = match kind {
            Kind::OpenAi(event) => (OPENAI_EVENT, openai_job(event), event),
            Kind::OpenAiActionRequired => (OPENAI_ACTION_REQUIRED, "sess", ""),
            Kind::AnthropicSessionIdled => (ANTHROPIC_SESSION_IDLED, "", ""),
            Kind::ReplicateSucceeded => (REPLICATE_SUCCEEDED, "", ""),
            Kind::FalImageOk => (FAL_IMAGE_OK, "", ""),
            Kind::FalImageError => (FAL_IMAGE_ERROR, "", ""),
            Kind::GeminiBatchSucceeded => (GEMINI_BATCH_SUCCEEDED, "batch", ""),
            Kind::JobQueued => (JOB_QUEUED, "job", ""),
            Kind::JobRunning => (JOB_RUNNING, "job", ""),
            Kind::JobCompleted { .. } => (JOB_COMPLETED, "job", "job.completed"),
            Kind::JobFailed => (JOB_FAILED, "job", ""),
            Kind::ExactBytes => (EXACT_BYTES, "job", ""),
            Kind::NotText => {
                let mut body = b"status=done&output=\xff\xfe\x00\xc3\x28&seed=".to_vec();
                body.extend(self.hex(8).bytes());
                return body;
            }
        };
        let job = named.job.clone().unwrap_or_else(|| self.job(job));
        let workflow = named.workflow.clone().unwrap_or_else(|| self.workflow().to_owned());
        let model = self.below(MODELS.len());
        let number = self.rng.random_range(2_u32..90_000).to_string();
        let random = self.hex(16);
        let text = template
            .trim_end()
            .replace("@ID@", &escaped(id))
            .replace("@JOB@", &escaped(&job))
            .replace("@WORKFLOW@", &escaped(&workflow))
            .replace("@EVENT@", &escaped(named.event_type.as_deref().unwrap_or(event_type)))
            .replace("@MODEL@", MODELS[model])
            .replace("@NUMBER@", &number)
            .replace("@RANDOM@", &random)
            .replace("@UNIX@", &self.now.div_euclid(1_000_000).to_string())
            .replace("@TIME@", &crate::views::time(self.now));
        match kind {
            Kind::JobCompleted { size_bytes } => {
                let rest = text.len() - "@PROSE@".len();
                text.replace("@PROSE@", &self.prose(size_bytes.saturating_sub(rest))).into_bytes()
            }
            _ => text.into_bytes(),
        }
    }

    /// How large the next body of a burst is: mostly about 1 KiB, seldom up to 1 MiB.
    pub(super) fn burst_size(&mut self) -> usize {
        match self.below(1000) {
            0..700 => self.rng.random_range(700..1500),
            700..900 => self.rng.random_range(300..700),
            900..980 => self.rng.random_range(1500..16 << 10),
            980..997 => self.rng.random_range(16 << 10..128 << 10),
            _ => self.rng.random_range(128 << 10..1 << 20),
        }
    }

    /// Words of exactly so many bytes.
    fn prose(&mut self, size_bytes: usize) -> String {
        let mut prose = String::with_capacity(size_bytes + 16);
        while prose.len() < size_bytes {
            if !prose.is_empty() {
                prose.push(' ');
            }
            let index = self.below(WORDS.len());
            prose.push_str(WORDS[index]);
        }
        prose.truncate(size_bytes);
        prose
    }

    fn hex(&mut self, bytes: usize) -> String {
        let mut random = vec![0_u8; bytes];
        self.rng.fill_bytes(&mut random);
        hex::encode(random)
    }
}

/// What OpenAI puts before the underscore of an object's id.
fn openai_job(event_type: &str) -> &'static str {
    match event_type.split('.').next() {
        Some("batch") => "batch",
        Some("fine_tuning") => "ftjob",
        _ => "resp",
    }
}

/// Text as it stands between the quotes of a JSON string.
fn escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

#[cfg(test)]
mod tests;

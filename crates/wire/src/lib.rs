//! What crosses Ringback's network: the bodies of every request and answer of the admin API.
//!
//! No logic beyond names: the server and the single-page app both build from here, so a field that
//! changes on one side fails to compile on the other. The server reads and writes them with serde,
//! the app with [`json`], which goes by the same attributes. Times are RFC 3339 in UTC with
//! microseconds; ids are 64-bit numbers; cursors are opaque text.

mod alert;
mod callback;
mod diagnosis;
#[cfg(feature = "json")]
pub mod json;
mod operations;
mod problem;
mod session;
mod source;

pub use alert::{
    Alert, AlertHistoryResponse, AlertsResponse, ChangeChannelRequest, Channel, ChannelKind,
    ChannelsResponse, Digest, MuteRequest, NewChannelRequest, NewChannelResponse, Preferences,
    QuietHours, ReplaceChannelSecretRequest, ShowRules, TestChannelResponse,
};
pub use callback::{
    CallbackDetail, CallbackSummary, CheckResponse, Delivery, FilterOptionsResponse,
    HistoryResponse, IdOrigin, MarkUnviewedRequest, MarkUnviewedResponse, MarkViewedRequest,
    MarkViewedResponse, PayloadAbsence, Ping, Reason, Receipt, Seen, Signature,
};
pub use diagnosis::{
    Certainty, DiagnosisResponse, ReverifiedResponse, ReverifyRequest, ReverifyRun,
    ReverifyRunsResponse,
};
pub use operations::{Refusal, RefusalsResponse};
pub use problem::Problem;
pub use session::{Role, SessionResponse, SetUpRequest, SignInRequest};
pub use source::{
    AddSecretRequest, AddSecretResponse, AuditEntry, AuditResponse, ChangeSecretRequest,
    ChangeSourceRequest, CreateSourceRequest, HintSeverity, JwksSummary, ProviderSummary,
    ProvidersResponse, SecretHint, SecretHintsRequest, SecretHintsResponse, SecretState,
    SecretSummary, SourceSummary, SourcesResponse, TestResponse,
};

/// JSON that is passed on as it is.
#[cfg(feature = "serde")]
pub use serde_json::Value;

#[cfg(all(feature = "json", not(feature = "serde")))]
pub use json::Value;

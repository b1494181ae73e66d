//! What crosses Ringback's network: the bodies of every request and answer of the admin API.
//!
//! Serde only, no logic beyond names: the server and the single-page app both build from here, so
//! a field that changes on one side fails to compile on the other. Times are RFC 3339 in UTC with
//! microseconds; ids are 64-bit numbers; cursors are opaque text.

mod alert;
mod callback;
mod diagnosis;
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

//! Callbacks and their deliveries.

#[cfg(feature = "json")]
use crate::json::Json;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// What the signature check said of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
#[serde(rename_all = "snake_case")]
pub enum Signature {
    /// The source has no secret, so nothing could be checked.
    Unchecked,
    /// The request carried no signature.
    Missing,
    /// The request carried a signature that does not hold.
    Invalid,
    /// The signature holds: the content is trusted.
    Valid,
}

/// Why a delivery is not [`Signature::Valid`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The source has no secret configured.
    NoSecret,
    /// A header that the scheme needs is not there.
    HeaderMissing,
    /// A header that the scheme needs cannot be read.
    Malformed,
    /// The signature was read and no configured secret makes it.
    Wrong,
    /// The signature is right and was made too long ago.
    TooOld,
    /// The signature is right and its time lies too far in the future.
    TooFarAhead,
    /// Only signatures of versions that the scheme does not know were there.
    UnknownVersion,
    /// The source's sender does not sign.
    NotSigned,
    /// The signature is right and was made for somebody else.
    OtherAudience,
}

/// Where a callback's id came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
#[serde(rename_all = "snake_case")]
pub enum IdOrigin {
    /// The sender named it.
    Sent,
    /// The sender named none: the id is the digest of the body.
    Absent,
    /// The sender's id was too long or had control characters: the id is the digest of the body.
    Unfit,
}

/// Why a body is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
#[serde(rename_all = "snake_case")]
pub enum PayloadAbsence {
    /// The callback has more unverified bodies than are kept of one.
    TooMany,
    /// The unverified bodies of its source were over their quota when it came.
    OverQuota,
    /// It was kept as long as bodies are kept.
    Expired,
}

/// The answer to a received callback, sent only after it is committed to disk.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
pub struct Receipt {
    /// The stored callback.
    pub id: i64,
    /// The id that the sender named, or `sha256:<hex>` of the body.
    pub callback_id: String,
    /// True when this callback was stored before this delivery.
    pub duplicate: bool,
}

/// One line of the history and of the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
pub struct CallbackSummary {
    /// Key of the callback, and the `?callback=` of a deep link.
    pub id: i64,
    /// Its position in the feed; another one once its content or its verdict changes.
    pub seq: i64,
    /// The configured sender.
    pub source: String,
    /// Unique within its source.
    pub callback_id: String,
    /// What happened, as the sender names it; empty when the payload names nothing.
    pub event_type: String,
    /// The upstream object this callback is about.
    pub job_id: Option<String>,
    /// The workflow that the payload names.
    pub workflow: Option<String>,
    /// The verdict on the content that is shown.
    pub signature: Signature,
    /// Why the verdict is not valid.
    pub reason: Option<Reason>,
    /// First received.
    pub received_at: String,
    /// How many requests carried this callback.
    pub deliveries: i64,
    /// When an admin first opened it.
    pub viewed_at: Option<String>,
    /// Who opened it.
    pub viewed_by: Option<String>,
}

/// One distinct delivery of a callback: a repeat adds to `seen`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
pub struct Delivery {
    /// Key within the callback, for `…/payload?delivery=`.
    pub id: i64,
    /// True for the delivery whose bytes are the callback's content.
    pub is_content: bool,
    /// The verdict on this delivery.
    pub signature: Signature,
    /// Why the verdict is not valid.
    pub reason: Option<Reason>,
    /// Where the callback's id came from.
    pub id_origin: IdOrigin,
    /// Lower-case hex SHA-256 of the body.
    pub payload_sha256: String,
    /// How many requests were the same as this one.
    pub seen: i64,
    /// The first of them.
    pub first_received_at: String,
    /// The last of them.
    pub last_received_at: String,
    /// When the sender says that it signed.
    pub signed_at: Option<String>,
    /// The sender's address as the server saw it.
    pub remote_addr: Option<String>,
    /// As received.
    pub content_type: Option<String>,
    /// Size of the body.
    pub size_bytes: i64,
    /// False when only the digest is kept.
    pub has_payload: bool,
    /// Why only the digest is kept.
    #[serde(default)]
    pub payload_absence: Option<PayloadAbsence>,
    /// The headers worth keeping, in the order received; never a signature.
    pub headers: Vec<(String, String)>,
}

/// A callback with its content and its evidence. It repeats the fields of [`CallbackSummary`]:
/// `flatten` would read every answer into a map first, which costs the screen size and time.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
pub struct CallbackDetail {
    /// Key of the callback, and the `?callback=` of a deep link.
    pub id: i64,
    /// Its position in the feed; another one once its content or its verdict changes.
    pub seq: i64,
    /// The configured sender.
    pub source: String,
    /// Unique within its source.
    pub callback_id: String,
    /// What happened, as the sender names it; empty when the payload names nothing.
    pub event_type: String,
    /// The upstream object this callback is about.
    pub job_id: Option<String>,
    /// The workflow that the payload names.
    pub workflow: Option<String>,
    /// The verdict on the content that is shown.
    pub signature: Signature,
    /// Why the verdict is not valid.
    pub reason: Option<Reason>,
    /// First received.
    pub received_at: String,
    /// How many requests carried this callback.
    pub deliveries: i64,
    /// When an admin first opened it.
    pub viewed_at: Option<String>,
    /// Who opened it.
    pub viewed_by: Option<String>,
    /// For `?before=` and `?after=` of the history: its neighbours.
    pub position: String,
    /// As received.
    pub content_type: Option<String>,
    /// Size of the body.
    pub size_bytes: i64,
    /// The body as received when it is UTF-8, and not above `?payload_limit=`.
    pub payload: Option<String>,
    /// The body in base64 when it is not UTF-8, and not above `?payload_limit=`.
    pub payload_base64: Option<String>,
    /// Why there is no body: only its digest is kept.
    #[serde(default)]
    pub payload_absence: Option<PayloadAbsence>,
    /// Every distinct delivery, oldest first.
    pub evidence: Vec<Delivery>,
}

/// What is new since a cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
pub struct CheckResponse {
    /// New or changed callbacks, oldest change first.
    pub callbacks: Vec<CallbackSummary>,
    /// Hand it back next time.
    pub cursor: String,
    /// True when the page was full: ask again at once.
    pub has_more: bool,
    /// Callbacks nobody has opened, counted up to 1,000.
    pub unviewed: i64,
    /// The server's clock when it answered.
    pub server_time: String,
}

/// What a stream says when it has nothing else to say.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
pub struct Ping {
    /// The server's clock.
    pub server_time: String,
}

/// One page of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
pub struct HistoryResponse {
    /// Newest first.
    pub callbacks: Vec<CallbackSummary>,
    /// For `?before=`: the page of older ones; null on the last page.
    pub before: Option<String>,
    /// For `?after=`: the page of newer ones; null on the first page.
    pub after: Option<String>,
}

/// What a filter of the history can be set to, the most frequent of the last 30 days first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
pub struct FilterOptionsResponse {
    /// Sources that sent something.
    pub sources: Vec<String>,
    /// Event types.
    pub event_types: Vec<String>,
    /// Workflows.
    pub workflows: Vec<String>,
}

/// A callback as somebody saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// Key of the callback.
    pub id: i64,
    /// The `seq` it had.
    pub seq: i64,
}

/// Marks callbacks as viewed: exactly one of the three.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
#[serde(deny_unknown_fields)]
pub struct MarkViewedRequest {
    /// These, whatever their content is by now; 1,000 at the most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ids: Option<Vec<i64>>,
    /// These as they were seen, 1,000 at the most: what has changed since stays unviewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Vec<Seen>>,
    /// All up to and including this cursor of the feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<String>,
}

/// The answer to [`MarkViewedRequest`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
pub struct MarkViewedResponse {
    /// How many were not viewed before.
    pub marked: i64,
    /// The time these marks carry: hand it to [`MarkUnviewedRequest`] to take them back.
    pub viewed_at: String,
    /// Callbacks nobody has opened, counted up to 1,000.
    pub unviewed: i64,
}

/// Takes marks back: exactly one of the two.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
#[serde(deny_unknown_fields)]
pub struct MarkUnviewedRequest {
    /// The marks of these, 1,000 at the most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ids: Option<Vec<i64>>,
    /// The marks that the asker made at this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub viewed_at: Option<String>,
}

/// The answer to [`MarkUnviewedRequest`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "json", derive(Json))]
pub struct MarkUnviewedResponse {
    /// How many were viewed before.
    pub unmarked: i64,
    /// Callbacks nobody has opened, counted up to 1,000.
    pub unviewed: i64,
}

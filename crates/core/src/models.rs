//! What the tables hold, in Rust's words.

use crate::schema::llm_callbacks;
use diesel::prelude::*;

/// Unix time in microseconds, UTC: the only form of time in this crate.
pub type Micros = i64;

/// A small enum kept as a SMALLINT: one list gives the numbers and both directions.
macro_rules! small_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $code:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(i16)]
        pub enum $name { $($(#[$doc])* $variant = $code,)* }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The number that the database keeps.
            pub const fn code(self) -> i16 {
                self as i16
            }

            /// The value of a stored number; `None` for one that this version does not know.
            pub fn from_code(code: i16) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.code() == code)
            }
        }
    };
}

small_enum! {
    /// What the signature check said.
    Signature {
        /// The source has no secret.
        Unchecked = 0,
        /// The request carried no signature.
        Missing = 1,
        /// The request carried a signature that does not hold.
        Invalid = 2,
        /// The signature holds.
        Valid = 3,
    }
}

impl Signature {
    /// Only a valid signature makes content trusted; the other three are equal.
    pub fn is_trusted(self) -> bool {
        self == Self::Valid
    }
}

small_enum! {
    /// Why a signature is not valid.
    Reason {
        /// The source has no secret.
        NoSecret = 0,
        /// A header that the scheme needs is not there.
        HeaderMissing = 1,
        /// A header that the scheme needs cannot be read.
        Malformed = 2,
        /// No configured secret makes this signature.
        Wrong = 3,
        /// Right, and signed too long ago.
        TooOld = 4,
        /// Right, and signed too far in the future.
        TooFarAhead = 5,
        /// Only versions that the scheme does not know.
        UnknownVersion = 6,
        /// The source's sender does not sign.
        NotSigned = 7,
        /// Right, and made for somebody else.
        OtherAudience = 8,
    }
}

impl Reason {
    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoSecret => "no_secret",
            Self::HeaderMissing => "header_missing",
            Self::Malformed => "malformed",
            Self::Wrong => "wrong",
            Self::TooOld => "too_old",
            Self::TooFarAhead => "too_far_ahead",
            Self::UnknownVersion => "unknown_version",
            Self::NotSigned => "not_signed",
            Self::OtherAudience => "other_audience",
        }
    }
}

small_enum! {
    /// Where a callback's id came from.
    IdOrigin {
        /// The sender named it.
        Sent = 0,
        /// The sender named none: the id is the digest of the body.
        Absent = 1,
        /// The sender's id does not fit: the id is the digest of the body.
        Unfit = 2,
    }
}

small_enum! {
    /// How a body is kept.
    Encoding {
        /// As received.
        Raw = 0,
        /// Compressed with zstd.
        Zstd = 1,
        /// Not at all: the untrusted bodies of its source were over their quota.
        Omitted = 2,
        /// Not any more: its time was over.
        Expired = 3,
    }
}

/// Why the body of a delivery is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Absence {
    /// The callback has more untrusted bodies than are kept of one.
    TooMany,
    /// The untrusted bodies of its source were over their quota.
    OverQuota,
    /// Its time was over.
    Expired,
}

impl Absence {
    /// Reads it from the columns of a delivery; `None` when the body is there.
    pub(crate) fn of(encoding: i16, has_bytes: bool) -> Option<Self> {
        match Encoding::from_code(encoding) {
            Some(Encoding::Omitted) => Some(Self::OverQuota),
            Some(Encoding::Expired) => Some(Self::Expired),
            Some(Encoding::Raw | Encoding::Zstd) | None => (!has_bytes).then_some(Self::TooMany),
        }
    }
}

small_enum! {
    /// What somebody may do.
    Role {
        /// Reads only.
        Viewer = 0,
        /// Everything.
        Admin = 1,
    }
}

pub(crate) use small_enum;

/// A body as it is kept, with what is known of it as received.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredBody {
    /// How [`Self::bytes`] are to be read.
    pub encoding: Encoding,
    /// The bytes in that encoding.
    pub bytes: Vec<u8>,
    /// The size as received.
    pub size_bytes: i64,
    /// SHA-256 of the bytes as received.
    pub sha256: [u8; 32],
}

impl StoredBody {
    /// Lets go of the bytes; the digest and the size stay.
    pub fn omit(&mut self) {
        self.encoding = Encoding::Omitted;
        self.bytes = Vec::new();
    }
}

impl std::fmt::Debug for StoredBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredBody").field("size_bytes", &self.size_bytes).finish_non_exhaustive()
    }
}

/// One request, verified and read, ready to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDelivery {
    /// The configured sender.
    pub source: String,
    /// The sender's id, or `sha256:<hex>` of the body.
    pub callback_id: String,
    /// Where [`Self::callback_id`] came from.
    pub id_origin: IdOrigin,
    /// True when the signature covers the id; one that it does not cover never replaces content.
    pub id_is_signed: bool,
    /// Empty when the sender names none.
    pub event_type: String,
    /// The upstream object.
    pub job_id: Option<String>,
    /// The workflow that the sender names.
    pub workflow: Option<String>,
    /// The verdict.
    pub signature: Signature,
    /// Why not valid.
    pub reason: Option<Reason>,
    /// When the sender says that it signed.
    pub signed_at: Option<Micros>,
    /// When it was received.
    pub received_at: Micros,
    /// The sender's address.
    pub remote_addr: Option<String>,
    /// The headers worth keeping, as a JSON list of pairs; never a signature.
    pub headers: String,
    /// As received.
    pub content_type: Option<String>,
    /// The payload.
    pub body: StoredBody,
    /// Keyed digests of the MACs that did not hold, so that they can be verified again.
    pub signature_mac: Option<Vec<u8>>,
}

/// The answer to a stored delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredReceipt {
    /// The callback's key.
    pub id: i64,
    /// The callback's id within its source.
    pub callback_id: String,
    /// True when the callback was stored before.
    pub duplicate: bool,
    /// What the delivery did.
    pub effect: crate::rule::Effect,
}

/// A row of `llm_callbacks`.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = llm_callbacks)]
pub struct CallbackRow {
    /// Key: the position it first took.
    pub id: i64,
    /// Position in the feed; a change takes a new one.
    pub seq: i64,
    /// The configured sender.
    pub source: String,
    /// Unique within the source.
    pub callback_id: String,
    /// Empty when the payload names none.
    pub event_type: String,
    /// The upstream object.
    pub job_id: Option<String>,
    /// The workflow.
    pub workflow: Option<String>,
    /// A [`Signature`] code: the verdict on the content.
    pub signature: i16,
    /// First received.
    pub received_at: Micros,
    /// The delivery whose bytes are the content.
    pub delivery_id: i64,
    /// When an admin first opened it.
    pub viewed_at: Option<Micros>,
    /// Who.
    pub viewed_by: Option<String>,
}

impl CallbackRow {
    /// The verdict on the content. A number from a newer version reads as not trusted.
    pub fn signature(&self) -> Signature {
        Signature::from_code(self.signature).unwrap_or(Signature::Invalid)
    }
}

/// A callback as lists show it: its row and what the evidence adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackLine {
    /// The row.
    pub callback: CallbackRow,
    /// Why the content is not valid.
    pub reason: Option<Reason>,
    /// How many requests carried it.
    pub deliveries: i64,
}

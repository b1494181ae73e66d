//! Reading callbacks.

use crate::connection::{Connection, MultiBackend};
use crate::cursor::HistoryKey;
use crate::intake::{BodyError, decode_body};
use crate::models::{Absence, CallbackLine, CallbackRow, IdOrigin, Micros, Reason, Signature};
use crate::schema::{feed_head, llm_callback_deliveries as deliveries, llm_callbacks as callbacks};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use std::collections::HashMap;

/// A delivery as evidence, without its body.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct StoredDelivery {
    /// The position it took.
    pub id: i64,
    /// A [`Signature`] code.
    signature: i16,
    reason: Option<i16>,
    id_origin: i16,
    /// SHA-256 of the body; empty on the row that counts what was too much to keep.
    pub payload_sha256: Vec<u8>,
    /// How many requests were the same.
    pub seen: i64,
    /// The first of them.
    pub first_received_at: Micros,
    /// The last of them.
    pub last_received_at: Micros,
    /// When the sender says it signed.
    pub signed_at: Option<Micros>,
    /// The sender's address.
    pub remote_addr: Option<String>,
    /// A JSON list of pairs.
    pub headers: String,
    /// As received.
    pub content_type: Option<String>,
    /// Size of the body as received.
    pub size_bytes: i64,
    encoding: i16,
    has_bytes: bool,
}

impl StoredDelivery {
    /// The verdict.
    pub fn signature(&self) -> Signature {
        Signature::from_code(self.signature).unwrap_or(Signature::Invalid)
    }

    /// Why not valid.
    pub fn reason(&self) -> Option<Reason> {
        self.reason.and_then(Reason::from_code)
    }

    /// Why the body is not there; `None` when it is.
    pub fn absence(&self) -> Option<Absence> {
        Absence::of(self.encoding, self.has_bytes)
    }

    /// Where the id came from.
    pub fn id_origin(&self) -> IdOrigin {
        IdOrigin::from_code(self.id_origin).unwrap_or(IdOrigin::Sent)
    }
}

/// A callback with its evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCallback {
    /// Its line in the lists.
    pub line: CallbackLine,
    /// Every distinct delivery, oldest first.
    pub deliveries: Vec<StoredDelivery>,
}

/// Which callbacks the history shows; all of them unless narrowed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryFilter {
    /// One of these sources; all when empty.
    pub sources: Vec<String>,
    /// One of these event types; all when empty.
    pub event_types: Vec<String>,
    /// One of these workflows; all when empty.
    pub workflows: Vec<String>,
    /// One of these verdicts; all when empty.
    pub signatures: Vec<Signature>,
    /// Viewed or not.
    pub viewed: Option<bool>,
    /// First received at or after.
    pub from: Option<Micros>,
    /// First received before.
    pub to: Option<Micros>,
    /// The callback id, or the job id, starts so.
    pub id_prefix: Option<String>,
}

/// Which page of the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// The newest.
    First,
    /// The ones older than this.
    Before(HistoryKey),
    /// The ones newer than this.
    After(HistoryKey),
}

/// A page of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryPage {
    /// Newest first.
    pub lines: Vec<CallbackLine>,
    /// True when there are older ones.
    pub has_older: bool,
    /// True when there are newer ones.
    pub has_newer: bool,
}

/// The last position given out: what a reader without a cursor starts from.
///
/// # Errors
/// Diesel's.
pub fn find_feed_head(conn: &mut Connection) -> QueryResult<i64> {
    feed_head::table.select(feed_head::seq).first(conn)
}

/// One callback with its deliveries; `None` when there is none of this key.
///
/// # Errors
/// Diesel's.
pub fn find_callback(conn: &mut Connection, id: i64) -> QueryResult<Option<StoredCallback>> {
    let Some(callback) =
        callbacks::table.find(id).select(CallbackRow::as_select()).first(conn).optional()?
    else {
        return Ok(None);
    };
    let deliveries: Vec<StoredDelivery> = deliveries::table
        .filter(deliveries::callback.eq(id))
        .order(deliveries::id)
        .select((
            deliveries::id,
            deliveries::signature,
            deliveries::reason,
            deliveries::id_origin,
            deliveries::payload_sha256,
            deliveries::seen,
            deliveries::first_received_at,
            deliveries::last_received_at,
            deliveries::signed_at,
            deliveries::remote_addr,
            deliveries::headers,
            deliveries::content_type,
            deliveries::size_bytes,
            deliveries::encoding,
            deliveries::payload.is_not_null(),
        ))
        .load(conn)?;
    let content = deliveries.iter().find(|delivery| delivery.id == callback.delivery_id);
    let line = CallbackLine {
        reason: content.and_then(StoredDelivery::reason),
        deliveries: deliveries.iter().map(|delivery| delivery.seen).sum(),
        callback,
    };
    Ok(Some(StoredCallback { line, deliveries }))
}

/// The same by what its sender calls it.
///
/// # Errors
/// Diesel's.
pub fn find_callback_by_key(
    conn: &mut Connection,
    source: &str,
    callback_id: &str,
) -> QueryResult<Option<StoredCallback>> {
    let id: Option<i64> = callbacks::table
        .filter(callbacks::callback_id.eq(callback_id))
        .filter(callbacks::source.eq(source))
        .select(callbacks::id)
        .first(conn)
        .optional()?;
    id.map_or(Ok(None), |id| find_callback(conn, id))
}

/// The body of a delivery as received; `None` when there is none such or its body is not kept.
///
/// # Errors
/// Diesel's; a damaged body as `DeserializationError`.
pub fn find_payload(
    conn: &mut Connection,
    callback: i64,
    delivery: i64,
) -> QueryResult<Option<Vec<u8>>> {
    let row: Option<(i16, Option<Vec<u8>>, i64)> = deliveries::table
        .filter(deliveries::callback.eq(callback))
        .filter(deliveries::id.eq(delivery))
        .select((deliveries::encoding, deliveries::payload, deliveries::size_bytes))
        .first(conn)
        .optional()?;
    let Some((encoding, Some(bytes), size_bytes)) = row else { return Ok(None) };
    if Absence::of(encoding, true).is_some() {
        return Ok(None);
    }
    decode_body(encoding, bytes, size_bytes)
        .map(Some)
        .map_err(|error: BodyError| diesel::result::Error::DeserializationError(Box::new(error)))
}

/// The feed: callbacks that are new or changed after a position, oldest change first.
///
/// A reader that goes on from the last position it got sees each once, whatever writes meanwhile.
///
/// # Errors
/// Diesel's.
pub fn list_callbacks_after(
    conn: &mut Connection,
    seq: i64,
    limit: i64,
) -> QueryResult<Vec<CallbackLine>> {
    let rows = callbacks::table
        .filter(callbacks::seq.gt(seq))
        .order(callbacks::seq)
        .limit(limit)
        .select(CallbackRow::as_select())
        .load(conn)?;
    add_evidence(conn, rows)
}

/// A page of the history, newest first, in the order of `(received_at, id)`.
///
/// # Errors
/// Diesel's.
pub fn list_callback_history(
    conn: &mut Connection,
    filter: &HistoryFilter,
    page: Page,
    limit: i64,
) -> QueryResult<HistoryPage> {
    let query = filtered(filter).limit(limit + 1).select(CallbackRow::as_select());
    // `a <= x AND (a < x OR id < y)` and never `a < x OR (a = x AND id < y)`: only the first form
    // is a range of the index.
    let mut rows = match page {
        Page::First => {
            query.order((callbacks::received_at.desc(), callbacks::id.desc())).load(conn)?
        }
        Page::Before(HistoryKey { received_at, id }) => query
            .filter(callbacks::received_at.le(received_at))
            .filter(callbacks::received_at.lt(received_at).or(callbacks::id.lt(id)))
            .order((callbacks::received_at.desc(), callbacks::id.desc()))
            .load(conn)?,
        Page::After(HistoryKey { received_at, id }) => query
            .filter(callbacks::received_at.ge(received_at))
            .filter(callbacks::received_at.gt(received_at).or(callbacks::id.gt(id)))
            .order((callbacks::received_at, callbacks::id))
            .load(conn)?,
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let is_cut = rows.len() > limit;
    rows.truncate(limit);
    let (has_older, has_newer) = match page {
        Page::First => (is_cut, false),
        Page::Before(_) => (is_cut, true),
        Page::After(_) => {
            rows.reverse();
            (true, is_cut)
        }
    };
    Ok(HistoryPage { lines: add_evidence(conn, rows)?, has_older, has_newer })
}

fn filtered(filter: &HistoryFilter) -> callbacks::BoxedQuery<'_, MultiBackend> {
    let mut query = callbacks::table.into_boxed();
    // One value is said with `=`: PostgreSQL cannot walk `(event_type, received_at)` in order for a
    // list of them.
    match filter.sources.as_slice() {
        [] => {}
        [one] => query = query.filter(callbacks::source.eq(one)),
        several => query = query.filter(callbacks::source.eq_any(several)),
    }
    match filter.event_types.as_slice() {
        [] => {}
        [one] => query = query.filter(callbacks::event_type.eq(one)),
        several => query = query.filter(callbacks::event_type.eq_any(several)),
    }
    match filter.workflows.as_slice() {
        [] => {}
        [one] => query = query.filter(callbacks::workflow.eq(one)),
        several => query = query.filter(callbacks::workflow.eq_any(several)),
    }
    if !filter.signatures.is_empty() {
        let codes: Vec<i16> = filter.signatures.iter().map(|s| s.code()).collect();
        if !filter.signatures.contains(&Signature::Valid) {
            // Said so that the partial index of untrusted callbacks may be used.
            query = query.filter(sql::<diesel::sql_types::Bool>("signature <> 3"));
        }
        query = query.filter(callbacks::signature.eq_any(codes));
    }
    match filter.viewed {
        Some(true) => query = query.filter(callbacks::viewed_at.is_not_null()),
        Some(false) => query = query.filter(callbacks::viewed_at.is_null()),
        None => {}
    }
    if let Some(from) = filter.from {
        query = query.filter(callbacks::received_at.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(callbacks::received_at.lt(to));
    }
    if let Some(prefix) = &filter.id_prefix {
        // A range, not LIKE: SQLite's LIKE ignores case and the index. Text compares by bytes in
        // both databases, so the end of the range is the prefix with its last character raised.
        let by_callback = callbacks::callback_id.ge(prefix);
        let by_job = callbacks::job_id.ge(prefix).assume_not_null();
        query = match end_of_prefix(prefix) {
            Some(end) => query.filter(
                by_callback
                    .and(callbacks::callback_id.lt(end.clone()))
                    .or(by_job.and(callbacks::job_id.lt(end).assume_not_null())),
            ),
            None => query.filter(by_callback.or(by_job)),
        };
    }
    query
}

/// The first text after all that start with a prefix; `None` when there is none.
fn end_of_prefix(prefix: &str) -> Option<String> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        // Steps over the gap where surrogates would be.
        let next = match last {
            '\u{D7FF}' => Some('\u{E000}'),
            last => char::from_u32(last as u32 + 1),
        };
        if let Some(next) = next {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}

/// Joins rows with what their evidence says, keeping their order.
fn add_evidence(conn: &mut Connection, rows: Vec<CallbackRow>) -> QueryResult<Vec<CallbackLine>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let contents: Vec<i64> = rows.iter().map(|row| row.delivery_id).collect();
    let counts: HashMap<i64, i64> = deliveries::table
        .filter(deliveries::callback.eq_any(&ids))
        .group_by(deliveries::callback)
        .select((deliveries::callback, sql::<BigInt>("CAST(SUM(seen) AS BIGINT)")))
        .load::<(i64, i64)>(conn)?
        .into_iter()
        .collect();
    let reasons: HashMap<i64, Option<i16>> = deliveries::table
        .filter(deliveries::callback.eq_any(&ids))
        .filter(deliveries::id.eq_any(&contents))
        .select((deliveries::callback, deliveries::reason))
        .load::<(i64, Option<i16>)>(conn)?
        .into_iter()
        .collect();
    let line = |callback: CallbackRow| CallbackLine {
        reason: reasons.get(&callback.id).copied().flatten().and_then(Reason::from_code),
        deliveries: counts.get(&callback.id).copied().unwrap_or(0),
        callback,
    };
    Ok(rows.into_iter().map(line).collect())
}

/// Keeps writers out until the end of the transaction.
pub(super) fn lock_head(conn: &mut Connection) -> QueryResult<()> {
    diesel::update(feed_head::table).set(feed_head::seq.eq(feed_head::seq)).execute(conn).map(drop)
}

#[cfg(test)]
mod tests {
    use super::end_of_prefix;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_range_of_a_prefix_holds_what_starts_so_and_nothing_else(
            prefix in "\\PC{1,4}", text in "\\PC{0,6}"
        ) {
            let end = end_of_prefix(&prefix);
            let inside = |text: &str| {
                text >= prefix.as_str() && end.as_deref().is_none_or(|end| text < end)
            };
            prop_assert_eq!(inside(&text), text.starts_with(&prefix));
            let longer = format!("{prefix}{text}");
            prop_assert!(inside(&longer));
        }
    }
}

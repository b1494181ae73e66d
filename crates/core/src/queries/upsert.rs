//! The write path: a batch of deliveries in one transaction.
//!
//! Most deliveries are new. They go in first, all at once, under positions taken from the head of
//! the feed; whoever conflicts is then loaded, decided upon by [`crate::rule`] and applied one by
//! one in the order of arrival. The head is taken first and kept until the commit, so nothing else
//! writes meanwhile and what was loaded stays true.

#![expect(clippy::ref_option_ref, reason = "diesel's `Insertable` borrows the optional columns")]

use super::stats::{Changes, Label};
use super::write_transaction;
use crate::connection::Connection;
use crate::models::{CallbackRow, Micros, NewDelivery, Reason, Signature, StoredReceipt};
use crate::rule::{Arriving, Effect, Stored, decide};
use crate::schema::{feed_head, llm_callback_deliveries as deliveries, llm_callbacks as callbacks};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Binary, Nullable, SmallInt, Text};
use std::collections::{HashMap, HashSet};

/// Untrusted deliveries of one callback that are kept whole. A forger cannot fill the disk.
pub(super) const EVIDENCE_BODIES: usize = 32;
/// Untrusted deliveries of one callback that are kept at all, the rest as a digest; what comes
/// after is counted on one more row.
pub(super) const EVIDENCE_ROWS: usize = 256;

type Key<'a> = (&'a str, &'a str);

/// Stores a batch in one transaction and answers a receipt for each, in order.
///
/// Each delivery is applied as if it had come alone, in the order given: one that repeats an
/// earlier one of the same batch is a duplicate of it.
///
/// # Errors
/// Diesel's; nothing of the batch is stored then.
pub fn upsert_callbacks(
    conn: &mut Connection,
    batch: &[NewDelivery],
) -> QueryResult<Vec<StoredReceipt>> {
    if batch.is_empty() {
        return Ok(Vec::new());
    }
    write_transaction(conn, |conn| {
        let mut changes = Changes::default();
        let firsts = first_of_each(batch);
        let (base, created) = insert_new(conn, batch, &firsts)?;
        let mut receipts: Vec<Option<StoredReceipt>> = vec![None; batch.len()];
        for &index in &created {
            let delivery = &batch[index];
            changes.add(label(delivery, delivery.received_at), 1, delivery.body.size_bytes);
            receipts[index] = Some(StoredReceipt {
                id: position(base, index),
                callback_id: delivery.callback_id.clone(),
                duplicate: false,
                effect: Effect::Created,
            });
        }
        if created.len() < batch.len() {
            let met: Vec<usize> =
                (0..batch.len()).filter(|&index| receipts[index].is_none()).collect();
            let mut stored = load_stored(conn, batch, &met)?;
            let mut again = Repeats::default();
            for index in met {
                let delivery = &batch[index];
                let key = (delivery.source.as_str(), delivery.callback_id.as_str());
                // It conflicted a moment ago and the head is ours, so it is there.
                let known = stored.get_mut(&key).ok_or(diesel::result::Error::NotFound)?;
                let effect =
                    apply(conn, known, delivery, position(base, index), &mut changes, &mut again)?;
                receipts[index] = Some(StoredReceipt {
                    id: known.row.id,
                    callback_id: delivery.callback_id.clone(),
                    duplicate: true,
                    effect,
                });
            }
            again.write(conn)?;
        }
        changes.write(conn)?;
        receipts.into_iter().map(|receipt| receipt.ok_or(diesel::result::Error::NotFound)).collect()
    })
}

fn position(base: i64, index: usize) -> i64 {
    base + 1 + i64::try_from(index).expect("a batch is far smaller than i64::MAX")
}

fn label(delivery: &NewDelivery, received_at: Micros) -> Label {
    Label::new(
        received_at,
        &delivery.source,
        &delivery.event_type,
        delivery.workflow.as_deref(),
        delivery.signature,
    )
}

/// The index of the first delivery of each callback in the batch.
fn first_of_each(batch: &[NewDelivery]) -> Vec<usize> {
    let mut seen = HashSet::with_capacity(batch.len());
    (0..batch.len())
        .filter(|&index| seen.insert((&batch[index].source, &batch[index].callback_id)))
        .collect()
}

/// Takes a position for each of the batch and inserts those of `firsts` that are not stored yet.
/// Gives the position before the first one taken, and which were inserted.
fn insert_new(
    conn: &mut Connection,
    batch: &[NewDelivery],
    firsts: &[usize],
) -> QueryResult<(i64, Vec<usize>)> {
    match conn {
        Connection::Postgres(pg) => insert_new_postgres(pg, batch, firsts),
        Connection::Sqlite(sqlite) => insert_new_sqlite(sqlite, batch, firsts),
    }
}

fn insert_new_sqlite(
    sqlite: &mut SqliteConnection,
    batch: &[NewDelivery],
    firsts: &[usize],
) -> QueryResult<(i64, Vec<usize>)> {
    let size = i64::try_from(batch.len()).expect("a batch is far smaller than i64::MAX");
    let head: i64 = diesel::update(feed_head::table)
        .set(feed_head::seq.eq(feed_head::seq + size))
        .returning(feed_head::seq)
        .get_result(sqlite)?;
    let base = head - size;
    let mut created = Vec::with_capacity(firsts.len());
    for &index in firsts {
        let delivery = &batch[index];
        let id = position(base, index);
        let inserted = diesel::insert_into(callbacks::table)
            .values(callback_values(delivery, id))
            .on_conflict_do_nothing()
            .execute(sqlite)?;
        if inserted == 1 {
            diesel::insert_into(deliveries::table)
                .values(delivery_row(id, id, delivery))
                .execute(sqlite)?;
            created.push(index);
        }
    }
    Ok((base, created))
}

#[derive(Insertable)]
#[diesel(table_name = callbacks, treat_none_as_default_value = false)]
struct NewCallbackRow<'a> {
    id: i64,
    seq: i64,
    source: &'a str,
    callback_id: &'a str,
    event_type: &'a str,
    job_id: Option<&'a str>,
    workflow: Option<&'a str>,
    signature: i16,
    received_at: Micros,
    delivery_id: i64,
}

fn callback_values(delivery: &NewDelivery, id: i64) -> NewCallbackRow<'_> {
    NewCallbackRow {
        id,
        seq: id,
        source: &delivery.source,
        callback_id: &delivery.callback_id,
        event_type: &delivery.event_type,
        job_id: delivery.job_id.as_deref(),
        workflow: delivery.workflow.as_deref(),
        signature: delivery.signature.code(),
        received_at: delivery.received_at,
        delivery_id: id,
    }
}

#[derive(Insertable)]
#[diesel(table_name = deliveries, treat_none_as_default_value = false)]
struct DeliveryRow<'a> {
    callback: i64,
    id: i64,
    signature: i16,
    reason: Option<i16>,
    id_origin: i16,
    payload_sha256: &'a [u8],
    seen: i64,
    first_received_at: Micros,
    last_received_at: Micros,
    signed_at: Option<Micros>,
    remote_addr: Option<&'a str>,
    headers: &'a str,
    content_type: Option<&'a str>,
    size_bytes: i64,
    encoding: i16,
    payload: Option<&'a [u8]>,
}

fn delivery_row(callback: i64, id: i64, delivery: &NewDelivery) -> DeliveryRow<'_> {
    DeliveryRow {
        callback,
        id,
        signature: delivery.signature.code(),
        reason: delivery.reason.map(Reason::code),
        id_origin: delivery.id_origin.code(),
        payload_sha256: &delivery.body.sha256,
        seen: 1,
        first_received_at: delivery.received_at,
        last_received_at: delivery.received_at,
        signed_at: delivery.signed_at,
        remote_addr: delivery.remote_addr.as_deref(),
        headers: &delivery.headers,
        content_type: delivery.content_type.as_deref(),
        size_bytes: delivery.body.size_bytes,
        encoding: delivery.body.encoding.code(),
        payload: Some(&delivery.body.bytes),
    }
}

fn insert_new_postgres(
    pg: &mut PgConnection,
    batch: &[NewDelivery],
    firsts: &[usize],
) -> QueryResult<(i64, Vec<usize>)> {
    let rows: Vec<(i64, Option<i64>)> = InsertNew::of(batch, firsts).load(pg)?;
    let base = rows.first().map(|(base, _)| *base).ok_or(diesel::result::Error::NotFound)?;
    let ids: HashSet<i64> = rows.into_iter().filter_map(|(_, id)| id).collect();
    let created =
        firsts.iter().copied().filter(|&index| ids.contains(&position(base, index))).collect();
    Ok((base, created))
}

/// Positions, callbacks and deliveries in one round trip. The text never changes, so PostgreSQL
/// plans it once for each connection. One array for each column.
struct InsertNew<'a> {
    size: i64,
    ordinal: Vec<i64>,
    source: Vec<&'a str>,
    callback_id: Vec<&'a str>,
    event_type: Vec<&'a str>,
    job_id: Vec<Option<&'a str>>,
    workflow: Vec<Option<&'a str>>,
    signature: Vec<i16>,
    reason: Vec<Option<i16>>,
    id_origin: Vec<i16>,
    payload_sha256: Vec<&'a [u8]>,
    received_at: Vec<Micros>,
    signed_at: Vec<Option<Micros>>,
    remote_addr: Vec<Option<&'a str>>,
    headers: Vec<&'a str>,
    content_type: Vec<Option<&'a str>>,
    size_bytes: Vec<i64>,
    encoding: Vec<i16>,
    payload: Vec<&'a [u8]>,
}

impl<'a> InsertNew<'a> {
    fn of(batch: &'a [NewDelivery], firsts: &[usize]) -> Self {
        fn column<'a, T>(
            batch: &'a [NewDelivery],
            firsts: &[usize],
            read: impl Fn(&'a NewDelivery) -> T,
        ) -> Vec<T> {
            firsts.iter().map(|&index| read(&batch[index])).collect()
        }
        Self {
            size: position(-1, batch.len()),
            ordinal: firsts.iter().map(|&index| position(0, index)).collect(),
            source: column(batch, firsts, |d| d.source.as_str()),
            callback_id: column(batch, firsts, |d| d.callback_id.as_str()),
            event_type: column(batch, firsts, |d| d.event_type.as_str()),
            job_id: column(batch, firsts, |d| d.job_id.as_deref()),
            workflow: column(batch, firsts, |d| d.workflow.as_deref()),
            signature: column(batch, firsts, |d| d.signature.code()),
            reason: column(batch, firsts, |d| d.reason.map(Reason::code)),
            id_origin: column(batch, firsts, |d| d.id_origin.code()),
            payload_sha256: column(batch, firsts, |d| d.body.sha256.as_slice()),
            received_at: column(batch, firsts, |d| d.received_at),
            signed_at: column(batch, firsts, |d| d.signed_at),
            remote_addr: column(batch, firsts, |d| d.remote_addr.as_deref()),
            headers: column(batch, firsts, |d| d.headers.as_str()),
            content_type: column(batch, firsts, |d| d.content_type.as_deref()),
            size_bytes: column(batch, firsts, |d| d.body.size_bytes),
            encoding: column(batch, firsts, |d| d.body.encoding.code()),
            payload: column(batch, firsts, |d| d.body.bytes.as_slice()),
        }
    }
}

impl QueryId for InsertNew<'_> {
    type QueryId = InsertNew<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl diesel::query_builder::Query for InsertNew<'_> {
    type SqlType = (BigInt, Nullable<BigInt>);
}

impl RunQueryDsl<PgConnection> for InsertNew<'_> {}

impl QueryFragment<Pg> for InsertNew<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH head AS (UPDATE feed_head SET seq = seq + ");
        out.push_bind_param::<BigInt, _>(&self.size)?;
        // Without the condition a new database, which has no statistics, expects thousands of heads
        // here, and the server spends half a second on compiling a plan for them.
        out.push_sql(" WHERE one = 1 RETURNING seq - ");
        out.push_bind_param::<BigInt, _>(&self.size)?;
        out.push_sql(" AS base), u AS (SELECT * FROM unnest(");
        macro_rules! push_arrays {
            ($($kind:ty = $column:ident),+; $last_kind:ty = $last:ident) => {
                $(
                    out.push_bind_param::<Array<$kind>, _>(&self.$column)?;
                    out.push_sql(", ");
                )+
                out.push_bind_param::<Array<$last_kind>, _>(&self.$last)?;
                out.push_sql(concat!(
                    ") AS u(", $(stringify!($column), ", ",)+ stringify!($last), "))"
                ));
            };
        }
        push_arrays!(
            BigInt = ordinal, Text = source, Text = callback_id, Text = event_type,
            Nullable<Text> = job_id, Nullable<Text> = workflow, SmallInt = signature,
            Nullable<SmallInt> = reason, SmallInt = id_origin, Binary = payload_sha256,
            BigInt = received_at, Nullable<BigInt> = signed_at, Nullable<Text> = remote_addr,
            Text = headers, Nullable<Text> = content_type, BigInt = size_bytes,
            SmallInt = encoding;
            Binary = payload
        );
        out.push_sql(
            ", created AS (INSERT INTO llm_callbacks \
                 (id, seq, source, callback_id, event_type, job_id, workflow, signature, \
                  received_at, delivery_id) \
             SELECT base + ordinal, base + ordinal, source, callback_id, event_type, job_id, \
                 workflow, signature, received_at, base + ordinal FROM head, u \
             ON CONFLICT (source, callback_id) DO NOTHING RETURNING id), \
             evidence AS (INSERT INTO llm_callback_deliveries \
                 (callback, id, signature, reason, id_origin, payload_sha256, seen, \
                  first_received_at, last_received_at, signed_at, remote_addr, headers, \
                  content_type, size_bytes, encoding, payload) \
             SELECT created.id, created.id, signature, reason, id_origin, payload_sha256, 1, \
                 received_at, received_at, signed_at, remote_addr, headers, content_type, \
                 size_bytes, encoding, payload \
             FROM head CROSS JOIN u JOIN created ON created.id = head.base + u.ordinal) \
             SELECT head.base, created.id FROM head LEFT JOIN created ON TRUE",
        );
        Ok(())
    }
}

/// A stored callback as the rule and its effects need it.
struct Known {
    row: CallbackRow,
    evidence: Vec<KnownDelivery>,
}

#[derive(Clone, Queryable)]
struct KnownDelivery {
    callback: i64,
    id: i64,
    signature: i16,
    payload_sha256: Vec<u8>,
    signed_at: Option<Micros>,
    size_bytes: i64,
}

impl KnownDelivery {
    fn is_trusted(&self) -> bool {
        self.signature == Signature::Valid.code()
    }
}

/// Loads what the deliveries at these indices met, with the keys of the evidence but no body.
fn load_stored<'a>(
    conn: &mut Connection,
    batch: &'a [NewDelivery],
    met: &[usize],
) -> QueryResult<HashMap<Key<'a>, Known>> {
    let ids: HashSet<&str> = met.iter().map(|&index| batch[index].callback_id.as_str()).collect();
    let rows: Vec<CallbackRow> = callbacks::table
        .filter(callbacks::callback_id.eq_any(ids))
        .select(CallbackRow::as_select())
        .load(conn)?;
    let keys: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let mut evidence: HashMap<i64, Vec<KnownDelivery>> = HashMap::new();
    let deliveries: Vec<KnownDelivery> = deliveries::table
        .filter(deliveries::callback.eq_any(keys))
        .select((
            deliveries::callback,
            deliveries::id,
            deliveries::signature,
            deliveries::payload_sha256,
            deliveries::signed_at,
            deliveries::size_bytes,
        ))
        .load(conn)?;
    for delivery in deliveries {
        evidence.entry(delivery.callback).or_default().push(delivery);
    }
    // The same callback id may exist at several sources: the key of the batch decides.
    let mut rows: HashMap<(String, String), CallbackRow> =
        rows.into_iter().map(|row| ((row.source.clone(), row.callback_id.clone()), row)).collect();
    let mut stored = HashMap::new();
    for &index in met {
        let delivery = &batch[index];
        let owned = (delivery.source.clone(), delivery.callback_id.clone());
        if let Some(row) = rows.remove(&owned) {
            let evidence = evidence.remove(&row.id).unwrap_or_default();
            let key = (delivery.source.as_str(), delivery.callback_id.as_str());
            stored.insert(key, Known { row, evidence });
        }
    }
    Ok(stored)
}

/// Applies one delivery to the callback it met, in the database and in `known`.
fn apply(
    conn: &mut Connection,
    known: &mut Known,
    delivery: &NewDelivery,
    position: i64,
    changes: &mut Changes,
    repeats: &mut Repeats,
) -> QueryResult<Effect> {
    let content = known
        .evidence
        .iter()
        .find(|evidence| evidence.id == known.row.delivery_id)
        .ok_or(diesel::result::Error::NotFound)?
        .clone();
    let stored = Stored {
        signature: known.row.signature(),
        sha256: content.payload_sha256.as_slice().try_into().unwrap_or([0; 32]),
        signed_at: content.signed_at,
    };
    let arriving = Arriving {
        signature: delivery.signature,
        sha256: delivery.body.sha256,
        signed_at: delivery.signed_at,
        id_is_signed: delivery.id_is_signed,
        seen_valid: known
            .evidence
            .iter()
            .any(|seen| seen.is_trusted() && seen.payload_sha256 == delivery.body.sha256),
    };
    let effect = decide(&stored, &arriving);
    let evidence_id = keep_evidence(conn, known, delivery, position, repeats)?;
    match effect {
        Effect::Promoted | Effect::Replaced => {
            let received_at = known.row.received_at;
            let old = Label::new(
                received_at,
                &known.row.source,
                &known.row.event_type,
                known.row.workflow.as_deref(),
                known.row.signature(),
            );
            changes.add(old, -1, -content.size_bytes);
            changes.add(label(delivery, received_at), 1, delivery.body.size_bytes);
            known.row.seq = position;
            known.row.event_type.clone_from(&delivery.event_type);
            known.row.job_id.clone_from(&delivery.job_id);
            known.row.workflow.clone_from(&delivery.workflow);
            known.row.signature = delivery.signature.code();
            known.row.delivery_id = evidence_id;
            if effect == Effect::Replaced {
                known.row.viewed_at = None;
                known.row.viewed_by = None;
            }
            update_callback(conn, &known.row)?;
        }
        Effect::Disputed => {
            known.row.seq = position;
            known.row.viewed_at = None;
            known.row.viewed_by = None;
            update_callback(conn, &known.row)?;
        }
        Effect::Created | Effect::Repeated | Effect::KeptAsEvidence => {}
    }
    Ok(effect)
}

fn update_callback(conn: &mut Connection, row: &CallbackRow) -> QueryResult<()> {
    diesel::update(callbacks::table.find(row.id))
        .set((
            callbacks::seq.eq(row.seq),
            callbacks::event_type.eq(&row.event_type),
            callbacks::job_id.eq(&row.job_id),
            callbacks::workflow.eq(&row.workflow),
            callbacks::signature.eq(row.signature),
            callbacks::delivery_id.eq(row.delivery_id),
            callbacks::viewed_at.eq(row.viewed_at),
            callbacks::viewed_by.eq(&row.viewed_by),
        ))
        .execute(conn)
        .map(drop)
}

/// Keeps a delivery as evidence and gives the id of its row: the row of the same verdict and bytes
/// when there is one, else a new one, as whole as the cap allows.
fn keep_evidence(
    conn: &mut Connection,
    known: &mut Known,
    delivery: &NewDelivery,
    position: i64,
    repeats: &mut Repeats,
) -> QueryResult<i64> {
    let signature = delivery.signature.code();
    let is_same = |seen: &&KnownDelivery| {
        seen.signature == signature && seen.payload_sha256 == delivery.body.sha256
    };
    if let Some(same) = known.evidence.iter().find(is_same) {
        repeats.add(same, delivery.received_at);
        return Ok(same.id);
    }
    let untrusted = known.evidence.iter().filter(|seen| !seen.is_trusted()).count();
    let mut row = delivery_row(known.row.id, position, delivery);
    if !delivery.signature.is_trusted() && untrusted >= EVIDENCE_BODIES {
        row.payload = None;
        if untrusted >= EVIDENCE_ROWS {
            // An empty digest stands for all that was too much.
            let overflow = known.evidence.iter().find(|seen| seen.payload_sha256.is_empty());
            if let Some(overflow) = overflow {
                repeats.add(overflow, delivery.received_at);
                return Ok(overflow.id);
            }
            row.payload_sha256 = &[];
        }
    }
    let known_delivery = KnownDelivery {
        callback: row.callback,
        id: row.id,
        signature,
        payload_sha256: row.payload_sha256.to_vec(),
        signed_at: row.signed_at,
        size_bytes: row.size_bytes,
    };
    diesel::insert_into(deliveries::table).values(row).execute(conn)?;
    known.evidence.push(known_delivery);
    Ok(position)
}

/// Repeats of kept deliveries, summed before they are written.
#[derive(Default)]
struct Repeats(HashMap<(i64, i64), (i64, Micros)>);

impl Repeats {
    fn add(&mut self, of: &KnownDelivery, received_at: Micros) {
        let sum = self.0.entry((of.callback, of.id)).or_insert((0, received_at));
        sum.0 += 1;
        sum.1 = sum.1.max(received_at);
    }

    fn write(self, conn: &mut Connection) -> QueryResult<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        match conn {
            Connection::Postgres(pg) => {
                let (mut callback, mut id, mut seen, mut at) = (vec![], vec![], vec![], vec![]);
                for ((of_callback, of_id), (count, received_at)) in self.0 {
                    callback.push(of_callback);
                    id.push(of_id);
                    seen.push(count);
                    at.push(received_at);
                }
                diesel::sql_query(
                    "UPDATE llm_callback_deliveries d SET seen = d.seen + u.seen, \
                     last_received_at = GREATEST(d.last_received_at, u.at) \
                     FROM unnest($1, $2, $3, $4) AS u(callback, id, seen, at) \
                     WHERE d.callback = u.callback AND d.id = u.id",
                )
                .bind::<Array<BigInt>, _>(callback)
                .bind::<Array<BigInt>, _>(id)
                .bind::<Array<BigInt>, _>(seen)
                .bind::<Array<BigInt>, _>(at)
                .execute(pg)
                .map(drop)
            }
            Connection::Sqlite(sqlite) => {
                for ((_, id), (seen, at)) in self.0 {
                    diesel::sql_query(
                        "UPDATE llm_callback_deliveries SET seen = seen + ?, \
                         last_received_at = MAX(last_received_at, ?) WHERE id = ?",
                    )
                    .bind::<BigInt, _>(seen)
                    .bind::<BigInt, _>(at)
                    .bind::<BigInt, _>(id)
                    .execute(sqlite)?;
                }
                Ok(())
            }
        }
    }
}

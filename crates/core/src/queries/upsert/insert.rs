//! Storing callbacks that are new: positions, callbacks and deliveries.

mod sqlite;

use super::position;
use crate::connection::Connection;
use crate::models::{Micros, NewDelivery, Reason};
use crate::schema::llm_callback_deliveries as deliveries;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Binary, Nullable, SmallInt, Text};
use std::collections::HashSet;

/// Takes a position for each of the batch and inserts those of `firsts` that are not stored yet.
/// Gives the position before the first one taken, and which were inserted.
pub(super) fn insert_new(
    conn: &mut Connection,
    batch: &[NewDelivery],
    firsts: &[usize],
) -> QueryResult<(i64, Vec<usize>)> {
    match conn {
        Connection::Postgres(pg) => insert_new_postgres(pg, batch, firsts),
        Connection::Sqlite(conn) => sqlite::insert_new(conn, batch, firsts),
    }
}

/// A new callback as it goes in.
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

fn callback_row(delivery: &NewDelivery, id: i64) -> NewCallbackRow<'_> {
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

/// A row of evidence as it goes in.
#[derive(Insertable)]
#[diesel(table_name = deliveries, treat_none_as_default_value = false)]
pub(super) struct DeliveryRow<'a> {
    pub(super) callback: i64,
    pub(super) id: i64,
    pub(super) signature: i16,
    reason: Option<i16>,
    id_origin: i16,
    pub(super) payload_sha256: &'a [u8],
    seen: i64,
    first_received_at: Micros,
    last_received_at: Micros,
    pub(super) signed_at: Option<Micros>,
    signature_mac: Option<&'a [u8]>,
    remote_addr: Option<&'a str>,
    headers: &'a str,
    content_type: Option<&'a str>,
    pub(super) size_bytes: i64,
    encoding: i16,
    pub(super) payload: Option<&'a [u8]>,
}

/// A delivery as a row of a callback's evidence, whole.
pub(super) fn delivery_row(callback: i64, id: i64, delivery: &NewDelivery) -> DeliveryRow<'_> {
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
        signature_mac: delivery.signature_mac.as_deref(),
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
    signature_mac: Vec<Option<&'a [u8]>>,
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
            signature_mac: column(batch, firsts, |d| d.signature_mac.as_deref()),
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
            BigInt = received_at, Nullable<BigInt> = signed_at, Nullable<Binary> = signature_mac,
            Nullable<Text> = remote_addr,
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
             ON CONFLICT (callback_id, source) DO NOTHING RETURNING id), \
             evidence AS (INSERT INTO llm_callback_deliveries \
                 (callback, id, signature, reason, id_origin, payload_sha256, seen, \
                  first_received_at, last_received_at, signed_at, signature_mac, remote_addr, headers, \
                  content_type, size_bytes, encoding, payload) \
             SELECT created.id, created.id, signature, reason, id_origin, payload_sha256, 1, \
                 received_at, received_at, signed_at, signature_mac, remote_addr, headers, content_type, \
                 size_bytes, encoding, payload \
             FROM head CROSS JOIN u JOIN created ON created.id = head.base + u.ordinal) \
             SELECT head.base, created.id FROM head LEFT JOIN created ON TRUE",
        );
        Ok(())
    }
}

//! Deliveries that meet a stored callback: load it, decide, apply.

use super::insert::delivery_row;
use super::{Key, label};
use crate::connection::Connection;
use crate::models::{CallbackRow, Micros, NewDelivery, Signature};
use crate::queries::stats::{Changes, Label};
use crate::rule::{Arriving, Effect, Stored, decide};
use crate::schema::{llm_callback_deliveries as deliveries, llm_callbacks as callbacks};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt};
use std::collections::{HashMap, HashSet};

/// Untrusted deliveries of one callback that are kept whole. A forger cannot fill the disk.
const EVIDENCE_BODIES: usize = 32;
/// Untrusted deliveries of one callback that are kept at all, the rest as a digest; what comes
/// after is counted on one more row.
const EVIDENCE_ROWS: usize = 256;

/// A stored callback as the rule and its effects need it.
pub(super) struct Known {
    pub(super) row: CallbackRow,
    evidence: Vec<KnownDelivery>,
}

#[derive(Clone, Queryable)]
pub(super) struct KnownDelivery {
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
pub(super) fn load_stored<'a>(
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
pub(super) fn apply(
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
pub(super) struct Repeats(HashMap<(i64, i64), (i64, Micros)>);

impl Repeats {
    fn add(&mut self, of: &KnownDelivery, received_at: Micros) {
        let sum = self.0.entry((of.callback, of.id)).or_insert((0, received_at));
        sum.0 += 1;
        sum.1 = sum.1.max(received_at);
    }

    pub(super) fn write(self, conn: &mut Connection) -> QueryResult<()> {
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

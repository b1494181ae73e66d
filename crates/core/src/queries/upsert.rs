//! The write path: a batch of deliveries in one transaction.
//!
//! Most deliveries are new. They go in first, all at once, under positions taken from the head of
//! the feed; whoever conflicts is then loaded, decided upon by [`crate::rule`] and applied one by
//! one in the order of arrival. The head is taken first and kept until the commit, so nothing else
//! writes meanwhile and what was loaded stays true.

#![expect(clippy::ref_option_ref, reason = "diesel's `Insertable` borrows the optional columns")]

mod insert;
mod met;

use super::stats::{Changes, Label};
use crate::connection::Connection;
use crate::models::{Micros, NewDelivery, StoredReceipt};
use crate::rule::Effect;
use diesel::connection::Connection as _;
use diesel::prelude::*;
use insert::insert_new;
use met::{Repeats, apply, load_stored};
use std::collections::HashSet;

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
    // Positions are taken first, so SQLite's write lock is there before anything is read.
    conn.transaction(|conn| {
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

//! Which callbacks somebody has viewed: marking, taking a mark back, counting the rest.

use super::callbacks::lock_head;
use super::write_transaction;
use crate::connection::Connection;
use crate::models::Micros;
use crate::schema::llm_callbacks as callbacks;
use diesel::prelude::*;
use std::collections::HashMap;

/// Counting stops here: "1,000 or more" is all that anybody needs to know.
const UNVIEWED_CAP: i64 = 1000;

/// Which callbacks to mark as viewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViewedSelection<'a> {
    /// These, whatever their content is by now.
    Ids(&'a [i64]),
    /// These, each with the position it had when it was read: what has changed since stays unviewed.
    Seen(&'a [(i64, i64)]),
    /// Those up to a position in the feed, a bounded number in one step.
    Through {
        /// The position, inclusive.
        seq: i64,
        /// How many at the most.
        limit: i64,
    },
}

/// Whose marks to take back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnviewedSelection<'a> {
    /// Those of these callbacks.
    Ids(&'a [i64]),
    /// Those that one viewer made at one time, a bounded number in one step.
    Marked {
        /// Who made them.
        viewer: &'a str,
        /// The time they carry.
        at: Micros,
        /// How many at the most.
        limit: i64,
    },
}

/// Marks callbacks as viewed and gives how many were not before; the first viewer stays.
///
/// # Errors
/// Diesel's; nothing has changed then.
pub fn mark_callbacks_viewed(
    conn: &mut Connection,
    selection: ViewedSelection<'_>,
    viewer: &str,
    at: Micros,
) -> QueryResult<usize> {
    write_transaction(conn, |conn| {
        // Without the head's lock a change could commit between the choice and the update, and
        // be marked although nobody saw it; and a batch that changes the same callbacks could deadlock with this.
        lock_head(conn)?;
        let ids: Vec<i64> = match selection {
            ViewedSelection::Ids(ids) => ids.to_vec(),
            ViewedSelection::Seen(seen) => still_as_seen(conn, seen)?,
            ViewedSelection::Through { seq, limit } => callbacks::table
                .filter(callbacks::viewed_at.is_null())
                .filter(callbacks::seq.le(seq))
                .select(callbacks::id)
                .limit(limit)
                .load(conn)?,
        };
        let unviewed = callbacks::table
            .filter(callbacks::id.eq_any(ids))
            .filter(callbacks::viewed_at.is_null());
        diesel::update(unviewed)
            .set((callbacks::viewed_at.eq(Some(at)), callbacks::viewed_by.eq(Some(viewer))))
            .execute(conn)
    })
}

fn still_as_seen(conn: &mut Connection, seen: &[(i64, i64)]) -> QueryResult<Vec<i64>> {
    let seen: HashMap<i64, i64> = seen.iter().copied().collect();
    let now: Vec<(i64, i64)> = callbacks::table
        .filter(callbacks::id.eq_any(seen.keys().copied().collect::<Vec<_>>()))
        .select((callbacks::id, callbacks::seq))
        .load(conn)?;
    let unchanged = now.into_iter().filter(|(id, seq)| seen.get(id).is_some_and(|had| seq <= had));
    Ok(unchanged.map(|(id, _)| id).collect())
}

/// Takes marks back and gives how many there were.
///
/// # Errors
/// Diesel's; nothing has changed then.
pub fn unmark_callbacks_viewed(
    conn: &mut Connection,
    selection: UnviewedSelection<'_>,
) -> QueryResult<usize> {
    write_transaction(conn, |conn| {
        // The same lock, so that this cannot deadlock with a batch either.
        lock_head(conn)?;
        let ids: Vec<i64> = match selection {
            UnviewedSelection::Ids(ids) => ids.to_vec(),
            UnviewedSelection::Marked { viewer, at, limit } => callbacks::table
                .filter(callbacks::viewed_at.eq(at))
                .filter(callbacks::viewed_by.eq(viewer))
                .select(callbacks::id)
                .limit(limit)
                .load(conn)?,
        };
        let viewed = callbacks::table
            .filter(callbacks::id.eq_any(ids))
            .filter(callbacks::viewed_at.is_not_null());
        diesel::update(viewed)
            .set((callbacks::viewed_at.eq(None::<Micros>), callbacks::viewed_by.eq(None::<&str>)))
            .execute(conn)
    })
}

/// Callbacks that nobody has opened, counted up to 1,000.
///
/// # Errors
/// Diesel's.
pub fn count_unviewed_callbacks(conn: &mut Connection) -> QueryResult<i64> {
    let unviewed: Vec<i64> = callbacks::table
        .filter(callbacks::viewed_at.is_null())
        .select(callbacks::id)
        .limit(UNVIEWED_CAP)
        .load(conn)?;
    Ok(i64::try_from(unviewed.len()).unwrap_or(UNVIEWED_CAP))
}

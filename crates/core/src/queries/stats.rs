//! The hourly roll-up: what analytics read, kept by the writer in its own transaction.

mod changes;

use crate::connection::Connection;
use crate::models::{Micros, Signature};
use crate::schema::stats_hour;
use diesel::prelude::*;
use std::collections::BTreeMap;

pub(super) use changes::{Changes, Label};

/// An hour in microseconds.
pub const HOUR: Micros = 3_600_000_000;

/// The width of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bucket {
    /// An hour.
    Hour,
    /// A UTC day.
    Day,
}

impl Bucket {
    fn start(self, hour: Micros) -> Micros {
        let width = match self {
            Self::Hour => HOUR,
            Self::Day => 24 * HOUR,
        };
        hour.div_euclid(width) * width
    }
}

/// What to count: everything, unless narrowed.
#[derive(Clone, Debug, Default)]
pub struct StatsFilter {
    /// First hour, inclusive; a time within an hour counts that hour.
    pub from: Micros,
    /// End, exclusive.
    pub to: Micros,
    /// One source only.
    pub source: Option<String>,
    /// One event type only.
    pub event_type: Option<String>,
    /// One workflow only.
    pub workflow: Option<String>,
}

/// How many callbacks were first received in a bucket, by verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketCount {
    /// Start of the bucket.
    pub start: Micros,
    /// The verdict on the content, as it is now.
    pub signature: Signature,
    /// Callbacks.
    pub callbacks: i64,
    /// Sum of their contents' sizes.
    pub size_bytes: i64,
}

/// Counts callbacks by bucket and verdict, oldest bucket first; buckets without any are left out.
///
/// # Errors
/// Diesel's.
pub fn count_callbacks_by_bucket(
    conn: &mut Connection,
    bucket: Bucket,
    filter: &StatsFilter,
) -> QueryResult<Vec<BucketCount>> {
    use stats_hour::dsl;
    let mut query = dsl::stats_hour
        .filter(dsl::hour.ge(Bucket::Hour.start(filter.from)))
        .filter(dsl::hour.lt(filter.to))
        .into_boxed();
    if let Some(source) = &filter.source {
        query = query.filter(dsl::source.eq(source));
    }
    if let Some(event_type) = &filter.event_type {
        query = query.filter(dsl::event_type.eq(event_type));
    }
    if let Some(workflow) = &filter.workflow {
        query = query.filter(dsl::workflow.eq(workflow));
    }
    let rows: Vec<(Micros, i16, i64, i64)> =
        query.select((dsl::hour, dsl::signature, dsl::callbacks, dsl::size_bytes)).load(conn)?;
    let mut buckets: BTreeMap<(Micros, Signature), (i64, i64)> = BTreeMap::new();
    for (hour, signature, callbacks, size_bytes) in rows {
        let signature = Signature::from_code(signature).unwrap_or(Signature::Invalid);
        let sum = buckets.entry((bucket.start(hour), signature)).or_default();
        sum.0 += callbacks;
        sum.1 += size_bytes;
    }
    Ok(buckets
        .into_iter()
        .filter(|(_, (callbacks, _))| *callbacks != 0)
        .map(|((start, signature), (callbacks, size_bytes))| BucketCount {
            start,
            signature,
            callbacks,
            size_bytes,
        })
        .collect())
}

/// What there is to choose from, the most frequent first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// Sources that sent something.
    pub sources: Vec<String>,
    /// Event types.
    pub event_types: Vec<String>,
    /// Workflows.
    pub workflows: Vec<String>,
}

/// The sources, event types and workflows of the callbacks first received since a time, `limit` of
/// each at the most. Empty names are left out.
///
/// # Errors
/// Diesel's.
pub fn list_labels(conn: &mut Connection, since: Micros, limit: usize) -> QueryResult<Labels> {
    use diesel::dsl::sql;
    use diesel::sql_types::BigInt;
    use stats_hour::dsl;
    let rows: Vec<(String, String, String, i64)> = dsl::stats_hour
        .filter(dsl::hour.ge(Bucket::Hour.start(since)))
        .group_by((dsl::source, dsl::event_type, dsl::workflow))
        .select((
            dsl::source,
            dsl::event_type,
            dsl::workflow,
            sql::<BigInt>("CAST(SUM(callbacks) AS BIGINT)"),
        ))
        .load(conn)?;
    let mut sums: [BTreeMap<String, i64>; 3] = Default::default();
    for (source, event_type, workflow, callbacks) in rows {
        for (sums, name) in sums.iter_mut().zip([source, event_type, workflow]) {
            *sums.entry(name).or_default() += callbacks;
        }
    }
    let [sources, event_types, workflows] = sums.map(|sums| {
        let mut sums: Vec<(String, i64)> =
            sums.into_iter().filter(|(name, sum)| !name.is_empty() && *sum > 0).collect();
        // Stable, so that equals stay in the order of the alphabet.
        sums.sort_by_key(|(_, sum)| std::cmp::Reverse(*sum));
        sums.into_iter().take(limit).map(|(name, _)| name).collect()
    });
    Ok(Labels { sources, event_types, workflows })
}

/// The sizes, as received, of callbacks whose content is not trusted, by source, since a time, by
/// the hour.
///
/// # Errors
/// Diesel's.
pub fn sum_untrusted_bytes_since(
    conn: &mut Connection,
    since: Micros,
) -> QueryResult<Vec<(String, i64)>> {
    use stats_hour::dsl;
    dsl::stats_hour
        .filter(dsl::hour.ge(Bucket::Hour.start(since)))
        .filter(dsl::signature.ne(Signature::Valid.code()))
        .group_by(dsl::source)
        .order(dsl::source)
        .select((
            dsl::source,
            diesel::dsl::sql::<diesel::sql_types::BigInt>("CAST(SUM(size_bytes) AS BIGINT)"),
        ))
        .load(conn)
}

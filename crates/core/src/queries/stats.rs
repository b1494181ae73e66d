//! The hourly roll-up: what analytics read, kept by the writer in its own transaction.

use crate::connection::Connection;
use crate::models::{Micros, Signature};
use crate::schema::stats_hour;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, SmallInt, Text};
use std::collections::BTreeMap;

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

/// How many callbacks of each source were first received since a time with a verdict, by the hour.
///
/// # Errors
/// Diesel's.
pub fn count_by_source_since(
    conn: &mut Connection,
    since: Micros,
    signatures: &[Signature],
) -> QueryResult<Vec<(String, i64)>> {
    use stats_hour::dsl;
    let codes: Vec<i16> = signatures.iter().map(|signature| signature.code()).collect();
    let rows: Vec<(String, i64)> = dsl::stats_hour
        .filter(dsl::hour.ge(Bucket::Hour.start(since)))
        .filter(dsl::signature.eq_any(codes))
        .select((dsl::source, dsl::callbacks))
        .load(conn)?;
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    for (source, callbacks) in rows {
        *sums.entry(source).or_default() += callbacks;
    }
    Ok(sums.into_iter().filter(|(_, sum)| *sum > 0).collect())
}

/// How many distinct bad deliveries met a stored callback since a time, by source, of the newest 1,000.
///
/// The roll-up does not have them: it counts callbacks, and these made none.
///
/// # Errors
/// Diesel's.
pub fn count_bad_evidence_since(
    conn: &mut Connection,
    since: Micros,
) -> QueryResult<Vec<(String, i64)>> {
    use crate::schema::{llm_callback_deliveries as deliveries, llm_callbacks as callbacks};
    let met: Vec<i64> = deliveries::table
        // Said so that the partial index serves it.
        .filter(diesel::dsl::sql::<diesel::sql_types::Bool>(
            "signature IN (1, 2) AND id <> callback",
        ))
        .filter(deliveries::last_received_at.ge(since))
        .order(deliveries::last_received_at.desc())
        .limit(1000)
        .select(deliveries::callback)
        .load(conn)?;
    let sources: Vec<(i64, String)> = callbacks::table
        .filter(callbacks::id.eq_any(&met))
        .select((callbacks::id, callbacks::source))
        .load(conn)?;
    let sources: BTreeMap<i64, String> = sources.into_iter().collect();
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    for source in met.iter().filter_map(|id| sources.get(id)) {
        *counts.entry(source.clone()).or_default() += 1;
    }
    Ok(counts.into_iter().collect())
}

/// Changes of the roll-up, folded before they are written.
#[derive(Debug, Default)]
pub(super) struct Changes(BTreeMap<Label, (i64, i64)>);

/// What the roll-up counts a callback under.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Label {
    hour: Micros,
    source: String,
    event_type: String,
    workflow: String,
    signature: i16,
}

impl Label {
    pub(super) fn new(
        received_at: Micros,
        source: &str,
        event_type: &str,
        workflow: Option<&str>,
        signature: Signature,
    ) -> Self {
        Self {
            hour: Bucket::Hour.start(received_at),
            source: source.to_owned(),
            event_type: event_type.to_owned(),
            workflow: workflow.unwrap_or_default().to_owned(),
            signature: signature.code(),
        }
    }
}

impl Changes {
    pub(super) fn add(&mut self, label: Label, callbacks: i64, size_bytes: i64) {
        let sum = self.0.entry(label).or_default();
        sum.0 += callbacks;
        sum.1 += size_bytes;
    }

    /// Writes the sums; in the order of the key, so that two writers cannot lock each other out.
    pub(super) fn write(self, conn: &mut Connection) -> QueryResult<()> {
        let rows: Vec<_> = self.0.into_iter().filter(|(_, sum)| *sum != (0, 0)).collect();
        if rows.is_empty() {
            return Ok(());
        }
        match conn {
            Connection::Postgres(pg) => write_postgres(pg, &rows),
            Connection::Sqlite(sqlite) => write_sqlite(sqlite, rows),
        }
    }
}

fn write_postgres(pg: &mut PgConnection, rows: &[(Label, (i64, i64))]) -> QueryResult<()> {
    fn column<T>(rows: &[(Label, (i64, i64))], read: impl Fn(&(Label, (i64, i64))) -> T) -> Vec<T> {
        rows.iter().map(read).collect()
    }
    diesel::sql_query(
        "INSERT INTO stats_hour AS s \
             (hour, source, event_type, workflow, signature, callbacks, size_bytes) \
         SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (hour, source, event_type, workflow, signature) DO UPDATE \
         SET callbacks = s.callbacks + excluded.callbacks, \
             size_bytes = s.size_bytes + excluded.size_bytes",
    )
    .bind::<Array<BigInt>, _>(column(rows, |(label, _)| label.hour))
    .bind::<Array<Text>, _>(column(rows, |(label, _)| label.source.clone()))
    .bind::<Array<Text>, _>(column(rows, |(label, _)| label.event_type.clone()))
    .bind::<Array<Text>, _>(column(rows, |(label, _)| label.workflow.clone()))
    .bind::<Array<SmallInt>, _>(column(rows, |(label, _)| label.signature))
    .bind::<Array<BigInt>, _>(column(rows, |(_, sum)| sum.0))
    .bind::<Array<BigInt>, _>(column(rows, |(_, sum)| sum.1))
    .execute(pg)
    .map(drop)
}

fn write_sqlite(sqlite: &mut SqliteConnection, rows: Vec<(Label, (i64, i64))>) -> QueryResult<()> {
    use diesel::upsert::excluded;
    use stats_hour::dsl;
    for (label, (callbacks, size_bytes)) in rows {
        diesel::insert_into(dsl::stats_hour)
            .values((
                dsl::hour.eq(label.hour),
                dsl::source.eq(label.source),
                dsl::event_type.eq(label.event_type),
                dsl::workflow.eq(label.workflow),
                dsl::signature.eq(label.signature),
                dsl::callbacks.eq(callbacks),
                dsl::size_bytes.eq(size_bytes),
            ))
            .on_conflict((dsl::hour, dsl::source, dsl::event_type, dsl::workflow, dsl::signature))
            .do_update()
            .set((
                dsl::callbacks.eq(dsl::callbacks + excluded(dsl::callbacks)),
                dsl::size_bytes.eq(dsl::size_bytes + excluded(dsl::size_bytes)),
            ))
            .execute(sqlite)?;
    }
    Ok(())
}

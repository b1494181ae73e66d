//! Adding to the roll-up, in the transaction that stores.

use super::Bucket;
use crate::connection::Connection;
use crate::models::{Micros, Signature};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, SmallInt, Text};
use diesel::sqlite::Sqlite;
use std::collections::BTreeMap;

/// Changes of the roll-up, folded before they are written.
#[derive(Debug, Default)]
pub(in crate::queries) struct Changes(BTreeMap<Label, (i64, i64)>);

/// What the roll-up counts a callback under.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::queries) struct Label {
    hour: Micros,
    source: String,
    event_type: String,
    workflow: String,
    signature: i16,
}

impl Label {
    pub(in crate::queries) fn new(
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
    pub(in crate::queries) fn add(&mut self, label: Label, callbacks: i64, size_bytes: i64) {
        let sum = self.0.entry(label).or_default();
        sum.0 += callbacks;
        sum.1 += size_bytes;
    }

    /// Writes the sums; in the order of the key, so that two writers cannot lock each other out.
    pub(in crate::queries) fn write(self, conn: &mut Connection) -> QueryResult<()> {
        let rows: Vec<_> = self.0.into_iter().filter(|(_, sum)| *sum != (0, 0)).collect();
        if rows.is_empty() {
            return Ok(());
        }
        match conn {
            Connection::Postgres(pg) => write_postgres(pg, &rows),
            Connection::Sqlite(sqlite) => write_sqlite(sqlite, &rows),
        }
    }
}

/// The sums of many labels, one array for each column.
///
/// Written by hand: diesel prepares a `sql_query` and a `DO UPDATE` of its own again at each call.
struct AddOnPostgres<'a> {
    hour: Vec<Micros>,
    source: Vec<&'a str>,
    event_type: Vec<&'a str>,
    workflow: Vec<&'a str>,
    signature: Vec<i16>,
    callbacks: Vec<i64>,
    size_bytes: Vec<i64>,
}

fn write_postgres(pg: &mut PgConnection, rows: &[(Label, (i64, i64))]) -> QueryResult<()> {
    fn column<'a, T>(
        rows: &'a [(Label, (i64, i64))],
        read: impl Fn(&'a (Label, (i64, i64))) -> T,
    ) -> Vec<T> {
        rows.iter().map(read).collect()
    }
    AddOnPostgres {
        hour: column(rows, |(label, _)| label.hour),
        source: column(rows, |(label, _)| label.source.as_str()),
        event_type: column(rows, |(label, _)| label.event_type.as_str()),
        workflow: column(rows, |(label, _)| label.workflow.as_str()),
        signature: column(rows, |(label, _)| label.signature),
        callbacks: column(rows, |(_, sum)| sum.0),
        size_bytes: column(rows, |(_, sum)| sum.1),
    }
    .execute(pg)
    .map(drop)
}

impl QueryId for AddOnPostgres<'_> {
    type QueryId = AddOnPostgres<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl RunQueryDsl<PgConnection> for AddOnPostgres<'_> {}

impl QueryFragment<Pg> for AddOnPostgres<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "INSERT INTO stats_hour AS s \
                 (hour, source, event_type, workflow, signature, callbacks, size_bytes) \
             SELECT * FROM unnest(",
        );
        out.push_bind_param::<Array<BigInt>, _>(&self.hour)?;
        for names in [&self.source, &self.event_type, &self.workflow] {
            out.push_sql(", ");
            out.push_bind_param::<Array<Text>, _>(names)?;
        }
        out.push_sql(", ");
        out.push_bind_param::<Array<SmallInt>, _>(&self.signature)?;
        for sums in [&self.callbacks, &self.size_bytes] {
            out.push_sql(", ");
            out.push_bind_param::<Array<BigInt>, _>(sums)?;
        }
        out.push_sql(
            ") ON CONFLICT (hour, source, event_type, workflow, signature) DO UPDATE \
             SET callbacks = s.callbacks + excluded.callbacks, \
                 size_bytes = s.size_bytes + excluded.size_bytes",
        );
        Ok(())
    }
}

/// The sums of one label, by hand for the same reason.
struct AddOnSqlite<'a>(&'a Label, (i64, i64));

fn write_sqlite(sqlite: &mut SqliteConnection, rows: &[(Label, (i64, i64))]) -> QueryResult<()> {
    for (label, sums) in rows {
        AddOnSqlite(label, *sums).execute(sqlite)?;
    }
    Ok(())
}

impl QueryId for AddOnSqlite<'_> {
    type QueryId = AddOnSqlite<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl RunQueryDsl<SqliteConnection> for AddOnSqlite<'_> {}

impl QueryFragment<Sqlite> for AddOnSqlite<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let Self(label, (callbacks, size_bytes)) = self;
        out.push_sql(
            "INSERT INTO stats_hour \
                 (hour, source, event_type, workflow, signature, callbacks, size_bytes) VALUES (",
        );
        out.push_bind_param::<BigInt, _>(&label.hour)?;
        for name in [&label.source, &label.event_type, &label.workflow] {
            out.push_sql(", ");
            out.push_bind_param::<Text, _>(name)?;
        }
        out.push_sql(", ");
        out.push_bind_param::<SmallInt, _>(&label.signature)?;
        for sum in [callbacks, size_bytes] {
            out.push_sql(", ");
            out.push_bind_param::<BigInt, _>(sum)?;
        }
        out.push_sql(
            ") ON CONFLICT (hour, source, event_type, workflow, signature) DO UPDATE \
             SET callbacks = callbacks + excluded.callbacks, \
                 size_bytes = size_bytes + excluded.size_bytes",
        );
        Ok(())
    }
}

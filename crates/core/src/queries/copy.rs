//! Everything of a SQLite database into a PostgreSQL one: rows, keys, positions, the identity of
//! the feed, so that cursors and links go on working.
//!
//! Tables are found by asking both databases, not by a list here, so that one that is added later
//! is copied as well. Rows travel as JSON arrays, bytes in hexadecimal: both databases make and
//! read that by themselves. Each batch is one transaction together with the note of how far it
//! came, so a copy that was cut off goes on where it was.

mod digest;
mod tables;

pub use digest::{RowsDigest, digest_source, digest_target};
pub use tables::{Table, list_tables};

use super::settings::{COPY_PROGRESS, FEED_ID, find_setting, replace_setting};
use crate::connection::Connection;
use diesel::connection::{Connection as _, DefaultLoadingMode, SimpleConnection};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Rows in one transaction.
const BATCH_ROWS: usize = 1000;
/// Bytes of JSON after which a batch takes no more.
const BATCH_BYTES: usize = 4 << 20;

/// Why a copy cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// A database refused or went away.
    #[error("a database refused")]
    Database(#[from] diesel::result::Error),
    /// A copy goes from SQLite to PostgreSQL.
    #[error("a copy goes from sqlite://… to postgres://…")]
    Direction,
    /// The tables are not the same.
    #[error("the table {0} differs between the databases: is one of another version?")]
    Differs(String),
    /// A column has a type that this version does not copy.
    #[error("the column {0} has the type {1}, which this version does not copy")]
    Type(String, String),
    /// The target is in use.
    #[error("the target has {0} callbacks already: give an empty database")]
    NotEmpty(i64),
    /// The target has the beginning of another copy.
    #[error("the target has the beginning of a copy of another database: give an empty one")]
    OtherCopy,
    /// What is noted in the target cannot be read.
    #[error("the note of how far the copy came cannot be read")]
    Note(#[from] serde_json::Error),
}

/// How far a copy has come: the last key of each table, in its source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The identity of the source's feed.
    feed_id: String,
    /// By table.
    keys: BTreeMap<String, i64>,
}

/// Begins a copy, or finds how far an earlier one has come. An empty target loses the few rows that
/// migrations made.
///
/// # Errors
/// [`CopyError`]; the target is as it was then.
pub fn begin_copy(
    from: &mut Connection,
    to: &mut Connection,
    tables: &[Table],
) -> Result<Progress, CopyError> {
    let feed_id = find_setting(from, FEED_ID)?.unwrap_or_default();
    if let Some(note) = find_setting(to, COPY_PROGRESS)? {
        let progress: Progress = serde_json::from_str(&note)?;
        return if progress.feed_id == feed_id { Ok(progress) } else { Err(CopyError::OtherCopy) };
    }
    let (count, _) = super::backup::find_extent(to)?;
    if count > 0 {
        return Err(CopyError::NotEmpty(count));
    }
    let progress = Progress { feed_id, keys: BTreeMap::new() };
    let note = serde_json::to_string(&progress)?;
    to.transaction(|to| {
        let names: Vec<String> = tables.iter().map(Table::quoted).collect();
        to.batch_execute(&format!("TRUNCATE {}", names.join(", ")))?;
        replace_setting(to, COPY_PROGRESS, &note)
    })?;
    Ok(progress)
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    rows: i64,
}

#[derive(QueryableByName)]
struct Keyed {
    #[diesel(sql_type = BigInt)]
    key: i64,
    #[diesel(sql_type = Text)]
    row: String,
}

/// How many rows of a table are left to copy.
///
/// # Errors
/// [`CopyError`].
pub fn count_rest(
    from: &mut Connection,
    table: &Table,
    progress: &Progress,
) -> Result<u64, CopyError> {
    let Connection::Sqlite(from) = from else { return Err(CopyError::Direction) };
    let after = progress.keys.get(table.name()).copied().unwrap_or(i64::MIN);
    let rest: i64 = diesel::sql_query(table.count_keyed())
        .bind::<BigInt, _>(after)
        .get_result::<Count>(from)?
        .rows;
    Ok(rest.unsigned_abs())
}

/// Copies what is left of a table; `told` hears of the rows of each batch when they are on disk.
///
/// # Errors
/// [`CopyError`]; what was told stays copied.
pub fn copy_table(
    from: &mut Connection,
    to: &mut Connection,
    table: &Table,
    progress: &mut Progress,
    mut told: impl FnMut(u64),
) -> Result<(), CopyError> {
    let (Connection::Sqlite(from), Connection::Postgres(to)) = (from, to) else {
        return Err(CopyError::Direction);
    };
    let after = progress.keys.get(table.name()).copied().unwrap_or(i64::MIN);
    let rows = diesel::sql_query(table.select_keyed())
        .bind::<BigInt, _>(after)
        .load_iter::<Keyed, DefaultLoadingMode>(from)?;
    let mut batch = Batch::default();
    for keyed in rows {
        let Keyed { key, row } = keyed?;
        batch.add(key, &row);
        if batch.rows >= BATCH_ROWS || batch.json.len() >= BATCH_BYTES {
            told(std::mem::take(&mut batch).write(to, table, progress)?);
        }
    }
    if batch.rows > 0 {
        told(batch.write(to, table, progress)?);
    }
    Ok(())
}

#[derive(Default)]
struct Batch {
    rows: usize,
    last: i64,
    json: String,
}

impl Batch {
    fn add(&mut self, key: i64, row: &str) {
        self.json.push(if self.rows == 0 { '[' } else { ',' });
        self.json.push_str(row);
        self.rows += 1;
        self.last = key;
    }

    fn write(
        mut self,
        to: &mut PgConnection,
        table: &Table,
        progress: &mut Progress,
    ) -> Result<u64, CopyError> {
        self.json.push(']');
        progress.keys.insert(table.name().to_owned(), self.last);
        let note = serde_json::to_string(progress)?;
        to.transaction(|to| {
            if table.is_settings() {
                // A server that was refused in between has left an identity of its own.
                diesel::sql_query("DELETE FROM settings WHERE name <> $1")
                    .bind::<Text, _>(COPY_PROGRESS)
                    .execute(to)?;
            }
            diesel::sql_query(table.insert()).bind::<Text, _>(&self.json).execute(to)?;
            diesel::sql_query("UPDATE settings SET value = $1 WHERE name = $2")
                .bind::<Text, _>(&note)
                .bind::<Text, _>(COPY_PROGRESS)
                .execute(to)
        })?;
        Ok(self.rows as u64)
    }
}

/// Ends a copy that was verified: keys go on after the largest, and the note goes away, so that the
/// database can be served.
///
/// # Errors
/// [`CopyError`].
pub fn end_copy(to: &mut Connection, tables: &[Table]) -> Result<(), CopyError> {
    to.transaction(|to| {
        for table in tables {
            if let Some(statement) = table.restart_keys() {
                to.batch_execute(&statement)?;
            }
        }
        super::settings::delete_setting(to, COPY_PROGRESS)
    })?;
    // Without statistics the first queries would be planned for empty tables.
    to.batch_execute("ANALYZE")?;
    Ok(())
}

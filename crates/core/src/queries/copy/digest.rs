//! Whether two tables hold the same rows, whatever order they come in.

use super::{CopyError, Table};
use crate::connection::Connection;
use diesel::connection::{Connection as _, DefaultLoadingMode, SimpleConnection};
use diesel::prelude::*;
use diesel::sql_types::Text;
use sha2::{Digest, Sha256};

/// Rows that PostgreSQL hands over at once.
const FETCH_ROWS: usize = 500;

/// The number of rows and the sum of their digests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowsDigest {
    /// Rows.
    pub rows: u64,
    sum: u128,
}

impl RowsDigest {
    fn add(&mut self, row: &str) -> Result<(), CopyError> {
        // The databases write JSON a little differently: as values they are equal.
        let row: Vec<serde_json::Value> = serde_json::from_str(row)?;
        let digest = Sha256::digest(serde_json::to_vec(&row)?);
        let mut half = [0; 16];
        half.copy_from_slice(&digest[..16]);
        self.rows += 1;
        self.sum = self.sum.wrapping_add(u128::from_be_bytes(half));
        Ok(())
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    row: String,
}

/// Digests a table of the source; `told` hears of rows as they are read.
///
/// # Errors
/// [`CopyError`].
pub fn digest_source(
    from: &mut Connection,
    table: &Table,
    mut told: impl FnMut(u64),
) -> Result<RowsDigest, CopyError> {
    let Connection::Sqlite(from) = from else { return Err(CopyError::Direction) };
    let mut digest = RowsDigest::default();
    let rows =
        diesel::sql_query(table.select_source()).load_iter::<Row, DefaultLoadingMode>(from)?;
    for row in rows {
        digest.add(&row?.row)?;
        told(1);
    }
    Ok(digest)
}

/// Digests a table of the target; `told` hears of rows as they are read.
///
/// # Errors
/// [`CopyError`].
pub fn digest_target(
    to: &mut Connection,
    table: &Table,
    mut told: impl FnMut(u64),
) -> Result<RowsDigest, CopyError> {
    let Connection::Postgres(to) = to else { return Err(CopyError::Direction) };
    let mut digest = RowsDigest::default();
    let mut failure = None;
    // A cursor, or the client would hold the whole table.
    to.transaction(|to| {
        to.batch_execute(&format!(
            "DECLARE ringback_copy NO SCROLL CURSOR FOR {}",
            table.select_target()
        ))?;
        loop {
            let rows: Vec<Row> =
                diesel::sql_query(format!("FETCH {FETCH_ROWS} FROM ringback_copy")).load(to)?;
            for row in &rows {
                if let Err(error) = digest.add(&row.row) {
                    failure = Some(error);
                    return Ok(());
                }
            }
            told(rows.len() as u64);
            if rows.len() < FETCH_ROWS {
                return to.batch_execute("CLOSE ringback_copy");
            }
        }
    })?;
    failure.map_or(Ok(digest), Err)
}

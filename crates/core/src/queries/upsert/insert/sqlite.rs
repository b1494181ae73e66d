//! The statements of SQLite's write path, one row at a time.
//!
//! Written by hand: diesel writes the text of its own `INSERT … ON CONFLICT` and `UPDATE … RETURNING`
//! again at each call, which costs more than SQLite's work. These are prepared once for each connection
//! and found by their type.

use super::super::position;
use super::{DeliveryRow, NewCallbackRow, callback_row, delivery_row};
use crate::models::NewDelivery;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Binary, Nullable, SmallInt, Text};
use diesel::sqlite::Sqlite;

pub(super) fn insert_new(
    sqlite: &mut SqliteConnection,
    batch: &[NewDelivery],
    firsts: &[usize],
) -> QueryResult<(i64, Vec<usize>)> {
    let size = i64::try_from(batch.len()).expect("a batch is far smaller than i64::MAX");
    let head: i64 = TakePositions(size).get_result(sqlite)?;
    let base = head - size;
    let mut created = Vec::with_capacity(firsts.len());
    for &index in firsts {
        let delivery = &batch[index];
        let id = position(base, index);
        if InsertCallback(callback_row(delivery, id)).execute(sqlite)? == 1 {
            InsertDelivery(delivery_row(id, id, delivery)).execute(sqlite)?;
            created.push(index);
        }
    }
    Ok((base, created))
}

/// Takes so many positions and gives the last one. First in its transaction, so that SQLite's write
/// lock is taken before anything is read.
struct TakePositions(i64);

impl QueryId for TakePositions {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl diesel::query_builder::Query for TakePositions {
    type SqlType = BigInt;
}

impl RunQueryDsl<SqliteConnection> for TakePositions {}

impl QueryFragment<Sqlite> for TakePositions {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("UPDATE feed_head SET seq = seq + ");
        out.push_bind_param::<BigInt, _>(&self.0)?;
        out.push_sql(" WHERE one = 1 RETURNING seq");
        Ok(())
    }
}

/// Pushes `(columns) VALUES (a parameter for each)`.
macro_rules! push_row {
    ($out:ident, $row:expr, $kind:ty = $column:ident $(, $kinds:ty = $columns:ident)*) => {
        $out.push_sql(concat!(
            "(", stringify!($column), $(", ", stringify!($columns),)* ") VALUES ("
        ));
        $out.push_bind_param::<$kind, _>(&$row.$column)?;
        $(
            $out.push_sql(", ");
            $out.push_bind_param::<$kinds, _>(&$row.$columns)?;
        )*
        $out.push_sql(")");
    };
}

/// A callback, unless one of its key is stored.
struct InsertCallback<'a>(NewCallbackRow<'a>);

impl QueryId for InsertCallback<'_> {
    type QueryId = InsertCallback<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl RunQueryDsl<SqliteConnection> for InsertCallback<'_> {}

impl QueryFragment<Sqlite> for InsertCallback<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("INSERT INTO llm_callbacks ");
        push_row!(
            out, self.0, BigInt = id, BigInt = seq, Text = source, Text = callback_id,
            Text = event_type, Nullable<Text> = job_id, Nullable<Text> = workflow,
            SmallInt = signature, BigInt = received_at, BigInt = delivery_id
        );
        out.push_sql(" ON CONFLICT (callback_id, source) DO NOTHING");
        Ok(())
    }
}

/// The delivery that carried a new callback.
struct InsertDelivery<'a>(DeliveryRow<'a>);

impl QueryId for InsertDelivery<'_> {
    type QueryId = InsertDelivery<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl RunQueryDsl<SqliteConnection> for InsertDelivery<'_> {}

impl QueryFragment<Sqlite> for InsertDelivery<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("INSERT INTO llm_callback_deliveries ");
        push_row!(
            out, self.0, BigInt = callback, BigInt = id, SmallInt = signature,
            Nullable<SmallInt> = reason, SmallInt = id_origin, Binary = payload_sha256,
            BigInt = seen, BigInt = first_received_at, BigInt = last_received_at,
            Nullable<BigInt> = signed_at, Nullable<Binary> = signature_mac,
            Nullable<Text> = remote_addr, Text = headers, Nullable<Text> = content_type, BigInt = size_bytes,
            SmallInt = encoding, Nullable<Binary> = payload
        );
        Ok(())
    }
}

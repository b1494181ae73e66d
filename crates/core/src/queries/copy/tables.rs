//! What is to be copied: the tables of both databases, and the statements that read and write them.

use super::CopyError;
use crate::connection::Connection;
use crate::queries::settings::COPY_PROGRESS;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use std::collections::BTreeSet;

/// How a column's values travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Number(&'static str),
    Flag,
    Text,
    Bytes,
}

#[derive(Clone, Debug)]
struct Column {
    name: String,
    kind: Kind,
    is_identity: bool,
}

/// A table that both databases have, with the same columns.
#[derive(Clone, Debug)]
pub struct Table {
    name: String,
    columns: Vec<Column>,
    refers_to: BTreeSet<String>,
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct ColumnRow {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Bool)]
    is_identity: bool,
}

/// Every table of the source, in an order in which those that are referred to come first.
///
/// # Errors
/// [`CopyError::Differs`] when the target has other tables or columns.
pub fn list_tables(from: &mut Connection, to: &mut Connection) -> Result<Vec<Table>, CopyError> {
    let (Connection::Sqlite(from), Connection::Postgres(to)) = (from, to) else {
        return Err(CopyError::Direction);
    };
    let here = names(
        from,
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
         AND name <> '__diesel_schema_migrations' ORDER BY name",
    )?;
    let there: Vec<Name> = diesel::sql_query(
        "SELECT table_name::text AS name FROM information_schema.tables \
         WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' \
         AND table_name <> '__diesel_schema_migrations'",
    )
    .load(to)?;
    let there: BTreeSet<String> = there.into_iter().map(|row| row.name).collect();
    if let Some(name) =
        here.iter().collect::<BTreeSet<_>>().symmetric_difference(&there.iter().collect()).next()
    {
        return Err(CopyError::Differs((*name).clone()));
    }
    let tables: Result<Vec<Table>, CopyError> =
        here.into_iter().map(|name| read_table(from, to, name)).collect();
    Ok(in_order(tables?))
}

fn names(from: &mut SqliteConnection, query: &str) -> QueryResult<Vec<String>> {
    let rows: Vec<Name> = diesel::sql_query(query).load(from)?;
    Ok(rows.into_iter().map(|row| row.name).collect())
}

fn read_table(
    from: &mut SqliteConnection,
    to: &mut PgConnection,
    name: String,
) -> Result<Table, CopyError> {
    let rows: Vec<ColumnRow> = diesel::sql_query(
        "SELECT column_name::text AS name, data_type::text AS kind, is_identity = 'YES' AS is_identity \
         FROM information_schema.columns \
         WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position",
    )
    .bind::<Text, _>(&name)
    .load(to)?;
    let columns: Result<Vec<Column>, CopyError> = rows
        .into_iter()
        .map(|row| {
            let kind = match row.kind.as_str() {
                "smallint" => Kind::Number("smallint"),
                "integer" => Kind::Number("integer"),
                "bigint" => Kind::Number("bigint"),
                "boolean" => Kind::Flag,
                "text" => Kind::Text,
                "bytea" => Kind::Bytes,
                _ => return Err(CopyError::Type(format!("{name}.{}", row.name), row.kind)),
            };
            Ok(Column { name: row.name, kind, is_identity: row.is_identity })
        })
        .collect();
    let columns = columns?;
    let here = names(from, &format!("SELECT name FROM pragma_table_info('{name}')"))?;
    let there: BTreeSet<&String> = columns.iter().map(|column| &column.name).collect();
    if here.iter().collect::<BTreeSet<_>>() != there {
        return Err(CopyError::Differs(name));
    }
    let referred =
        names(from, &format!("SELECT \"table\" AS name FROM pragma_foreign_key_list('{name}')"))?;
    let refers_to = referred.into_iter().filter(|other| *other != name).collect();
    Ok(Table { name, columns, refers_to })
}

fn in_order(mut tables: Vec<Table>) -> Vec<Table> {
    let mut ordered: Vec<Table> = Vec::with_capacity(tables.len());
    while !tables.is_empty() {
        let is_ready = |table: &Table| {
            table.refers_to.iter().all(|other| ordered.iter().any(|done| done.name == *other))
        };
        // A circle of references cannot be resolved; then any table goes, and the database says why not.
        let next = tables.iter().position(is_ready).unwrap_or(0);
        ordered.push(tables.remove(next));
    }
    ordered
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl Table {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn quoted(&self) -> String {
        quote(&self.name)
    }

    /// A few rows, which fit into one batch, and the note of the copy among them.
    pub(super) fn is_settings(&self) -> bool {
        self.name == "settings"
    }

    /// The note of the copy itself is not the source's.
    fn condition(&self) -> String {
        if self.is_settings() { format!("name <> '{COPY_PROGRESS}'") } else { "TRUE".to_owned() }
    }

    /// One row of the source as a JSON array.
    fn row_of_source(&self) -> String {
        let value = |column: &Column| {
            let name = quote(&column.name);
            match column.kind {
                Kind::Bytes => {
                    format!("CASE WHEN {name} IS NULL THEN NULL ELSE lower(hex({name})) END")
                }
                _ => name,
            }
        };
        let values: Vec<String> = self.columns.iter().map(value).collect();
        format!("json_array({})", values.join(", "))
    }

    /// The rows after a key, in the order of their keys.
    pub(super) fn select_keyed(&self) -> String {
        format!(
            "SELECT rowid AS key, {} AS row FROM {} WHERE rowid > ? ORDER BY rowid",
            self.row_of_source(),
            self.quoted()
        )
    }

    /// How many there are.
    pub(super) fn count_keyed(&self) -> String {
        format!("SELECT count(*) AS rows FROM {} WHERE rowid > ?", self.quoted())
    }

    /// All rows of the source.
    pub(super) fn select_source(&self) -> String {
        format!(
            "SELECT {} AS row FROM {} WHERE {}",
            self.row_of_source(),
            self.quoted(),
            self.condition()
        )
    }

    /// All rows of the target in the same form.
    pub(super) fn select_target(&self) -> String {
        let value = |column: &Column| {
            let name = quote(&column.name);
            match column.kind {
                Kind::Bytes => format!("encode({name}, 'hex')"),
                Kind::Flag => format!("{name}::int"),
                Kind::Number(_) | Kind::Text => name,
            }
        };
        let values: Vec<String> = self.columns.iter().map(value).collect();
        format!(
            "SELECT json_build_array({})::text AS row FROM {} WHERE {}",
            values.join(", "),
            self.quoted(),
            self.condition()
        )
    }

    /// Inserts the rows of a JSON array of arrays.
    pub(super) fn insert(&self) -> String {
        let value = |(index, column): (usize, &Column)| match column.kind {
            Kind::Number(kind) => format!("(r ->> {index})::{kind}"),
            Kind::Flag => format!("(r ->> {index})::int::boolean"),
            Kind::Text => format!("r ->> {index}"),
            Kind::Bytes => format!("decode(r ->> {index}, 'hex')"),
        };
        let names: Vec<String> = self.columns.iter().map(|column| quote(&column.name)).collect();
        let values: Vec<String> = self.columns.iter().enumerate().map(value).collect();
        format!(
            "INSERT INTO {} ({}) SELECT {} FROM jsonb_array_elements($1::jsonb) AS r",
            self.quoted(),
            names.join(", "),
            values.join(", ")
        )
    }

    /// Lets the target's own keys go on after the largest that was copied.
    pub(super) fn restart_keys(&self) -> Option<String> {
        let column = self.columns.iter().find(|column| column.is_identity)?;
        let (table, name) = (self.quoted(), quote(&column.name));
        Some(format!(
            "SELECT setval(pg_get_serial_sequence('{table}', '{}'), \
             COALESCE((SELECT max({name}) FROM {table}), 1), \
             EXISTS (SELECT FROM {table}))",
            column.name
        ))
    }
}

//! Prints `schema.rs` as the migrations make it: `just schema` writes it, `just check` compares it.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};
use ringback_core::connection::{Connection, DatabaseUrl, Purpose};

#[derive(QueryableByName)]
struct Table {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Integer)]
    notnull: i32,
    #[diesel(sql_type = Integer)]
    pk: i32,
}

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = DatabaseUrl::Sqlite(folder.path().join("schema.db"));
    let mut conn = url.open(Purpose::Create).expect("a new database opens");
    ringback_core::migrations::migrate(&mut conn, 0).expect("the migrations run");
    let Connection::Sqlite(mut conn) = conn else { unreachable!("the URL is SQLite's") };
    conn.batch_execute("PRAGMA query_only = ON").expect("a pragma");
    let tables: Vec<Table> = diesel::sql_query(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
         AND name NOT LIKE '\\_\\_%' ESCAPE '\\' ORDER BY name",
    )
    .load(&mut conn)
    .expect("the tables");

    println!(
        "//! The tables as diesel sees them. Written by `just schema`, compared by `just check`."
    );
    println!();
    println!(
        "#![allow(missing_docs, reason = \"generated; the migrations say what each column is\")]"
    );
    for table in &tables {
        let columns: Vec<Column> = diesel::sql_query(
            "SELECT name, type AS kind, \"notnull\", pk FROM pragma_table_info(?) ORDER BY cid",
        )
        .bind::<Text, _>(&table.name)
        .load(&mut conn)
        .expect("the columns");
        let mut key: Vec<&Column> = columns.iter().filter(|column| column.pk > 0).collect();
        key.sort_by_key(|column| column.pk);
        let key: Vec<&str> = key.iter().map(|column| column.name.as_str()).collect();
        println!("\ndiesel::table! {{\n    {} ({}) {{", table.name, key.join(", "));
        for column in &columns {
            let kind = match column.kind.as_str() {
                // A SQLite row id; BIGINT on PostgreSQL.
                "INTEGER" | "BIGINT" => "BigInt",
                "BOOLEAN" => "Bool",
                "SMALLINT" => "SmallInt",
                "TEXT" => "Text",
                "BLOB" => "Binary",
                other => panic!(
                    "{}.{} has the type {other}, which both databases do not share",
                    table.name, column.name
                ),
            };
            let kind =
                if column.notnull == 0 { format!("Nullable<{kind}>") } else { kind.to_owned() };
            println!("        {} -> {kind},", column.name);
        }
        println!("    }}\n}}");
    }
    println!("\ndiesel::joinable!(sessions -> users (user_id));");
    let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
    println!("\ndiesel::allow_tables_to_appear_in_same_query!(");
    for name in names {
        println!("    {name},");
    }
    println!(");");
}

//! The schema's way up, down and up again, and that both databases get the same one.

use crate::support::{execute, number};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use ringback_core::connection::{Connection, Purpose};
use ringback_core::migrations::{MigrateError, list_pending, migrate, revert_all};
use ringback_core::queries::settings::find_feed_id;
use ringback_testing::{FEED_ID, TestDatabase, for_each_backend};
use std::sync::Barrier;
use std::thread;

/// Table, column, and whether it may be null.
type Column = (String, String, bool);

const COLUMNS_POSTGRES: &str = "SELECT table_name::text, column_name::text, is_nullable = 'YES' \
     FROM information_schema.columns \
     WHERE table_schema = 'public' AND table_name <> '__diesel_schema_migrations'";
const COLUMNS_SQLITE: &str = "SELECT t.name, c.name, NOT c.\"notnull\" \
     FROM sqlite_schema t JOIN pragma_table_info(t.name) c \
     WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND t.name NOT LIKE '__diesel%'";

fn for_each_empty(test: impl Fn(&TestDatabase)) {
    for make in [TestDatabase::empty_sqlite, TestDatabase::empty_postgres] {
        let database = make();
        eprintln!("on {}", database.url());
        test(&database);
    }
}

fn columns(conn: &mut Connection) -> Vec<Column> {
    let query = match conn {
        Connection::Postgres(_) => COLUMNS_POSTGRES,
        Connection::Sqlite(_) => COLUMNS_SQLITE,
    };
    let mut columns: Vec<Column> =
        sql::<(Text, Text, Bool)>(query).load(conn).expect("the catalogue is read");
    columns.sort();
    columns
}

/// The same, as `schema.rs` says it.
fn columns_of_schema_rs() -> Vec<Column> {
    let mut columns = Vec::new();
    let mut table = "";
    for line in include_str!("../../src/schema.rs").lines().map(str::trim) {
        if let Some((name, _)) = line.strip_suffix(") {").and_then(|line| line.split_once(" (")) {
            table = name;
        } else if let Some((name, kind)) =
            line.strip_suffix(',').and_then(|line| line.split_once(" -> "))
        {
            columns.push((table.to_owned(), name.to_owned(), kind.starts_with("Nullable")));
        }
    }
    columns.sort();
    columns
}

#[test]
fn the_schema_goes_up_and_all_down_and_up_again() {
    for_each_empty(|database| {
        let mut conn = database.url().open(Purpose::Create).unwrap();
        let first = migrate(&mut conn, FEED_ID).unwrap();
        let schema = columns(&mut conn);
        assert!(!first.is_empty() && !schema.is_empty());

        revert_all(&mut conn).unwrap();
        assert_eq!(columns(&mut conn), []);
        assert_eq!(list_pending(&mut conn).unwrap(), first);

        assert_eq!(migrate(&mut conn, FEED_ID).unwrap(), first);
        assert_eq!(columns(&mut conn), schema);
    });
}

#[test]
fn a_schema_that_is_up_to_date_is_left_alone() {
    for_each_backend(|conn| {
        assert_eq!(migrate(conn, FEED_ID).unwrap(), [""; 0]);
        assert_eq!(list_pending(conn).unwrap(), [""; 0]);
    });
}

#[test]
fn several_nodes_may_migrate_a_new_database_at_the_same_moment() {
    const NODES: u64 = 6;
    for_each_empty(|database| {
        // The file is there, as the first `open` leaves it; what collides are the migrations.
        let conns: Vec<Connection> =
            (0..NODES).map(|_| database.url().open(Purpose::Create).unwrap()).collect();
        let barrier = Barrier::new(conns.len());
        let ran: Vec<Vec<String>> = thread::scope(|scope| {
            let start = |(feed_id, mut conn): (u64, Connection)| {
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    migrate(&mut conn, feed_id).expect("no node fails")
                })
            };
            let handles: Vec<_> = (1..).zip(conns).map(start).collect();
            handles.into_iter().map(|handle| handle.join().unwrap()).collect()
        });
        assert_eq!(ran.iter().filter(|ran| !ran.is_empty()).count(), 1, "one node migrates");
        let conn = &mut database.connect();
        assert!((1..=NODES).contains(&find_feed_id(conn).unwrap()));
        assert_eq!(number(conn, "SELECT count(*) FROM feed_head"), 1);
    });
}

#[test]
fn a_database_that_a_newer_version_has_migrated_is_refused_and_left_alone() {
    for_each_backend(|conn| {
        execute(conn, "INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')");
        let refused = migrate(conn, FEED_ID);
        assert!(
            matches!(&refused, Err(MigrateError::Newer(name)) if name == "99990101000000"),
            "{refused:?}"
        );
        assert!(matches!(list_pending(conn), Err(MigrateError::Newer(_))));
    });
}

#[test]
fn a_feed_keeps_its_identity_when_it_is_migrated_with_another() {
    for_each_backend(|conn| {
        migrate(conn, 99).unwrap();
        assert_eq!(find_feed_id(conn).unwrap(), FEED_ID);
    });
}

#[test]
fn both_databases_have_the_tables_and_columns_of_schema_rs() {
    for_each_backend(|conn| assert_eq!(columns(conn), columns_of_schema_rs()));
}

#[test]
fn llm_callbacks_has_exactly_twelve_columns() {
    for_each_backend(|conn| {
        let columns = columns(conn);
        assert_eq!(columns.iter().filter(|(table, ..)| table == "llm_callbacks").count(), 12);
    });
}

//! The schema's history, embedded in the binary.

use crate::connection::Connection;
use crate::queries::settings;
use diesel::RunQueryDsl;
use diesel::connection::Connection as _;
use diesel::migration::{MigrationSource, MigrationVersion};
use diesel::pg::Pg;
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// Any number that no other program uses for an advisory lock in this database: "ringback" in ASCII.
const LOCK: i64 = 0x7269_6e67_6261_636b;

/// Why the schema could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// A newer Ringback has been here.
    #[error(
        "the database has the migration {0}, which this version does not know: use a newer Ringback"
    )]
    Newer(String),
    /// A migration failed, and with it everything of this run was rolled back.
    #[error("a migration failed: {0}")]
    Failed(String),
    /// The database refused or went away.
    #[error("the database refused")]
    Database(#[from] diesel::result::Error),
}

/// Brings the schema up to date and gives the names of the migrations that ran.
///
/// All of it is one transaction under one lock, so several nodes may start at the same moment: one
/// migrates, the others wait and find nothing to do. `feed_id` is the random identity that a new
/// database keeps for its cursors; an older database keeps its own.
///
/// # Errors
/// [`MigrateError`]; nothing has changed then.
pub fn migrate(conn: &mut Connection, feed_id: u64) -> Result<Vec<String>, MigrateError> {
    let ran = match conn {
        Connection::Postgres(pg) => pg.transaction(|pg| {
            diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
                .bind::<diesel::sql_types::BigInt, _>(LOCK)
                .execute(pg)?;
            run::<Pg, _>(pg, || POSTGRES)
        }),
        Connection::Sqlite(sqlite) => {
            sqlite.immediate_transaction(|sqlite| run::<Sqlite, _>(sqlite, || SQLITE))
        }
    }?;
    settings::insert_setting_once(conn, settings::FEED_ID, &format!("{feed_id:016x}"))?;
    Ok(ran)
}

/// The migrations that are known here and have not run, oldest first.
///
/// # Errors
/// [`MigrateError::Newer`] when the database is ahead of this binary.
pub fn list_pending(conn: &mut Connection) -> Result<Vec<String>, MigrateError> {
    match conn {
        Connection::Postgres(pg) => pending::<Pg, _>(pg, || POSTGRES),
        Connection::Sqlite(sqlite) => pending::<Sqlite, _>(sqlite, || SQLITE),
    }
}

/// How many migrations have not run. For the readiness of a server, in the form of a query.
///
/// # Errors
/// Diesel's; a newer schema as `QueryBuilderError`.
pub fn count_pending(conn: &mut Connection) -> diesel::QueryResult<usize> {
    match list_pending(conn) {
        Ok(pending) => Ok(pending.len()),
        Err(MigrateError::Database(error)) => Err(error),
        Err(error) => Err(diesel::result::Error::QueryBuilderError(Box::new(error))),
    }
}

/// Takes every migration back, newest first. For tests of `down.sql`.
///
/// # Errors
/// [`MigrateError::Failed`].
pub fn revert_all(conn: &mut Connection) -> Result<(), MigrateError> {
    match conn {
        Connection::Postgres(pg) => pg.revert_all_migrations(POSTGRES),
        Connection::Sqlite(sqlite) => sqlite.revert_all_migrations(SQLITE),
    }
    .map(drop)
    .map_err(|error| MigrateError::Failed(error.to_string()))
}

fn run<DB, C>(conn: &mut C, source: fn() -> EmbeddedMigrations) -> Result<Vec<String>, MigrateError>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB>,
    EmbeddedMigrations: MigrationSource<DB>,
{
    pending(conn, source)?;
    let ran = conn
        .run_pending_migrations(source())
        .map_err(|error| MigrateError::Failed(error.to_string()))?;
    Ok(ran.iter().map(ToString::to_string).collect())
}

fn pending<DB, C>(
    conn: &mut C,
    source: fn() -> EmbeddedMigrations,
) -> Result<Vec<String>, MigrateError>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB>,
    EmbeddedMigrations: MigrationSource<DB>,
{
    let failed =
        |error: Box<dyn std::error::Error + Send + Sync>| MigrateError::Failed(error.to_string());
    let known = MigrationSource::<DB>::migrations(&source()).map_err(failed)?;
    let known: Vec<MigrationVersion<'_>> =
        known.iter().map(|migration| migration.name().version().as_owned()).collect();
    let applied = conn.applied_migrations().map_err(failed)?;
    if let Some(newer) = applied.iter().find(|version| !known.contains(version)) {
        return Err(MigrateError::Newer(newer.to_string()));
    }
    let mut pending: Vec<String> = known
        .iter()
        .filter(|version| !applied.contains(version))
        .map(ToString::to_string)
        .collect();
    pending.sort();
    Ok(pending)
}

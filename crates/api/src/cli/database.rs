//! Opening the database for a command that changes it.

use super::Failure;
use crate::config::DatabaseArgs;
use ringback_core::connection::{Connection, Purpose};
use ringback_core::migrations;

/// Opens a database that is there and whose schema is this version's.
pub(super) fn open(args: &DatabaseArgs) -> Result<Connection, Failure> {
    let mut conn = args.url()?.open(Purpose::Write)?;
    if migrations::list_pending(&mut conn)?.is_empty() {
        Ok(conn)
    } else {
        Err("the database's schema is older than this version: run `ringback migrate`".into())
    }
}

//! `ringback migrate`

use super::Failure;
use crate::config::DatabaseArgs;
use crate::tokens::random_u64;
use clap::Args;
use ringback_core::connection::Purpose;
use ringback_core::migrations;
use ringback_core::queries::retention::enable_vacuum;

/// What it takes.
#[derive(Args, Debug)]
pub(super) struct MigrateArgs {
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(super) fn run(args: &MigrateArgs) -> Result<(), Failure> {
    let url = args.database.url()?;
    let mut conn = url.open(Purpose::Create)?;
    let ran = migrations::migrate(&mut conn, random_u64())?;
    for name in &ran {
        println!("migrated {name}");
    }
    if enable_vacuum(&mut conn)? {
        println!("the file was written anew, so that space can be given back");
    }
    if ran.is_empty() {
        println!("{url} is up to date");
    }
    Ok(())
}

//! `ringback token create|list|revoke`

use super::user::{RoleArg, role_name};
use super::{Failure, database};
use crate::clock::{Clock, SystemClock};
use crate::config::DatabaseArgs;
use crate::passwords::check_new_name;
use crate::tokens::{hash_token, random_token};
use crate::views;
use clap::Subcommand;
use ringback_core::queries::tokens;

/// `ringback token …`
#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
    /// Make a token and print it, alone and once.
    Create {
        /// What it is for.
        #[arg(long)]
        name: String,
        /// What it may do.
        #[arg(long, value_enum)]
        role: RoleArg,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// List all tokens, without their secrets.
    List {
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Make a token open nothing any more.
    Revoke {
        /// Its name.
        name: String,
        #[command(flatten)]
        database: DatabaseArgs,
    },
}

pub(super) fn run(command: TokenCommand) -> Result<(), Failure> {
    let now = SystemClock.now();
    match command {
        TokenCommand::Create { name, role, database } => {
            check_new_name(&name)?;
            let token = random_token("rbk_");
            let mut conn = database::open(&database)?;
            tokens::insert_token(&mut conn, &name, &hash_token(&token), role.into(), now)?
                .ok_or_else(|| format!("a token is named {name:?} already"))?;
            println!("{token}");
        }
        TokenCommand::List { database } => {
            for token in tokens::list_tokens(&mut database::open(&database)?)? {
                let state = if token.revoked_at.is_some() { "revoked" } else { "works" };
                let since = views::time(token.created_at);
                println!("{}\t{}\t{state}\t{since}", token.name, role_name(token.role()));
            }
        }
        TokenCommand::Revoke { name, database } => {
            if !tokens::revoke_token(&mut database::open(&database)?, &name, now)? {
                return Err(format!("no working token is named {name:?}").into());
            }
        }
    }
    Ok(())
}

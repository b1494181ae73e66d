//! `ringback user add|list|disable|reset-password`

use super::{Failure, database};
use crate::clock::{Clock, SystemClock};
use crate::config::DatabaseArgs;
use crate::passwords::{check_new_name, check_new_password, hash_password};
use crate::tokens::random_token;
use crate::views;
use clap::{Args, Subcommand, ValueEnum};
use ringback_core::models::Role;
use ringback_core::queries::users;

/// What somebody may do, on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum RoleArg {
    /// Everything.
    Admin,
    /// Reads only.
    Viewer,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Admin => Self::Admin,
            RoleArg::Viewer => Self::Viewer,
        }
    }
}

pub(super) fn role_name(role: Role) -> &'static str {
    match role {
        Role::Admin => "admin",
        Role::Viewer => "viewer",
    }
}

/// `ringback user …`
#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Add somebody who may sign in.
    Add {
        /// Their name.
        name: String,
        /// What they may do.
        #[arg(long, value_enum)]
        role: RoleArg,
        #[command(flatten)]
        password: PasswordArgs,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// List everybody.
    List {
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Stop somebody from signing in and end their sessions.
    Disable {
        /// Their name.
        name: String,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Give a new password, enable, and end all sessions.
    ResetPassword {
        /// Their name.
        name: String,
        #[command(flatten)]
        password: PasswordArgs,
        #[command(flatten)]
        database: DatabaseArgs,
    },
}

#[derive(Args, Debug)]
pub(super) struct PasswordArgs {
    /// Read the password from standard input; without this one is made up and printed
    #[arg(long)]
    password_stdin: bool,
}

impl PasswordArgs {
    /// The password, and whether it was made up and must be shown.
    fn read(&self) -> Result<(String, bool), Failure> {
        if !self.password_stdin {
            return Ok((random_token(""), true));
        }
        let mut line = String::new();
        std::io::stdin().read_line(&mut line)?;
        let password = line.trim_end_matches(['\r', '\n']).to_owned();
        check_new_password(&password)?;
        Ok((password, false))
    }
}

pub(super) fn run(command: UserCommand) -> Result<(), Failure> {
    let now = SystemClock.now();
    match command {
        UserCommand::Add { name, role, password, database } => {
            check_new_name(&name)?;
            let (password, is_made_up) = password.read()?;
            let mut conn = database::open(&database)?;
            let hash = hash_password(&password);
            users::insert_user(&mut conn, &name, &hash, role.into(), now)?
                .ok_or_else(|| format!("a user is named {name:?} already"))?;
            tell_password(&password, is_made_up);
        }
        UserCommand::List { database } => {
            for user in users::list_users(&mut database::open(&database)?)? {
                let state = if user.disabled_at.is_some() { "disabled" } else { "enabled" };
                let since = views::time(user.created_at);
                println!("{}\t{}\t{state}\t{since}", user.name, role_name(user.role()));
            }
        }
        UserCommand::Disable { name, database } => {
            if !users::disable_user(&mut database::open(&database)?, &name, now)? {
                return Err(format!("no enabled user is named {name:?}").into());
            }
        }
        UserCommand::ResetPassword { name, password, database } => {
            let (password, is_made_up) = password.read()?;
            let mut conn = database::open(&database)?;
            if !users::update_password(&mut conn, &name, &hash_password(&password))? {
                return Err(format!("no user is named {name:?}").into());
            }
            tell_password(&password, is_made_up);
        }
    }
    Ok(())
}

fn tell_password(password: &str, is_made_up: bool) {
    if is_made_up {
        println!("{password}");
    }
}

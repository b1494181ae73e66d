//! The command line: a file for each command.

mod backup;
mod copy;
mod database;
mod doctor;
mod migrate;
mod send;
mod serve;
mod source;
mod token;
mod user;
mod verify;

use crate::error::chain;
use clap::{Parser, Subcommand};
use ringback_core::provider::providers;
use ringback_core::signature::Scheme;
use std::process::ExitCode;

/// The callback desk for teams that run LLM work.
#[derive(Debug, Parser)]
#[command(name = "ringback", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Receive callbacks and show them.
    Serve(Box<crate::config::ServeArgs>),
    /// Bring the database's schema up to date.
    Migrate(migrate::MigrateArgs),
    /// The people who may sign in.
    #[command(subcommand)]
    User(user::UserCommand),
    /// API tokens for scripts.
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Write a SQLite database into a file, while it is served.
    Backup(backup::BackupArgs),
    /// Put a backup in the place of a SQLite database.
    Restore(backup::RestoreArgs),
    /// Copy everything from a SQLite database into PostgreSQL.
    Copy(copy::CopyArgs),
    /// Check a deployment, and say what to do for what is wrong.
    Doctor(Box<doctor::DoctorArgs>),
    /// Who sends callbacks, and how they sign.
    #[command(subcommand)]
    Source(source::SourceCommand),
    /// Play an LLM service: sign callbacks and send them.
    Send(Box<send::SendArgs>),
    /// Check the signature of a captured request.
    Verify(verify::VerifyArgs),
}

/// The names that `--scheme` takes: those of the schemes, then those of the providers.
fn scheme_names() -> String {
    let named = providers().iter().map(|provider| provider.name.as_str());
    let own = Scheme::NAMES.into_iter();
    own.chain(named.filter(|name| Scheme::from_name(name).is_none())).collect::<Vec<_>>().join(", ")
}

/// A command's failure: a sentence, and the cause with all its causes.
type Failure = Box<dyn std::error::Error>;

/// Reads the command line, does what it says, and gives the exit code: 0 done, 1 not done, 2 not understood.
pub fn run() -> ExitCode {
    // A missing `.env` is usual; one that cannot be read must not pass for an empty one.
    match dotenvy::dotenv() {
        Ok(_) => {}
        Err(error) if error.not_found() => {}
        Err(_) => {
            eprintln!("ringback: .env cannot be read: each line is NAME=value");
            return ExitCode::from(2);
        }
    }
    let done = match Cli::parse().command {
        Command::Serve(args) => serve::run(&args),
        Command::Migrate(args) => migrate::run(&args),
        Command::User(command) => user::run(command),
        Command::Token(command) => token::run(command),
        Command::Backup(args) => backup::back_up(&args),
        Command::Restore(args) => backup::restore(&args),
        Command::Copy(args) => copy::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Source(command) => source::run(command),
        Command::Send(args) => return send::run(&args),
        Command::Verify(args) => return verify::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("ringback: {}", chain(failure.as_ref()));
            ExitCode::FAILURE
        }
    }
}

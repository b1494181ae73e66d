//! `ringback source list|add|edit|pause|resume|delete|secret|rotate-key`
//!
//! A server that runs sees a change within seconds.

use super::{Failure, database};
use crate::alerting::hooks::{self, reseal_secret};
use crate::clock::{Clock, SystemClock};
use crate::config::{DatabaseArgs, KeyArgs};
use crate::keyring::{KeyPlace, Keyring};
use crate::registry::Registry;
use crate::sources::{self, Change, NewSecret, NewSource, SecretChange, SourceEdit};
use crate::tokens::fill_random;
use crate::views;
use clap::{Args, Subcommand};
use ringback_core::models::Micros;
use ringback_core::queries::channels::{forget_channel_secrets, reseal_channels};
use ringback_core::queries::server_key::{forget_server_key, replace_server_key};
use ringback_core::signature::{Severity, check_secret};
use ringback_core::source::Source;
use serde_json::{Value, json};
use std::io::Read as _;
use std::path::PathBuf;

/// Who changed something, when it was somebody at a command line.
const ACTOR: &str = "command line";

/// `ringback source …`
#[derive(Debug, Subcommand)]
pub(super) enum SourceCommand {
    /// List the sources of the database with their secrets' labels and dates.
    List {
        #[command(flatten)]
        opened: Opened,
    },
    /// Add a source and print the path that its sender posts to.
    Add {
        /// The last part of its path: a-z, 0-9 and -.
        name: String,
        /// Who sends, see docs/PROVIDERS.md: openai, anthropic, stripe, generic-hmac, …
        #[arg(long)]
        provider: String,
        /// What people call it [default: the provider's name]
        #[arg(long)]
        title: Option<String>,
        /// Answer 401 to what is not valid; it is recorded all the same
        #[arg(long)]
        strict: bool,
        /// What differs from the provider's usual ways, a JSON object
        #[arg(long, value_name = "JSON")]
        options: Option<String>,
        #[command(flatten)]
        secret: SecretArgs,
        #[command(flatten)]
        opened: Opened,
    },
    /// Change a source.
    Edit {
        /// Which.
        name: String,
        /// What people call it
        #[arg(long)]
        title: Option<String>,
        /// Whether what is not valid is answered 401
        #[arg(long)]
        strict: Option<bool>,
        /// What differs from the provider's usual ways, all of it, a JSON object
        #[arg(long, value_name = "JSON")]
        options: Option<String>,
        #[command(flatten)]
        opened: Opened,
    },
    /// Answer 503 to its sender, who then keeps what it has.
    Pause {
        /// Which.
        name: String,
        #[command(flatten)]
        opened: Opened,
    },
    /// Take callbacks again.
    Resume {
        /// Which.
        name: String,
        #[command(flatten)]
        opened: Opened,
    },
    /// Delete a source with its secrets; its callbacks stay.
    Delete {
        /// Which.
        name: String,
        #[command(flatten)]
        opened: Opened,
    },
    /// Secrets of a source.
    #[command(subcommand)]
    Secret(SecretCommand),
    /// Seal every secret with a new key.
    ///
    /// With a key file, the new key is made and the old one removed when all is done. With
    /// `RINGBACK_SECRET_KEY`, put the new key before the old one, run this on one machine, then
    /// remove the old one. It may be interrupted and run again at any moment.
    RotateKey {
        /// The old key is lost: delete the secrets that it sealed, those of alert channels too, and
        /// begin with the present key
        #[arg(long)]
        lost: bool,
        #[command(flatten)]
        opened: Opened,
    },
}

/// `ringback source secret …`
#[derive(Debug, Subcommand)]
pub(super) enum SecretCommand {
    /// Add a secret: from standard input, from a file, or made here and printed once.
    Add {
        /// The source.
        name: String,
        /// What people call it
        #[arg(long, default_value = "Secret")]
        label: String,
        /// Not tried before, like 2027-01-15T08:00:00Z
        #[arg(long, value_name = "TIME")]
        starts_at: Option<jiff::Timestamp>,
        /// Not tried from then on
        #[arg(long, value_name = "TIME")]
        ends_at: Option<jiff::Timestamp>,
        #[command(flatten)]
        secret: SecretArgs,
        #[command(flatten)]
        opened: Opened,
    },
    /// End a secret, now or at a time.
    End {
        /// The source.
        name: String,
        /// The secret's id, as `ringback source list` prints it.
        id: String,
        /// When [default: now]
        #[arg(long, value_name = "TIME")]
        at: Option<jiff::Timestamp>,
        #[command(flatten)]
        opened: Opened,
    },
}

/// Where the database and the key are.
#[derive(Args, Debug)]
pub(super) struct Opened {
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    key: KeyArgs,
}

/// Where a secret comes from; never an argument that `ps` shows.
#[derive(Args, Debug)]
#[group(multiple = false)]
pub(super) struct SecretArgs {
    /// Read the secret from standard input
    #[arg(long)]
    secret_stdin: bool,
    /// Read the secret, a public key or a JWKS document from a file
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// Make a secret and print it, once
    #[arg(long)]
    generate: bool,
}

enum Given {
    Nothing,
    Text(String),
    Make,
}

impl SecretArgs {
    fn read(&self) -> Result<Given, Failure> {
        if self.generate {
            return Ok(Given::Make);
        }
        let mut text = String::new();
        match &self.secret_file {
            Some(path) => {
                text = std::fs::read_to_string(path)
                    .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
            }
            None if self.secret_stdin => {
                std::io::stdin().read_to_string(&mut text)?;
            }
            None => return Ok(Given::Nothing),
        }
        Ok(Given::Text(text))
    }
}

impl Opened {
    fn keyring(&self) -> Result<Keyring, Failure> {
        Ok(Keyring::open_or_make(self.key.place(&self.database)?)?)
    }

    /// The names that the configuration has.
    fn configured(&self) -> Result<Vec<Source>, Failure> {
        Ok(crate::config::configured_sources(&self.database)?)
    }
}

fn change() -> Change {
    Change { actor: ACTOR.to_owned(), now: SystemClock.now() }
}

fn options(text: Option<&str>) -> Result<Option<Value>, Failure> {
    let parse = |text| serde_json::from_str(text).map_err(|_| "the options are a JSON object");
    Ok(text.map(parse).transpose()?)
}

pub(super) fn run(command: SourceCommand) -> Result<(), Failure> {
    match command {
        SourceCommand::List { opened } => list(&opened),
        SourceCommand::Add { name, provider, title, strict, options: text, secret, opened } => {
            let options = options(text.as_deref())?;
            let given = secret.read()?;
            let new = NewSource { name: name.clone(), provider, title, strict, options };
            let configured = opened.configured()?;
            let mut conn = database::open(&opened.database)?;
            let is_configured = |name: &str| configured.iter().any(|one| one.name == name);
            sources::add_source(&mut conn, &new, is_configured, &change())?;
            println!("/api/webhooks/llm-callback/{name}");
            if matches!(given, Given::Nothing) {
                return Ok(());
            }
            let new = secret_of(given, "Secret".to_owned(), None, None)?;
            add_secret(&opened, &name, &new)
        }
        SourceCommand::Edit { name, title, strict, options: text, opened } => {
            let options = options(text.as_deref())?;
            edit(&opened, &name, &SourceEdit { title, strict, options, paused: None })
        }
        SourceCommand::Pause { name, opened } => {
            edit(&opened, &name, &SourceEdit { paused: Some(true), ..SourceEdit::default() })
        }
        SourceCommand::Resume { name, opened } => {
            edit(&opened, &name, &SourceEdit { paused: Some(false), ..SourceEdit::default() })
        }
        SourceCommand::Delete { name, opened } => {
            let mut conn = database::open(&opened.database)?;
            Ok(sources::delete_source(&mut conn, &name, &change())?)
        }
        SourceCommand::Secret(command) => run_secret(command),
        SourceCommand::RotateKey { lost, opened } => rotate_key(&opened, lost),
    }
}

fn run_secret(command: SecretCommand) -> Result<(), Failure> {
    match command {
        SecretCommand::Add { name, label, starts_at, ends_at, secret, opened } => {
            let micros = |at: Option<jiff::Timestamp>| at.map(jiff::Timestamp::as_microsecond);
            let new = secret_of(secret.read()?, label, micros(starts_at), micros(ends_at))?;
            add_secret(&opened, &name, &new)
        }
        SecretCommand::End { name, id, at, opened } => {
            let now = SystemClock.now();
            let at = at.map_or(now, jiff::Timestamp::as_microsecond);
            let end = SecretChange { ends_at: Some(Some(at)), ..SecretChange::default() };
            let mut conn = database::open(&opened.database)?;
            Ok(sources::edit_secret(&mut conn, &name, &id, &end, &change())?)
        }
    }
}

fn list(opened: &Opened) -> Result<(), Failure> {
    let registry = Registry::new(opened.configured()?);
    registry.reload(&mut database::open(&opened.database)?, &opened.keyring()?)?;
    let now = SystemClock.now();
    for source in registry.list() {
        let shown = views::source(&source, now);
        let state = match (shown.read_only, shown.paused_at.is_some(), shown.lacks_secret) {
            (true, ..) => "configured",
            (_, true, _) => "paused",
            (_, _, true) => "without a secret",
            _ => "works",
        };
        let provider = shown.provider.as_deref().unwrap_or(shown.scheme.as_str());
        let strict = if shown.strict { "strict" } else { "open" };
        println!("{}\t{provider}\t{state}\t{strict}\t{}", shown.name, shown.path);
        for secret in shown.secret_list {
            let ends = secret.ends_at.unwrap_or_else(|| "-".to_owned());
            let state = format!("{:?}", secret.state).to_lowercase();
            println!("  {}\t{}\t{state}\tends {ends}", secret.id, secret.label);
        }
    }
    Ok(())
}

fn edit(opened: &Opened, name: &str, edit: &SourceEdit) -> Result<(), Failure> {
    let mut conn = database::open(&opened.database)?;
    Ok(sources::edit_source(&mut conn, name, edit, &change())?)
}

fn secret_of(
    given: Given,
    label: String,
    starts_at: Option<Micros>,
    ends_at: Option<Micros>,
) -> Result<NewSecret, Failure> {
    let text = match given {
        Given::Nothing => {
            return Err(
                "say where the secret comes from: --secret-stdin, --secret-file or --generate"
                    .into(),
            );
        }
        Given::Text(text) => Some(text),
        Given::Make => None,
    };
    Ok(NewSecret { label, text, starts_at, ends_at })
}

fn add_secret(opened: &Opened, name: &str, new: &NewSecret) -> Result<(), Failure> {
    let keyring = opened.keyring()?;
    let mut conn = database::open(&opened.database)?;
    ringback_core::queries::server_key::adopt_server_key(
        &mut conn,
        &keyring.keys(),
        &mut fill_random,
    )?;
    let added = sources::add_secret(&mut conn, name, new, &keyring, &change())?;
    if let Some(text) = &new.text {
        let registry = Registry::new(Vec::new());
        registry.reload(&mut conn, &keyring)?;
        let source = registry.find(name);
        let hints = source.map(|source| check_secret(source.scheme(), text)).unwrap_or_default();
        for hint in hints.iter().filter(|hint| hint.severity != Severity::Note) {
            eprintln!("ringback: look at the secret again: {}", hint.text);
        }
    }
    match added.made {
        Some(secret) => println!("{secret}"),
        None => println!("{}", added.id),
    }
    Ok(())
}

fn rotate_key(opened: &Opened, lost: bool) -> Result<(), Failure> {
    let keyring = opened.keyring()?;
    let mut conn = database::open(&opened.database)?;
    let change = change();
    if lost {
        let audit = change.audit("server-key.lost", "server", &json!({}));
        let count = forget_server_key(&mut conn, &keyring.current(), &mut fill_random, &audit)?;
        let keys = [keyring.current()];
        let opens = |channel: &_| hooks::opens(channel, &keys);
        let channels = forget_channel_secrets(&mut conn, opens, hooks::SECRET_LOST)?;
        println!("{count} secrets that could not be read were deleted");
        println!("{channels} alert channels ask for their secret again: see Alerts → Channels");
        return Ok(());
    }
    if let KeyPlace::Given(keys) = keyring.place()
        && keys.len() < 2
    {
        return Err(
            "RINGBACK_SECRET_KEY holds one key: put the new one before it, with a comma".into()
        );
    }
    // At each moment every secret opens with a key of the file: the new key is written before it is
    // used, and the old one removed when nothing needs it.
    keyring.begin_change()?;
    let audit =
        change.audit("server-key.rotate", "server", &json!({ "key": keyring.current().id() }));
    let count = replace_server_key(&mut conn, &keyring.keys(), &mut fill_random, &audit)?;
    let keys = keyring.keys();
    let channels = reseal_channels(&mut conn, |channel| reseal_secret(channel, &keys))?;
    keyring.end_change()?;
    println!("{count} secrets and those of {channels} alert channels are sealed with the new key");
    if let KeyPlace::Given(_) = keyring.place() {
        println!("now remove the old key from RINGBACK_SECRET_KEY on every node");
    }
    Ok(())
}

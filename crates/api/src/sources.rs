//! Changing sources: what a name, an option and a secret may be, and the entry in the audit log.
//!
//! The API and the command line both change sources through here, so that neither forgets a check.

mod options;
mod secrets;

use crate::keyring::KeyringError;
use ringback_core::connection::Connection;
use ringback_core::models::Micros;
use ringback_core::provider::{Provider, find_provider};
use ringback_core::queries::audit::{NewAuditEntry, insert_audit_entry};
use ringback_core::queries::reverify::{FailureFilter, insert_run, list_failures};
use ringback_core::queries::sources::{self as queries, SourceChange, SourceRow};
use ringback_core::signature::{KeyKind, Scheme};
use serde_json::{Value, json};

pub use options::SourceOptions;
pub use secrets::{
    AddedSecret, NewSecret, SecretChange, add_secret, delete_secret, edit_secret, make_secret,
    makes_secret,
};

/// The longest title and label.
const LONGEST_TEXT: usize = 100;

/// Why a source was not changed.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// There is none of this name.
    #[error("no source is named {0:?}")]
    Unknown(String),
    /// The source has no such secret.
    #[error("the source has no secret {0:?}")]
    UnknownSecret(String),
    /// What was given does not fit.
    #[error("{0}")]
    Invalid(String),
    /// The name is taken.
    #[error("a source is named {0:?} already")]
    Taken(String),
    /// The configuration says what it is.
    #[error("{0:?} is a source of the configuration: change it there")]
    ReadOnly(String),
    /// The key file cannot be read.
    #[error(transparent)]
    Key(#[from] KeyringError),
    /// The key was changed, and the new one is not here.
    #[error("the server's key was changed: this process does not have the new one")]
    KeyChanged,
    /// The database refused.
    #[error("the database refused")]
    Query(#[from] diesel::result::Error),
}

/// Who changes something, and when.
#[derive(Clone, Debug)]
pub struct Change {
    /// The user's or the token's name.
    pub actor: String,
    /// The time.
    pub now: Micros,
}

impl Change {
    /// An entry of the audit log.
    pub fn audit(&self, action: &str, subject: &str, details: &Value) -> NewAuditEntry {
        NewAuditEntry {
            at: self.now,
            actor: self.actor.clone(),
            action: action.to_owned(),
            subject: subject.to_owned(),
            details: details.to_string(),
        }
    }
}

/// The provider of a name.
///
/// # Errors
/// [`SourceError::Invalid`].
pub fn provider(name: &str) -> Result<&'static Provider, SourceError> {
    find_provider(name)
        .ok_or_else(|| SourceError::Invalid(format!("no provider is named {name:?}")))
}

/// What a new source is to be.
#[derive(Clone, Debug)]
pub struct NewSource {
    /// The last part of its path.
    pub name: String,
    /// An entry of the provider list.
    pub provider: String,
    /// What people call it.
    pub title: Option<String>,
    /// Whether what is not valid is answered 401.
    pub strict: bool,
    /// What differs.
    pub options: Option<Value>,
}

/// Adds a source. `is_configured` says whether the configuration has the name.
///
/// # Errors
/// [`SourceError`].
pub fn add_source(
    conn: &mut Connection,
    new: &NewSource,
    is_configured: impl Fn(&str) -> bool,
    change: &Change,
) -> Result<(), SourceError> {
    let name = new.name.as_str();
    let is_name = (1..=63).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !is_name {
        let message = "the name of a source takes 1 to 63 of a-z, 0-9 and -";
        return Err(SourceError::Invalid(message.to_owned()));
    }
    if is_configured(name) || name == "default" {
        return Err(SourceError::Taken(name.to_owned()));
    }
    let provider = provider(&new.provider)?;
    let (options, scheme) = SourceOptions::fit(provider, new.options.as_ref())?;
    check_strict(new.strict, &scheme)?;
    let title = match &new.title {
        Some(title) => check_text("title", title)?,
        None => provider.title.clone(),
    };
    let row = SourceRow {
        name: name.to_owned(),
        title,
        provider: provider.name.clone(),
        options: options.to_value().to_string(),
        strict: new.strict,
        paused_at: None,
        created_at: change.now,
        created_by: change.actor.clone(),
    };
    let details = json!({
        "provider": row.provider, "strict": row.strict, "options": options.to_value(),
    });
    let audit = change.audit("source.create", name, &details);
    if queries::insert_source(conn, &row, &audit)? {
        Ok(())
    } else {
        Err(SourceError::Taken(name.to_owned()))
    }
}

/// What of a source is to change.
#[derive(Clone, Debug, Default)]
pub struct SourceEdit {
    /// What people call it.
    pub title: Option<String>,
    /// Whether what is not valid is answered 401.
    pub strict: Option<bool>,
    /// Whether it takes nothing.
    pub paused: Option<bool>,
    /// What differs from the provider's usual ways, all of it.
    pub options: Option<Value>,
}

/// Changes a source.
///
/// # Errors
/// [`SourceError`].
pub fn edit_source(
    conn: &mut Connection,
    name: &str,
    edit: &SourceEdit,
    change: &Change,
) -> Result<(), SourceError> {
    let unknown = || SourceError::Unknown(name.to_owned());
    let row = queries::find_source(conn, name)?.ok_or_else(unknown)?;
    let provider = provider(&row.provider)?;
    let present = serde_json::from_str(&row.options).unwrap_or_default();
    let value = edit.options.as_ref().unwrap_or(&present);
    let (options, scheme) = SourceOptions::fit(provider, Some(value))?;
    check_strict(edit.strict.unwrap_or(row.strict), &scheme)?;
    let title = edit.title.as_deref().map(|title| check_text("title", title)).transpose()?;
    let changed = SourceChange {
        title: title.clone(),
        options: edit.options.is_some().then(|| options.to_value().to_string()),
        strict: edit.strict,
        paused_at: edit.paused.map(|paused| paused.then_some(row.paused_at.unwrap_or(change.now))),
    };
    let details = json!({
        "title": title, "strict": edit.strict, "paused": edit.paused,
        "options": edit.options.is_some().then(|| options.to_value()),
    });
    let audit = change.audit("source.edit", name, &without_nulls(details));
    if !queries::update_source(conn, name, &changed, &audit)? {
        return Err(unknown());
    }
    // Other options may be what was wrong.
    if edit.options.is_some() { verify_again(conn, name, change) } else { Ok(()) }
}

/// Deletes a source; its callbacks stay.
///
/// # Errors
/// [`SourceError`].
pub fn delete_source(
    conn: &mut Connection,
    name: &str,
    change: &Change,
) -> Result<(), SourceError> {
    let audit = change.audit("source.delete", name, &json!({}));
    if queries::delete_source(conn, name, &audit)? {
        Ok(())
    } else {
        Err(SourceError::Unknown(name.to_owned()))
    }
}

/// Starts a run over the stored failures of a source, when it has any.
fn verify_again(conn: &mut Connection, name: &str, change: &Change) -> Result<(), SourceError> {
    let filter = FailureFilter { source: name.to_owned(), callback: None, from: None, to: None };
    if list_failures(conn, &filter, (0, i64::MAX), 1)?.is_empty() {
        return Ok(());
    }
    let run = insert_run(conn, &filter, &change.actor, change.now)?;
    let details = json!({ "run": run.id, "failures": run.total });
    insert_audit_entry(conn, &change.audit("reverify.start", name, &details))?;
    Ok(())
}

fn check_strict(strict: bool, scheme: &Scheme) -> Result<(), SourceError> {
    if strict && scheme.key_kind() == KeyKind::Nothing {
        let message = "a sender that does not sign cannot be taken strictly";
        return Err(SourceError::Invalid(message.to_owned()));
    }
    Ok(())
}

fn check_text(field: &str, text: &str) -> Result<String, SourceError> {
    let text = text.trim();
    let fits =
        (1..=LONGEST_TEXT).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if fits {
        Ok(text.to_owned())
    } else {
        Err(SourceError::Invalid(format!("{field} takes 1 to {LONGEST_TEXT} characters")))
    }
}

fn without_nulls(mut value: Value) -> Value {
    if let Some(object) = value.as_object_mut() {
        object.retain(|_, value| !value.is_null());
    }
    value
}

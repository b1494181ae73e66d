//! Changing sources: what a name, an option and a secret may be, and the entry in the audit log.
//!
//! The API and the command line both change sources through here, so that neither forgets a check.

use crate::keyring::{Keyring, KeyringError};
use crate::tokens::{fill_random, random_token, random_u64};
use ringback_core::connection::Connection;
use ringback_core::keys::Purpose;
use ringback_core::models::Micros;
use ringback_core::provider::{Overrides, Provider, find_provider};
use ringback_core::queries::audit::{NewAuditEntry, insert_audit_entry};
use ringback_core::queries::reverify::{FailureFilter, insert_run, list_failures};
use ringback_core::queries::server_key::draw_nonce;
use ringback_core::queries::sources::{
    self as queries, SecretInserted, SecretRow, SourceChange, SourceRow, secret_context,
};
use ringback_core::signature::{KeyKind, Scheme, Secret};
use serde_json::{Value, json};
use url::Url;

/// The longest title and label.
const LONGEST_TEXT: usize = 100;
/// The longest secret: a pinned set of public keys fits.
const LONGEST_SECRET_BYTES: usize = 32 * 1024;
/// Each of them is tried with every request.
const MOST_SECRETS: usize = 16;

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

/// What a source does otherwise than its provider, and where its keys are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceOptions {
    /// Where its public keys are fetched, when it is not the provider's usual place.
    pub jwks_url: Option<Url>,
    /// The rest.
    pub overrides: Overrides,
}

impl SourceOptions {
    /// Reads the JSON object of a row or a request.
    ///
    /// # Errors
    /// A sentence that says what does not fit.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let Some(object) = value.as_object_mut() else {
            return Err("the options are a JSON object".to_owned());
        };
        let jwks_url = match object.remove("jwks_url") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => {
                let url = Url::parse(&text).map_err(|_| "jwks_url is not a URL".to_owned())?;
                let has_password = !url.username().is_empty() || url.password().is_some();
                if !matches!(url.scheme(), "https" | "http") || has_password || text.len() > 2000 {
                    return Err("jwks_url takes https, without a name and password".to_owned());
                }
                Some(url)
            }
            Some(_) => return Err("jwks_url is text".to_owned()),
        };
        let overrides = serde_json::from_value(value).map_err(|error| error.to_string())?;
        Ok(Self { jwks_url, overrides })
    }

    /// As [`Self::parse`] reads it.
    pub fn to_value(&self) -> Value {
        let mut value = serde_json::to_value(&self.overrides).unwrap_or_default();
        if let (Some(object), Some(url)) = (value.as_object_mut(), &self.jwks_url) {
            object.insert("jwks_url".to_owned(), json!(url.as_str()));
        }
        value
    }

    /// Reads and tries options on a provider; gives them with the scheme that they make.
    ///
    /// # Errors
    /// [`SourceError::Invalid`].
    pub fn fit(provider: &Provider, value: Option<&Value>) -> Result<(Self, Scheme), SourceError> {
        let text = value.map_or_else(|| "{}".to_owned(), Value::to_string);
        let options =
            Self::parse(&text).map_err(|why| SourceError::Invalid(format!("options: {why}")))?;
        let source = provider
            .source("x", Vec::new(), &options.overrides)
            .map_err(|error| SourceError::Invalid(format!("options: {error}")))?;
        if options.jwks_url.is_some() && source.scheme.key_kind() != KeyKind::PublicKey {
            let message = "options: jwks_url is for senders that sign with a private key";
            return Err(SourceError::Invalid(message.to_owned()));
        }
        Ok((options, source.scheme))
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

/// What a new secret is to be. It shows itself to nobody.
#[derive(Clone)]
pub struct NewSecret {
    /// What people call it.
    pub label: String,
    /// The secret; `None` to have one made.
    pub text: Option<String>,
    /// Not tried before.
    pub starts_at: Option<Micros>,
    /// Not tried from then on.
    pub ends_at: Option<Micros>,
}

/// A secret that was added.
pub struct AddedSecret {
    /// Its key.
    pub id: String,
    /// The secret, when it was made here.
    pub made: Option<String>,
}

/// Adds a secret to a source.
///
/// # Errors
/// [`SourceError`].
pub fn add_secret(
    conn: &mut Connection,
    name: &str,
    new: &NewSecret,
    keyring: &Keyring,
    change: &Change,
) -> Result<AddedSecret, SourceError> {
    let unknown = || SourceError::Unknown(name.to_owned());
    let row = queries::find_source(conn, name)?.ok_or_else(unknown)?;
    let options = serde_json::from_str(&row.options).unwrap_or_default();
    let (_, scheme) = SourceOptions::fit(provider(&row.provider)?, Some(&options))?;
    let made = match new.text {
        Some(_) => None,
        None => Some(make_secret(&scheme).ok_or_else(|| {
            let message = "a secret for this sender cannot be made here: paste the sender's";
            SourceError::Invalid(message.to_owned())
        })?),
    };
    let text = made.as_deref().or(new.text.as_deref()).unwrap_or_default().trim();
    if Secret::new(text).is_none() || scheme.key_kind() == KeyKind::Nothing {
        return Err(SourceError::Invalid("there is no secret to keep".to_owned()));
    }
    if text.len() > LONGEST_SECRET_BYTES {
        let message = format!("a secret takes at most {LONGEST_SECRET_BYTES} bytes");
        return Err(SourceError::Invalid(message));
    }
    check_dates(new.starts_at, new.ends_at)?;
    let others = queries::list_secrets(conn)?;
    if others.iter().filter(|other| other.source == name).count() >= MOST_SECRETS {
        let message = format!("a source takes at most {MOST_SECRETS} secrets: remove ended ones");
        return Err(SourceError::Invalid(message));
    }
    let label = match new.label.trim() {
        "" => "Secret".to_owned(),
        label => check_text("label", label)?,
    };
    let mut secret = SecretRow {
        id: format!("sec_{:016x}", random_u64()),
        source: name.to_owned(),
        label,
        sealed: Vec::new(),
        key_id: String::new(),
        starts_at: new.starts_at,
        ends_at: new.ends_at,
        created_at: change.now,
        created_by: change.actor.clone(),
    };
    let details = json!({
        "secret": secret.id, "label": secret.label, "made_here": made.is_some(),
    });
    let audit = change.audit("secret.add", name, &details);
    for _ in 0..2 {
        seal(&mut secret, text, keyring);
        match queries::insert_secret(conn, &secret, &audit)? {
            SecretInserted::Done => {
                verify_again(conn, name, change)?;
                return Ok(AddedSecret { id: secret.id, made });
            }
            SecretInserted::NoSource => return Err(unknown()),
            // Another process changed the key; its file has the new one.
            SecretInserted::KeyChanged => keyring.reload()?,
        }
    }
    Err(SourceError::KeyChanged)
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

fn seal(secret: &mut SecretRow, text: &str, keyring: &Keyring) {
    let key = keyring.current();
    let context = secret_context(&secret.source, &secret.id);
    let nonce = draw_nonce(&mut fill_random);
    secret.sealed = key.seal(Purpose::SourceSecrets, nonce, &context, text.as_bytes());
    secret.key_id = key.id();
}

/// What of a secret is to change.
pub use queries::SecretChange;

/// Changes the label or the dates of a secret.
///
/// # Errors
/// [`SourceError`].
pub fn edit_secret(
    conn: &mut Connection,
    name: &str,
    id: &str,
    edit: &SecretChange,
    change: &Change,
) -> Result<(), SourceError> {
    let unknown = || SourceError::UnknownSecret(id.to_owned());
    let rows = queries::list_secrets(conn)?;
    let row = rows.into_iter().find(|row| row.id == id && row.source == name);
    let row = row.ok_or_else(unknown)?;
    let label = edit.label.as_deref().map(|label| check_text("label", label)).transpose()?;
    check_dates(edit.starts_at.unwrap_or(row.starts_at), edit.ends_at.unwrap_or(row.ends_at))?;
    if label.is_none() && edit.starts_at.is_none() && edit.ends_at.is_none() {
        return Ok(());
    }
    let details = json!({
        "secret": id, "label": label, "starts_at": edit.starts_at, "ends_at": edit.ends_at,
    });
    let audit = change.audit("secret.edit", name, &without_nulls(details));
    let edit = SecretChange { label, ..edit.clone() };
    if queries::update_secret(conn, name, id, &edit, &audit)? { Ok(()) } else { Err(unknown()) }
}

/// Deletes a secret.
///
/// # Errors
/// [`SourceError`].
pub fn delete_secret(
    conn: &mut Connection,
    name: &str,
    id: &str,
    change: &Change,
) -> Result<(), SourceError> {
    let audit = change.audit("secret.delete", name, &json!({ "secret": id }));
    if queries::delete_secret(conn, name, id, &audit)? {
        Ok(())
    } else {
        Err(SourceError::UnknownSecret(id.to_owned()))
    }
}

/// A new secret in the form that a scheme's senders use; `None` where the sender makes its own.
pub fn make_secret(scheme: &Scheme) -> Option<String> {
    use base64::Engine as _;
    match scheme.key_kind() {
        KeyKind::SecretOrPublicKey => {
            let mut bytes = [0; 32];
            fill_random(&mut bytes);
            let text = base64::engine::general_purpose::STANDARD.encode(bytes);
            Some(format!("whsec_{text}"))
        }
        // Hex digits are read as text, as hex and never by accident as base64 of something else.
        KeyKind::Secret | KeyKind::Token => {
            let mut bytes = [0; 32];
            fill_random(&mut bytes);
            Some(hex::encode(bytes))
        }
        KeyKind::Password => Some(random_token("ringback:")),
        KeyKind::PublicKey | KeyKind::Nothing => None,
    }
}

/// True when [`make_secret`] makes one.
pub fn makes_secret(scheme: &Scheme) -> bool {
    !matches!(scheme.key_kind(), KeyKind::PublicKey | KeyKind::Nothing)
}

fn check_strict(strict: bool, scheme: &Scheme) -> Result<(), SourceError> {
    if strict && scheme.key_kind() == KeyKind::Nothing {
        let message = "a sender that does not sign cannot be taken strictly";
        return Err(SourceError::Invalid(message.to_owned()));
    }
    Ok(())
}

fn check_dates(starts_at: Option<Micros>, ends_at: Option<Micros>) -> Result<(), SourceError> {
    match (starts_at, ends_at) {
        (Some(start), Some(end)) if end <= start => {
            Err(SourceError::Invalid("a secret ends after it starts".to_owned()))
        }
        _ => Ok(()),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_as_they_are_written_and_must_fit_the_provider() {
        let text = r#"{"jwks_url":"https://keys.example/jwks.json","event_type":["/kind"]}"#;
        let options = SourceOptions::parse(text).unwrap();
        assert_eq!(SourceOptions::parse(&options.to_value().to_string()).unwrap(), options);
        let fit = |name: &str, text: &str| {
            SourceOptions::fit(provider(name).unwrap(), Some(&serde_json::from_str(text).unwrap()))
        };
        assert!(fit("generic-ed25519", text).is_ok());
        assert!(fit("github", text).is_err(), "an HMAC has no public keys");
        for wrong in [
            r#"{"jwks_url":"file:///etc/passwd"}"#,
            r#"{"jwks_url":"https://me:s3cret@keys.example/"}"#,
            r#"{"jwks_url":5}"#,
            r#"{"rot13":true}"#,
            "[]",
        ] {
            let error = fit("generic-ed25519", wrong).unwrap_err().to_string();
            assert!(!error.contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn a_secret_that_is_made_here_raises_no_doubt_and_signs() {
        for one in ringback_core::provider::providers() {
            let Some(secret) = make_secret(&one.scheme) else { continue };
            let hints = ringback_core::signature::check_secret(&one.scheme, &secret);
            let doubts = hints.iter().filter(|hint| {
                hint.severity != ringback_core::signature::Severity::Note
                    // Some senders make their own and it has another form.
                    && !one.secret.contains("whsec_")
            });
            assert_eq!(doubts.count(), 0, "{}: {hints:?}", one.name);
            let secret = Secret::new(&secret).unwrap();
            assert!(one.scheme.sign(&secret, "id", b"{}", 1).is_some(), "{}", one.name);
        }
    }
}

//! The secrets of a source: adding, dating, removing and making them.

use super::{
    Change, SourceError, SourceOptions, check_text, provider, verify_again, without_nulls,
};
use crate::keyring::Keyring;
use crate::tokens::{fill_random, random_token, random_u64};
use ringback_core::connection::Connection;
use ringback_core::keys::Purpose;
use ringback_core::models::Micros;
use ringback_core::queries::server_key::draw_nonce;
use ringback_core::queries::sources::{self as queries, SecretInserted, SecretRow, secret_context};
use ringback_core::signature::{KeyKind, Scheme, Secret};
use serde_json::json;

/// The longest secret: a pinned set of public keys fits.
const LONGEST_SECRET_BYTES: usize = 32 * 1024;
/// Each of them is tried with every request.
const MOST_SECRETS: usize = 16;

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

fn check_dates(starts_at: Option<Micros>, ends_at: Option<Micros>) -> Result<(), SourceError> {
    match (starts_at, ends_at) {
        (Some(start), Some(end)) if end <= start => {
            Err(SourceError::Invalid("a secret ends after it starts".to_owned()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

//! Which key the database's secrets are sealed with, and the change to another.

use super::audit::{NewAuditEntry, insert_audit_entry};
use super::settings::{find_setting, insert_setting_once, replace_setting};
use super::sources::{SecretRow, change_sources, list_secrets, replace_sealed};
use crate::connection::Connection;
use crate::keys::{DigestKey, KEY_BYTES, NONCE_BYTES, Purpose, ServerKey};
use diesel::prelude::*;

/// The setting that names the key with which secrets are sealed.
pub const SERVER_KEY_ID: &str = "server_key_id";
/// The setting that holds the sealed key of digests, in hex.
const DIGEST_KEY: &str = "digest_key";

/// Why what the database has sealed cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ServerKeyError {
    /// The database refused.
    #[error("the database refused")]
    Query(#[from] diesel::result::Error),
    /// None of the keys is the one that sealed it.
    #[error("the secrets in the database were sealed with the key {0}, which is not here")]
    Foreign(String),
    /// One secret cannot be opened although its key is here.
    #[error("the secret {id} of the source {source_name} cannot be opened: its row was changed")]
    Damaged {
        /// The secret's id.
        id: String,
        /// Whose it is.
        source_name: String,
    },
    /// The key of digests cannot be opened although its key is here.
    #[error("the key of digests cannot be opened: its setting was changed")]
    DamagedDigestKey,
}

/// Random bytes for what is sealed or made anew.
pub trait Randomness {
    /// Fills a buffer.
    fn fill(&mut self, bytes: &mut [u8]);
}

impl<F: FnMut(&mut [u8])> Randomness for F {
    fn fill(&mut self, bytes: &mut [u8]) {
        self(bytes);
    }
}

/// A fresh nonce.
pub fn draw_nonce(random: &mut dyn Randomness) -> [u8; NONCE_BYTES] {
    let mut nonce = [0; NONCE_BYTES];
    random.fill(&mut nonce);
    nonce
}

/// Opens the key of digests with the one of `keys` that sealed it. In a database that has none yet
/// it is made and sealed with the first of `keys`, which must not be empty.
///
/// # Errors
/// [`ServerKeyError`].
pub fn adopt_server_key(
    conn: &mut Connection,
    keys: &[ServerKey],
    random: &mut dyn Randomness,
) -> Result<DigestKey, ServerKeyError> {
    if find_sealed_digest_key(conn)?.is_none()
        && let Some(first) = keys.first()
    {
        insert_digest_key(conn, first, random)?;
    }
    let found = find_sealed_digest_key(conn)?;
    let (id, sealed) = found.ok_or(ServerKeyError::DamagedDigestKey)?;
    let key = find_key(keys, &id).ok_or(ServerKeyError::Foreign(id))?;
    open_digest_key(key, &sealed)
}

/// Seals everything with the first of `keys`, which must not be empty, whichever of them had sealed
/// it; gives how many secrets that were. One transaction: either all is done or nothing.
///
/// # Errors
/// [`ServerKeyError`]; nothing was changed then.
pub fn replace_server_key(
    conn: &mut Connection,
    keys: &[ServerKey],
    random: &mut dyn Randomness,
    audit: &NewAuditEntry,
) -> Result<usize, ServerKeyError> {
    let digest_key = adopt_server_key(conn, keys, random)?;
    let Some(first) = keys.first() else { return Err(ServerKeyError::DamagedDigestKey) };
    change_sources(conn, |conn| {
        let stale: Vec<SecretRow> =
            list_secrets(conn)?.into_iter().filter(|secret| secret.key_id != first.id()).collect();
        // All are opened before the first is written, so that a failure changes nothing.
        let opened: Result<Vec<_>, ServerKeyError> =
            stale.iter().map(|secret| open_secret(keys, secret)).collect();
        let opened = match opened {
            Ok(opened) => opened,
            Err(error) => return Ok(Err(error)),
        };
        for (secret, text) in stale.iter().zip(&opened) {
            let nonce = draw_nonce(random);
            let sealed =
                first.seal(Purpose::SourceSecrets, nonce, &secret.context(), text.as_bytes());
            replace_sealed(conn, &secret.id, &sealed, &first.id())?;
        }
        let sealed = seal_digest_key(first, &digest_key, random);
        replace_setting(conn, DIGEST_KEY, &sealed)?;
        replace_setting(conn, SERVER_KEY_ID, &first.id())?;
        insert_audit_entry(conn, audit)?;
        Ok(Ok(stale.len()))
    })?
}

/// Gives up what a lost key had sealed: every secret of every source, and with the key of digests
/// the chance to verify stored failures again. Gives how many secrets that were.
///
/// # Errors
/// Diesel's.
pub fn forget_server_key(
    conn: &mut Connection,
    new: &ServerKey,
    random: &mut dyn Randomness,
    audit: &NewAuditEntry,
) -> QueryResult<usize> {
    use crate::schema::source_secrets::dsl;
    let mut digest_key = [0; KEY_BYTES];
    random.fill(&mut digest_key);
    let sealed = seal_digest_key(new, &DigestKey::new(digest_key), random);
    change_sources(conn, |conn| {
        let lost =
            diesel::delete(dsl::source_secrets.filter(dsl::key_id.ne(new.id()))).execute(conn)?;
        replace_setting(conn, DIGEST_KEY, &sealed)?;
        replace_setting(conn, SERVER_KEY_ID, &new.id())?;
        insert_audit_entry(conn, audit)?;
        Ok(lost)
    })
}

/// The text of a sealed secret.
///
/// # Errors
/// [`ServerKeyError::Foreign`], [`ServerKeyError::Damaged`].
pub fn open_secret(keys: &[ServerKey], secret: &SecretRow) -> Result<String, ServerKeyError> {
    let key = find_key(keys, &secret.key_id)
        .ok_or_else(|| ServerKeyError::Foreign(secret.key_id.clone()))?;
    key.open(Purpose::SourceSecrets, &secret.context(), &secret.sealed)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| ServerKeyError::Damaged {
            id: secret.id.clone(),
            source_name: secret.source.clone(),
        })
}

fn find_key<'a>(keys: &'a [ServerKey], id: &str) -> Option<&'a ServerKey> {
    keys.iter().find(|key| key.id() == id)
}

fn find_sealed_digest_key(conn: &mut Connection) -> QueryResult<Option<(String, String)>> {
    let id = find_setting(conn, SERVER_KEY_ID)?;
    let sealed = find_setting(conn, DIGEST_KEY)?;
    Ok(id.zip(sealed))
}

/// Of several nodes that start at once one is first, and the others find what it wrote.
fn insert_digest_key(
    conn: &mut Connection,
    key: &ServerKey,
    random: &mut dyn Randomness,
) -> QueryResult<()> {
    let mut digest_key = [0; KEY_BYTES];
    random.fill(&mut digest_key);
    let sealed = seal_digest_key(key, &DigestKey::new(digest_key), random);
    change_sources(conn, |conn| {
        if find_sealed_digest_key(conn)?.is_some() {
            return Ok(());
        }
        insert_setting_once(conn, DIGEST_KEY, &sealed)?;
        insert_setting_once(conn, SERVER_KEY_ID, &key.id())
    })
}

fn seal_digest_key(key: &ServerKey, digest_key: &DigestKey, random: &mut dyn Randomness) -> String {
    let nonce = draw_nonce(random);
    hex::encode(key.seal(Purpose::Settings, nonce, DIGEST_KEY, digest_key.bytes()))
}

fn open_digest_key(key: &ServerKey, sealed: &str) -> Result<DigestKey, ServerKeyError> {
    let opened = hex::decode(sealed).ok();
    opened
        .and_then(|sealed| key.open(Purpose::Settings, DIGEST_KEY, &sealed).ok())
        .and_then(|bytes| Some(DigestKey::new(bytes.try_into().ok()?)))
        .ok_or(ServerKeyError::DamagedDigestKey)
}

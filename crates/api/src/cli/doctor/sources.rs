//! Sources: whether each has a secret that holds, now and soon.

use super::Finding;
use crate::config::Config;
use crate::error::chain;
use crate::keyring::{Keyring, KeyringError};
use crate::registry::{LiveSource, Registry};
use crate::views;
use ringback_core::alert::ending::find_ending;
use ringback_core::connection::Connection;
use ringback_core::keys::ServerKey;
use ringback_core::models::Micros;
use ringback_core::queries::server_key::SERVER_KEY_ID;
use ringback_core::queries::settings::find_setting;
use ringback_core::queries::sources::{SecretRow, list_secrets, list_sources};

/// The sources that the configuration names.
pub(super) fn configured(config: &Config) -> Vec<Finding> {
    let check = |source: &ringback_core::source::Source| match source.secrets.len() {
        0 => {
            let remedy = if source.name == "default" {
                "set LLM_WEBHOOK_SECRET to the sender's secret"
            } else {
                "give the source its sender's secret"
            };
            Finding::bad(
                format!("source {}: no secret, so its callbacks are stored unchecked", source.name),
                remedy,
            )
        }
        count => Finding::good(format!("source {}: {count} secret(s)", source.name)),
    };
    config.sources.iter().map(check).collect()
}

/// The key that seals what the database keeps.
pub(super) fn key(config: &Config) -> Finding {
    match Keyring::open(config.key_place.clone()) {
        Ok(_) => Finding::good("the key that seals secrets of sources can be read"),
        Err(error @ KeyringError::Missing(_)) => Finding::doubtful(
            chain(&error),
            "of several nodes, all need the same: set RINGBACK_SECRET_KEY",
        ),
        Err(error) => Finding::bad(
            chain(&error),
            "bring the key back from where it is kept: without it the secrets cannot be read",
        ),
    }
}

/// The sources that the database keeps.
///
/// # Errors
/// Diesel's.
pub(super) fn stored(
    conn: &mut Connection,
    config: &Config,
    now: Micros,
) -> Result<Vec<Finding>, diesel::result::Error> {
    let (rows, secrets) = (list_sources(conn)?, list_secrets(conn)?);
    let keyring = Keyring::open(config.key_place.clone()).ok();
    let keys = keyring.as_ref().map(Keyring::keys).unwrap_or_default();
    let mut findings = Vec::new();
    let sealed_with = find_setting(conn, SERVER_KEY_ID)?;
    if sealed_with.is_some_and(|id| keys.iter().map(ServerKey::id).all(|key| key != id)) {
        findings.push(Finding::bad(
            "the database was sealed with another key: the server does not start",
            "bring that key back, or run `ringback source rotate-key --lost` when it is lost",
        ));
    }
    // That there is no key is a point of the list already.
    let Some(keyring) = keyring else { return Ok(findings) };
    let registry = Registry::new(config.sources.clone());
    registry.reload(conn, &keyring)?;
    for row in rows {
        findings.extend(match registry.find(&row.name) {
            Some(source) if source.row.is_none() => vec![Finding::doubtful(
                format!("source {}: the configuration has one of this name, which wins", row.name),
                "rename or remove the one of the configuration",
            )],
            Some(source) => judge(&source, &secrets, now),
            None => vec![Finding::bad(
                format!("source {}: this version does not know its sender or options", row.name),
                "install the version that the other nodes have",
            )],
        });
    }
    Ok(findings)
}

fn judge(source: &LiveSource, secrets: &[SecretRow], now: Micros) -> Vec<Finding> {
    let name = source.name();
    let mut findings = Vec::new();
    let has_ended = |row: &SecretRow| row.ends_at.is_some_and(|at| at <= now);
    for secret in source.secrets.iter().filter(|one| !one.is_readable() && !has_ended(&one.row)) {
        findings.push(Finding::bad(
            format!(
                "source {name}: the secret “{}” cannot be opened with this key",
                secret.row.label
            ),
            "bring back the key that sealed it, or delete the secret and add it again",
        ));
    }
    for ending in find_ending(secrets, now).iter().filter(|(of, _)| of == name) {
        let ends_at = |row: &&SecretRow| row.source == name && row.label == ending.1;
        let ends_at = secrets.iter().filter(ends_at).filter_map(|row| row.ends_at).max();
        findings.push(Finding::doubtful(
            format!(
                "source {name}: the secret “{}” ends {} and no other follows",
                ending.1,
                ends_at.map(views::time).unwrap_or_default()
            ),
            format!("add the next one: `ringback source secret add {name} --secret-stdin`"),
        ));
    }
    if let Some(jwks) = source.jwks.as_ref().filter(|_| source.lacks_secret(now)) {
        findings.push(Finding::doubtful(
            format!("source {name}: its public keys were not fetched yet from {}", jwks.url),
            "start the server, which fetches them; its log says what stands in the way",
        ));
    } else if source.lacks_secret(now) {
        findings.push(Finding::bad(
            format!("source {name}: no secret is in force, so its callbacks are stored unchecked"),
            format!("`ringback source secret add {name} --secret-stdin`"),
        ));
    }
    if source.is_paused() {
        findings.push(Finding::doubtful(
            format!("source {name}: it is paused, its sender is answered 503"),
            format!("`ringback source resume {name}`, unless that is meant"),
        ));
    }
    if findings.is_empty() {
        let count = source.at(now).secrets.len();
        findings.push(Finding::good(format!("source {name}: {count} secret(s)")));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;
    use ringback_core::connection::DatabaseUrl;

    #[test]
    fn a_source_without_a_secret_must_be_mended() {
        let mut config = Config::for_testing(DatabaseUrl::Sqlite("none.db".into()), "secret");
        assert_eq!(configured(&config)[0].state, State::Good);
        config.sources[0].secrets.clear();
        assert_eq!(configured(&config)[0].state, State::Bad);
    }
}

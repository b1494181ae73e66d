//! The sources that are in force: those of the configuration and those of the database, by name.
//!
//! A request finds its source in memory. Whoever changes sources reads them again at once; other
//! nodes see within seconds that the version in the database is another one ([`crate::worker::sources`]).

use crate::error::chain;
use crate::keyring::Keyring;
use ringback_core::connection::Connection;
use ringback_core::keys::ServerKey;
use ringback_core::models::Micros;
use ringback_core::provider::{Handshake, Provider, find_provider};
use ringback_core::queries::jwks::{JwksRow, list_jwks};
use ringback_core::queries::server_key::open_secret;
use ringback_core::queries::sources::{
    SecretRow, SourceRow, find_sources_version, list_secrets, list_sources,
};
use ringback_core::signature::{KeyKind, Secret};
use ringback_core::source::Source;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::sources::SourceOptions;

/// The sources in force.
pub struct Registry {
    configured: Vec<Source>,
    live: RwLock<Arc<Live>>,
}

#[derive(Default)]
struct Live {
    version: i64,
    sources: BTreeMap<String, Arc<LiveSource>>,
}

/// A source in force.
pub struct LiveSource {
    /// Its row; `None` when it is one of the configuration and cannot be changed here.
    pub row: Option<SourceRow>,
    /// The entry of the provider list that it was made from.
    pub provider: Option<&'static Provider>,
    /// What differs from it.
    pub options: SourceOptions,
    /// Its secrets, without what is sealed in them.
    pub secrets: Vec<LiveSecret>,
    /// Where its public keys are fetched, and when that last worked.
    pub jwks: Option<LiveJwks>,
    /// Without secrets.
    template: Source,
    prepared: RwLock<Prepared>,
}

/// A secret of a source in force. It shows itself to nobody.
pub struct LiveSecret {
    /// Its row.
    pub row: SecretRow,
    /// `None` when it cannot be opened.
    secret: Option<Secret>,
}

/// Keys that a sender publishes.
pub struct LiveJwks {
    /// Where.
    pub url: String,
    /// When they were last fetched; `None` when never.
    pub fetched_at: Option<Micros>,
    secret: Option<Secret>,
}

/// The source with the secrets that are good for a span of time.
struct Prepared {
    from: Micros,
    until: Micros,
    source: Arc<Source>,
}

impl LiveSecret {
    /// True when it can be opened.
    pub fn is_readable(&self) -> bool {
        self.secret.is_some()
    }

    /// True when it is tried at this time.
    pub fn is_in_force(&self, now: Micros) -> bool {
        self.row.starts_at.is_none_or(|at| at <= now) && self.row.ends_at.is_none_or(|at| now < at)
    }

    /// The secret, for signing a test.
    pub fn secret(&self) -> Option<&Secret> {
        self.secret.as_ref()
    }
}

impl LiveSource {
    /// The source as it is at a time, with the secrets that are in force then.
    pub fn at(&self, now: Micros) -> Arc<Source> {
        let is_good = |prepared: &Prepared| (prepared.from..prepared.until).contains(&now);
        {
            let prepared = self.prepared.read().unwrap_or_else(PoisonError::into_inner);
            if is_good(&prepared) {
                return Arc::clone(&prepared.source);
            }
        }
        let fresh = self.prepare(now);
        let source = Arc::clone(&fresh.source);
        *self.prepared.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        source
    }

    fn prepare(&self, now: Micros) -> Prepared {
        let dates = || self.secrets.iter().flat_map(|one| [one.row.starts_at, one.row.ends_at]);
        let from = dates().flatten().filter(|at| *at <= now).max().unwrap_or(Micros::MIN);
        let until = dates().flatten().filter(|at| *at > now).min().unwrap_or(Micros::MAX);
        let in_force = self.secrets.iter().filter(|secret| secret.is_in_force(now));
        let fetched = self.jwks.iter().filter_map(|jwks| jwks.secret.clone());
        let mut source = self.template.clone();
        source.secrets.extend(in_force.filter_map(|one| one.secret.clone()).chain(fetched));
        Prepared { from, until, source: Arc::new(source) }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.template.name
    }

    /// The way it signs, without its secrets.
    pub fn scheme(&self) -> &ringback_core::signature::Scheme {
        &self.template.scheme
    }

    /// True when what is not valid is answered 401.
    pub fn is_strict(&self) -> bool {
        self.row.as_ref().is_some_and(|row| row.strict)
    }

    /// True while it takes nothing.
    pub fn is_paused(&self) -> bool {
        self.row.as_ref().is_some_and(|row| row.paused_at.is_some())
    }

    /// True when it ought to have a secret and has none that is in force.
    pub fn lacks_secret(&self, now: Micros) -> bool {
        self.scheme().key_kind() != KeyKind::Nothing && self.at(now).secrets.is_empty()
    }

    /// True when its provider asks for the challenge of a `url_verification` back.
    pub fn verifies_url(&self) -> bool {
        self.provider.is_some_and(|one| one.handshake == Handshake::UrlVerification)
    }
}

impl Registry {
    /// Only the configured ones, until [`Self::reload`].
    pub fn new(configured: Vec<Source>) -> Self {
        let known =
            configured.iter().map(|one| (one.name.clone(), Arc::new(self::configured(one))));
        let live = Live { version: -1, sources: known.collect() };
        Self { configured, live: RwLock::new(Arc::new(live)) }
    }

    /// The source of a name.
    pub fn find(&self, name: &str) -> Option<Arc<LiveSource>> {
        self.live().sources.get(name).cloned()
    }

    /// Every source: the configured ones in their order, then the others by name.
    pub fn list(&self) -> Vec<Arc<LiveSource>> {
        let live = self.live();
        let configured = self.configured.iter().filter_map(|one| live.sources.get(&one.name));
        let others = live.sources.values().filter(|one| one.row.is_some());
        configured.chain(others).cloned().collect()
    }

    /// True when the configuration has a source of this name.
    pub fn is_configured(&self, name: &str) -> bool {
        self.configured.iter().any(|source| source.name == name)
    }

    /// The version that was last read.
    pub fn version(&self) -> i64 {
        self.live().version
    }

    /// Reads the database's sources again. A secret that cannot be opened is left out and logged.
    ///
    /// # Errors
    /// Diesel's; what was in force stays.
    pub fn reload(&self, conn: &mut Connection, keyring: &Keyring) -> diesel::QueryResult<()> {
        // The version first: a change that comes between is then read again.
        let version = find_sources_version(conn)?;
        let rows = list_sources(conn)?;
        let secrets = list_secrets(conn)?;
        let jwks = list_jwks(conn)?;
        let keys = keys_for(keyring, &secrets);
        let mut live = Live { version, sources: BTreeMap::new() };
        for row in rows {
            if let Some(source) = read_source(row, &secrets, &jwks, &keys) {
                live.sources.insert(source.name().to_owned(), Arc::new(source));
            }
        }
        for source in &self.configured {
            // A configured source wins over one of the same name: it is what the operator wrote.
            live.sources.insert(source.name.clone(), Arc::new(configured(source)));
        }
        *self.live.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(live);
        Ok(())
    }

    fn live(&self) -> Arc<Live> {
        Arc::clone(&self.live.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The keys, read again when a secret was sealed with one that is not known.
fn keys_for(keyring: &Keyring, secrets: &[SecretRow]) -> Vec<ServerKey> {
    let keys = keyring.keys();
    let ids: Vec<String> = keys.iter().map(ServerKey::id).collect();
    if secrets.iter().all(|secret| ids.contains(&secret.key_id)) {
        return keys;
    }
    if let Err(error) = keyring.reload() {
        tracing::error!(cause = %chain(&error), "the server's key cannot be read again");
    }
    keyring.keys()
}

fn configured(source: &Source) -> LiveSource {
    // What the configuration gives has no dates, so it is good for all time.
    let prepared =
        Prepared { from: Micros::MIN, until: Micros::MAX, source: Arc::new(source.clone()) };
    LiveSource {
        row: None,
        provider: None,
        options: SourceOptions::default(),
        secrets: Vec::new(),
        jwks: None,
        template: source.clone(),
        prepared: RwLock::new(prepared),
    }
}

fn read_source(
    row: SourceRow,
    secrets: &[SecretRow],
    jwks: &[JwksRow],
    keys: &[ServerKey],
) -> Option<LiveSource> {
    let Some(provider) = find_provider(&row.provider) else {
        tracing::error!(source.name = row.name, provider = row.provider, "unknown provider");
        return None;
    };
    let options = SourceOptions::parse(&row.options).ok();
    let source = options.and_then(|options| {
        let template = provider.source(&row.name, Vec::new(), &options.overrides).ok()?;
        Some((options, template))
    });
    let Some((options, template)) = source else {
        tracing::error!(source.name = row.name, "the options of this source cannot be read");
        return None;
    };
    let own = secrets.iter().filter(|secret| secret.source == row.name);
    let secrets = own.map(|secret| read_secret(secret, keys)).collect();
    let url = options.jwks_url.as_ref().map(ToString::to_string).or(provider.jwks_url.clone());
    let jwks = url.map(|url| {
        let kept = jwks.iter().find(|kept| kept.url == url);
        LiveJwks {
            fetched_at: kept.map(|kept| kept.fetched_at),
            secret: kept.and_then(|kept| Secret::new(&kept.document)),
            url,
        }
    });
    let empty = Prepared { from: 0, until: 0, source: Arc::new(template.clone()) };
    Some(LiveSource {
        row: Some(row),
        provider: Some(provider),
        options,
        secrets,
        jwks,
        template,
        prepared: RwLock::new(empty),
    })
}

fn read_secret(row: &SecretRow, keys: &[ServerKey]) -> LiveSecret {
    let secret = match open_secret(keys, row) {
        Ok(text) => Secret::new(&text),
        Err(error) => {
            let (source, id) = (row.source.as_str(), row.id.as_str());
            tracing::error!(
                source.name = source,
                secret.id = id,
                cause = %error,
                "a secret cannot be opened: is this node's key the one of the others?"
            );
            None
        }
    };
    LiveSecret { row: row.clone(), secret }
}

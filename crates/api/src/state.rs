//! What every handler shares.

use crate::admission::Admission;
use crate::alerting::round::Memory;
use crate::clock::Clock;
use crate::config::Config;
use crate::database::Readers;
use crate::feed::Feed;
use crate::floods::Floods;
use crate::keyring::Keyring;
use crate::metrics::Metrics;
use crate::observations::Observations;
use crate::outbound::Outbound;
use crate::refusals::RefusalLog;
use crate::registry::Registry;
use crate::throttle::SignInThrottle;
use crate::traces::Traces;
use crate::worker::jwks::JwksState;
use crate::writer::Writer;
use ringback_core::keys::DigestKey;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use tokio::sync::Notify;

/// Shared by all workers.
pub struct AppState {
    /// How the server was told to run.
    pub config: Config,
    /// What it takes on.
    pub admission: Admission,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Reads.
    pub readers: Readers,
    /// Writes.
    pub writer: Writer,
    /// The identity of the feed, which cursors carry.
    pub feed_id: u64,
    /// Word of what is new.
    pub feed: Arc<Feed>,
    /// The keys that seal signing secrets.
    pub keyring: Keyring,
    /// The key of digests that stand for received signatures.
    pub digest_key: DigestKey,
    /// Wakes the loop that verifies stored failures again.
    pub reverify: Notify,
    /// The way out.
    pub outbound: Outbound,
    /// The sources in force.
    pub registry: Registry,
    /// What is known of public keys that are fetched.
    pub jwks: JwksState,
    /// Where this server listens, for requests to itself.
    pub listens_on: OnceLock<SocketAddr>,
    /// What somebody may have to be told of.
    pub observations: Observations,
    /// What this node remembers of telling it.
    pub alerts: Memory,
    /// The name of this process among the nodes: random, so that no two share one.
    pub node: String,
    /// Set once it listens; see [`Self::base_url`].
    pub base_url: OnceLock<String>,
    /// What untrusted deliveries may take.
    pub floods: Floods,
    /// Refusals that are not recorded yet.
    pub refusals: RefusalLog,
    /// Spans that wait for the collector; `None` without one.
    pub traces: Option<Arc<Traces>>,
    /// What Prometheus is told.
    pub metrics: Metrics,
    /// Counts sign-in attempts.
    pub throttle: SignInThrottle,
}

impl AppState {
    /// The server's address as browsers see it, without a slash at the end.
    pub fn base_url(&self) -> &str {
        self.base_url.get().map_or("", String::as_str)
    }

    /// Where this server reaches itself; `None` before it listens.
    pub fn own_address(&self) -> Option<SocketAddr> {
        let mut address = *self.listens_on.get()?;
        if address.ip().is_unspecified() {
            address.set_ip(match address.ip() {
                IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
        Some(address)
    }
}

/// The state as handlers take it.
pub type State = actix_web::web::Data<AppState>;

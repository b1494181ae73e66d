//! The one way out: requests that this server makes to addresses that somebody configured.
//!
//! Whoever may configure an address must not reach with it what only this server reaches: the
//! machine itself, its private network, a cloud's metadata. So a name is resolved here, every
//! address is checked, and the connection goes to an address that was checked; the name is not
//! asked for twice, and no answer redirects. Networks that are to be reached all the same are named
//! in the configuration. `http` goes to those alone; everything else is `https`.

mod address;

use awc::Client;
use awc::error::{ConnectError, SendRequestError};
use ipnet::IpNet;
use rustls::{ClientConfig, RootCertStore};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use url::{Host, Url};

pub use address::is_public;

/// Resolving and connecting together may take this long for each address.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// More addresses of one name are not tried.
const MOST_ADDRESSES: usize = 4;

/// The way out. Cheap to clone; each request has a connection of its own.
#[derive(Clone)]
pub struct Outbound {
    tls: Arc<ClientConfig>,
    allowed: Arc<[IpNet]>,
}

/// A request to make.
pub struct OutboundRequest {
    /// `GET` or `POST`.
    pub method: actix_web::http::Method,
    /// Where.
    pub url: Url,
    /// Sent beside the usual ones.
    pub headers: Vec<(String, String)>,
    /// Sent as it is.
    pub body: Vec<u8>,
    /// All of it, from resolving the name to the last byte of the answer, may take this long.
    pub timeout: Duration,
    /// The largest answer that is read.
    pub limit_bytes: usize,
}

/// An answer, read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboundAnswer {
    /// The HTTP status; a redirect is an answer like any other.
    pub status: u16,
    /// `Cache-Control` and `Retry-After`, where they are there.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl OutboundAnswer {
    /// A header by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Why there is no answer. None of the texts quotes the URL, which may hold a secret.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// The URL cannot be used.
    #[error("the address takes https, without a name and password")]
    Url,
    /// The address is one that only this server reaches.
    #[error("the address is of a private network, this machine, or reserved")]
    Private,
    /// The name is not known.
    #[error("the name of the host is not known")]
    Name,
    /// Nobody answers there, or not by TLS that can be trusted.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// The answer did not come in time.
    #[error("no answer in time")]
    Timeout,
    /// The answer is too large.
    #[error("the answer is too large")]
    TooLarge,
    /// The answer broke off or is none.
    #[error("the answer cannot be read: {0}")]
    Answer(String),
}

/// Why this server cannot make requests.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up TLS")]
pub struct TlsError(#[from] rustls::Error);

impl Outbound {
    /// Reaches public addresses and these networks.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(allowed: &[IpNet]) -> Result<Self, TlsError> {
        Ok(Self { tls: Arc::new(tls_config(native_roots())?), allowed: allowed.into() })
    }

    /// Makes a request and reads the answer.
    ///
    /// # Errors
    /// [`OutboundError`].
    pub async fn send(&self, request: OutboundRequest) -> Result<OutboundAnswer, OutboundError> {
        let timeout = request.timeout;
        tokio::time::timeout(timeout, self.send_to_any(request))
            .await
            .unwrap_or(Err(OutboundError::Timeout))
    }

    /// The addresses of a URL that may be reached. Public for whoever checks a URL when it is typed.
    ///
    /// # Errors
    /// [`OutboundError::Url`], [`OutboundError::Name`], [`OutboundError::Private`].
    pub async fn resolve(&self, url: &Url) -> Result<Vec<SocketAddr>, OutboundError> {
        let has_credentials = !url.username().is_empty() || url.password().is_some();
        if !matches!(url.scheme(), "https" | "http") || has_credentials {
            return Err(OutboundError::Url);
        }
        let port = url.port_or_known_default().ok_or(OutboundError::Url)?;
        let found: Vec<SocketAddr> = match url.host().ok_or(OutboundError::Url)? {
            Host::Ipv4(ip) => vec![SocketAddr::new(IpAddr::V4(ip), port)],
            Host::Ipv6(ip) => vec![SocketAddr::new(IpAddr::V6(ip), port)],
            Host::Domain(name) => tokio::net::lookup_host((name, port))
                .await
                .map_err(|_| OutboundError::Name)?
                .collect(),
        };
        if found.is_empty() {
            return Err(OutboundError::Name);
        }
        let mut reachable: Vec<SocketAddr> =
            found.into_iter().filter(|addr| self.may_reach(addr.ip(), url.scheme())).collect();
        reachable.truncate(MOST_ADDRESSES);
        match reachable.is_empty() {
            // `http` to a public address is a mistake in the URL and not a private address.
            true if url.scheme() == "http" && self.allowed.is_empty() => Err(OutboundError::Url),
            true => Err(OutboundError::Private),
            false => Ok(reachable),
        }
    }

    fn may_reach(&self, ip: IpAddr, scheme: &str) -> bool {
        let ip = ip.to_canonical();
        let is_allowed = self.allowed.iter().any(|network| network.contains(&ip));
        is_allowed || (scheme == "https" && is_public(ip))
    }

    async fn send_to_any(&self, request: OutboundRequest) -> Result<OutboundAnswer, OutboundError> {
        let addresses = self.resolve(&request.url).await?;
        let mut last = OutboundError::Name;
        for address in addresses {
            match self.send_to(&request, address).await {
                // Only where nothing was sent: a request may not be safe to make twice.
                Err(error @ OutboundError::Connect(_)) => last = error,
                done => return done,
            }
        }
        Err(last)
    }

    async fn send_to(
        &self,
        request: &OutboundRequest,
        address: SocketAddr,
    ) -> Result<OutboundAnswer, OutboundError> {
        let client = self.client();
        let mut outgoing =
            client.request(request.method.clone(), request.url.as_str()).address(address);
        for (name, value) in &request.headers {
            outgoing = outgoing.insert_header((name.as_str(), value.as_str()));
        }
        let mut answer =
            outgoing.send_body(request.body.clone()).await.map_err(|error| match error {
                SendRequestError::Timeout | SendRequestError::Connect(ConnectError::Timeout) => {
                    OutboundError::Timeout
                }
                SendRequestError::Connect(error) => OutboundError::Connect(error.to_string()),
                SendRequestError::Url(_) => OutboundError::Url,
                other => OutboundError::Answer(other.to_string()),
            })?;
        let header = |name: &str| {
            let value = answer.headers().get(name)?.to_str().ok()?;
            Some((name.to_owned(), value.to_owned()))
        };
        let headers = ["cache-control", "retry-after"].into_iter().filter_map(header).collect();
        let status = answer.status().as_u16();
        let body = answer.body().limit(request.limit_bytes).await.map_err(|error| match error {
            awc::error::PayloadError::Overflow => OutboundError::TooLarge,
            other => OutboundError::Answer(other.to_string()),
        })?;
        Ok(OutboundAnswer { status, headers, body: body.to_vec() })
    }

    fn client(&self) -> Client {
        let connector = awc::Connector::new()
            .rustls_0_23(Arc::clone(&self.tls))
            .timeout(CONNECT_TIMEOUT)
            .handshake_timeout(CONNECT_TIMEOUT);
        Client::builder()
            .connector(connector)
            .disable_timeout()
            .disable_redirects()
            .add_default_header(("user-agent", concat!("ringback/", env!("CARGO_PKG_VERSION"))))
            .finish()
    }
}

/// The authorities that the machine trusts, a company's own included; empty when it has none.
pub fn native_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

/// TLS as a client speaks it.
///
/// # Errors
/// When the library refuses its own settings.
pub fn tls_config(roots: RootCertStore) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

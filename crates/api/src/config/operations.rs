//! What an operator sets: metrics, traces, proxies, retention, and what untrusted floods may take.

use super::ConfigError;
use clap::Args;
use ipnet::IpNet;
use ringback_core::models::Micros;
use serde::Deserialize;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;

const DAY: Micros = 24 * 3600 * 1_000_000;
/// A century: more days than this are a typing error.
const MOST_DAYS: u32 = 36_525;

/// Flags and variables of this room.
#[derive(Args, Clone, Debug, Default)]
pub struct OperationsArgs {
    /// Address that serves `/metrics` and nothing else, without a credential
    #[arg(long, env = "RINGBACK_METRICS_BIND", value_name = "ADDR:PORT")]
    pub metrics_bind: Option<String>,
    /// Bearer token for `/metrics` beside the API tokens; not a flag that `ps` shows
    #[arg(long, env = "RINGBACK_METRICS_TOKEN", hide = true, hide_env_values = true)]
    pub metrics_token: Option<String>,
    /// Proxies whose `X-Forwarded-For` is believed: addresses or networks, separated by commas
    #[arg(long, env = "RINGBACK_TRUSTED_PROXIES", value_name = "NETWORKS")]
    pub trusted_proxies: Option<String>,
    /// Days that callbacks are kept, 0 for ever [default: 365]
    #[arg(long, env = "RINGBACK_KEEP_DAYS", value_name = "DAYS")]
    pub keep_days: Option<u32>,
    /// Days that callbacks which are not trusted are kept, 0 for ever [default: 30]
    #[arg(long, env = "RINGBACK_KEEP_UNTRUSTED_DAYS", value_name = "DAYS")]
    pub keep_untrusted_days: Option<u32>,
    /// Days that bodies are kept, 0 as long as their callbacks [default: 0]
    #[arg(long, env = "RINGBACK_KEEP_PAYLOAD_DAYS", value_name = "DAYS")]
    pub keep_payload_days: Option<u32>,
    /// Bytes that callbacks may take in the database, 0 without limit [default: 0]
    #[arg(long, env = "RINGBACK_KEEP_BYTES", value_name = "BYTES")]
    pub keep_bytes: Option<i64>,
    /// Untrusted deliveries a minute from one address to one source, 0 without limit [default: 1200]
    #[arg(long, env = "RINGBACK_UNTRUSTED_PER_MINUTE", value_name = "N")]
    pub untrusted_per_minute: Option<u32>,
    /// Bytes of untrusted bodies that a source may store in 24 hours; after that digests only, 0
    /// without limit [default: 1073741824]
    #[arg(long, env = "RINGBACK_UNTRUSTED_BYTES_PER_DAY", value_name = "BYTES")]
    pub untrusted_bytes_per_day: Option<i64>,
    /// OpenTelemetry collector that traces go to by OTLP over HTTP, like `http://127.0.0.1:4318`
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL")]
    pub otlp_endpoint: Option<String>,
}

/// The same in the file, in tables of their own.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct OperationsFile {
    metrics_bind: Option<String>,
    metrics_token: Option<String>,
    trusted_proxies: Option<Vec<String>>,
    keep_days: Option<u32>,
    keep_untrusted_days: Option<u32>,
    keep_payload_days: Option<u32>,
    keep_bytes: Option<i64>,
    untrusted_per_minute: Option<u32>,
    untrusted_bytes_per_day: Option<i64>,
    otlp_endpoint: Option<String>,
}

/// Who may read the metrics, and where.
#[derive(Clone, Default)]
pub struct MetricsConfig {
    /// An address of its own.
    pub bind: Option<SocketAddr>,
    /// A token beside the API tokens, which works while the database is away.
    pub token: Option<String>,
}

impl std::fmt::Debug for MetricsConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MetricsConfig").field("bind", &self.bind).finish_non_exhaustive()
    }
}

/// How long things are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetentionConfig {
    /// Every callback; `None` for ever.
    pub keep: Option<Micros>,
    /// Callbacks that are not trusted; `None` for ever.
    pub keep_untrusted: Option<Micros>,
    /// Bodies; `None` as long as their callbacks.
    pub keep_payload: Option<Micros>,
    /// What callbacks may take in the database; `None` without limit.
    pub keep_bytes: Option<i64>,
}

/// What deliveries that are not trusted may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FloodConfig {
    /// From one address to one source in a minute.
    pub per_minute: Option<NonZeroU32>,
    /// Bytes of bodies for one source in 24 hours.
    pub bytes_per_day: Option<i64>,
}

/// All of it, checked.
#[derive(Clone, Debug, Default)]
pub struct OperationsConfig {
    /// Metrics.
    pub metrics: MetricsConfig,
    /// Proxies that are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Retention.
    pub retention: RetentionConfig,
    /// Floods.
    pub floods: FloodConfig,
    /// Where traces go.
    pub otlp_endpoint: Option<url::Url>,
}

impl Default for RetentionConfig {
    fn default() -> Self {
        Self {
            keep: Some(365 * DAY),
            keep_untrusted: Some(30 * DAY),
            keep_payload: None,
            keep_bytes: None,
        }
    }
}

impl Default for FloodConfig {
    fn default() -> Self {
        Self { per_minute: NonZeroU32::new(1200), bytes_per_day: Some(1 << 30) }
    }
}

impl OperationsConfig {
    pub(super) fn load(args: &OperationsArgs, file: &OperationsFile) -> Result<Self, ConfigError> {
        let bind = args.metrics_bind.as_ref().or(file.metrics_bind.as_ref());
        let bind = bind.filter(|text| !text.is_empty()).map(|text| text.parse()).transpose()?;
        let token = args.metrics_token.clone().or_else(|| file.metrics_token.clone());
        let token = token.filter(|token| !token.is_empty());
        if token.as_ref().is_some_and(|token| token.len() < 16) {
            return Err(ConfigError::Value("the metrics token takes 16 characters or more".into()));
        }
        let proxies = match &args.trusted_proxies {
            Some(list) => list.split(',').map(ToOwned::to_owned).collect(),
            None => file.trusted_proxies.clone().unwrap_or_default(),
        };
        let endpoint = args.otlp_endpoint.as_ref().or(file.otlp_endpoint.as_ref());
        let endpoint = endpoint.filter(|text| !text.is_empty());
        // Plain http: the collector stands beside the server.
        let parse = |text: &String| {
            url::Url::parse(text).ok().filter(|url| url.scheme() == "http").ok_or_else(|| {
                ConfigError::Value("the OTLP endpoint is not like http://127.0.0.1:4318".into())
            })
        };
        let otlp_endpoint = endpoint.map(parse).transpose()?;
        Ok(Self {
            metrics: MetricsConfig { bind, token },
            trusted_proxies: parse_networks(&proxies)?,
            retention: RetentionConfig::load(args, file)?,
            floods: FloodConfig::load(args, file)?,
            otlp_endpoint,
        })
    }
}

impl RetentionConfig {
    fn load(args: &OperationsArgs, file: &OperationsFile) -> Result<Self, ConfigError> {
        let usual = Self::default();
        Ok(Self {
            keep: days("keep_days", args.keep_days.or(file.keep_days), usual.keep)?,
            keep_untrusted: days(
                "keep_untrusted_days",
                args.keep_untrusted_days.or(file.keep_untrusted_days),
                usual.keep_untrusted,
            )?,
            keep_payload: days(
                "keep_payload_days",
                args.keep_payload_days.or(file.keep_payload_days),
                usual.keep_payload,
            )?,
            keep_bytes: bytes("keep_bytes", args.keep_bytes.or(file.keep_bytes), usual.keep_bytes)?,
        })
    }
}

impl FloodConfig {
    fn load(args: &OperationsArgs, file: &OperationsFile) -> Result<Self, ConfigError> {
        let usual = Self::default();
        let per_minute = args.untrusted_per_minute.or(file.untrusted_per_minute);
        Ok(Self {
            per_minute: per_minute.map_or(usual.per_minute, NonZeroU32::new),
            bytes_per_day: bytes(
                "untrusted_bytes_per_day",
                args.untrusted_bytes_per_day.or(file.untrusted_bytes_per_day),
                usual.bytes_per_day,
            )?,
        })
    }
}

fn days(
    name: &str,
    given: Option<u32>,
    usual: Option<Micros>,
) -> Result<Option<Micros>, ConfigError> {
    match given {
        None => Ok(usual),
        Some(0) => Ok(None),
        Some(days) if days <= MOST_DAYS => Ok(Some(Micros::from(days) * DAY)),
        Some(days) => Err(ConfigError::Value(format!("{name} takes 0 to {MOST_DAYS}, not {days}"))),
    }
}

fn bytes(name: &str, given: Option<i64>, usual: Option<i64>) -> Result<Option<i64>, ConfigError> {
    match given {
        None => Ok(usual),
        Some(0) => Ok(None),
        Some(bytes) if bytes > 0 => Ok(Some(bytes)),
        Some(bytes) => Err(ConfigError::Value(format!("{name} takes 0 or more, not {bytes}"))),
    }
}

/// Addresses are networks of one.
fn parse_networks(list: &[String]) -> Result<Vec<IpNet>, ConfigError> {
    let parse = |text: &str| {
        text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
    };
    list.iter()
        .map(|text| text.trim())
        .filter(|text| !text.is_empty())
        .map(|text| {
            parse(text).ok_or_else(|| {
                ConfigError::Value(format!(
                    "a trusted proxy is an address or a network like 10.0.0.0/8, not {text:?}"
                ))
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(change: impl FnOnce(&mut OperationsArgs)) -> Result<OperationsConfig, ConfigError> {
        let mut args = OperationsArgs::default();
        change(&mut args);
        OperationsConfig::load(&args, &OperationsFile::default())
    }

    #[test]
    fn zero_means_for_ever_and_nothing_means_the_usual() {
        let usual = load(|_| {}).unwrap();
        assert_eq!(usual.retention.keep, Some(365 * DAY));
        assert_eq!(usual.floods, FloodConfig::default());
        let none = load(|args| {
            args.keep_days = Some(0);
            args.keep_untrusted_days = Some(0);
            args.untrusted_per_minute = Some(0);
            args.untrusted_bytes_per_day = Some(0);
        });
        let none = none.unwrap();
        assert_eq!((none.retention.keep, none.retention.keep_untrusted), (None, None));
        assert_eq!(none.floods, FloodConfig { per_minute: None, bytes_per_day: None });
    }

    #[test]
    fn a_value_that_cannot_be_meant_is_refused_by_name() {
        for (change, part) in [
            ((|a| a.keep_days = Some(1_000_000)) as fn(&mut OperationsArgs), "keep_days"),
            (|a| a.keep_bytes = Some(-1), "keep_bytes"),
            (|a| a.trusted_proxies = Some("10.0.0.0/8,proxy".into()), "proxy"),
            (|a| a.metrics_token = Some("short".into()), "16"),
            (|a| a.otlp_endpoint = Some("collector".into()), "4318"),
        ] {
            let error = load(change).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn proxies_are_addresses_and_networks() {
        let config = load(|args| args.trusted_proxies = Some("127.0.0.1, 10.0.0.0/8,::1".into()));
        let proxies = config.unwrap().trusted_proxies;
        assert!(proxies[0].contains(&IpAddr::from([127, 0, 0, 1])));
        assert!(!proxies[0].contains(&IpAddr::from([127, 0, 0, 2])));
        assert!(proxies[1].contains(&IpAddr::from([10, 9, 8, 7])));
    }
}

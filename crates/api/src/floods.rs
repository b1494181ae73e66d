//! What deliveries that are not trusted may take, so that a flood of them crowds nobody out.
//!
//! Three bounds, none of which a genuine delivery meets: so many in a minute for each address and
//! for each source (then 429), so many bytes of bodies in a day for each source (then the digest
//! alone is kept), and one thread for checking the signatures of an address that was just refused.
//! A genuine delivery from such an address waits for that thread and is then taken.

use crate::config::FloodConfig;
use crate::error::ApiError;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use ringback_core::models::Micros;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, SemaphorePermit};

/// A source takes as much as this many addresses.
const ADDRESSES_FOR_SOURCE: NonZeroU32 = NonZeroU32::new(10).expect("10 is not zero");
/// Addresses that are counted one by one; beyond, they share one count for each source.
const ADDRESSES: usize = 100_000;
/// Addresses that are remembered as refused.
const SUSPECTS: usize = 4096;
/// How long an address is suspect after it was refused.
const SUSPECT_FOR: Duration = Duration::from_secs(10);
/// Requests of suspects that may wait for their check.
const LANE: usize = 256;
const HOUR: Micros = 3_600_000_000;

/// The counts of one server.
pub struct Floods {
    addresses: Option<DefaultKeyedRateLimiter<(String, IpAddr)>>,
    sources: Option<DefaultKeyedRateLimiter<String>>,
    clock: DefaultClock,
    suspects: Mutex<HashMap<(String, IpAddr), Instant>>,
    lane: Semaphore,
    in_lane: AtomicUsize,
    bytes_per_day: Option<i64>,
    budgets: Mutex<HashMap<String, Budget>>,
}

/// What a source has used of its bytes.
#[derive(Clone, Debug, Default)]
struct Budget {
    /// As the database counted it, for all nodes together, and when.
    counted: i64,
    /// What this node took since, with evidence, which the database does not count: by hour.
    taken: [(Micros, i64); 24],
}

impl Budget {
    fn take(&mut self, now: Micros, bytes: i64) {
        let hour = now.div_euclid(HOUR);
        let slot = &mut self.taken[usize::try_from(hour.rem_euclid(24)).unwrap_or(0)];
        if slot.0 != hour {
            *slot = (hour, 0);
        }
        slot.1 += bytes;
    }

    fn used(&self, now: Micros) -> i64 {
        let oldest = now.div_euclid(HOUR) - 23;
        let here = self.taken.iter().filter(|(hour, _)| *hour >= oldest).map(|(_, bytes)| bytes);
        self.counted.max(here.sum())
    }
}

/// A place in the lane of suspects, given back when it is dropped.
pub struct Lane<'a> {
    _permit: SemaphorePermit<'a>,
    in_lane: &'a AtomicUsize,
}

impl Drop for Lane<'_> {
    fn drop(&mut self) {
        self.in_lane.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Floods {
    /// Starts with nobody counted.
    pub fn new(config: FloodConfig) -> Self {
        let for_source = |n: NonZeroU32| n.saturating_mul(ADDRESSES_FOR_SOURCE);
        Self {
            addresses: config.per_minute.map(|n| RateLimiter::keyed(Quota::per_minute(n))),
            sources: config
                .per_minute
                .map(|n| RateLimiter::keyed(Quota::per_minute(for_source(n)))),
            clock: DefaultClock::default(),
            suspects: Mutex::default(),
            lane: Semaphore::new(1),
            in_lane: AtomicUsize::new(0),
            bytes_per_day: config.bytes_per_day,
            budgets: Mutex::default(),
        }
    }

    /// Counts an untrusted delivery to a source.
    ///
    /// # Errors
    /// The seconds to wait, at least 1, when there were too many from there or to there.
    pub fn admit(&self, source: &str, addr: Option<IpAddr>) -> Result<(), u64> {
        let (Some(addresses), Some(sources)) = (&self.addresses, &self.sources) else {
            return Ok(());
        };
        let addr = addr.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), network);
        let counted =
            if addresses.len() < ADDRESSES { addr } else { IpAddr::V6(Ipv6Addr::LOCALHOST) };
        let admitted = addresses
            .check_key(&(source.to_owned(), counted))
            .and_then(|()| sources.check_key(&source.to_owned()));
        admitted.map_err(|not_until| {
            self.suspect(source, addr);
            not_until.wait_time_from(self.clock.now()).as_secs().saturating_add(1)
        })
    }

    fn suspect(&self, source: &str, addr: IpAddr) {
        let mut suspects = lock(&self.suspects);
        if suspects.len() >= SUSPECTS {
            suspects.retain(|_, since| since.elapsed() < SUSPECT_FOR);
        }
        if suspects.len() < SUSPECTS {
            suspects.insert((source.to_owned(), addr), Instant::now());
        }
    }

    /// True for an address that was refused a moment ago.
    pub fn is_suspect(&self, source: &str, addr: Option<IpAddr>) -> bool {
        let Some(addr) = addr else { return false };
        let suspects = lock(&self.suspects);
        let since = suspects.get(&(source.to_owned(), network(addr)));
        since.is_some_and(|since| since.elapsed() < SUSPECT_FOR)
    }

    /// Waits for the one place where signatures of suspects are checked.
    ///
    /// # Errors
    /// 503 when too many wait: the sender keeps the callback and tries again.
    pub async fn enter_lane(&self) -> Result<Lane<'_>, ApiError> {
        if self.in_lane.fetch_add(1, Ordering::Relaxed) >= LANE {
            self.in_lane.fetch_sub(1, Ordering::Relaxed);
            return Err(ApiError::Unavailable(None));
        }
        let permit = self.lane.acquire().await.map_err(ApiError::internal)?;
        Ok(Lane { _permit: permit, in_lane: &self.in_lane })
    }

    /// Takes the bytes of an untrusted body out of its source's budget; false when it is used up
    /// and the digest alone is to be kept.
    pub fn take_bytes(&self, source: &str, bytes: i64, now: Micros) -> bool {
        let Some(limit) = self.bytes_per_day else { return true };
        let mut budgets = lock(&self.budgets);
        let budget = budgets.entry(source.to_owned()).or_default();
        let fits = budget.used(now) + bytes <= limit;
        if fits {
            budget.take(now, bytes);
            budget.counted += bytes;
        }
        fits
    }

    /// Sets what the database counted for each source in the last 24 hours.
    pub fn set_counted(&self, counted: &[(String, i64)]) {
        let mut budgets = lock(&self.budgets);
        for budget in budgets.values_mut() {
            budget.counted = 0;
        }
        for (source, bytes) in counted {
            budgets.entry(source.clone()).or_default().counted = *bytes;
        }
    }

    /// Lets go of everybody who is not counted any more.
    pub fn forget_idle(&self) {
        if let Some(addresses) = &self.addresses {
            addresses.retain_recent();
        }
        if let Some(sources) = &self.sources {
            sources.retain_recent();
        }
        lock(&self.suspects).retain(|_, since| since.elapsed() < SUSPECT_FOR);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Who has one IPv6 address has 2^64 of them, so the network is what is counted.
fn network(addr: IpAddr) -> IpAddr {
    match addr.to_canonical() {
        IpAddr::V6(addr) => {
            let [a, b, c, d, ..] = addr.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floods(per_minute: u32, bytes_per_day: i64) -> Floods {
        Floods::new(FloodConfig {
            per_minute: NonZeroU32::new(per_minute),
            bytes_per_day: Some(bytes_per_day),
        })
    }

    fn addr(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_that_runs_out_is_told_to_wait_and_others_are_not() {
        let floods = floods(3, 1);
        for _ in 0..3 {
            assert_eq!(floods.admit("a", Some(addr("192.0.2.1"))), Ok(()));
        }
        let wait = floods.admit("a", Some(addr("192.0.2.1"))).unwrap_err();
        assert!((1..=60).contains(&wait), "{wait}");
        assert!(floods.is_suspect("a", Some(addr("192.0.2.1"))));
        assert_eq!(floods.admit("a", Some(addr("192.0.2.2"))), Ok(()));
        assert_eq!(floods.admit("b", Some(addr("192.0.2.1"))), Ok(()));
        assert!(!floods.is_suspect("b", Some(addr("192.0.2.1"))));
    }

    #[test]
    fn many_addresses_together_run_out_as_well() {
        let floods = floods(2, 1);
        let flood = |from: u8| floods.admit("a", Some(addr(&format!("192.0.2.{from}"))));
        let admitted = (0..100).filter(|from| flood(*from).is_ok()).count();
        assert_eq!(admitted, 20);
    }

    #[test]
    fn a_whole_network_of_ipv6_is_one_sender() {
        let floods = floods(2, 1);
        assert!(floods.admit("a", Some(addr("2001:db8::1"))).is_ok());
        assert!(floods.admit("a", Some(addr("2001:db8::2"))).is_ok());
        assert!(floods.admit("a", Some(addr("2001:db8::3"))).is_err());
        assert!(floods.admit("a", Some(addr("2001:db8:0:1::3"))).is_ok());
    }

    #[test]
    fn a_budget_that_is_used_up_comes_back_after_a_day() {
        let floods = floods(1, 100);
        assert!(floods.take_bytes("a", 60, 0));
        assert!(!floods.take_bytes("a", 60, HOUR), "it does not fit");
        assert!(floods.take_bytes("a", 40, HOUR));
        assert!(floods.take_bytes("b", 60, HOUR));
        floods.set_counted(&[]);
        assert!(!floods.take_bytes("a", 1, 23 * HOUR), "the database does not count evidence");
        assert!(floods.take_bytes("a", 60, 24 * HOUR), "the first hour is over");
        floods.set_counted(&[("a".to_owned(), 100)]);
        assert!(!floods.take_bytes("a", 1, 72 * HOUR), "other nodes have used it up");
    }

    #[actix_web::test]
    async fn suspects_are_checked_one_at_a_time_and_only_so_many_wait() {
        let floods = floods(1, 1);
        let first = floods.enter_lane().await.unwrap();
        assert_eq!(floods.lane.available_permits(), 0);
        floods.in_lane.store(LANE, Ordering::Relaxed);
        assert!(matches!(floods.enter_lane().await, Err(ApiError::Unavailable(None))));
        drop(first);
        assert_eq!(floods.lane.available_permits(), 1);
    }
}

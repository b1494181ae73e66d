//! Slows down guessing: so many sign-in attempts for each address and for each name.

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::num::NonZeroU32;

const FOR_EACH_ADDRESS: NonZeroU32 = NonZeroU32::new(30).expect("30 is not zero");
const FOR_EACH_NAME: NonZeroU32 = NonZeroU32::new(10).expect("10 is not zero");

/// Counts attempts. A burst is free, after it one attempt every few seconds.
pub struct SignInThrottle {
    addresses: DefaultKeyedRateLimiter<String>,
    names: DefaultKeyedRateLimiter<String>,
    clock: DefaultClock,
}

impl SignInThrottle {
    /// Starts with nobody counted.
    pub fn new() -> Self {
        Self {
            addresses: RateLimiter::keyed(Quota::per_minute(FOR_EACH_ADDRESS)),
            names: RateLimiter::keyed(Quota::per_minute(FOR_EACH_NAME)),
            clock: DefaultClock::default(),
        }
    }

    /// Counts an attempt.
    ///
    /// # Errors
    /// The seconds to wait, at least 1, when there were too many.
    pub fn check(&self, address: &str, name: &str) -> Result<(), u64> {
        // A very long name is no reason to keep it.
        let name: String = name.chars().take(64).collect();
        for (limiter, key) in [(&self.addresses, address.to_owned()), (&self.names, name)] {
            if let Err(not_until) = limiter.check_key(&key) {
                let wait = not_until.wait_time_from(self.clock.now());
                return Err(wait.as_secs().saturating_add(1));
            }
        }
        Ok(())
    }

    /// Lets go of everybody whose burst is free again.
    pub fn forget_idle(&self) {
        self.addresses.retain_recent();
        self.names.retain_recent();
    }
}

impl Default for SignInThrottle {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_runs_out_and_another_does_not() {
        let throttle = SignInThrottle::new();
        for _ in 0..FOR_EACH_NAME.get() {
            assert_eq!(throttle.check("a", "ada"), Ok(()));
        }
        assert!(throttle.check("b", "ada").is_err_and(|wait| wait >= 1));
        assert_eq!(throttle.check("b", "bob"), Ok(()));
    }
}

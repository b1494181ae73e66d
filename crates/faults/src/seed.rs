//! Chance that can be repeated: the same seed gives the same numbers in every version.

use std::time::Duration;

/// A generator (`SplitMix64`, Steele, Lea and Flood 2014). It is written out because a library may
/// change its stream with a release, and then a kept seed would repeat nothing.
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    /// Starts from a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not zero.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// A time from `from` to `to`.
    pub(crate) fn between(&mut self, from: Duration, to: Duration) -> Duration {
        let span = u64::try_from(to.saturating_sub(from).as_micros()).unwrap_or(u64::MAX);
        from + Duration::from_micros(self.below(span.max(1)))
    }

    /// A generator of its own for a part, so that the parts do not disturb each other.
    pub(crate) fn fork(&self, part: &str) -> Self {
        let mut seed = self.0;
        for byte in part.bytes() {
            seed = (seed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Self(Self(seed).next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_its_numbers_and_parts_do_not_disturb_each_other() {
        let mut first = Chance::new(0);
        // The first number of SplitMix64 from the seed 0, as published.
        assert_eq!(first.next(), 0xe220_a839_7b1d_cdaf);
        let (mut one, mut other) = (Chance::new(7).fork("a"), Chance::new(7).fork("b"));
        assert_ne!(one.next(), other.next());
        assert_eq!(Chance::new(7).fork("a").below(10), Chance::new(7).fork("a").below(10));
    }
}

//! Searching in bytes, a payload's or a title's: ASCII letters in either case, all others exactly.

/// More matches than this are counted no further.
pub const MOST: usize = 10_000;

/// What is searched for, and where it was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Find {
    length: usize,
    matches: Vec<u32>,
    current: usize,
}

impl Find {
    /// Searches; an empty text finds nothing.
    pub fn new(bytes: &[u8], text: &str) -> Self {
        let wanted = text.as_bytes().to_ascii_lowercase();
        let Some((&first, rest)) = wanted.split_first() else { return Self::default() };
        let mut matches = Vec::new();
        let mut at = 0;
        while let Some(step) = bytes
            .get(at..)
            .and_then(|from| from.iter().position(|byte| byte.to_ascii_lowercase() == first))
        {
            at += step;
            let Some(tail) = bytes.get(at + 1..at + wanted.len()) else { break };
            if tail.eq_ignore_ascii_case(rest) {
                matches.push(u32::try_from(at).unwrap_or(u32::MAX));
                if matches.len() == MOST {
                    break;
                }
                at += wanted.len();
            } else {
                at += 1;
            }
        }
        Self { length: wanted.len(), matches, current: 0 }
    }

    /// How many there are, [`MOST`] at the most.
    pub fn count(&self) -> usize {
        self.matches.len()
    }

    /// The place of the current one among all, from one.
    pub fn place(&self) -> usize {
        self.current + 1
    }

    /// Where the current one begins and ends.
    pub fn current(&self) -> Option<(usize, usize)> {
        self.matches.get(self.current).map(|at| (*at as usize, *at as usize + self.length))
    }

    /// Goes to the next one or back, round and round.
    pub fn step(&mut self, forward: bool) {
        let count = self.matches.len().max(1);
        self.current = (self.current + if forward { 1 } else { count - 1 }) % count;
    }

    /// The matches that touch a range, each with its ends and whether it is the current one.
    pub fn within(&self, start: usize, end: usize) -> Vec<(usize, usize, bool)> {
        let first =
            self.matches.partition_point(|at| (*at as usize).saturating_add(self.length) <= start);
        (first..self.matches.len())
            .map(|place| (self.matches[place] as usize, place == self.current))
            .take_while(|(at, _)| *at < end)
            .map(|(at, current)| (at.max(start), (at + self.length).min(end), current))
            .collect()
    }
}

/// True when a text holds another, which is not empty. The standard library's search would be a
/// kilobyte more.
pub fn holds(text: &str, part: &str) -> bool {
    Find::new(text.as_bytes(), part).count() > 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn letters_are_found_in_either_case_and_one_goes_round() {
        let mut find = Find::new(b"Batch, batch and BATCHES", "batch");
        assert_eq!((find.count(), find.place(), find.current()), (3, 1, Some((0, 5))));
        find.step(false);
        assert_eq!((find.place(), find.current()), (3, Some((17, 22))));
        find.step(true);
        assert_eq!(find.place(), 1);
        assert_eq!(Find::new(b"x", "").count(), 0);
        assert_eq!(Find::new("é".as_bytes(), "é").count(), 1);
    }

    #[test]
    fn a_match_is_marked_in_every_range_that_it_touches() {
        let find = Find::new(b"....abcd....", "abcd");
        assert_eq!(find.within(0, 6), [(4, 6, true)]);
        assert_eq!(find.within(6, 12), [(6, 8, true)]);
        assert_eq!(find.within(8, 12), []);
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_a_naive_search_finds(text in "[abAB]{0,40}", wanted in "[ab]{1,3}") {
            let lower = text.to_ascii_lowercase();
            let naive: Vec<usize> = lower.match_indices(&wanted).map(|(at, _)| at).collect();
            let find = Find::new(text.as_bytes(), &wanted);
            let found: Vec<usize> = find.matches.iter().map(|at| *at as usize).collect();
            prop_assert_eq!(found, naive);
        }
    }
}

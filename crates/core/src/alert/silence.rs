//! When a source is silent for longer than it usually is.
//!
//! What is usual is read from the hours of the last fourteen days in which something came: nights and
//! weekends are in there, so a source that rests on Sundays is not missed on Sundays. The hour is the
//! grain, because the hourly roll-up is what is kept of every source at no cost.

use crate::models::Micros;

const HOUR: Micros = 3_600_000_000;
/// How far back one looks.
pub const LOOK_BACK: Micros = 14 * 24 * HOUR;
/// A source that was heard in fewer hours has no habit yet.
const FEWEST_HOURS: usize = 12;
/// Nor has one that is known for less than this.
const SHORTEST_HABIT: Micros = 3 * 24 * HOUR;

/// Gives the hour from which a source is missed, when it is missed now.
///
/// `hours` are the starts of the hours in which something came, oldest first, without repeats.
pub fn missed_since(hours: &[Micros], now: Micros) -> Option<Micros> {
    let (first, last) = (*hours.first()?, *hours.last()?);
    if hours.len() < FEWEST_HOURS || last - first < SHORTEST_HABIT {
        return None;
    }
    let longest = hours.windows(2).map(|pair| pair[1] - pair[0]).max()?;
    // Half as long again, and at least two hours more: a habit is no timetable.
    let patience = longest + (longest / 2).max(2 * HOUR);
    let silent_since = last + HOUR;
    (now - silent_since >= patience).then_some(silent_since)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Micros = 24 * HOUR;

    /// Hours of fourteen days in which something comes.
    fn hours(comes: impl Fn(i64, i64) -> bool) -> Vec<Micros> {
        let all = (0..14 * 24).filter(|hour| comes(hour / 24, hour % 24));
        all.map(|hour| hour * HOUR).collect()
    }

    #[test]
    fn a_steady_source_is_missed_within_hours() {
        let hours = hours(|_, _| true);
        let end = 14 * DAY;
        assert_eq!(missed_since(&hours, end + 2 * HOUR), None);
        assert_eq!(missed_since(&hours, end + 3 * HOUR), Some(end));
    }

    #[test]
    fn a_source_that_rests_at_night_and_on_weekends_is_not_missed_then() {
        let works = |day: i64, hour: i64| day % 7 < 5 && (8..18).contains(&hour);
        let hours = hours(works);
        let friday_evening = 11 * DAY + 18 * HOUR;
        assert_eq!(missed_since(&hours, friday_evening + 62 * HOUR), None, "Monday morning");
        assert!(missed_since(&hours, friday_evening + 4 * DAY).is_some(), "Tuesday evening");
    }

    #[test]
    fn a_source_without_a_habit_is_not_missed() {
        assert_eq!(missed_since(&[], 100 * DAY), None);
        assert_eq!(missed_since(&[0, HOUR], 100 * DAY), None);
        let young: Vec<Micros> = (0..48).map(|hour| hour * HOUR).collect();
        assert_eq!(missed_since(&young, 100 * DAY), None);
    }
}

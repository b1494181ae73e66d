//! Who is told where and when: what each user prefers, followed.
//!
//! A channel gets a notice when at least one admin wants it there, at the earliest time that one of
//! them wants it. So what two admins chose is told once, and nobody's quiet hours silence another.

use super::Condition;
use crate::models::Micros;
use jiff::civil::Time;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan, ZonedDateTime};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Minutes in a day.
const DAY_MINUTES: u16 = 24 * 60;

/// When a user is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Digest {
    /// As it happens.
    #[default]
    AtOnce,
    /// All of an hour together, at its end.
    Hourly,
    /// All of a day together, at a minute of the day.
    Daily(u16),
}

/// From a minute of the day until another; over midnight when the second is the smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuietHours {
    /// First minute, 0 to 1439.
    pub from_minute: u16,
    /// The minute after the last.
    pub to_minute: u16,
}

/// What a user wants to be told, where and when. The default is everything, everywhere, at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Routing {
    /// Names of the conditions that are not told.
    pub off: BTreeSet<String>,
    /// The channels, by key; `None` for all.
    pub channels: Option<BTreeSet<i64>>,
    /// When nothing is told; what waits is told together at the end.
    pub quiet_hours: Option<QuietHours>,
    /// An IANA name; empty for UTC.
    pub time_zone: String,
    /// At once or together.
    pub digest: Digest,
}

/// The zone of an IANA name, from the rules that are built in: every node reads the same clock.
pub fn find_time_zone(name: &str) -> Option<TimeZone> {
    if name.is_empty() {
        return Some(TimeZone::UTC);
    }
    TimeZoneDatabase::bundled().get(name).ok()
}

impl Routing {
    /// True when the user wants a condition told on a channel.
    pub fn wants(&self, condition: Condition, channel: i64) -> bool {
        !self.off.contains(condition.name())
            && self.channels.as_ref().is_none_or(|channels| channels.contains(&channel))
    }

    /// When what is said now is told.
    pub fn due_at(&self, now: Micros) -> Micros {
        let zone = find_time_zone(&self.time_zone).unwrap_or(TimeZone::UTC);
        let Ok(now_at) = Timestamp::from_microsecond(now) else { return now };
        let at = now_at.to_zoned_datetime(zone);
        let due = match self.digest {
            Digest::AtOnce => Some(at),
            Digest::Hourly => next_hour(&at),
            Digest::Daily(minute) => next_time(&at, minute),
        };
        let due = due.map(|due| self.after_quiet_hours(due));
        due.map_or(now, |due| due.timestamp().as_microsecond().max(now))
    }

    fn after_quiet_hours(&self, at: ZonedDateTime) -> ZonedDateTime {
        let Some(QuietHours { from_minute, to_minute }) = self.quiet_hours else { return at };
        let minute = minute_of(&at);
        let is_quiet = if from_minute <= to_minute {
            (from_minute..to_minute).contains(&minute)
        } else {
            minute >= from_minute || minute < to_minute
        };
        if is_quiet { next_time(&at, to_minute).unwrap_or(at) } else { at }
    }
}

fn minute_of(at: &ZonedDateTime) -> u16 {
    u16::from(at.hour().unsigned_abs()) * 60 + u16::from(at.minute().unsigned_abs())
}

fn next_hour(at: &ZonedDateTime) -> Option<ZonedDateTime> {
    let start = at.with().minute(0).second(0).subsec_nanosecond(0).build().ok()?;
    start.checked_add(1.hour()).ok()
}

/// The next time that the zone's clocks show a minute of the day; one that they skip is told after
/// the gap.
fn next_time(at: &ZonedDateTime, minute: u16) -> Option<ZonedDateTime> {
    let minute = minute % DAY_MINUTES;
    let time =
        Time::new(i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?, 0, 0).ok()?;
    let today = at.date().to_datetime(time).to_zoned_datetime(at.time_zone().clone()).ok()?;
    if today > *at {
        return Some(today);
    }
    at.date().tomorrow().ok()?.to_datetime(time).to_zoned_datetime(at.time_zone().clone()).ok()
}

/// Gives for each channel when it is told of a condition; a channel that nobody wants is not there.
pub fn plan(
    condition: Condition,
    now: Micros,
    channels: &[i64],
    users: &[Routing],
) -> BTreeMap<i64, Micros> {
    let earliest = |channel: i64| {
        let who = users.iter().filter(|user| user.wants(condition, channel));
        who.map(|user| user.due_at(now)).min()
    };
    channels.iter().filter_map(|&id| earliest(id).map(|due| (id, due))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn micros(time: &str) -> Micros {
        time.parse::<Timestamp>().unwrap().as_microsecond()
    }

    fn due(routing: &Routing, now: &str) -> String {
        Timestamp::from_microsecond(routing.due_at(micros(now))).unwrap().to_string()
    }

    fn quiet(from: u16, to: u16, zone: &str) -> Routing {
        Routing {
            quiet_hours: Some(QuietHours { from_minute: from * 60, to_minute: to * 60 }),
            time_zone: zone.to_owned(),
            ..Routing::default()
        }
    }

    #[test]
    fn quiet_hours_hold_in_the_users_zone_also_over_midnight() {
        let berlin = quiet(22, 7, "Europe/Berlin");
        // 21:30Z is 22:30 in Berlin in winter.
        assert_eq!(due(&berlin, "2026-01-10T21:30:00Z"), "2026-01-11T06:00:00Z");
        assert_eq!(due(&berlin, "2026-01-10T03:00:00Z"), "2026-01-10T06:00:00Z");
        assert_eq!(due(&berlin, "2026-01-10T06:00:00Z"), "2026-01-10T06:00:00Z");
        assert_eq!(due(&berlin, "2026-01-10T20:59:59Z"), "2026-01-10T20:59:59Z");
        // 21:30Z is 23:30 in summer, and 07:00 is 05:00Z.
        assert_eq!(due(&berlin, "2026-07-10T21:30:00Z"), "2026-07-11T05:00:00Z");
        let noon = quiet(12, 14, "America/New_York");
        assert_eq!(due(&noon, "2026-01-10T17:30:00Z"), "2026-01-10T19:00:00Z");
    }

    #[test]
    fn a_time_that_the_clocks_skip_is_told_after_the_gap() {
        // On 29 March 2026 clocks in Berlin go from 02:00 to 03:00.
        let routing = Routing {
            digest: Digest::Daily(150),
            time_zone: "Europe/Berlin".to_owned(),
            ..Routing::default()
        };
        assert_eq!(due(&routing, "2026-03-28T22:00:00Z"), "2026-03-29T01:30:00Z");
    }

    #[test]
    fn a_digest_comes_at_the_hour_or_at_the_minute_of_the_day() {
        let hourly = Routing { digest: Digest::Hourly, ..Routing::default() };
        assert_eq!(due(&hourly, "2026-01-10T21:30:05Z"), "2026-01-10T22:00:00Z");
        // Kathmandu is 5:45 ahead: its hours end at a quarter past.
        let hourly = Routing { time_zone: "Asia/Kathmandu".to_owned(), ..hourly };
        assert_eq!(due(&hourly, "2026-01-10T21:30:05Z"), "2026-01-10T22:15:00Z");
        let daily = Routing { digest: Digest::Daily(9 * 60), ..Routing::default() };
        assert_eq!(due(&daily, "2026-01-10T08:00:00Z"), "2026-01-10T09:00:00Z");
        assert_eq!(due(&daily, "2026-01-10T09:00:00Z"), "2026-01-11T09:00:00Z");
    }

    #[test]
    fn a_digest_that_ends_in_quiet_hours_waits_for_their_end() {
        let routing = Routing { digest: Digest::Hourly, ..quiet(22, 7, "") };
        assert_eq!(due(&routing, "2026-01-10T21:30:00Z"), "2026-01-11T07:00:00Z");
    }

    #[test]
    fn a_zone_that_does_not_exist_is_found_out() {
        assert!(find_time_zone("Europe/Berlin").is_some() && find_time_zone("").is_some());
        assert!(find_time_zone("Mars/Olympus").is_none());
    }

    #[test]
    fn what_two_admins_want_is_told_once_at_the_earlier_time() {
        let now = micros("2026-01-10T23:00:00Z");
        let (ada, bob) = (quiet(22, 7, ""), Routing::default());
        assert_eq!(plan(Condition::Silent, now, &[1], &[ada.clone(), bob]), [(1, now)].into());
        let waits = plan(Condition::Silent, now, &[1], &[ada]);
        assert_eq!(waits, [(1, micros("2026-01-11T07:00:00Z"))].into());
    }

    #[test]
    fn a_channel_that_nobody_wants_for_a_condition_hears_nothing() {
        let ada = Routing { off: ["silent".to_owned()].into(), ..Routing::default() };
        let bob = Routing { channels: Some([2].into()), ..Routing::default() };
        let both = [ada, bob];
        assert_eq!(plan(Condition::Silent, 0, &[1, 2], &both), [(2, 0)].into());
        assert_eq!(plan(Condition::Storage, 0, &[1, 2], &both).len(), 2);
        assert_eq!(plan(Condition::Silent, 0, &[1, 2], &[]), BTreeMap::new());
    }
}

use super::*;

const SECOND: Micros = 1_000_000;

fn seen(count: i64, at: Micros) -> Seen {
    Seen { count, at, sample: None }
}

fn alert(condition: Condition) -> Alert {
    Alert::start(Key::new(condition, "default", "wrong"), seen(1, 0), None)
}

/// Plays a story: what happens at each time, a look each ten seconds, and what is told when.
fn play(
    condition: Condition,
    days: i64,
    happens: impl Fn(Micros) -> i64,
) -> Vec<(Micros, Telling)> {
    let mut current: Option<Alert> = None;
    let mut told = Vec::new();
    for round in 0..days * 8640 {
        let now = round * 10 * SECOND;
        let count = happens(now);
        if count > 0 {
            match &mut current {
                Some(alert) if alert.takes(now) => alert.add(seen(count, now)),
                before => {
                    let key = Key::new(condition, "default", "wrong");
                    *before = Some(Alert::start(key, seen(count, now), before.as_ref()));
                }
            }
        }
        if let Some(alert) = &mut current {
            told.extend(alert.step(now).map(|telling| (now, telling)));
        }
    }
    told
}

#[test]
fn a_single_event_is_told_once_and_its_end() {
    let told = play(Condition::BadSignature, 3, |now| i64::from(now == 0));
    assert_eq!(told, [(0, Telling::Started), (2 * HOUR, Telling::Resolved)]);
}

#[test]
fn a_storm_of_ten_thousand_within_an_hour_is_a_handful_of_messages() {
    // 28 each ten seconds: 10,080 in an hour.
    let told = play(Condition::BadSignature, 2, |now| if now < HOUR { 28 } else { 0 });
    let tellings: Vec<Telling> = told.iter().map(|(_, telling)| *telling).collect();
    assert_eq!(
        tellings,
        [Telling::Started, Telling::Grown, Telling::Grown, Telling::Resolved],
        "{told:?}"
    );
}

#[test]
fn what_goes_on_for_weeks_is_told_once_a_day() {
    let told = play(Condition::BadSignature, 14, |_| 1);
    let last_week = told.iter().filter(|(at, _)| *at >= 7 * DAY).count();
    assert!((6..=8).contains(&last_week), "{told:?}");
    assert!(told.len() < 24, "{told:?}");
}

#[test]
fn what_comes_and_goes_is_not_told_each_time() {
    // Every three hours for a week, and it resolves in between: 56 times.
    let told = play(Condition::BadSignature, 7, |now| i64::from(now % (3 * HOUR) == 0));
    assert!(told.len() <= 20, "{} {told:?}", told.len());
    let last_days = told.iter().filter(|(at, _)| *at >= 4 * DAY).count();
    assert!(last_days <= 6, "{told:?}");
}

#[test]
fn a_state_is_told_at_once_then_hourly_until_it_is_mended() {
    let mut alert = alert(Condition::NoSecret);
    let mut told = Vec::new();
    for minute in 0..=200 {
        told.extend(alert.step(minute * MINUTE).map(|telling| (minute, telling)));
    }
    let reminder = Telling::Reminder;
    assert_eq!(told, [(0, Telling::Started), (60, reminder), (120, reminder), (180, reminder)]);
    assert_eq!(alert.clear(201 * MINUTE), Some(Telling::Resolved));
    assert_eq!(alert.clear(202 * MINUTE), None);
    assert_eq!(alert.step(300 * MINUTE), None);
}

#[test]
fn a_state_that_is_back_is_told_soon_and_one_that_flickers_is_not_told_each_time() {
    let mut alert = alert(Condition::NoSecret);
    let mut told = 0;
    for minute in 0..24 * 60 {
        let now = minute * MINUTE;
        if minute % 4 == 0 {
            alert.add(seen(0, now));
        } else if minute % 4 == 2 {
            told += i64::from(alert.clear(now).is_some());
        }
        told += i64::from(alert.step(now).is_some());
    }
    assert!((2..=40).contains(&told), "told {told} times of 360");
    // And once it is steady again it is told.
    let now = 25 * HOUR;
    alert.add(seen(0, now));
    let until = (0..24).find_map(|hour| alert.step(now + hour * HOUR).map(|_| hour));
    assert!(until.is_some_and(|hours| hours <= 3), "{until:?}");
}

#[test]
fn who_acknowledged_is_not_reminded_and_hears_of_the_end() {
    let mut alert = alert(Condition::BadSignature);
    assert_eq!(alert.step(0), Some(Telling::Started));
    (alert.acknowledged_at, alert.acknowledged_by) = (Some(SECOND), Some("ada".to_owned()));
    alert.add(seen(10_000, HOUR));
    assert_eq!(alert.step(DAY.min(HOUR + HOUR)), None);
    assert_eq!(alert.step(3 * HOUR), Some(Telling::Resolved));
    // It comes back: that is news again.
    alert.add(seen(1, 12 * HOUR));
    assert_eq!(alert.acknowledged_at, None);
    assert_eq!(alert.step(12 * HOUR), Some(Telling::Again));
}

#[test]
fn nothing_is_told_while_muted_and_what_still_lasts_is_told_after() {
    let mut alert = alert(Condition::NoSecret);
    alert.muted_until = Some(5 * HOUR);
    for hour in 0..5 {
        assert_eq!(alert.step(hour * HOUR), None);
    }
    assert_eq!(alert.step(5 * HOUR), Some(Telling::Started));

    let mut alert = self::alert(Condition::BadSignature);
    alert.muted_until = Some(5 * HOUR);
    assert_eq!(alert.step(2 * HOUR), None, "it ends in silence");
    assert!(alert.resolved_at.is_some());
    let again = Alert::start(alert.key.clone(), seen(1, 3 * HOUR), Some(&alert));
    assert_eq!(again.muted_until, Some(5 * HOUR), "a mute outlives its alert");
}

#[test]
fn a_new_event_type_is_told_once_and_its_end_is_not() {
    let told = play(Condition::NewEventType, 4, |now| i64::from(now == HOUR));
    assert_eq!(told, [(HOUR, Telling::Started)]);
}

#[test]
fn a_clock_that_jumps_back_an_hour_repeats_nothing() {
    let mut alert = alert(Condition::NoSecret);
    assert_eq!(alert.step(10 * HOUR), Some(Telling::Started));
    for minute in 0..60 {
        assert_eq!(alert.step(9 * HOUR + minute * MINUTE), None);
    }
    assert_eq!(alert.step(11 * HOUR), Some(Telling::Reminder));
}

#[test]
fn every_condition_has_a_name_of_its_own() {
    for condition in Condition::ALL {
        assert_eq!(Condition::from_name(condition.name()), Some(*condition));
        assert!(!condition.rule().pauses.is_empty());
    }
}

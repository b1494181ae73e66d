//! Alerts: added to by every node, told by one, and what waits for each channel.

use crate::support::{HOUR, START, at_once, number, store, valid};
use ringback_core::alert::route::{Routing, plan};
use ringback_core::alert::{Alert, Condition, Key, Seen, Telling};
use ringback_core::connection::Connection;
use ringback_core::models::{Micros, NewDelivery, Role, Signature};
use ringback_core::queries::alerts::{
    Step, acknowledge_alert, count_unread_alerts, delete_alerts_before, find_alert,
    learn_event_types, list_active_hours, list_open_alerts, list_resolved_alerts,
    list_unknown_types, make_steps, mute_alert, record_seen,
};
use ringback_core::queries::channels::{
    ChannelKind, ChannelRow, NewChannel, claim_notices, count_waiting_notices, delete_channel,
    disable_channel, find_channel, forget_channel_secrets, give_up_notices, insert_channel,
    list_channels, list_due_channels, mark_channel_failed, mark_channel_sent,
    replace_channel_secret, reseal_channels,
};
use ringback_core::queries::preferences::{
    StoredPreferences, find_preferences, list_routings, replace_preferences,
};
use ringback_core::queries::users;
use ringback_testing::{for_each_backend, for_each_database};

const DAY: Micros = 24 * HOUR;

fn key() -> Key {
    Key::new(Condition::BadSignature, "default", "wrong")
}

fn record(conn: &mut Connection, key: Key, count: i64, at: Micros) {
    let seen = Seen { count, at, sample: Some(count) };
    record_seen(conn, &[(key, seen)]).expect("it is added");
}

fn channel(conn: &mut Connection, name: &str) -> i64 {
    let channel = NewChannel {
        name: name.to_owned(),
        kind: ChannelKind::Mail,
        target: "ops@example.com".to_owned(),
        secret: None,
    };
    insert_channel(conn, &channel, START).expect("it is added").expect("a new name")
}

/// What a node does each round: gives what it told.
fn step_all(conn: &mut Connection, now: Micros) -> Vec<Telling> {
    let steps = steps_of(conn, now);
    let made = make_steps(conn, steps, now).expect("the steps are made");
    made.into_iter().filter_map(|step| step.telling).collect()
}

fn steps_of(conn: &mut Connection, now: Micros) -> Vec<Step> {
    let channels: Vec<i64> = list_channels(conn).expect("read").iter().map(|c| c.id).collect();
    let routings = list_routings(conn).expect("read");
    let open = list_open_alerts(conn).expect("read");
    let step = |before: Alert| {
        let mut after = before.clone();
        let telling = after.step(now);
        let plan = plan(before.key.condition, now, &channels, &routings);
        (after != before).then_some(Step { before, after, telling, plan })
    };
    open.into_iter().filter_map(step).collect()
}

#[test]
fn what_happens_again_is_counted_on_one_alert_with_the_latest_sample() {
    for_each_backend(|conn| {
        record(conn, key(), 1, START);
        record(conn, key(), 41, START + HOUR);
        record(conn, Key::new(Condition::BadSignature, "default", "too_old"), 1, START);
        let open = list_open_alerts(conn).unwrap();
        assert_eq!(open.len(), 2, "one for each cause");
        let alert = open.iter().find(|alert| alert.key == key()).expect("it is open");
        assert_eq!((alert.count, alert.sample), (42, Some(41)));
        assert_eq!((alert.started_at, alert.last_at), (START, START + HOUR));
        assert_eq!(find_alert(conn, alert.id).unwrap().as_ref(), Some(alert));
    });
}

#[test]
fn what_many_nodes_see_at_once_is_one_alert_and_no_count_is_lost() {
    for_each_database(|database| {
        at_once(database, 6, |_, conn| {
            for n in 0..5 {
                record(conn, key(), 1, START + n);
            }
        });
        let open = list_open_alerts(&mut database.connect()).unwrap();
        assert_eq!(open.len(), 1);
        assert_eq!(open[0].count, 30);
    });
}

#[test]
fn of_many_nodes_that_tell_at_once_exactly_one_does() {
    for_each_database(|database| {
        let conn = &mut database.connect();
        channel(conn, "ops");
        for round in 0..3 {
            let cause = format!("round {round}");
            record(conn, Key::new(Condition::BadSignature, "default", &cause), 1, START);
            let steps = steps_of(conn, START);
            assert_eq!(steps.len(), 1);
            let told = at_once(database, 5, |_, conn| {
                make_steps(conn, steps.clone(), START).expect("no node fails").len()
            });
            assert_eq!(told.iter().sum::<usize>(), 1, "{told:?}");
        }
        assert_eq!(number(conn, "SELECT count(*) FROM alert_notices"), 3);
    });
}

#[test]
fn an_alert_is_not_over_when_it_happened_again_while_that_was_decided() {
    for_each_backend(|conn| {
        record(conn, key(), 1, START);
        step_all(conn, START);
        let over = steps_of(conn, START + 2 * HOUR);
        assert_eq!(over[0].telling, Some(Telling::Resolved));
        record(conn, key(), 1, START + 2 * HOUR);
        assert!(make_steps(conn, over, START + 2 * HOUR).unwrap().is_empty());
        assert_eq!(list_open_alerts(conn).unwrap().len(), 1);
    });
}

#[test]
fn what_is_told_does_not_depend_on_who_lives_on() {
    // The same story with the state in the database alone: each round could be another node.
    for_each_backend(|conn| {
        let mut told = Vec::new();
        for round in 0..60 {
            let now = START + round * HOUR / 6;
            if round < 12 {
                record(conn, key(), 100, now);
            }
            told.extend(step_all(conn, now));
            assert_eq!(step_all(conn, now), [], "a restart repeats nothing");
        }
        assert_eq!(told, [Telling::Started, Telling::Reminder, Telling::Resolved]);
        assert_eq!(list_open_alerts(conn).unwrap(), []);
        assert_eq!(list_resolved_alerts(conn, None, 10).unwrap()[0].count, 1200);
    });
}

#[test]
fn what_comes_back_within_a_day_opens_the_same_alert_and_later_a_new_one() {
    for_each_backend(|conn| {
        record(conn, key(), 1, START);
        let id = list_open_alerts(conn).unwrap()[0].id;
        step_all(conn, START);
        step_all(conn, START + 2 * HOUR);
        record(conn, key(), 1, START + 20 * HOUR);
        assert_eq!(list_open_alerts(conn).unwrap()[0].id, id);
        step_all(conn, START + 20 * HOUR);
        step_all(conn, START + 22 * HOUR);
        assert!(mute_alert(conn, id, Some(START + 9 * DAY)).unwrap());
        record(conn, key(), 1, START + 3 * DAY);
        let open = list_open_alerts(conn).unwrap();
        assert_ne!(open[0].id, id);
        assert_eq!(open[0].muted_until, Some(START + 9 * DAY), "the mute goes on");
        assert_eq!(list_resolved_alerts(conn, None, 10).unwrap().len(), 1);
        assert_eq!(list_resolved_alerts(conn, Some(id), 10).unwrap().len(), 0);
    });
}

#[test]
fn unread_are_those_open_that_nobody_took_note_of_and_nobody_muted() {
    for_each_backend(|conn| {
        for cause in ["a", "b", "c"] {
            record(conn, Key::new(Condition::Refused, "default", cause), 1, START);
        }
        let open = list_open_alerts(conn).unwrap();
        assert_eq!(count_unread_alerts(conn, START).unwrap(), 3);
        assert!(acknowledge_alert(conn, open[0].id, "ada", START).unwrap());
        assert!(!acknowledge_alert(conn, open[0].id, "bob", START).unwrap(), "ada did already");
        assert!(mute_alert(conn, open[1].id, Some(START + HOUR)).unwrap());
        assert_eq!(count_unread_alerts(conn, START).unwrap(), 1);
        assert_eq!(count_unread_alerts(conn, START + HOUR).unwrap(), 2, "the mute is over");
        assert!(
            !mute_alert(conn, 0, None).unwrap() && !acknowledge_alert(conn, 0, "ada", 0).unwrap()
        );
    });
}

#[test]
fn old_alerts_go_and_those_that_could_open_again_stay() {
    for_each_backend(|conn| {
        channel(conn, "ops");
        record(conn, key(), 1, START);
        step_all(conn, START);
        step_all(conn, START + 2 * HOUR);
        assert_eq!(delete_alerts_before(conn, i64::MAX, START + 3 * HOUR).unwrap(), 0);
        assert_eq!(delete_alerts_before(conn, START, START + 9 * DAY).unwrap(), 0);
        assert_eq!(delete_alerts_before(conn, START + DAY, START + 9 * DAY).unwrap(), 1);
        assert_eq!(number(conn, "SELECT count(*) FROM alert_notices"), 0);
    });
}

#[test]
fn what_is_due_is_claimed_once_and_told_together() {
    for_each_database(|database| {
        let conn = &mut database.connect();
        let id = channel(conn, "ops");
        for cause in ["a", "b"] {
            record(conn, Key::new(Condition::Refused, "default", cause), 1, START);
        }
        step_all(conn, START);
        let due = list_due_channels(conn, START).unwrap();
        let claimed = at_once(database, 4, |_, conn| {
            claim_notices(conn, &due[0], START).expect("a claim").len()
        });
        assert_eq!(claimed.iter().sum::<usize>(), 2, "{claimed:?}");
        assert_eq!(list_due_channels(conn, START).unwrap(), [], "it is under way");
        mark_channel_sent(conn, id, &[1, 2], START).unwrap();
        assert_eq!(list_due_channels(conn, START + DAY).unwrap(), []);
        assert_eq!(count_waiting_notices(conn).unwrap(), []);
    });
}

#[test]
fn a_channel_that_fails_is_tried_again_later_and_later_and_says_why() {
    for_each_backend(|conn| {
        let id = channel(conn, "ops");
        record(conn, key(), 1, START);
        step_all(conn, START);
        let mut now = START;
        let mut pauses = Vec::new();
        for _ in 0..8 {
            let due = list_due_channels(conn, now).unwrap();
            assert_eq!(claim_notices(conn, &due[0], now).unwrap().len(), 1);
            mark_channel_failed(conn, id, "the server is away").unwrap();
            let channel = find_channel(conn, id).unwrap().expect("it is there");
            let retry_at = channel.retry_at.expect("it is tried again");
            assert_eq!(list_due_channels(conn, retry_at - 1).unwrap(), []);
            pauses.push((retry_at - now) / 1_000_000);
            now = retry_at;
        }
        assert_eq!(pauses, [30, 60, 120, 240, 480, 900, 900, 900]);
        let failed = find_channel(conn, id).unwrap().expect("it is there");
        assert_eq!(
            (failed.failures, failed.last_error.as_deref()),
            (8, Some("the server is away"))
        );
        assert_eq!(give_up_notices(conn, START + 2 * DAY).unwrap(), 0);
        assert_eq!(give_up_notices(conn, START + 4 * DAY).unwrap(), 1);
        assert_eq!(list_due_channels(conn, START + 4 * DAY).unwrap(), []);
    });
}

#[test]
fn a_channel_loses_its_secret_says_so_and_takes_another() {
    for_each_backend(|conn| {
        let mail = channel(conn, "mail");
        let add = |conn: &mut Connection, name: &str| {
            let new = NewChannel {
                name: name.to_owned(),
                kind: ChannelKind::Webhook,
                target: "https://old.example/".to_owned(),
                secret: Some(name.as_bytes().to_vec()),
            };
            insert_channel(conn, &new, START).unwrap().expect("a new name")
        };
        let (kept, lost) = (add(conn, "kept"), add(conn, "lost"));
        let opens = |channel: &ChannelRow| channel.name == "kept";
        assert_eq!(forget_channel_secrets(conn, opens, "it is lost").unwrap(), 1);
        assert_eq!(forget_channel_secrets(conn, opens, "it is lost").unwrap(), 0);
        let find = |conn: &mut Connection, id| find_channel(conn, id).unwrap().expect("a channel");
        assert!(!find(conn, mail).lacks_secret() && !find(conn, kept).lacks_secret());
        let row = find(conn, lost);
        assert!(row.lacks_secret());
        assert_eq!(row.last_error.as_deref(), Some("it is lost"));
        assert!(replace_channel_secret(conn, lost, "https://new.example/", b"sealed").unwrap());
        let row = find(conn, lost);
        assert_eq!((row.lacks_secret(), row.last_error), (false, None));
        assert_eq!(
            (row.target.as_str(), row.secret),
            ("https://new.example/", Some(b"sealed".to_vec()))
        );
        assert!(!replace_channel_secret(conn, 999, "x", b"x").unwrap());
    });
}

#[test]
fn a_channel_is_turned_off_and_on_and_deleted_with_what_waits() {
    for_each_backend(|conn| {
        let id = channel(conn, "ops");
        let again = NewChannel {
            name: "ops".to_owned(),
            kind: ChannelKind::Slack,
            target: String::new(),
            secret: Some(vec![1]),
        };
        assert_eq!(insert_channel(conn, &again, START).unwrap(), None, "the name is taken");
        record(conn, key(), 1, START);
        step_all(conn, START);
        assert!(disable_channel(conn, id, Some(START)).unwrap());
        assert_eq!(list_due_channels(conn, START).unwrap(), []);
        assert!(disable_channel(conn, id, None).unwrap());
        assert_eq!(list_due_channels(conn, START).unwrap().len(), 1);
        assert!(delete_channel(conn, id).unwrap() && !delete_channel(conn, id).unwrap());
        assert_eq!(number(conn, "SELECT count(*) FROM alert_notices"), 0);
        assert_eq!(list_open_alerts(conn).unwrap().len(), 1, "the alert stays");
    });
}

#[test]
fn secrets_are_sealed_anew_and_what_cannot_be_stays() {
    for_each_backend(|conn| {
        for (name, secret) in [("a", Some(vec![1])), ("b", Some(vec![2])), ("c", None)] {
            let kind = ChannelKind::Slack;
            let channel = NewChannel { name: name.to_owned(), kind, target: String::new(), secret };
            insert_channel(conn, &channel, START).expect("it is added").expect("a new name");
        }
        let sealed = reseal_channels(conn, |channel| match channel.secret.as_deref() {
            Some([1]) => Some(vec![9]),
            _ => None,
        });
        assert_eq!(sealed.unwrap(), 1);
        let secrets: Vec<Option<Vec<u8>>> =
            list_channels(conn).unwrap().into_iter().map(|channel| channel.secret).collect();
        assert_eq!(secrets, [Some(vec![9]), Some(vec![2]), None]);
    });
}

fn of_type(id: &str, event_type: &str, at: Micros, signature: Signature) -> NewDelivery {
    NewDelivery { event_type: event_type.to_owned(), received_at: at, signature, ..valid(id, id) }
}

#[test]
fn a_new_event_type_is_noticed_after_the_first_day_and_never_twice() {
    for_each_backend(|conn| {
        store(conn, &[of_type("1", "job.completed", START, Signature::Valid)]);
        assert_eq!(learn_event_types(conn, START, START).unwrap(), [], "all is new on a first day");
        store(conn, &[of_type("2", "job.exploded", START + 2 * DAY, Signature::Valid)]);
        store(conn, &[of_type("3", "job.forged", START + 2 * DAY, Signature::Invalid)]);
        let new = [("default".to_owned(), "job.exploded".to_owned())];
        assert_eq!(list_unknown_types(conn, START).unwrap(), new);
        assert_eq!(learn_event_types(conn, START, START + 2 * DAY).unwrap(), new);
        assert_eq!(learn_event_types(conn, START, START + 2 * DAY).unwrap(), []);
        assert_eq!(list_unknown_types(conn, START).unwrap(), []);
    });
}

#[test]
fn the_hours_of_a_source_are_those_in_which_something_genuine_came() {
    for_each_backend(|conn| {
        store(
            conn,
            &[
                of_type("1", "a", START, Signature::Valid),
                of_type("2", "b", START + 1, Signature::Valid),
                of_type("3", "a", START + 3 * HOUR, Signature::Unchecked),
                of_type("4", "a", START + 5 * HOUR, Signature::Invalid),
            ],
        );
        let hours = list_active_hours(conn, START).unwrap();
        assert_eq!(hours["default"], [START, START + 3 * HOUR]);
        assert!(list_active_hours(conn, START + 4 * HOUR).unwrap().is_empty());
    });
}

#[test]
fn who_never_chose_wants_everything_and_only_admins_are_asked() {
    for_each_backend(|conn| {
        assert_eq!(list_routings(conn).unwrap(), [Routing::default()], "nobody is there yet");
        let add = |conn: &mut Connection, name, role| {
            users::insert_user(conn, name, "hash", role, START).unwrap().expect("a new name")
        };
        let ada = add(conn, "ada", Role::Admin);
        add(conn, "bob", Role::Admin);
        add(conn, "vera", Role::Viewer);
        assert_eq!(find_preferences(conn, ada).unwrap(), None);
        let routing = Routing { off: ["silent".to_owned()].into(), ..Routing::default() };
        for screen in ["{}", "{\"sound\":true}"] {
            let chosen = StoredPreferences { routing: routing.clone(), screen: screen.to_owned() };
            replace_preferences(conn, ada, &chosen, START).unwrap();
            assert_eq!(find_preferences(conn, ada).unwrap(), Some(chosen));
        }
        assert_eq!(list_routings(conn).unwrap(), [routing, Routing::default()]);
    });
}

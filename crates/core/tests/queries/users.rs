//! Users: unique names, disabling, passwords, and the set-up link that is good once.

use crate::support::at_once;
use ringback_core::connection::Connection;
use ringback_core::models::Role;
use ringback_core::queries::sessions::{find_session_user, insert_session};
use ringback_core::queries::settings::{SETUP_TOKEN, find_setting, replace_setting};
use ringback_core::queries::users::{
    count_users, disable_user, find_user, insert_first_admin, insert_user, list_users,
    update_password,
};
use ringback_testing::{for_each_backend, for_each_database};

fn add(conn: &mut Connection, name: &str) -> i64 {
    let id = insert_user(conn, name, "hash", Role::Admin, 1).expect("no error");
    id.expect("the name is free")
}

/// A user's session that runs from 1 to 100, and whether it is good at 50.
fn sign_in(conn: &mut Connection, user: i64, token: &[u8]) {
    insert_session(conn, token, user, 1, 100).expect("no error");
}

fn is_signed_in(conn: &mut Connection, token: &[u8]) -> bool {
    find_session_user(conn, token, 50).expect("no error").is_some()
}

#[test]
fn a_user_is_found_by_name_with_what_was_given() {
    for_each_backend(|conn| {
        let id = insert_user(conn, "ada", "hash", Role::Viewer, 7).unwrap().unwrap();
        let user = find_user(conn, "ada").unwrap().expect("there is one");
        assert_eq!((user.id, user.role(), user.created_at), (id, Role::Viewer, 7));
        assert_eq!((user.password_hash.as_str(), user.disabled_at), ("hash", None));
        assert!(find_user(conn, "Ada").unwrap().is_none());
    });
}

#[test]
fn a_name_is_given_once() {
    for_each_backend(|conn| {
        add(conn, "ada");
        assert_eq!(insert_user(conn, "ada", "other", Role::Viewer, 2).unwrap(), None);
        assert_eq!(find_user(conn, "ada").unwrap().unwrap().password_hash, "hash");
        add(conn, "Ada");
        assert_eq!(count_users(conn).unwrap(), 2);
    });
}

#[test]
fn a_name_that_two_ask_for_at_once_is_given_to_one() {
    for_each_database(|database| {
        let given = at_once(database, 4, |index, conn| {
            insert_user(conn, "ada", &index.to_string(), Role::Admin, 1).expect("no error")
        });
        assert_eq!(given.iter().flatten().count(), 1);
    });
}

#[test]
fn users_are_listed_by_name() {
    for_each_backend(|conn| {
        for name in ["bob", "ada", "cyd"] {
            add(conn, name);
        }
        let names: Vec<String> = list_users(conn).unwrap().into_iter().map(|u| u.name).collect();
        assert_eq!(names, ["ada", "bob", "cyd"]);
    });
}

#[test]
fn disabling_a_user_ends_their_sessions_and_nobody_elses() {
    for_each_backend(|conn| {
        let (ada, bob) = (add(conn, "ada"), add(conn, "bob"));
        sign_in(conn, ada, b"1");
        sign_in(conn, ada, b"2");
        sign_in(conn, bob, b"3");
        assert!(disable_user(conn, "ada", 9).unwrap());
        assert!(!is_signed_in(conn, b"1") && !is_signed_in(conn, b"2"));
        assert!(is_signed_in(conn, b"3"));
        assert_eq!(find_user(conn, "ada").unwrap().unwrap().disabled_at, Some(9));
    });
}

#[test]
fn disabling_twice_or_nobody_changes_nothing() {
    for_each_backend(|conn| {
        add(conn, "ada");
        assert!(disable_user(conn, "ada", 9).unwrap());
        assert!(!disable_user(conn, "ada", 10).unwrap());
        assert_eq!(find_user(conn, "ada").unwrap().unwrap().disabled_at, Some(9));
        assert!(!disable_user(conn, "nobody", 9).unwrap());
    });
}

#[test]
fn a_session_that_a_disabled_user_starts_opens_nothing() {
    for_each_backend(|conn| {
        let ada = add(conn, "ada");
        disable_user(conn, "ada", 9).unwrap();
        // A sign-in that checked the password just before.
        sign_in(conn, ada, b"1");
        assert!(!is_signed_in(conn, b"1"));
    });
}

#[test]
fn a_new_password_enables_the_user_and_ends_their_sessions() {
    for_each_backend(|conn| {
        let ada = add(conn, "ada");
        disable_user(conn, "ada", 9).unwrap();
        sign_in(conn, ada, b"1");
        assert!(update_password(conn, "ada", "new").unwrap());
        let user = find_user(conn, "ada").unwrap().unwrap();
        assert_eq!((user.password_hash.as_str(), user.disabled_at), ("new", None));
        assert!(!is_signed_in(conn, b"1"), "an old session does not come back");
        assert!(!update_password(conn, "nobody", "new").unwrap());
    });
}

#[test]
fn the_set_up_link_makes_the_first_admin_once() {
    for_each_backend(|conn| {
        replace_setting(conn, SETUP_TOKEN, "digest").unwrap();
        let id = insert_first_admin(conn, "digest", "ada", "hash", 1).unwrap();
        let user = find_user(conn, "ada").unwrap().expect("there is one");
        assert_eq!((Some(user.id), user.role()), (id, Role::Admin));
        assert_eq!(insert_first_admin(conn, "digest", "eve", "hash", 1).unwrap(), None);
        assert_eq!(find_setting(conn, SETUP_TOKEN).unwrap(), None);
    });
}

#[test]
fn another_token_than_the_set_up_links_opens_nothing_and_leaves_the_link() {
    for_each_backend(|conn| {
        assert_eq!(insert_first_admin(conn, "digest", "eve", "hash", 1).unwrap(), None);
        replace_setting(conn, SETUP_TOKEN, "digest").unwrap();
        assert_eq!(insert_first_admin(conn, "guess", "eve", "hash", 1).unwrap(), None);
        assert_eq!(count_users(conn).unwrap(), 0);
        assert!(insert_first_admin(conn, "digest", "ada", "hash", 1).unwrap().is_some());
    });
}

#[test]
fn the_set_up_link_opens_nothing_once_there_is_a_user() {
    for_each_backend(|conn| {
        replace_setting(conn, SETUP_TOKEN, "digest").unwrap();
        add(conn, "ada");
        assert_eq!(insert_first_admin(conn, "digest", "eve", "hash", 1).unwrap(), None);
        assert_eq!(count_users(conn).unwrap(), 1);
    });
}

#[test]
fn of_several_who_use_the_set_up_link_at_once_one_wins() {
    for_each_database(|database| {
        replace_setting(&mut database.connect(), SETUP_TOKEN, "digest").unwrap();
        let made = at_once(database, 4, |index, conn| {
            insert_first_admin(conn, "digest", &index.to_string(), "hash", 1).expect("no error")
        });
        assert_eq!(made.iter().flatten().count(), 1);
        assert_eq!(count_users(&mut database.connect()).unwrap(), 1);
    });
}

//! Sessions: good until they expire or are ended.

use crate::support::number;
use ringback_core::connection::Connection;
use ringback_core::models::Role;
use ringback_core::queries::sessions::{
    delete_session, delete_sessions_of, find_session_user, insert_session,
};
use ringback_core::queries::users::insert_user;
use ringback_testing::for_each_backend;

fn add_user(conn: &mut Connection, name: &str) -> i64 {
    let id = insert_user(conn, name, "hash", Role::Viewer, 1).expect("no error");
    id.expect("the name is free")
}

fn user_at(conn: &mut Connection, token: &[u8], now: i64) -> Option<String> {
    find_session_user(conn, token, now).expect("no error").map(|user| user.name)
}

#[test]
fn a_session_is_its_users_until_the_moment_it_expires() {
    for_each_backend(|conn| {
        let ada = add_user(conn, "ada");
        insert_session(conn, b"token", ada, 10, 20).unwrap();
        assert_eq!(user_at(conn, b"token", 19).as_deref(), Some("ada"));
        assert_eq!(user_at(conn, b"token", 20), None);
        assert_eq!(user_at(conn, b"other", 19), None);
    });
}

#[test]
fn a_session_that_was_ended_opens_nothing() {
    for_each_backend(|conn| {
        let ada = add_user(conn, "ada");
        insert_session(conn, b"token", ada, 10, 20).unwrap();
        assert!(delete_session(conn, b"token").unwrap());
        assert!(!delete_session(conn, b"token").unwrap());
        assert_eq!(user_at(conn, b"token", 15), None);
    });
}

#[test]
fn ending_all_sessions_of_a_user_leaves_the_others() {
    for_each_backend(|conn| {
        let (ada, bob) = (add_user(conn, "ada"), add_user(conn, "bob"));
        for (token, user) in [(b"1", ada), (b"2", ada), (b"3", bob)] {
            insert_session(conn, token, user, 10, 20).unwrap();
        }
        assert_eq!(delete_sessions_of(conn, ada).unwrap(), 2);
        assert_eq!(user_at(conn, b"3", 15).as_deref(), Some("bob"));
    });
}

#[test]
fn starting_a_session_lets_go_of_those_that_expired() {
    for_each_backend(|conn| {
        let ada = add_user(conn, "ada");
        insert_session(conn, b"1", ada, 10, 20).unwrap();
        insert_session(conn, b"2", ada, 15, 30).unwrap();
        insert_session(conn, b"3", ada, 20, 40).unwrap();
        assert_eq!(number(conn, "SELECT count(*) FROM sessions"), 2);
    });
}

#[test]
fn nobody_has_no_session() {
    for_each_backend(|conn| {
        insert_session(conn, b"token", 404, 10, 20).expect_err("there is no such user");
    });
}

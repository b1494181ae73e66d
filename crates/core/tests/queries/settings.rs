//! Settings: one value for each name.

use crate::support::at_once;
use ringback_core::queries::settings::{
    delete_setting, find_setting, insert_setting_once, replace_setting,
};
use ringback_testing::{for_each_backend, for_each_database};

#[test]
fn a_value_that_was_never_set_is_none() {
    for_each_backend(|conn| assert_eq!(find_setting(conn, "name").unwrap(), None));
}

#[test]
fn a_value_that_is_set_once_stays() {
    for_each_backend(|conn| {
        insert_setting_once(conn, "name", "first").unwrap();
        insert_setting_once(conn, "name", "second").unwrap();
        assert_eq!(find_setting(conn, "name").unwrap().as_deref(), Some("first"));
    });
}

#[test]
fn a_value_that_is_replaced_is_the_new_one() {
    for_each_backend(|conn| {
        for value in ["first", "second"] {
            replace_setting(conn, "name", value).unwrap();
            assert_eq!(find_setting(conn, "name").unwrap().as_deref(), Some(value));
        }
    });
}

#[test]
fn a_value_that_is_removed_is_gone() {
    for_each_backend(|conn| {
        replace_setting(conn, "name", "value").unwrap();
        assert!(delete_setting(conn, "name").unwrap());
        assert!(!delete_setting(conn, "name").unwrap());
        assert_eq!(find_setting(conn, "name").unwrap(), None);
    });
}

#[test]
fn several_nodes_may_replace_a_value_at_the_same_moment() {
    for_each_database(|database| {
        for round in 0..8 {
            // Twice each: once not there yet, once there.
            let name = format!("name_{}", round / 2);
            at_once(database, 4, |index, conn| {
                replace_setting(conn, &name, &index.to_string()).expect("no node fails");
            });
        }
    });
}

//! API tokens: found by digest, until they are revoked.

use ringback_core::models::Role;
use ringback_core::queries::tokens::{find_token, insert_token, list_tokens, revoke_token};
use ringback_testing::for_each_backend;

#[test]
fn a_token_is_found_by_its_digest() {
    for_each_backend(|conn| {
        let id = insert_token(conn, "ci", b"digest", Role::Viewer, 7).unwrap();
        let token = find_token(conn, b"digest").unwrap().expect("there is one");
        assert_eq!((Some(token.id), token.name.as_str()), (id, "ci"));
        assert_eq!((token.role(), token.created_at), (Role::Viewer, 7));
        assert_eq!(find_token(conn, b"other").unwrap(), None);
    });
}

#[test]
fn a_token_name_is_given_once() {
    for_each_backend(|conn| {
        insert_token(conn, "ci", b"1", Role::Admin, 7).unwrap();
        assert_eq!(insert_token(conn, "ci", b"2", Role::Admin, 7).unwrap(), None);
        assert_eq!(find_token(conn, b"2").unwrap(), None);
    });
}

#[test]
fn a_revoked_token_opens_nothing_and_stays_listed() {
    for_each_backend(|conn| {
        insert_token(conn, "ci", b"1", Role::Admin, 7).unwrap();
        insert_token(conn, "backup", b"2", Role::Admin, 7).unwrap();
        assert!(revoke_token(conn, "ci", 9).unwrap());
        assert_eq!(find_token(conn, b"1").unwrap(), None);
        assert!(find_token(conn, b"2").unwrap().is_some());
        let listed: Vec<_> =
            list_tokens(conn).unwrap().into_iter().map(|t| (t.name, t.revoked_at)).collect();
        assert_eq!(listed, [("backup".to_owned(), None), ("ci".to_owned(), Some(9))]);
    });
}

#[test]
fn revoking_twice_or_nothing_changes_nothing() {
    for_each_backend(|conn| {
        insert_token(conn, "ci", b"1", Role::Admin, 7).unwrap();
        assert!(revoke_token(conn, "ci", 9).unwrap());
        assert!(!revoke_token(conn, "ci", 10).unwrap());
        assert!(!revoke_token(conn, "nothing", 9).unwrap());
        assert_eq!(list_tokens(conn).unwrap()[0].revoked_at, Some(9));
    });
}

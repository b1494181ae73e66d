//! Sources and sealed secrets: the key they are sealed with, its change, and who may open what.

use ringback_core::connection::Connection;
use ringback_core::keys::{KEY_BYTES, Purpose, ServerKey};
use ringback_core::queries::audit::{NewAuditEntry, list_audit_entries};
use ringback_core::queries::server_key::{
    ServerKeyError, adopt_server_key, draw_nonce, forget_server_key, open_secret,
    replace_server_key,
};
use ringback_core::queries::sources::{
    SecretChange, SecretInserted, SecretRow, SourceChange, SourceRow, delete_secret, delete_source,
    find_source, find_sources_version, insert_secret, insert_source, list_secrets, list_sources,
    secret_context, update_secret, update_source,
};
use ringback_testing::for_each_backend;

use crate::support::{at_once, execute, number};

fn key(byte: u8) -> ServerKey {
    ServerKey::new([byte; KEY_BYTES])
}

/// Bytes that differ at each call, the same in every run.
fn random() -> impl FnMut(&mut [u8]) {
    let mut count = 0_u8;
    move |bytes: &mut [u8]| {
        count += 1;
        bytes.fill(count);
    }
}

fn audit(action: &str) -> NewAuditEntry {
    NewAuditEntry {
        at: 1,
        actor: "ada".to_owned(),
        action: action.to_owned(),
        subject: "openai".to_owned(),
        details: "{}".to_owned(),
    }
}

fn source(name: &str) -> SourceRow {
    SourceRow {
        name: name.to_owned(),
        title: "OpenAI".to_owned(),
        provider: "openai".to_owned(),
        options: "{}".to_owned(),
        strict: false,
        paused_at: None,
        created_at: 1,
        created_by: "ada".to_owned(),
    }
}

fn secret(key: &ServerKey, source: &str, id: &str, text: &str) -> SecretRow {
    let context = secret_context(source, id);
    SecretRow {
        id: id.to_owned(),
        source: source.to_owned(),
        label: "first".to_owned(),
        sealed: key.seal(
            Purpose::SourceSecrets,
            draw_nonce(&mut random()),
            &context,
            text.as_bytes(),
        ),
        key_id: key.id(),
        starts_at: None,
        ends_at: None,
        created_at: 1,
        created_by: "ada".to_owned(),
    }
}

/// A database with the source `openai` and two secrets, sealed with the key 1.
fn prepare(conn: &mut Connection) {
    adopt_server_key(conn, &[key(1)], &mut random()).expect("it works");
    assert!(insert_source(conn, &source("openai"), &audit("source.create")).expect("it works"));
    for (id, text) in [("sec_a", "whsec_one"), ("sec_b", "whsec_two")] {
        let row = secret(&key(1), "openai", id, text);
        assert_eq!(
            insert_secret(conn, &row, &audit("secret.add")).expect("it works"),
            SecretInserted::Done
        );
    }
}

fn texts(conn: &mut Connection, keys: &[ServerKey]) -> Vec<String> {
    list_secrets(conn)
        .expect("it works")
        .iter()
        .map(|row| open_secret(keys, row).expect("it works"))
        .collect()
}

#[test]
fn a_source_is_added_once_changed_and_deleted_with_its_secrets() {
    for_each_backend(|conn| {
        prepare(conn);
        assert!(!insert_source(conn, &source("openai"), &audit("source.create")).unwrap());
        let change = SourceChange {
            strict: Some(true),
            paused_at: Some(Some(9)),
            ..SourceChange::default()
        };
        assert!(update_source(conn, "openai", &change, &audit("source.pause")).unwrap());
        let changed = find_source(conn, "openai").unwrap().unwrap();
        assert_eq!((changed.strict, changed.paused_at), (true, Some(9)));
        assert_eq!(changed.title, "OpenAI");
        let resume = SourceChange { paused_at: Some(None), ..SourceChange::default() };
        assert!(update_source(conn, "openai", &resume, &audit("source.resume")).unwrap());
        assert_eq!(find_source(conn, "openai").unwrap().unwrap().paused_at, None);
        assert!(!update_source(conn, "none", &resume, &audit("source.resume")).unwrap());
        assert!(delete_source(conn, "openai", &audit("source.delete")).unwrap());
        assert!(!delete_source(conn, "openai", &audit("source.delete")).unwrap());
        assert_eq!(list_sources(conn).unwrap(), []);
        assert_eq!(list_secrets(conn).unwrap(), []);
        let actions: Vec<String> =
            list_audit_entries(conn, None, 100).unwrap().into_iter().map(|e| e.action).collect();
        let expected = [
            "source.delete",
            "source.resume",
            "source.pause",
            "secret.add",
            "secret.add",
            "source.create",
        ];
        assert_eq!(actions, expected, "what was done and nothing else");
    });
}

#[test]
fn every_change_takes_a_new_version_whoever_makes_it() {
    ringback_testing::for_each_database(|database| {
        prepare(&mut database.connect());
        let before = find_sources_version(&mut database.connect()).unwrap();
        at_once(database, 6, |index, conn| {
            for n in 0..5 {
                let name = format!("s{index}-{n}");
                assert!(insert_source(conn, &source(&name), &audit("source.create")).unwrap());
            }
        });
        let after = find_sources_version(&mut database.connect()).unwrap();
        assert_eq!(after - before, 30, "no two changes share a version");
    });
}

#[test]
fn a_secret_is_changed_and_removed_through_its_own_source_alone() {
    for_each_backend(|conn| {
        prepare(conn);
        insert_source(conn, &source("other"), &audit("source.create")).unwrap();
        let end = SecretChange { ends_at: Some(Some(50)), ..SecretChange::default() };
        assert!(!update_secret(conn, "other", "sec_a", &end, &audit("secret.end")).unwrap());
        assert!(update_secret(conn, "openai", "sec_a", &end, &audit("secret.end")).unwrap());
        assert_eq!(list_secrets(conn).unwrap()[0].ends_at, Some(50));
        assert!(!delete_secret(conn, "other", "sec_a", &audit("secret.remove")).unwrap());
        assert!(delete_secret(conn, "openai", "sec_a", &audit("secret.remove")).unwrap());
        assert_eq!(list_secrets(conn).unwrap().len(), 1);
        let row = secret(&key(1), "nobody", "sec_c", "x");
        let inserted = insert_secret(conn, &row, &audit("secret.add")).unwrap();
        assert_eq!(inserted, SecretInserted::NoSource);
    });
}

#[test]
fn a_sealed_secret_that_is_copied_to_another_row_or_source_opens_nowhere() {
    for_each_backend(|conn| {
        prepare(conn);
        let whole = list_secrets(conn).unwrap();
        for moved in [
            SecretRow { source: "other".to_owned(), ..whole[0].clone() },
            SecretRow { id: "sec_b".to_owned(), ..whole[0].clone() },
        ] {
            let opened = open_secret(&[key(1)], &moved);
            assert!(matches!(opened, Err(ServerKeyError::Damaged { .. })));
        }
        let opened = open_secret(&[key(2)], &whole[0]);
        assert!(matches!(opened, Err(ServerKeyError::Foreign(id)) if id == key(1).id()));
        assert!(!format!("{whole:?}").contains(&hex::encode(&whole[0].sealed)));
    });
}

#[test]
fn the_key_is_changed_for_every_secret_and_the_digests_stay_comparable() {
    for_each_backend(|conn| {
        prepare(conn);
        let digest_key = adopt_server_key(conn, &[key(1)], &mut random()).unwrap();
        let keys = [key(2), key(1)];
        let count = replace_server_key(conn, &keys, &mut random(), &audit("key.rotate")).unwrap();
        assert_eq!(count, 2);
        assert_eq!(texts(conn, &[key(2)]), ["whsec_one", "whsec_two"]);
        assert!(adopt_server_key(conn, &[key(2)], &mut random()).unwrap() == digest_key);
        let refused = adopt_server_key(conn, &[key(1)], &mut random());
        assert!(matches!(refused, Err(ServerKeyError::Foreign(id)) if id == key(2).id()));
        // Again: nothing is left to do.
        let count = replace_server_key(conn, &keys, &mut random(), &audit("key.rotate")).unwrap();
        assert_eq!(count, 0);
    });
}

#[test]
fn a_change_of_the_key_that_breaks_off_changes_nothing() {
    for_each_backend(|conn| {
        prepare(conn);
        // The last secret's row was tampered with, so the change fails after the first was read.
        execute(conn, "UPDATE source_secrets SET id = 'sec_z' WHERE id = 'sec_b'");
        let keys = [key(2), key(1)];
        let before = list_secrets(conn).unwrap();
        let failed = replace_server_key(conn, &keys, &mut random(), &audit("key.rotate"));
        assert!(matches!(&failed, Err(ServerKeyError::Damaged { id, .. }) if id == "sec_z"));
        assert!(before == list_secrets(conn).unwrap());
        adopt_server_key(conn, &[key(1)], &mut random()).unwrap();
        // Its row is mended, or the secret is removed, and the change goes through.
        delete_secret(conn, "openai", "sec_z", &audit("secret.remove")).unwrap();
        replace_server_key(conn, &keys, &mut random(), &audit("key.rotate")).unwrap();
        assert_eq!(texts(conn, &[key(2)]), ["whsec_one"]);
    });
}

#[test]
fn a_secret_that_was_sealed_with_the_old_key_is_not_added_after_the_change() {
    for_each_backend(|conn| {
        prepare(conn);
        let keys = [key(2), key(1)];
        replace_server_key(conn, &keys, &mut random(), &audit("key.rotate")).unwrap();
        let late = secret(&key(1), "openai", "sec_late", "whsec_late");
        let inserted = insert_secret(conn, &late, &audit("secret.add")).unwrap();
        assert_eq!(inserted, SecretInserted::KeyChanged);
        assert_eq!(list_secrets(conn).unwrap().len(), 2);
    });
}

#[test]
fn a_lost_key_costs_its_secrets_and_nothing_else() {
    for_each_backend(|conn| {
        prepare(conn);
        let lost = forget_server_key(conn, &key(3), &mut random(), &audit("key.forget")).unwrap();
        assert_eq!(lost, 2);
        assert_eq!(list_sources(conn).unwrap().len(), 1);
        adopt_server_key(conn, &[key(3)], &mut random()).unwrap();
        let row = secret(&key(3), "openai", "sec_new", "whsec_new");
        assert_eq!(insert_secret(conn, &row, &audit("secret.add")).unwrap(), SecretInserted::Done);
    });
}

#[test]
fn several_nodes_that_start_at_once_share_one_key_of_digests() {
    ringback_testing::for_each_database(|database| {
        let keys = at_once(database, 6, |index, conn| {
            let byte = u8::try_from(index).unwrap();
            adopt_server_key(conn, &[key(1)], &mut move |bytes: &mut [u8]| bytes.fill(byte))
                .unwrap()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
        let rows = number(
            &mut database.connect(),
            "SELECT count(*) FROM settings WHERE name = 'digest_key'",
        );
        assert_eq!(rows, 1);
    });
}

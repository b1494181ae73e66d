//! The audit log: newest first, in pages.

use ringback_core::queries::audit::{NewAuditEntry, insert_audit_entry, list_audit_entries};
use ringback_testing::for_each_backend;

#[test]
fn what_was_done_is_listed_newest_first_in_pages() {
    for_each_backend(|conn| {
        for at in 1..=5 {
            let entry = NewAuditEntry {
                at,
                actor: "ada".to_owned(),
                action: "source.create".to_owned(),
                subject: format!("s{at}"),
                details: "{}".to_owned(),
            };
            insert_audit_entry(conn, &entry).unwrap();
        }
        let page = list_audit_entries(conn, None, 2).unwrap();
        assert_eq!(page.iter().map(|e| e.at).collect::<Vec<_>>(), [5, 4]);
        let rest = list_audit_entries(conn, Some(page[1].id), 10).unwrap();
        assert_eq!(rest.iter().map(|e| e.at).collect::<Vec<_>>(), [3, 2, 1]);
        assert_eq!((rest[2].actor.as_str(), rest[2].subject.as_str()), ("ada", "s1"));
    });
}

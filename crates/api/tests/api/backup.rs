//! Backups of a database that is served, restoring them, and moving to PostgreSQL.

use crate::support::{NOW_SECONDS, TestApp, forge};
use ringback_core::connection::{Connection, DatabaseUrl, Purpose};
use ringback_core::models::Role;
use ringback_core::queries::callbacks::find_feed_head;
use ringback_core::queries::{self, settings};
use ringback_testing::{FEED_ID, TestDatabase};
use ringback_wire::{CallbackDetail, CheckResponse};
use std::path::Path;
use std::process::{Command, Output};

fn ringback(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ringback"));
    command.current_dir(folder).args(args).env_clear().output().expect("the binary runs")
}

fn done(folder: &Path, args: &[&str]) -> String {
    let output = ringback(folder, args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

fn refused(folder: &Path, args: &[&str]) -> String {
    let output = ringback(folder, args);
    assert!(!output.status.success(), "{args:?} was done");
    String::from_utf8(output.stderr).expect("text")
}

fn open(path: &Path) -> Connection {
    DatabaseUrl::Sqlite(path.to_owned()).open(Purpose::Write).expect("it opens")
}

#[actix_web::test]
async fn a_backup_is_made_while_deliveries_arrive_and_holds_all_that_was_acknowledged_before() {
    let app = TestApp::start(TestDatabase::sqlite(), |_| {});
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("backup.db");
    for n in 0..50 {
        app.receipt(&format!("before_{n}"), "{}").await;
    }
    let url = app.database.url_text().to_owned();
    let to = file.to_string_lossy().into_owned();
    let place = folder.path().to_owned();
    let backup = actix_web::web::block(move || {
        done(&place, &["backup", "--to", &to, "--database-url", &url])
    });
    let deliveries = async {
        for n in 0..50 {
            app.receipt(&format!("during_{n}"), "{}").await;
        }
    };
    let (said, ()) = futures_util::future::join(backup, deliveries).await;
    assert!(said.expect("it ran").contains("is whole"));
    let mut conn = open(&file);
    let kept = queries::list_callbacks_after(&mut conn, 0, 1000).expect("the feed");
    let before = kept.iter().filter(|line| line.callback.callback_id.starts_with("before")).count();
    assert_eq!(before, 50);
    assert!(queries::backup::check_integrity(&mut conn).expect("a check").is_empty());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = file.metadata().expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "others may read the payloads");
    }
    let args =
        ["backup", "--to", &file.to_string_lossy(), "--database-url", app.database.url_text()];
    assert!(refused(folder.path(), &args).contains("--force"));
    done(folder.path(), &[&args[..], &["--force"]].concat());
    app.stop().await;
}

#[actix_web::test]
async fn a_restored_database_goes_on_and_no_reader_skips_or_meets_another_callback() {
    let app = TestApp::start(TestDatabase::sqlite(), |_| {});
    let folder = tempfile::tempdir().expect("a folder");
    let url = app.database.url_text().to_owned();
    let path = url.strip_prefix("sqlite://").expect("a file").to_owned();
    let kept = app.receipt("kept", "{\"n\":1}").await;
    done(folder.path(), &["backup", "--to", "b.db", "--database-url", &url]);
    let lost = app.receipt("lost", "{}").await;
    let check: CheckResponse = app.get("/api/admin/llm-callbacks/check").await.json();

    let args = ["restore", "--from", "b.db", "--database-url", &url];
    assert!(refused(folder.path(), &args).contains("--force"));
    let forced = [&args[..], &["--force"]].concat();
    assert!(refused(folder.path(), &forced).contains("in use"), "it is served");
    let database = app.stop().await;
    let said = done(folder.path(), &forced);
    assert!(said.contains("has 1 callbacks") && said.contains("before-restore"), "{said}");
    assert!(Path::new(&format!("{path}.before-restore")).exists());

    let app = TestApp::start(database, |_| {});
    let detail: CallbackDetail =
        app.get(&format!("/api/admin/llm-callbacks/{}", kept.id)).await.json();
    assert_eq!(detail.payload.as_deref(), Some("{\"n\":1}"));
    let new = app.receipt("new", "{}").await;
    assert!(new.id > lost.id, "a link to what is lost never shows another callback");
    let path = format!("/api/admin/llm-callbacks/{}", lost.id);
    assert_eq!(app.get(&path).await.status, 404);
    let path = format!("/api/admin/llm-callbacks/check?cursor={}", check.cursor);
    let after: CheckResponse = app.get(&path).await.json();
    let ids: Vec<i64> = after.callbacks.iter().map(|callback| callback.id).collect();
    assert_eq!(ids, [new.id], "a cursor from before goes on");
    app.stop().await;
}

#[test]
fn what_is_no_backup_is_never_restored() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path();
    done(place, &["migrate"]);
    let before = std::fs::read(place.join("data/ringback.db")).expect("a file");
    std::fs::write(place.join("text.db"), "not a database, but long enough".repeat(50))
        .expect("written");
    let mut damaged = before.clone();
    damaged.truncate(before.len() / 2);
    std::fs::write(place.join("half.db"), damaged).expect("written");
    std::fs::write(place.join("empty.db"), "").expect("written");
    for file in ["text.db", "half.db", "empty.db", "none.db"] {
        let said = refused(place, &["restore", "--from", file, "--force"]);
        assert!(said.starts_with("ringback: "), "{file}: {said}");
        assert_eq!(
            std::fs::read(place.join("data/ringback.db")).expect("a file"),
            before,
            "{file}"
        );
    }
    let left: Vec<String> = std::fs::read_dir(place.join("data"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name.contains("partial"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    let url = ["--database-url", "postgres://127.0.0.1:1/x"];
    assert!(refused(place, &[&["backup", "--to", "b.db"][..], &url].concat()).contains("pg_dump"));
}

/// A database with something in every table that a test can fill.
async fn fill(app: &TestApp) {
    for n in 0..40 {
        let body = format!(
            "{{\"n\":{n},\"text\":\"ü \\u0041 \\\"quoted\\\" 'and' {}\"}}",
            "x".repeat(n * 100)
        );
        app.receipt(&format!("msg_{n}"), &body).await;
    }
    app.deliver("bytes", [0_u8, 1, 2, 255, 254]).await;
    app.deliver_with(&forge("msg_1", b"other", NOW_SECONDS), "other").await;
    app.deliver("large", vec![b'x'; (1 << 20) + 1]).await;
    app.add_user("ada", Role::Admin);
    app.sign_in("ada").await;
    let marked = serde_json::json!({ "ids": [1, 2] });
    assert_eq!(app.post("/api/admin/llm-callbacks/mark-viewed", &marked).await.status, 200);
}

#[actix_web::test]
async fn a_copy_to_postgresql_keeps_everything_and_readers_go_on() {
    let app = TestApp::start(TestDatabase::sqlite(), |_| {});
    fill(&app).await;
    let check: CheckResponse = app.get("/api/admin/llm-callbacks/check").await.json();
    let history = app.get("/api/admin/llm-callbacks/history?limit=200").await.body;
    let target = TestDatabase::empty_postgres();
    let folder = tempfile::tempdir().expect("a folder");
    let from = app.database.url_text().to_owned();
    let args = ["copy", "--from", &from, "--to", target.url_text()];
    assert!(refused(folder.path(), &args).contains("in use"), "it is served");
    let _source = app.stop().await;
    let said = done(folder.path(), &args);
    assert!(said.contains("llm_callbacks\t41"), "{said}");

    let mut conn = target.connect();
    assert_eq!(settings::find_feed_id(&mut conn).expect("a query"), FEED_ID);
    drop(conn);
    let app = TestApp::start(target, |_| {});
    assert_eq!(app.get("/api/admin/llm-callbacks/history?limit=200").await.body, history);
    let bytes = app.get("/api/admin/llm-callbacks/41/payload").await.body;
    assert_eq!(bytes, [0, 1, 2, 255, 254]);
    assert_eq!(app.try_sign_in("ada", crate::support::PASSWORD).await.status, 200);
    let new = app.receipt("new", "{}").await;
    let path = format!("/api/admin/llm-callbacks/check?cursor={}", check.cursor);
    let after: CheckResponse = app.get(&path).await.json();
    assert_eq!(after.callbacks.iter().map(|c| c.id).collect::<Vec<_>>(), [new.id]);
    // Keys that the database gives out go on as well.
    app.add_user("bob", Role::Viewer);
    let again =
        ringback(folder.path(), &["copy", "--from", &from, "--to", app.database.url_text()]);
    assert!(String::from_utf8_lossy(&again.stderr).contains("callbacks already"));
    app.stop().await;
}

#[actix_web::test]
async fn a_copy_that_was_cut_off_goes_on_and_is_not_served_before() {
    let app = TestApp::start(TestDatabase::sqlite(), |_| {});
    fill(&app).await;
    let source = app.stop().await;
    let target = TestDatabase::postgres();
    let (mut from, mut to) = (source.connect(), target.connect());
    let tables = queries::copy::list_tables(&mut from, &mut to).expect("tables");
    let mut progress = queries::copy::begin_copy(&mut from, &mut to, &tables).expect("begun");
    // As if it were killed after the first tables.
    for table in &tables[..tables.len() / 2] {
        queries::copy::copy_table(&mut from, &mut to, table, &mut progress, |_| {})
            .expect("copied");
    }
    drop((from, to));
    let folder = tempfile::tempdir().expect("a folder");
    let serve = ["serve", "--bind", "127.0.0.1:0", "--database-url", target.url_text()];
    assert!(refused(folder.path(), &serve).contains("copy"));
    let other = TestDatabase::sqlite();
    settings::replace_setting(&mut other.connect(), settings::FEED_ID, "00000000000000aa")
        .expect("set");
    let args = ["copy", "--from", other.url_text(), "--to", target.url_text()];
    assert!(refused(folder.path(), &args).contains("another database"));
    let said =
        done(folder.path(), &["copy", "--from", source.url_text(), "--to", target.url_text()]);
    assert!(said.contains("llm_callbacks\t41"), "{said}");
    let (mut from, mut to) = (source.connect(), target.connect());
    assert_eq!(
        find_feed_head(&mut from).expect("a head"),
        find_feed_head(&mut to).expect("a head")
    );
}

#[test]
fn the_doctor_says_what_is_wrong_and_what_to_do_and_its_exit_code_tells() {
    for database in [TestDatabase::sqlite(), TestDatabase::postgres()] {
        let folder = tempfile::tempdir().expect("a folder");
        let args = ["doctor", "--database-url", database.url_text()];
        let output = ringback(folder.path(), &args);
        let said = String::from_utf8(output.stdout).expect("text");
        assert_eq!(output.status.code(), Some(1), "{said}");
        for part in [
            "no secret",
            "LLM_WEBHOOK_SECRET",
            "nobody can sign in",
            "ringback user add",
            "schema is this version's",
        ] {
            assert!(said.contains(part), "{part:?} is not in\n{said}");
        }
        done(
            folder.path(),
            &["user", "add", "ada", "--role", "admin", "--database-url", database.url_text()],
        );
        let mut command = Command::new(env!("CARGO_BIN_EXE_ringback"));
        command
            .current_dir(folder.path())
            .args(args)
            .env_clear()
            .env("LLM_WEBHOOK_SECRET", "s3cret-s3cret");
        let output = command.output().expect("the binary runs");
        let said = String::from_utf8(output.stdout).expect("text");
        assert!(!said.contains("s3cret"), "{said}");
        assert!(said.contains("1 admin(s)"), "{said}");
        // The tests' PostgreSQL does not wait for its disk, and the doctor must see that.
        let is_unsafe = said.contains("fsync = off");
        assert_eq!(output.status.code(), Some(i32::from(is_unsafe)), "{said}");
    }
}

//! The command line, as a script uses it.

use ringback_testing::{TestDatabase, for_each_database};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn ringback(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ringback"));
    command.current_dir(folder).args(args).env_clear();
    command
}

fn output(folder: &Path, args: &[&str]) -> Output {
    ringback(folder, args).output().expect("the binary runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

#[test]
fn a_wrong_database_url_is_a_sentence_and_never_a_new_file() {
    let folder = folder();
    for url in ["ringback.db", "mysql://x/y", "sqlite://", "postgres:/x"] {
        for command in [&["serve"][..], &["migrate"], &["user", "list"]] {
            let args = [command, &["--database-url", url]].concat();
            let output = output(folder.path(), &args);
            assert!(!output.status.success(), "{args:?}");
            assert!(text(&output.stderr).starts_with("ringback: "), "{}", text(&output.stderr));
        }
    }
    let left = std::fs::read_dir(folder.path()).expect("the folder").count();
    assert_eq!(left, 0, "a file was made");
    let output = output(folder.path(), &["user", "list", "--database-url", "sqlite://./none.db"]);
    assert!(text(&output.stderr).contains("ringback migrate"));
}

#[test]
fn migrating_twice_is_safe() {
    let folder = folder();
    let first = output(folder.path(), &["migrate"]);
    assert!(text(&first.stdout).contains("migrated "), "{}", text(&first.stderr));
    assert!(folder.path().join("data/ringback.db").exists());
    let second = output(folder.path(), &["migrate"]);
    assert!(second.status.success() && text(&second.stdout).contains("up to date"));
}

#[test]
fn users_are_added_listed_disabled_and_reset() {
    for_each_database(|database| {
        let folder = folder();
        let run = |args: &[&str], input: &str| {
            let args = [args, &["--database-url", database.url_text()]].concat();
            let mut child = ringback(folder.path(), &args)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("the binary runs");
            // A command that fails before it reads closes its end.
            let _closed = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
            child.wait_with_output().expect("the binary ends")
        };
        let add = ["user", "add", "ada", "--role", "admin", "--password-stdin"];
        assert!(!run(&add, "short\n").status.success());
        assert!(run(&add, "correct horse battery\n").status.success());
        let again = run(&add, "correct horse battery\n");
        assert!(text(&again.stderr).contains("already"), "{}", text(&again.stderr));
        let made_up = run(&["user", "add", "vera", "--role", "viewer"], "");
        assert!(text(&made_up.stdout).trim().len() > 30, "a password is made up and shown");
        assert!(run(&["user", "disable", "vera"], "").status.success());
        assert!(!run(&["user", "disable", "nobody"], "").status.success());
        let list = text(&run(&["user", "list"], "").stdout);
        assert!(list.contains("ada\tadmin\tenabled") && list.contains("vera\tviewer\tdisabled"));
        assert!(run(&["user", "reset-password", "vera"], "").status.success());
        assert!(text(&run(&["user", "list"], "").stdout).contains("vera\tviewer\tenabled"));
    });
}

#[test]
fn a_token_is_printed_alone_and_only_its_digest_is_kept() {
    let database = TestDatabase::sqlite();
    let folder = folder();
    let run = |args: &[&str]| {
        output(folder.path(), &[args, &["--database-url", database.url_text()]].concat())
    };
    let made = run(&["token", "create", "--name", "ci", "--role", "viewer"]);
    let token = text(&made.stdout);
    assert!(token.starts_with("rbk_") && token.lines().count() == 1, "{token}");
    let list = text(&run(&["token", "list"]).stdout);
    assert!(list.contains("ci\tviewer\tworks") && !list.contains(token.trim()));
    assert!(!run(&["token", "create", "--name", "ci", "--role", "admin"]).status.success());
    assert!(run(&["token", "revoke", "ci"]).status.success());
    assert!(!run(&["token", "revoke", "ci"]).status.success());
}

#[test]
fn a_captured_request_is_verified_and_the_exit_code_tells() {
    let folder = folder();
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("written");
    };
    write("secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
    write("body", "{\"test\": 2432232314}");
    write(
        "headers",
        "Webhook-Id: msg_p5jXN8AQM9LWM0D4loKWxJek\r\nWebhook-Timestamp: 1614265330\r\n\
         Webhook-Signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=\r\n",
    );
    let verify = |scheme: &str, at: &str| {
        let args = [
            "verify",
            "--scheme",
            scheme,
            "--secret-file",
            "secret",
            "--headers",
            "headers",
            "--body",
            "body",
            "--at",
            at,
        ];
        let output = output(folder.path(), &args);
        (output.status.code(), text(&output.stdout).trim().to_owned())
    };
    let valid = r#"{"reason":null,"signature":"valid"}"#.to_owned();
    assert_eq!(verify("standard-webhooks", "1614265330"), (Some(0), valid));
    let old = r#"{"reason":"too_old","signature":"invalid"}"#.to_owned();
    assert_eq!(verify("standard-webhooks", "1614265631"), (Some(1), old));
    let missing = r#"{"reason":"header_missing","signature":"missing"}"#.to_owned();
    assert_eq!(verify("hmac-sha256", "1614265330"), (Some(1), missing));
    assert_eq!(verify("rot13", "1614265330").0, Some(2));
}

#[test]
fn the_explanation_of_a_captured_request_names_the_cause_and_shows_no_secret() {
    let folder = folder();
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("written");
    };
    let right = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let signature = "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    write("right", right);
    write("wrong", "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    write("body", "{\"test\": 2432232314}");
    write("compact", "{\"test\":2432232314}");
    let headers = format!(
        "Webhook-Id: msg_p5jXN8AQM9LWM0D4loKWxJek\r\nWebhook-Timestamp: 1614265330\r\n\
         Webhook-Signature: v1,{signature}\r\n"
    );
    write("headers", &headers);
    write("none", "Content-Type: application/json\r\n");
    let explain = |secret: &str, headers: &str, body: &str, at: &str| {
        let args = [
            ["verify", "--scheme"],
            ["standard-webhooks", "--explain"],
            ["--secret-file", secret],
            ["--headers", headers],
            ["--body", body],
            ["--at", at],
        ];
        let output = output(folder.path(), args.as_flattened());
        let said = text(&output.stdout);
        assert!(!said.contains(&right[6..]) && !said.contains(signature), "{said}");
        (output.status.code(), said)
    };
    let now = "1614265330";
    let valid = "{\"reason\":null,\"signature\":\"valid\"}\n".to_owned();
    assert_eq!(explain("right", "headers", "body", now), (Some(0), valid));
    for (name, (code, said)) in [
        ("explained_wrong_secret", explain("wrong", "headers", "body", now)),
        ("explained_changed_body", explain("right", "headers", "compact", now)),
        ("explained_clock", explain("right", "headers", "body", "1614272530")),
        ("explained_no_header", explain("right", "none", "body", now)),
    ] {
        assert_eq!(code, Some(1), "{said}");
        insta::assert_snapshot!(name, said);
    }
}

#[test]
fn the_doctor_looks_at_the_sources_of_the_database_too() {
    for_each_database(|database| {
        let folder = folder();
        let (one, two) = ("11".repeat(32), "22".repeat(32));
        let run = |keys: &str, args: &[&str]| {
            let args = [args, &["--database-url", database.url_text()]].concat();
            ringback(folder.path(), &args)
                .env("RINGBACK_SECRET_KEY", keys)
                .env("LLM_WEBHOOK_SECRET", "s3cret-s3cret")
                .output()
                .expect("the binary runs")
        };
        let done = |args: &[&str]| {
            let output = run(&one, args);
            assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
        };
        let doctor = |keys: &str| {
            let said = text(&run(keys, &["doctor"]).stdout);
            let about = said.lines().filter(|line| !line.starts_with("      ->"));
            let about =
                about.filter(|line| line.contains("source ") || line.contains("sealed with"));
            about.map(ToOwned::to_owned).collect::<Vec<_>>()
        };
        let add = |name: &str, given: &[&str]| {
            done(&[&["source", "add", name, "--provider", "openai"], given].concat());
        };
        add("a-well", &["--generate"]);
        add("b-bare", &[]);
        add("c-ends", &[]);
        let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(48);
        let ends = ["--generate", "--label", "spring", "--ends-at", &soon.to_string()];
        done(&[&["source", "secret", "add", "c-ends"][..], &ends].concat());
        add("d-paused", &["--generate"]);
        done(&["source", "pause", "d-paused"]);
        let soon = format!("{soon:.6}");
        assert_eq!(
            doctor(&one),
            [
                "ok    source default: 1 secret(s)".to_owned(),
                "ok    source a-well: 1 secret(s)".to_owned(),
                "FAIL  source b-bare: no secret is in force, so its callbacks are stored unchecked"
                    .to_owned(),
                format!(
                    "warn  source c-ends: the secret “spring” ends {soon} and no other follows"
                ),
                "warn  source d-paused: it is paused, its sender is answered 503".to_owned(),
            ]
        );
        let foreign = doctor(&two);
        let expected = [
            "FAIL  the database was sealed with another key: the server does not start",
            "FAIL  source a-well: the secret “Secret” cannot be opened with this key",
            "FAIL  source c-ends: the secret “spring” cannot be opened with this key",
        ];
        for line in expected {
            assert!(foreign.iter().any(|said| said == line), "{line} is not in {foreign:#?}");
        }
        assert_eq!(run(&two, &["doctor"]).status.code(), Some(1));
    });
}

#[test]
fn a_source_and_its_secrets_are_managed_and_the_key_is_changed_under_them() {
    for_each_database(|database| {
        let folder = folder();
        let (one, two) = ("11".repeat(32), "22".repeat(32));
        let run = |keys: &str, args: &[&str]| {
            let args = [args, &["--database-url", database.url_text()]].concat();
            ringback(folder.path(), &args)
                .env("RINGBACK_SECRET_KEY", keys)
                .output()
                .expect("the binary runs")
        };
        let made = run(&one, &["source", "add", "ours", "--provider", "in-house", "--generate"]);
        let out = text(&made.stdout);
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines[0], "/api/webhooks/llm-callback/ours", "{}", text(&made.stderr));
        let secret = lines[1].to_owned();
        std::fs::write(folder.path().join("secret"), "v1,whsec_AAAA").expect("written");
        let add = ["source", "secret", "add", "ours", "--label", "odd", "--secret-file", "secret"];
        let odd = run(&one, &add);
        assert!(text(&odd.stderr).contains("look at the secret again"));
        let list = text(&run(&one, &["source", "list"]).stdout);
        assert!(list.contains("ours\tin-house\tworks\topen") && !list.contains(&secret), "{list}");
        assert!(list.contains("default\t") && list.contains("odd\tinforce"), "{list}");

        assert!(!run(&two, &["source", "secret", "add", "ours", "--generate"]).status.success());
        assert!(!run(&two, &["source", "rotate-key"]).status.success(), "one key is no change");
        let both = format!("{two},{one}");
        let changed = run(&both, &["source", "rotate-key"]);
        assert!(text(&changed.stdout).contains("2 secrets"), "{}", text(&changed.stderr));
        assert!(run(&two, &["source", "secret", "add", "ours", "--generate"]).status.success());
        let forgotten = run(&one, &["source", "rotate-key", "--lost"]);
        assert!(text(&forgotten.stdout).contains("3 secrets"), "{}", text(&forgotten.stderr));

        for args in [
            &["source", "pause", "ours"][..],
            &["source", "edit", "ours", "--strict", "true", "--title", "Ours"],
            &["source", "resume", "ours"],
            &["source", "delete", "ours"],
        ] {
            let done = run(&one, args);
            assert!(done.status.success(), "{args:?}: {}", text(&done.stderr));
        }
        assert!(!run(&one, &["source", "delete", "ours"]).status.success());
    });
}

#[cfg(unix)]
#[test]
fn a_key_file_is_made_for_its_owner_alone_and_changed_in_place() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder();
    assert!(output(folder.path(), &["migrate"]).status.success());
    let add = ["source", "add", "ours", "--provider", "in-house", "--generate"];
    assert!(output(folder.path(), &add).status.success());
    let path = folder.path().join("data/ringback.key");
    let mode = path.metadata().expect("a key file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let before = std::fs::read_to_string(&path).expect("text");
    let changed = output(folder.path(), &["source", "rotate-key"]);
    assert!(text(&changed.stdout).contains("1 secrets"), "{}", text(&changed.stderr));
    let after = std::fs::read_to_string(&path).expect("text");
    assert!(before != after && after.lines().count() == 1);
    assert_eq!(path.metadata().expect("a key file").permissions().mode() & 0o777, 0o600);
    let left = path.parent().expect("a folder").read_dir().expect("files").count();
    assert!(left <= 4, "the database, its log, the key: {left}");
    let database = std::fs::read(folder.path().join("data/ringback.db")).expect("a file");
    assert!(!database.windows(64).any(|part| part == after.trim().as_bytes()));
}

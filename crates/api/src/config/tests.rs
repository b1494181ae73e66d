//! From flags, environment and file to a configuration.

use super::*;

fn args(file: &std::path::Path) -> ServeArgs {
    ServeArgs {
        database: DatabaseArgs { config: Some(file.to_owned()), database_url: None },
        ..ServeArgs::default()
    }
}

fn load(text: &str, change: impl FnOnce(&mut ServeArgs)) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ringback.toml");
    std::fs::write(&path, text).unwrap();
    let mut args = args(&path);
    change(&mut args);
    Config::load(&args)
}

#[test]
fn a_flag_or_the_environment_wins_over_the_file() {
    let text = "bind = \"127.0.0.1:1\"\nbody_limit_bytes = 5\nllm_webhook_secret = \"a,b\"";
    let config = load(text, |args| args.bind = Some("127.0.0.1:2".to_owned())).unwrap();
    assert_eq!(config.bind.port(), 2);
    assert_eq!(config.body_limit_bytes, 5);
    assert_eq!(config.sources[0].secrets.len(), 2);
    let config = load(text, |args| args.llm_webhook_secret = Some(" c , ".to_owned())).unwrap();
    assert_eq!(config.sources[0].secrets.len(), 1);
}

#[test]
fn a_source_is_configured_whole() {
    let text = r#"
        [[sources]]
        name = "github"
        scheme = "hmac-sha256"
        header = "X-Hub-Signature-256"
        secrets = ["It's a Secret to Everybody"]
        callback_id = ["x-github-delivery"]
        event_type = ["x-github-event", "/action"]
    "#;
    let config = load(text, |_| {}).unwrap();
    let source = &config.sources[1];
    assert_eq!((source.name.as_str(), source.scheme.name()), ("github", "hmac-sha256"));
    assert!(source.scheme.is_signature_header("x-hub-signature-256"));
    assert_eq!(source.map.event_type.len(), 2);
}

#[test]
fn a_mistake_in_the_file_is_named_and_no_secret_is_shown() {
    for (text, part) in [
        ("bindd = \"x\"", "bindd"),
        ("[[sources]]\nname = \"A b\"", "name"),
        ("[[sources]]\nname = \"default\"", "default"),
        ("[[sources]]\nname = \"a\"\n[[sources]]\nname = \"a\"", "twice"),
        ("[[sources]]\nname = \"a\"\nscheme = \"rot13\"", "rot13"),
    ] {
        let error = load(text, |_| {}).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
    let error = load("llm_webhook_secret = [\"s3cret\"]", |_| {}).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
}

#[test]
fn networks_are_read_and_the_key_is_given_named_or_beside_the_database() {
    let config = load("outbound_allow = \"10.0.0.0/8, ::1\"", |_| {}).unwrap();
    assert_eq!(config.outbound_allow.len(), 2);
    assert!(
        matches!(config.key_place, KeyPlace::File(path) if path.ends_with("data/ringback.key"))
    );
    assert!(load("outbound_allow = \"10.0.0.0/99\"", |_| {}).is_err());
    let given = |args: &mut ServeArgs| args.key.secret_key = Some("11".repeat(32));
    let config = load("secret_key_file = \"/run/key\"", given).unwrap();
    assert!(matches!(config.key_place, KeyPlace::Given(keys) if keys.len() == 1));
    let config = load("secret_key_file = \"/run/key\"", |_| {}).unwrap();
    assert!(matches!(config.key_place, KeyPlace::File(path) if path.ends_with("run/key")));
    let error = load("", |args| args.key.secret_key = Some("s3cret".to_owned())).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("s3cret"));
}

#[test]
fn every_variable_is_in_the_sample() {
    use clap::CommandFactory;
    #[derive(clap::Parser)]
    struct Serve {
        #[command(flatten)]
        _args: ServeArgs,
    }
    let sample = include_str!("../../../../.env.sample");
    let command = Serve::command();
    let variables: Vec<&str> =
        command.get_arguments().filter_map(|arg| arg.get_env()?.to_str()).collect();
    assert!(variables.len() >= 9, "{variables:?}");
    for variable in variables {
        let is_there = sample
            .lines()
            .any(|line| line.trim_start_matches('#').starts_with(&format!("{variable}=")));
        assert!(is_there, ".env.sample lacks {variable}");
    }
}

#[test]
fn a_wrong_database_url_is_refused() {
    let error = load("database_url = \"ringback.db\"", |_| {}).unwrap_err();
    assert!(error.to_string().contains("sqlite://"), "{error}");
}

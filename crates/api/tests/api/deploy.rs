//! The files in `deploy/` and beside it say what the program understands.

use std::collections::BTreeSet;

const COMPOSE: &str = include_str!("../../../../docker-compose.yml");
const DOCKERFILE: &str = include_str!("../../../../Dockerfile");
const UNIT: &str = include_str!("../../../../deploy/systemd/ringback.service");
const NGINX: [&str; 2] = [
    include_str!("../../../../deploy/nginx/compose.conf"),
    include_str!("../../../../deploy/nginx/ringback.conf"),
];

/// Every variable that starts as ours do.
fn variables(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'))
        .filter(|word| word.starts_with("RINGBACK_") || *word == "DATABASE_URL")
        .collect()
}

#[test]
fn every_variable_that_a_deployment_sets_is_one_that_the_server_reads() {
    let sample = variables(include_str!("../../../../.env.sample"));
    // Those of the scripts and of Compose itself.
    let others = ["RINGBACK_TOOLS", "RINGBACK_POSTGRES_PORT", "RINGBACK_HTTP_PORT"];
    let operations = include_str!("../../../../docs/OPERATIONS.md");
    for text in [COMPOSE, DOCKERFILE, UNIT, NGINX[0], NGINX[1], operations] {
        for variable in variables(text) {
            let is_known = sample.contains(variable) || others.contains(&variable);
            assert!(is_known, ".env.sample does not know {variable}");
        }
    }
}

#[test]
fn the_services_that_scripts_and_recipes_name_are_there() {
    for service in ["postgres", "node1", "node2", "proxy"] {
        assert!(COMPOSE.contains(&format!("\n  {service}:")), "{service}");
    }
    let script = include_str!("../../../../scripts/with-postgres.sh");
    assert!(script.contains("--wait postgres") && COMPOSE.contains("POSTGRES_USER: ringback"));
}

#[test]
fn the_image_and_the_unit_run_without_rights() {
    assert!(DOCKERFILE.contains("FROM gcr.io/distroless/cc-debian12:nonroot"));
    assert!(DOCKERFILE.contains("HEALTHCHECK") && DOCKERFILE.contains("\"doctor\", \"--ready\""));
    for line in ["DynamicUser=yes", "NoNewPrivileges=yes", "ProtectSystem=strict"] {
        assert!(UNIT.lines().any(|known| known == line), "{line}");
    }
}

#[test]
fn the_proxies_name_the_sender_and_let_event_streams_through() {
    for text in NGINX {
        assert!(text.contains("X-Forwarded-For") && text.contains("proxy_buffering off"));
        assert!(text.contains("location = /metrics { return 404; }"));
    }
}

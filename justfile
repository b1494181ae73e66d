# Ringback's commands. `./just` (or `just`, once it is there) lists them.

set dotenv-load := true
set positional-arguments := true
set shell := ["bash", "-euo", "pipefail", "-c"]

[private]
default:
    @"{{ just_executable() }}" --justfile "{{ justfile() }}" --list --unsorted

# Build everything and start Ringback on SQLite in ./data
[group('use')]
run *ARGS:
    @scripts/run.sh "$@"

# Send signed test callbacks to a running Ringback: `just send --scenario demo`
[group('use')]
send *ARGS:
    @[ -x target/release/ringback ] || scripts/build.sh
    @target/release/ringback send "$@"

# Start PostgreSQL and two nodes behind a proxy with Docker Compose, on http://127.0.0.1:8080
[group('use')]
up:
    @grep -qs '^RINGBACK_SECRET_KEY=.' .env || (umask 077; printf 'RINGBACK_SECRET_KEY=%s\n' "$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')" >>.env)
    @docker compose --env-file .env up --detach --build --wait
    @docker compose logs node1 node2 | grep -m 1 'Set-up link' || true

# Stop what `just up` started; the data stays
[group('use')]
down:
    @docker compose down

# The API with reload and `trunk serve` with a proxy to it, on http://127.0.0.1:8081
[group('develop')]
dev:
    @scripts/dev.sh

# Build the SPA and the server: target/release/ringback
[group('develop')]
build:
    @scripts/build.sh

# Build the SPA into frontend/dist
[group('develop')]
spa:
    @scripts/build-spa.sh

# Format all Rust
[group('develop')]
fmt:
    cargo fmt --all
    cd frontend && cargo fmt --all

# Write crates/core/src/schema.rs from the migrations
[group('develop')]
schema:
    @scripts/check-schema.sh --write

# Write docs/PROVIDERS.md from crates/core/providers.toml
[group('develop')]
providers:
    @scripts/check-providers.sh --write

# Every test there is: checks, Rust on SQLite and PostgreSQL, the SPA, the browser
[group('test')]
test:
    @scripts/with-postgres.sh scripts/test.sh

# Formatting, clippy with warnings denied, the schema, the arrows between crates
[group('test')]
check:
    @scripts/check.sh

# Rust tests on SQLite and PostgreSQL
[group('test')]
test-rust:
    @scripts/with-postgres.sh scripts/test.sh rust

# The SPA's unit tests
[group('test')]
test-spa:
    @scripts/test.sh spa

# The senders' official packages sign and Ringback verifies, and the other way round
[group('test')]
interop:
    @scripts/test.sh interop

# Browser tests on SQLite and PostgreSQL; arguments go to Playwright
[group('test')]
e2e *ARGS:
    @scripts/with-postgres.sh scripts/test.sh e2e -- "$@"

# Kill, cut, fill and overload everything while a load runs; `--long` takes half an hour, `--list` names the scenarios
[group('test')]
faults *ARGS:
    @scripts/faults.sh "$@"

# Pictures of every page into docs/images
[group('test')]
screenshots:
    @RINGBACK_E2E_SCREENSHOTS=1 scripts/test.sh e2e

# The benchmarks, on SQLite and on a PostgreSQL that really writes to disk
[group('test')]
bench *ARGS:
    @scripts/build.sh
    @scripts/with-postgres.sh --durable cargo run --release --package ringback-bench -- "$@"

# Retention over 90 days of 10,000 callbacks each, on SQLite and PostgreSQL; takes minutes
[group('test')]
simulate-retention PER_DAY="10000":
    @RINGBACK_SIMULATE_PER_DAY={{ PER_DAY }} scripts/with-postgres.sh cargo test --release --package ringback-api --test api -- --nocapture ninety_days

# The screen on a slow machine and line: first paint, first row, memory, eight hours; 2 is half the speed
[group('test')]
bench-web SLOWDOWN="4":
    @scripts/build.sh
    @RINGBACK_E2E_BENCH=1 RINGBACK_E2E_SLOWDOWN={{ SLOWDOWN }} RINGBACK_BIN="$PWD/target/release/ringback" scripts/e2e.sh

# Remove what was built; keeps ./data and .env
[group('develop')]
clean:
    @scripts/clean.sh

#!/usr/bin/env bash
# Everything that is checked without running a test: formatting, clippy, the schema, the arrows.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/steps.sh
. scripts/steps.sh
need_rust

lock_files() {
    local folder host
    # This platform's crates only: the others' would be fetched for nothing.
    host=$(rustc -vV | sed -n 's/^host: //p')
    for folder in . frontend; do
        (cd "$folder" && cargo metadata --locked --filter-platform "$host" --format-version 1 >/dev/null) ||
            die "$folder/Cargo.lock does not fit its Cargo.toml. Run \`cargo check\` in $folder and commit the lock file."
    done
}

formatting() {
    local folder
    for folder in . frontend; do
        (cd "$folder" && cargo fmt --all --check) ||
            die "some Rust is not formatted as rustfmt.toml says. Run \`just fmt\`."
    done
}

shell_scripts() {
    local script
    for script in scripts/*.sh .ci/run; do bash -n "$script"; done
    sh -n just
    ! have just || just --summary >/dev/null || die "the justfile cannot be read. Read the lines above."
    ! have shellcheck || shellcheck --external-sources just scripts/*.sh .ci/run
}

clippy_frontend() {
    in_frontend cargo clippy --workspace --all-targets -- --deny warnings
    if has_wasm_target; then
        in_frontend cargo clippy --target wasm32-unknown-unknown --lib --bins -- --deny warnings
    else
        say "clippy for WebAssembly is left out: rustup's target is not here"
    fi
}

# Advisories are left to a machine that reaches their database: `cargo deny check advisories`.
licences() {
    local folder
    for folder in . frontend; do
        cargo deny --manifest-path "$folder/Cargo.toml" --config deny.toml --log-level warn \
            check --hide-inclusion-graph licenses bans sources
    done
}

step 'Lock files fit' lock_files
step 'Formatting' formatting
step 'Shell scripts' shell_scripts
step 'Dependencies point one way' scripts/check-arrows.sh
step 'Clippy, server' cargo clippy --workspace --all-targets -- --deny warnings
step 'Clippy, SPA' clippy_frontend
step 'schema.rs is what the migrations make' scripts/check-schema.sh
step 'PROVIDERS.md is what the table makes' scripts/check-providers.sh
if have cargo-deny; then step 'Licences and sources of crates' licences; fi

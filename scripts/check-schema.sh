#!/usr/bin/env bash
# Compares crates/core/src/schema.rs with what the migrations make; --write replaces it.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

schema=crates/core/src/schema.rs
generated=$(mktemp)
trap 'rm -f "$generated"' EXIT
cargo run --quiet --package ringback-core --example print_schema >"$generated" ||
    die "the schema could not be generated, see above: the migrations or ringback-core do not build."
rustfmt --quiet --config-path "$root/rustfmt.toml" "$generated"

if [ "${1-}" = --write ]; then
    cat "$generated" >"$schema"
    say "Wrote $schema"
elif ! diff -u "$schema" "$generated"; then
    die "$schema is not what the migrations make. Run \`just schema\` and commit it."
fi

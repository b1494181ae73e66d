#!/usr/bin/env bash
# Compares docs/PROVIDERS.md with what the table of providers makes; --write replaces it.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

page=docs/PROVIDERS.md
generated=$(mktemp)
trap 'rm -f "$generated"' EXIT
cargo run --quiet --package ringback-core --example print_providers >"$generated" ||
    die "the page could not be generated, see above: ringback-core does not build."

if [ "${1-}" = --write ]; then
    cat "$generated" >"$page"
    say "Wrote $page"
elif ! diff -u "$page" "$generated"; then
    die "$page is not what crates/core/providers.toml makes. Run \`just providers\` and commit it."
fi

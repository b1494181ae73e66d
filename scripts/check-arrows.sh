#!/usr/bin/env bash
# Checks that the crates depend on each other in one direction only: the network's types know
# nobody, and the rules know neither a server nor an executor.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

# forbid CRATE DEPENDENCY…
forbid() {
    local crate=$1 tree dependency found=
    shift
    tree=$(cargo tree --quiet --package "$crate" --edges normal,build --prefix none --format '{p}')
    for dependency; do
        if grep -Eq "^$dependency v" <<<"$tree"; then
            found="$found $dependency"
            cargo tree --quiet --package "$crate" --edges normal,build --invert "$(grep -Eom1 "^$dependency" <<<"$tree")" >&2 || true
        fi
    done
    [ -z "$found" ] || die "$crate must not depend on$found; the tree above shows how it does. docs/ARCHITECTURE.md says which crate the code belongs in."
}

forbid ringback-wire 'diesel[a-z_]*' 'actix-[a-z-]*' tokio ringback-core ringback-api
forbid ringback-core 'actix-[a-z-]*' tokio ringback-wire ringback-api

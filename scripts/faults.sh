#!/usr/bin/env bash
# Runs the fault suite; arguments go to it. It starts PostgreSQL servers of its own, for it kills
# them. With --long everything is built for speed.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
need_rust

profile=debug release=()
case " $* " in *' --long '*) profile=release release=(--release) ;; esac
cargo build --quiet ${release[@]+"${release[@]}"} --package ringback-api --package ringback-faults --bins
RINGBACK_POSTGRES_BIN=$(scripts/with-postgres.sh --programs)
export RINGBACK_POSTGRES_BIN
# Five thousand connections are five thousand files.
ulimit -n "$(ulimit -Hn)" 2>/dev/null || true
exec "target/$profile/ringback-faults" "$@"

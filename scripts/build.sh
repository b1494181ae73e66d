#!/usr/bin/env bash
# Builds the SPA and the server that carries it: target/release/ringback.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
need_rust

scripts/build-spa.sh
begin=$SECONDS
say "Building the server"
cargo build --release --package ringback-api || die "the server was not built. Read the lines above."
say "The server is target/release/ringback after $(took "$begin")"

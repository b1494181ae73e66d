# The version of every tool that the scripts install. POSIX shell, sourced: nothing but assignments.
# shellcheck shell=sh disable=SC2034
JUST_VERSION=1.57.0
# The oldest `just` on PATH that reads our justfile.
JUST_OLDEST=1.42.0
TRUNK_VERSION=0.21.14
# Must be the `wasm-bindgen` of frontend/Cargo.lock; scripts/tools.sh refuses anything else.
WASM_BINDGEN_VERSION=0.2.130
# The oldest `wasm-opt` that does, compiled from that crate where there is none.
BINARYEN_VERSION=116
WASM_OPT_CRATE_VERSION=0.116.1
# Only for machines with neither PostgreSQL's server programs nor Docker. Playwright's version is
# in e2e/package-lock.json, the Rust crates' are in the two Cargo.lock files.
EMBEDDED_POSTGRES_VERSION=18.4.0-beta.17

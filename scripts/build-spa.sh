#!/usr/bin/env bash
# Builds the SPA into frontend/dist, unless that is newer than everything it is made of.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

stamp=target/spa-built
changed() {
    find frontend -mindepth 1 \( -path frontend/dist -o -path frontend/target \) -prune -o -newer "$stamp" -print
    find crates/wire crates/wire-derive Trunk.toml scripts/versions.sh -newer "$stamp"
}

if [ -f "$stamp" ] && [ -f frontend/dist/index.html ] && [ -z "$(changed)" ]; then
    say "The SPA is built, and nothing it is made of has changed"
    exit 0
fi

begin=$SECONDS
path=$(scripts/tools.sh)
PATH=$path:$PATH
has_wasm_target || export RUSTUP_TOOLCHAIN=ringback-wasm
say "Building the SPA"
mkdir -p target
# The time of the beginning: what is edited while trunk runs is built the next time.
touch "$stamp.new"
CARGO_TARGET_DIR=$root/frontend/target trunk build --release --offline --skip-version-check >&2 ||
    die "The SPA was not built. Read the lines above; \`cargo check --target wasm32-unknown-unknown\` in frontend/ shows the compiler's errors alone."
if has_wasm_opt; then
    # Nothing lies in the first kilobyte of the memory.
    wasm-opt -Oz --low-memory-unused frontend/dist/*_bg.wasm -o frontend/dist/optimised >&2 ||
        die "The SPA was built and not optimised. Read the lines above."
    mv frontend/dist/optimised frontend/dist/*_bg.wasm
fi
# The host's program, so not with the toolchain for WebAssembly alone.
(unset RUSTUP_TOOLCHAIN && in_frontend cargo run --quiet --locked --package ringback-frontend-shrink -- "$root/frontend/dist") ||
    die "The SPA was built and not shortened. Read the lines above."
mv "$stamp.new" "$stamp"
say "The SPA is in frontend/dist after $(took "$begin")"

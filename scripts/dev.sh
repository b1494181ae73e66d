#!/usr/bin/env bash
# The developer's loop: the API on 127.0.0.1:8080, built again when its sources change, and the SPA
# on 127.0.0.1:8081 by `trunk serve`, which reloads the page and passes /api on. Ctrl-C ends both.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
need_rust

# Where Trunk.toml passes /api on to.
export RINGBACK_BIND=127.0.0.1:8080
# The API carries the SPA's files; any build of them will do here.
scripts/build-spa.sh
path=$(scripts/tools.sh)
PATH=$path:$PATH
wasm_toolchain=${RUSTUP_TOOLCHAIN-}
has_wasm_target || wasm_toolchain=ringback-wasm

server='' trunk=''
# shellcheck disable=SC2317
stop() {
    trap '' HUP INT TERM
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    [ -z "$trunk" ] || kill "$trunk" 2>/dev/null || true
    wait 2>/dev/null || true
}
trap stop EXIT
trap 'exit 0' HUP INT TERM

# Trunk does not start when a folder that it shall not watch is missing.
mkdir -p target/dev data frontend/target
env CARGO_TARGET_DIR="$root/frontend/target" ${wasm_toolchain:+RUSTUP_TOOLCHAIN="$wasm_toolchain"} trunk serve --offline --skip-version-check --dist target/dev/spa &
trunk=$!
say "The app will be on http://127.0.0.1:8081; a set-up link works there too, with this port"

stamp=target/dev/api-built
while :; do
    if [ ! -e "$stamp" ] || [ -n "$(find Cargo.toml Cargo.lock crates migrations -newer "$stamp" | head -n 1)" ]; then
        touch "$stamp"
        if cargo build --package ringback-api; then
            if [ -n "$server" ]; then
                kill "$server" 2>/dev/null || true
                wait "$server" || true
            fi
            target/debug/ringback serve &
            server=$!
        else
            say "The old API goes on until this compiles"
        fi
    fi
    kill -0 "$trunk" 2>/dev/null || die "trunk ended, see above. If port 8081 is taken, end what has it and run this again."
    sleep 1
done

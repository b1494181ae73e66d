# Shared by the scripts, which source it first: strict mode, where things are, and how to speak.
# shellcheck shell=bash disable=SC2034
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
# shellcheck source=scripts/versions.sh
. scripts/versions.sh
tools=${RINGBACK_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/ringback/tools}

# Where the scripts look for what cargo built, whatever a developer's own settings say. The SPA is
# another workspace and has its own folder.
export CARGO_TARGET_DIR=$root/target
in_frontend() { (cd frontend && CARGO_TARGET_DIR=$root/frontend/target "$@"); }

say() { printf '==> %s\n' "$*" >&2; }

# Ends the script with a sentence that says what to do.
die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

need_rust() { have cargo || die "Rust is missing. Install it from https://rustup.rs and run this again."; }

# True when rustup's (or the distribution's) Rust builds for WebAssembly; else the linked toolchain
# `ringback-wasm` does, see wasm-target-from-debian.sh.
has_wasm_target() { [ -d "$(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown/lib" ]; }

need_node() {
    if ! have node || ! have npm; then
        die "Node is missing; the browser tests need it. Install Node 20 or newer with npm and run this again."
    fi
    node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)' ||
        die "Node $(node --version) is too old for the browser tests. Install Node 20 or newer and run this again."
}

# True when there is a `wasm-opt` that does. What the versions of some years make of the app differs by
# a few hundred bytes; what an older one makes may not start.
has_wasm_opt() {
    local version
    version=$(wasm-opt --version 2>/dev/null | sed -n 's/^wasm-opt version \([0-9]*\).*/\1/p')
    [ "${version:-0}" -ge "$BINARYEN_VERSION" ]
}

# Prints the seconds since $1, a value of SECONDS, as people read them.
took() {
    local seconds=$((SECONDS - $1))
    if [ "$seconds" -ge 60 ]; then
        printf '%d min %02d s' $((seconds / 60)) $((seconds % 60))
    else
        printf '%d s' "$seconds"
    fi
}

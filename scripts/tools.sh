#!/usr/bin/env bash
# Makes sure that what builds the SPA is here, and prints the folders to put in front of PATH.
#
#   PATH=$(scripts/tools.sh):$PATH
#
# Everything is found again in milliseconds; the first run compiles trunk, wasm-bindgen and wasm-opt,
# which takes about seventeen minutes on two cores, and five where a wasm-opt is there. Prebuilt ones are
# not fetched: crates.io is the only place that a machine must reach.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

paths=

check_lock_file() {
    [ -f frontend/Cargo.lock ] || return 0
    local locked
    locked=$(awk '/^name = "wasm-bindgen"$/ { getline; gsub(/[^0-9.]/, ""); print; exit }' frontend/Cargo.lock)
    [ "$locked" = "$WASM_BINDGEN_VERSION" ] || die "frontend/Cargo.lock has wasm-bindgen $locked, and scripts/versions.sh installs wasm-bindgen-cli $WASM_BINDGEN_VERSION: they must be equal. Run \`cargo update -p wasm-bindgen --precise $WASM_BINDGEN_VERSION\` in frontend/, or change scripts/versions.sh."
}

# Parallel runs take turns. A lock whose owner is gone is taken over.
lock() {
    local owner waited=
    mkdir -p "$tools"
    while ! mkdir "$tools/.lock" 2>/dev/null; do
        owner=$(cat "$tools/.lock/pid" 2>/dev/null || true)
        if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then
            mv "$tools/.lock" "$tools/.lock.gone.$$" 2>/dev/null && rm -rf "$tools/.lock.gone.$$"
            continue
        fi
        [ -n "$waited" ] || say "Waiting for process ${owner:-?}, which is installing tools (if it hangs: rm -r $tools/.lock)"
        waited=yes
        sleep 1
    done
    echo $$ >"$tools/.lock/pid"
    work=$(mktemp -d "$tools/.install.XXXXXX")
    trap 'rm -rf "$work" "$tools/.lock"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
}

unlock() {
    rm -rf "$work" "$tools/.lock"
    trap - EXIT INT TERM HUP
}

# install_crate PROGRAM VERSION TIME CRATE@VERSION [cargo's options…]
#
# The first version is what the program says of itself. `optimise` is cargo's opt-level: a program that
# is compiled fast, for one that runs for long.
optimise=0
install_crate() {
    local program=$1 version=$2 time=$3 crate=$4 home=$tools/$1-$2 begin=$SECONDS
    shift 4
    if [ -x "$home/bin/$program" ]; then
        paths=$home/bin:$paths
        return
    fi
    # One that was installed by other means is as good.
    case " $("$program" --version 2>/dev/null || true) " in
    *" $version "*) return ;;
    esac
    need_rust
    lock
    if [ ! -x "$home/bin/$program" ]; then
        say "Compiling $program $version, once: $time on two cores"
        # Speed of compiling counts here: an unoptimised trunk builds the SPA as fast. What the
        # tools depend on is compiled once, and an interrupted run goes on where it stopped.
        CARGO_PROFILE_RELEASE_OPT_LEVEL=$optimise CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_STRIP=true \
            CARGO_PROFILE_RELEASE_DEBUG=0 CARGO_TARGET_DIR=$tools/.build RUSTFLAGS='' \
            cargo install "$crate" --root "$work" "$@" >&2 ||
            die "$program $version could not be compiled. Read the lines above; if crates.io was not reached, run this again later."
        mkdir -p "$home"
        rmdir "$home" && mv "$work" "$home"
        say "$program is ready after $(took "$begin")"
    fi
    unlock
    paths=$home/bin:$paths
}

install_wasm_opt() {
    ! has_wasm_opt || return 0
    if have "${CXX:-c++}"; then
        optimise=1 install_crate wasm-opt "$BINARYEN_VERSION" 'about twelve minutes' "wasm-opt@$WASM_OPT_CRATE_VERSION" --locked --no-default-features
    else
        say "There is no wasm-opt from version $BINARYEN_VERSION on and no C++ compiler to make one: the SPA is built without it and a third larger"
    fi
}

install_wasm_target() {
    need_rust
    ! has_wasm_target || return 0
    [ ! -x "$tools/rust-wasm/bin/rustc" ] || return 0
    if have rustup; then
        say "Adding Rust's WebAssembly target"
        rustup target add wasm32-unknown-unknown >&2 && return
    fi
    # A closed machine refuses the download; Debian carries what is needed to build the target.
    lock
    scripts/wasm-target-from-debian.sh "$tools/rust-wasm" >&2 ||
        die "Rust's WebAssembly target is missing. Run \`rustup target add wasm32-unknown-unknown\`, or install your distribution's package for it, and run this again."
    unlock
}

check_lock_file
install_wasm_target
install_crate trunk "$TRUNK_VERSION" 'about four minutes' "trunk@$TRUNK_VERSION" --locked --no-default-features --features rustls
# Not --locked: its lock file names a crate that some registries do not have yet.
install_crate wasm-bindgen "$WASM_BINDGEN_VERSION" 'about one minute' "wasm-bindgen-cli@$WASM_BINDGEN_VERSION"
install_wasm_opt
if [ -d "$tools/.build" ]; then
    lock
    rm -rf "$tools/.build"
    unlock
fi
printf '%s\n' "${paths%:}"

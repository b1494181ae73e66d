#!/usr/bin/env bash
# Builds Rust's standard library for WebAssembly from Debian's packages, into the folder named, and
# links the result as the toolchain `ringback-wasm`. For machines whose rustup cannot fetch the
# target; as root on Debian; about two minutes.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

sysroot=${1:?the folder to make}
[ "$(id -u)" = 0 ] && have apt-get && have rustup || exit 1

say "rustup was refused: building the WebAssembly target from Debian's packages instead"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends rustc-web cargo-web rust-web-src rust-web-llvm

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/empty/src"
: >"$work/empty/src/lib.rs"
printf '[package]\nname = "empty"\nversion = "0.0.0"\nedition = "2024"\n\n[profile.release]\npanic = "abort"\n' >"$work/empty/Cargo.toml"
# Without the bitcode a later build with LTO fails.
(cd "$work/empty" && RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Cembed-bitcode=yes /usr/bin/cargo build --release \
    --target wasm32-unknown-unknown --target-dir "$work/target" -Zbuild-std=std,panic_abort,proc_macro)

made=$work/sysroot
host=$(/usr/bin/rustc -vV | sed -n 's/^host: //p')
rustlib=$made/lib/rustlib
mkdir -p "$made/bin" "$rustlib/wasm32-unknown-unknown/lib" "$rustlib/$host/bin"
for library in "$work"/target/wasm32-unknown-unknown/release/deps/*.rlib; do
    case $library in */libempty-*) ;; *) cp "$library" "$rustlib/wasm32-unknown-unknown/lib/" ;; esac
done
ln -s "$(/usr/bin/rustc --print sysroot)/lib/rustlib/$host/lib" "$rustlib/$host/lib"
ln -s "$(rustc --print sysroot)/lib/rustlib/$host/bin/rust-lld" "$rustlib/$host/bin/rust-lld"
ln -s /usr/bin/cargo "$made/bin/cargo"
printf '#!/bin/sh\nexec /usr/bin/rustc --sysroot "%s" "$@"\n' "$sysroot" >"$made/bin/rustc"
chmod 755 "$made/bin/rustc"

rm -rf "$sysroot"
mv "$made" "$sysroot"
rustup toolchain link ringback-wasm "$sysroot"

#!/usr/bin/env bash
# The senders' official packages from npm sign and the server's program verifies, and the other way
# round. --prepare only makes sure that the packages are here.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
need_node

# `npm ci` removes everything first, so it runs only when the lock file is another one.
if ! cmp -s interop/package-lock.json interop/node_modules/.lock-file-installed; then
    say "Installing the senders' official packages"
    (cd interop && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2) ||
        die "the packages in interop/package-lock.json could not be installed, see above. Check that npm's registry is reached and run this again."
    cp interop/package-lock.json interop/node_modules/.lock-file-installed
fi
[ "${1-}" != --prepare ] || exit 0

export RINGBACK_PROGRAM=${RINGBACK_BIN:-$root/target/debug/ringback}
[ -x "$RINGBACK_PROGRAM" ] || die "$RINGBACK_PROGRAM is not built. Run \`just interop\`, which builds it."
cd interop
node --test --test-reporter=spec | tee /dev/stderr |
    awk '/tests [0-9]+$/ { tests = $NF } /pass [0-9]+$/ { pass = $NF }
        END { print pass + 0 " passed"; exit !(tests > 0 && pass == tests) }' | sed 's/^/    /'

#!/usr/bin/env bash
# Runs the browser tests with the server in target/debug; arguments go to Playwright. --prepare
# only makes sure that Playwright and Chromium are here.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
need_node

# `npm ci` removes everything first, so it runs only when the lock file is another one.
if ! cmp -s e2e/package-lock.json e2e/node_modules/.lock-file-installed; then
    say "Installing Playwright"
    (cd e2e && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund --loglevel=error >&2) ||
        die "the packages in e2e/package-lock.json could not be installed, see above. Check that npm's registry is reached and run this again."
    cp e2e/package-lock.json e2e/node_modules/.lock-file-installed
fi
RINGBACK_CHROMIUM=$(scripts/find-chromium.sh)
[ "${1-}" != --prepare ] || exit 0

export RINGBACK_CHROMIUM RINGBACK_BIN=${RINGBACK_BIN:-$root/target/debug/ringback}
[ -x "$RINGBACK_BIN" ] || die "$RINGBACK_BIN is not built. Run \`just e2e\`, which builds it."
cd e2e
node_modules/.bin/tsc --noEmit || die "the browser tests have type errors, see above."
exec node_modules/.bin/playwright test "$@"

#!/usr/bin/env bash
# Prints the path of a Chromium for the browser tests, and gets one if there is none:
# RINGBACK_CHROMIUM, an installed Chromium or Chrome, Debian's package (as root), Playwright's own.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

# A launcher without a browser behind it (Ubuntu has one) does not count.
works() { [ -n "$1" ] && [ -x "$1" ] && "$1" --version >/dev/null 2>&1; }

installed() {
    local name path
    for name in chromium chromium-browser google-chrome-stable google-chrome chrome; do
        path=$(command -v "$name" || true)
        if works "$path"; then
            printf '%s\n' "$path"
            return
        fi
    done
    for path in "/Applications/Chromium.app/Contents/MacOS/Chromium" \
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
        if works "$path"; then
            printf '%s\n' "$path"
            return
        fi
    done
    # What Playwright fetched before.
    path=$(node -p 'require("./e2e/node_modules/playwright-core").chromium.executablePath()' 2>/dev/null || true)
    works "$path" && printf '%s\n' "$path"
}

if [ -n "${RINGBACK_CHROMIUM-}" ]; then
    works "$RINGBACK_CHROMIUM" || die "RINGBACK_CHROMIUM is $RINGBACK_CHROMIUM, which does not run. Mend it, or unset it to let this script look for one."
    printf '%s\n' "$RINGBACK_CHROMIUM"
    exit 0
fi

installed && exit 0

if [ "$(id -u)" = 0 ] && have apt-get && grep -q '^ID=debian$' /etc/os-release 2>/dev/null; then
    say "Installing Debian's Chromium"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-liberation; } >&2 || true
    installed && exit 0
fi

if [ -d e2e/node_modules/playwright-core ]; then
    say "Fetching Playwright's Chromium"
    (cd e2e && node_modules/.bin/playwright install chromium >&2) || true
    installed && exit 0
fi

die "no Chromium for the browser tests. Install Chromium or Chrome (Debian: apt-get install chromium), or set RINGBACK_CHROMIUM to one, and run this again."

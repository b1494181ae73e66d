#!/usr/bin/env bash
# Removes what the recipes built. Keeps ./data, .env and the tools folder.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

rm -rf target frontend/target frontend/dist e2e/node_modules e2e/test-results e2e/playwright-report
say "Removed what was built. ./data and .env are kept; so are the tools in $tools"

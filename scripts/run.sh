#!/usr/bin/env bash
# Builds Ringback and starts it on SQLite in ./data. Arguments go to `ringback serve`.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

scripts/build.sh

if [ ! -e .env ]; then
    (
        umask 077
        printf '# Made by just run. .env.sample says what else can be set.\nLLM_WEBHOOK_SECRET=whsec_%s\n' \
            "$(head -c 24 /dev/urandom | base64)" >.env
    )
    say "Wrote .env with a new LLM_WEBHOOK_SECRET: give it to the service that signs the callbacks"
fi
exec target/release/ringback serve "$@"

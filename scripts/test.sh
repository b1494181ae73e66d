#!/usr/bin/env bash
# Runs every test there is, or the parts named: check, rust, spa, interop, faults, e2e. What follows `--` goes to
# Playwright. PostgreSQL must be given in
# TEST_DATABASE_URL: the recipes run this under scripts/with-postgres.sh.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/steps.sh
. scripts/steps.sh
need_rust

# A developer's .env must not change what is tested.
unset DATABASE_URL LLM_WEBHOOK_SECRET RINGBACK_BIND RINGBACK_LOG
# Incremental compilation pays off the second time only, and CI builds once.
[ -z "${CI-}" ] || export CARGO_INCREMENTAL=0
# Output goes through a pipe to be counted; people keep their colours.
if [ -t 1 ]; then export CARGO_TERM_COLOR=always FORCE_COLOR=1; fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT

counted() { "$@" 2>&1 | tee -a "$log"; }

rust_tests() {
    if cargo nextest --version >/dev/null 2>&1; then
        # CI wants to know of every failure, a person of the first.
        counted cargo nextest run --workspace ${CI:+--no-fail-fast}
        counted cargo test --workspace --doc --quiet
    else
        counted cargo test --workspace
    fi
}

spa_tests() { counted in_frontend cargo test --workspace; }

# Once, with the features that the tests add: the Rust tests and the browser run the same program.
build_server() {
    [ -z "${server_is_built-}" ] || return 0
    step 'SPA' scripts/build-spa.sh
    step 'Server and Rust tests: build' cargo build --workspace --bins --tests
    server_is_built=yes
}

# Adds up what the runners' closing lines say.
print_total() {
    local passed
    passed=$(sed $'s/\e\\[[0-9;]*m//g' "$log" |
        grep -E '^ *Summary \[|^test result: |^ +[0-9]+ passed' | grep -Eo '[0-9]+ passed' |
        awk '{ sum += $1 } END { print sum + 0 }')
    printf 'Total: %d passed, 0 failed\n' "$passed"
}

parts=
while [ $# -gt 0 ]; do
    part=$1
    shift
    [ "$part" != -- ] || break
    parts="$parts $part"
done
[ -n "$parts" ] || parts='check rust spa interop faults e2e'
begin=$SECONDS
for part in $parts; do
    case $part in
    rust | spa | interop | faults | e2e | check) ;;
    *) die "there is no part called $part. Parts: check, rust, spa, interop, faults, e2e." ;;
    esac
done
# What may be missing is looked for first, not after ten minutes of compiling.
case " $parts " in *' interop '*)
    step "Official packages: programs" scripts/interop.sh --prepare
    ;;
esac
case " $parts " in *' e2e '*)
    need_node
    step 'Browser tests: programs' scripts/e2e.sh --prepare
    ;;
esac
for part in $parts; do
    case $part in
    check) step 'Checks' scripts/check.sh ;;
    rust)
        build_server
        step 'Rust tests on SQLite and PostgreSQL' rust_tests
        ;;
    spa) step 'SPA: unit tests' spa_tests ;;
    interop)
        build_server
        step 'Official packages sign and verify' counted scripts/interop.sh
        ;;
    faults)
        build_server
        step 'Faults under load' counted scripts/faults.sh
        ;;
    e2e)
        build_server
        step 'SPA: size' scripts/check-spa-size.sh
        step 'Browser tests' counted scripts/e2e.sh "$@"
        ;;
    esac
done
say "All of it took $(took "$begin"):"
summary
print_total

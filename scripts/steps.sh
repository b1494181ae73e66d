# `step NAME COMMAND…`: says what runs, how long it took, and where to go on after a failure.
# Sourced after lib.sh.
# shellcheck shell=bash

steps=()

step() {
    local name=$1 begin=$SECONDS code=0
    shift
    say "$name"
    # In a subshell with strict mode of its own: `||` would switch it off in a function.
    set +e
    (
        set -e
        "$@"
    )
    code=$?
    set -e
    if [ "$code" -ne 0 ]; then
        summary
        printf 'error: %s failed after %s; the reason stands above.\n' "$name" "$(took "$begin")" >&2
        exit "$code"
    fi
    steps+=("$(printf '%10s  %s' "$(took "$begin")" "$name")")
    say "$name: done after $(took "$begin")"
}

# Prints what each step took.
summary() {
    [ ${#steps[@]} -eq 0 ] || printf '%s\n' "${steps[@]}" >&2
}

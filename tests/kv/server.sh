# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Sourced by the tests of the example server: starting and stopping it, and asking it things.
# shellcheck shell=bash
# shellcheck disable=SC2034 # used there

set -u
# shellcheck source=tests/support/say.sh
. "$ROSTER_SRCDIR/tests/support/say.sh"
# shellcheck source=scripts/resp.sh
. "$ROSTER_SRCDIR/scripts/resp.sh"
kv=$ROSTER_BUILDDIR/examples/kv/roster-kv
programs=$ROSTER_BUILDDIR/tests/kv
server=
port=

[ -x "$kv" ] || skip "built without the example server"
command -v redis-benchmark >/dev/null || skip "redis-tools are not installed"

work=$(mktemp -d "${TMPDIR:-/tmp}/roster-kv.XXXXXX") || exit 99
children=()

# Ends what was started here, also when the test was interrupted.
cleanup() {
    local pid
    for pid in ${server:+"$server"} "${children[@]}"; do
        kill "$pid" 2>/dev/null
        kill -CONT "$pid" 2>/dev/null # it may be stopped
    done
    wait
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

# slow: whether the build is one in which everything takes many times longer.
slow() {
    [ "$ROSTER_SANITIZER" != none ] || [ "${ROSTER_COVERAGE_BUILD:-no}" = yes ]
}

# needs_files N: skips the test where no process may open as many.
needs_files() {
    ulimit -Sn "$(ulimit -Hn)"
    if [ "$(ulimit -n)" != unlimited ] && [ "$(ulimit -n)" -lt "$1" ]; then
        skip "needs $1 open files, and the limit is $(ulimit -n)"
    fi
}

# start_server [OPTION...]: starts $kv, sets $server and $port.
start_server() {
    : >"$work/server.out"
    "$kv" --port=0 "$@" >"$work/server.out" 2>"$work/server.err" &
    server=$!
    local tries=100
    until grep -q '^roster-kv: ready' "$work/server.out"; do
        tries=$((tries - 1))
        if [ "$tries" -eq 0 ] || ! kill -0 "$server" 2>/dev/null; then
            cat "$work/server.err"
            echo "the server did not start"
            exit 1
        fi
        sleep 0.1
    done
    port=$(sed -n 's/.* port \([0-9]*\),.*/\1/p' "$work/server.out")
}

# stop_server: it has to end well.
stop_server() {
    local status=0
    kill -TERM "$server"
    wait "$server" || status=$?
    server=
    [ "$status" -eq 0 ] || fail "the server ended with status $status"
    grep -v -e '^roster-kv: closed ' -e '^roster-kv: only ' "$work/server.err" && fail "the server complained"
    return 0
}

# finish: the end of a test.
finish() {
    [ -z "$(find "$work" -name '*.db*' -size +17M)" ] || fail "the store's file or its log has grown"
    [ -z "$server" ] || stop_server
    exit "$wrong"
}

cli() {
    redis-cli -p "$port" "$@"
}

# info NAME: one line of INFO.
info() {
    cli INFO | tr -d '\r' | sed -n "s/^$1://p"
}

# Conditions for eventually().
info_is() { # NAME OPERATOR VALUE
    test "$(info "$1")" "$2" "$3"
}
cli_says() { # REPLY WORD...
    local reply=$1
    shift
    [ "$(cli "$@" 2>&1)" = "$reply" ]
}
counted() { # KEY NUMBER: whether it is greater
    [ "$(cli GET "$1")" -gt "$2" ]
}
listed() { # CLIENT|TRX PATTERN: whether a line of the list matches
    cli "$1" LIST | grep -q "$2"
}

# eventually WHAT COMMAND...: within ten seconds the command has to succeed.
eventually() {
    local what=$1 tries=100
    shift
    until "$@"; do
        tries=$((tries - 1))
        if [ "$tries" -eq 0 ]; then
            fail "$what"
            return
        fi
        sleep 0.1
    done
    echo "right: $what"
}

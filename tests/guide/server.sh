# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Sourced by the tests of the guide's servers: starting one, talking to it over bash's sockets,
# stopping it. A session is a descriptor number from 3 on.
# shellcheck shell=bash
# shellcheck disable=SC2034 # the tests use what is set here

set -u
# shellcheck source=tests/support/say.sh
. "$ROSTER_SRCDIR/tests/support/say.sh"
work=$(mktemp -d "${TMPDIR:-/tmp}/roster-guide.XXXXXX") || exit 99
server=
port=
reply=

cleanup() {
    [ -z "$server" ] || kill "$server" 2>/dev/null
    wait
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

# start_server PROGRAM
start_server() {
    local tries=200
    : >"$work/out"
    "$ROSTER_BUILDDIR/examples/guide/$1" >"$work/out" 2>"$work/err" &
    server=$!
    until port=$(sed -n 's/^port //p' "$work/out") && [ -n "$port" ]; do
        tries=$((tries - 1))
        if [ "$tries" -eq 0 ] || ! kill -0 "$server" 2>/dev/null; then
            cat "$work/err"
            echo "the server did not start"
            exit 1
        fi
        sleep 0.05
    done
}

# dial FD
dial() {
    eval "exec $1<>/dev/tcp/127.0.0.1/$port"
}

hang_up() {
    eval "exec $1>&-"
}

# send FD LINE
send() {
    printf '%s\n' "$2" >&"$1"
}

# expect FD PATTERN: the next line of the reply, which is left in $reply.
expect() {
    reply=
    read -r -t 20 -u "$1" reply
    # shellcheck disable=SC2053 # a pattern is meant
    if [[ $reply == $2 ]]; then
        echo "right: $reply"
    else
        fail "expected $2, got \"$reply\""
    fi
}

# ask FD LINE PATTERN
ask() {
    send "$1" "$2"
    expect "$1" "$3"
}

# at_end FD: the server closes the connection.
at_end() {
    local rest status=0
    read -r -t 20 -u "$1" rest || status=$?
    [ "$status" -eq 1 ] || fail "connection $1 is still there: $rest"
}

# id_of FD: which session it is.
id_of() {
    send "$1" "list"
    while read -r -t 20 -u "$1" reply && [ "$reply" != ok ]; do
        case $reply in
        *" list") echo "${reply%% *}" ;;
        esac
    done
}

# stop_server: it has to end well, and to say nothing on standard error.
stop_server() {
    local status=0
    kill -TERM "$server"
    wait "$server" || status=$?
    server=
    [ "$status" -eq 0 ] || fail "the server ended with status $status"
    if [ -s "$work/err" ]; then
        cat "$work/err"
        fail "the server complained"
    fi
    cat "$work/out"
}

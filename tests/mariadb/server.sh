# shellcheck shell=bash
# shellcheck disable=SC2154 # work is set by whoever sources this
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# A MariaDB server of one's own: data in $work, on a loopback port that the kernel picked, without TLS, which
# newer clients ask for unless they are told.

server=
port=

free_port() {
    perl -MSocket -e 'socket(S, PF_INET, SOCK_STREAM, 0) && bind(S, sockaddr_in(0, INADDR_LOOPBACK))
        or die; print((sockaddr_in(getsockname(S)))[0])'
}

# make_data: an empty data directory, and the plugin beside the server's own.
make_data() {
    mkdir "$work/data" "$work/plugins"
    ln -s "$ROSTER_BUILDDIR/src/mariadb/.libs/roster_audit.so" "$work/plugins/"
    mariadb-install-db --no-defaults --datadir="$work/data" --user="$(id -un)" \
        --auth-root-authentication-method=normal --skip-test-db >"$work/install.log" 2>&1
}

# try_server [OPTION...]: starts it on some port; fails when that was taken meanwhile. All clients of
# a load connect at once: what finds no place in the backlog waits for a greeting for ever.
try_server() {
    local tries
    port=$(free_port)
    LD_LIBRARY_PATH=$ROSTER_BUILDDIR/.libs mariadbd --no-defaults --user="$(id -un)" \
        --datadir="$work/data" --socket="$work/socket" --pid-file="$work/pid" \
        --bind-address=127.0.0.1 --port="$port" --skip-name-resolve --skip-ssl --max-connections=700 --back-log=1500 \
        --plugin-dir="$work/plugins" --innodb-buffer-pool-size=32M --performance-schema=off \
        "$@" >"$work/server.log" 2>&1 &
    server=$!
    for ((tries = 300; tries; tries--)); do
        kill -0 "$server" 2>/dev/null || return 1
        sql -e 'SELECT 1' >/dev/null 2>&1 && return 0
        sleep 0.1
    done
    return 1
}

start_server() {
    local attempt
    for attempt in 1 2 3; do
        try_server "$@" && return 0
        stop_server
        grep -q 'Address already in use' "$work/server.log" || break
    done
    tail -n 20 "$work/server.log"
    echo "the server did not start (attempt $attempt)"
    return 1
}

# Ends it, and tells how it went.
stop_server() {
    local status=0
    [ -n "$server" ] || return 0
    kill "$server" 2>/dev/null || true
    wait "$server" || status=$?
    server=
    return "$status"
}

# sql ARGUMENT...: a client, whose rows are separated by tabs.
sql() {
    timeout 120 mariadb --no-defaults --skip-ssl --host=127.0.0.1 --port="$port" --user=root \
        --batch --skip-column-names "$@"
}

#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# SIGTERM and SIGINT under load: clients are closed, transactions end, the roster is given back, and
# the server ends with 0.

# shellcheck disable=SC2016 # the dollars belong to the protocol

# shellcheck source=tests/kv/server.sh
. "$ROSTER_SRCDIR/tests/kv/server.sh"

printf 'MSET a 1 b 2\r\nINCR n\r\n' >"$work/flood"
for signal in TERM INT; do
    start_server --gc-interval-ms=5
    for n in 1 2; do
        "$programs/raw" -f -t 60000 "$port" <"$work/flood" >/dev/null &
        children+=($!)
    done
    for n in 3 4 5; do
        dial $n "$port"
    done
    ask 3 BEGIN >/dev/null
    ask 3 'SET held 1' >/dev/null
    ask 4 MULTI >/dev/null
    ask 4 'SET queued 1' >/dev/null
    printf 'DEBUG SLEEP 1000\r\n' >&5
    printf '*2\r\n$3\r\nGET\r\n$1000\r\nhalf' >&3
    eventually "there is load" counted n 50
    # Started with "&" it ignores SIGINT unless it says otherwise, as this one does.
    kill -"$signal" "$server"
    for ((tries = 200; tries; tries--)); do
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    [ "$tries" -gt 0 ] || kill -KILL "$server"
    status=0
    wait "$server" || status=$?
    server=
    expect "the server ends with 0 after SIG$signal" 0 "$status"
    expect "and without complaint" "" \
        "$(grep -v '^roster-kv: only ' "$work/server.err")"
    for pid in "${children[@]}"; do
        wait "$pid" || fail "a client was not closed"
    done
    children=()
    for n in 3 4 5; do
        hang_up $n
    done
done
finish

#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# CLIENT KILL ends a client that is idle, blocked, busy or inside a transaction, by id and by
# address, and hits nobody else; CLIENT UNBLOCK ends the statement only.

# shellcheck disable=SC2016 # the dollars belong to the protocol

# shellcheck source=tests/kv/server.sh
. "$ROSTER_SRCDIR/tests/kv/server.sh"

start_server --threads=2

# victim NAME LINE... [-- OPTION...]: a client that names itself, sends the lines and waits to be
# closed. Sets $victim, $id and $addr.
victim() {
    local name=$1 tries list=
    shift
    {
        printf 'CLIENT SETNAME %s\r\n' "$name"
        while [ $# -gt 0 ] && [ "$1" != -- ]; do
            printf '%s\r\n' "$1"
            shift
        done
    } >"$work/$name.in"
    [ $# -eq 0 ] || shift
    "$programs/raw" -t 60000 "$@" "$port" <"$work/$name.in" >"$work/$name.out" &
    victim=$!
    children+=("$victim")
    for ((tries = 100; tries; tries--)); do
        list=$(cli CLIENT LIST | grep " name=$name ") && break
        sleep 0.1
    done
    id=$(sed -n 's/^id=\([0-9]*\) .*/\1/p' <<<"$list")
    addr=$(sed -n 's/.* addr=\([^ ]*\) .*/\1/p' <<<"$list")
}

# ended WHAT: the victim has to be closed by the server.
ended() {
    local status=0
    wait "$victim" || status=$?
    expect "$1 is closed" 0 "$status"
}

victim bystander PING
bystander=$victim
victim idle
expect "an idle client is killed by id" 1 "$(cli CLIENT KILL ID "$id")"
ended "the idle client"
expect "once" 0 "$(cli CLIENT KILL ID "$id")"

victim idle2
expect "an idle client is killed by address" OK "$(cli CLIENT KILL "$addr")"
ended "the idle client"

victim idle3
expect "by a filter on its address" 1 "$(cli CLIENT KILL ADDR "$addr")"
ended "the idle client"

victim blocked 'DEBUG SLEEP 1000'
eventually "a statement is running" listed CLIENT "name=blocked .*SLEEP"
expect "a blocked client is killed" 1 "$(cli CLIENT KILL ID "$id")"
ended "the blocked client"

cli MSET a 1 b 2 >/dev/null
victim busy 'MGET a b a b a b' 'INCR busy' -- -f
eventually "a client is busy" counted busy 100
expect "a busy client is killed" 1 "$(cli CLIENT KILL ID "$id")"
ended "the busy client"

victim within BEGIN 'SET a 5'
eventually "it holds the minimum" info_is min_holder_id = "$id"
expect "a client inside a transaction is killed" 1 "$(cli CLIENT KILL ID "$id")"
ended "the client inside a transaction"
eventually "its pin goes with it" info_is min_holder = none
expect "and its writes" 1 "$(cli GET a)"

victim sleeper BEGIN 'DEBUG SLEEP 1000' 'GET a' 'SET x 1'
eventually "a statement sleeps in a transaction" \
    listed TRX "name=sleeper .*SLEEP"
expect "its statement alone is killed" 1 "$(cli CLIENT UNBLOCK "$id")"
eventually "it goes on" listed TRX "name=sleeper .*writes=1"
expect "there is nothing more to interrupt" 0 "$(cli CLIENT UNBLOCK "$id")"
expect "then it is killed" 1 "$(cli CLIENT KILL ID "$id")"
ended "the client"
expect "it was told" '*-UNBLOCKED the statement was interrupted*$1*+OK*' \
    "$(cat "$work/sleeper.out")"

dial 3 "$port"
me=$(ask 3 'CLIENT ID')
expect "a client does not hit itself" ':0' "$(ask 3 "CLIENT KILL ID ${me#:}")"
expect "unless it wants to" ':1' "$(ask 3 "CLIENT KILL ID ${me#:} SKIPME no")"
expect "and then it ends" '(no reply)' "$(ask 3 PING)"
hang_up 3

collector=$(cli CLIENT LIST | sed -n 's/^id=\([0-9]*\) .*kind=background.*/\1/p')
expect "the collector is no client" 0 "$(cli CLIENT KILL ID "$collector")"
kill -0 "$bystander" 2>/dev/null || fail "a bystander was hit"
expect "all others at once" 1 "$(cli CLIENT KILL SKIPME yes)"
victim=$bystander
ended "the bystander"
children=()
expect "all kills are counted" 10 "$(info kills_delivered)"
finish

#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# What operates the server: status endpoint and rosterctl, filters, history, timeouts, drain.

# shellcheck source=tests/kv/server.sh
. "$ROSTER_SRCDIR/tests/kv/server.sh"

ctl=$ROSTER_BUILDDIR/rosterctl

# left SECONDS: whether the server ends by itself in so long.
left() {
    local tries
    for ((tries = $1 * 10; tries; tries--)); do
        kill -0 "$server" 2>/dev/null || return 0
        sleep 0.1
    done
    return 1
}

start_server --history=10 --history-min-ms=20
dial 3 "$port"
dial 4 "$port"
ask 3 'CLIENT SETNAME reader' >/dev/null
ask 4 'CLIENT SETNAME writer' >/dev/null
expect "a list by name" '*name=reader*' "$(cli CLIENT LIST NAME reader)"
expect "has no other" 1 "$(cli CLIENT LIST NAME reader | grep -c '^id=')"
id=$(cli CLIENT LIST NAME writer | sed -n 's/^id=\([0-9]*\).*/\1/p')
expect "by id" '*name=writer*' "$(cli CLIENT LIST ID "$id")"
expect "by type" '*kind=background*' "$(cli CLIENT LIST TYPE background)"
expect "by user" '*name=writer*' "$(cli CLIENT LIST USER default)"
expect "of nobody" "" "$(cli CLIENT LIST USER nobody)"
expect "by age" "" "$(cli CLIENT LIST MAXAGE 3600)"
expect "not by nonsense" '*syntax error*' "$(cli CLIENT LIST COLOUR red 2>&1)"
expect "a kill by another user hits nobody" 0 "$(cli CLIENT KILL USER nobody)"
expect "a kill by age neither" 0 "$(cli CLIENT KILL MAXAGE 3600)"
expect "the collector is not killed by its type" 0 "$(cli CLIENT KILL TYPE background)"
expect "a kill by name" 1 "$(cli CLIENT KILL NAME writer)"
expect "hits the one meant" '(no reply)' "$(ask 4 PING)"
hang_up 4
ask 3 BEGIN >/dev/null
ask 3 'SET a 1' >/dev/null
ask 3 'GET a' >/dev/null
sleep 0.05
expect "it commits" '+OK' "$(ask 3 COMMIT)"
expect "a long transaction is remembered" '*count=1 max-ms=*digests=*"SET","GET"*' \
    "$(cli TRX HISTORY)"
hang_up 3
stop_server

start_server --max-execution-ms=200 --txn-idle-timeout-ms=300
dial 3 "$port"
dial 4 "$port"
expect "a command is ended" '*UNBLOCKED*' "$(ask 3 'DEBUG SLEEP 1000')"
expect "its client goes on" '+PONG' "$(ask 3 PING)"
ask 4 BEGIN >/dev/null
# shellcheck disable=SC2317 # called by eventually
is_told() {
    grep -q 'ended the transaction of session.*idle in transaction' "$work/server.err"
}
eventually "a transaction that is idle is ended" is_told
expect "its client is told" '*ABORTED*' "$(ask 4 'GET a')"
expect "and goes on" '+OK' "$(ask 4 ROLLBACK)"
expect "as if nothing had been" '+OK' "$(ask 4 BEGIN)"
expect "the one that is idle outside stays" '+PONG' "$(ask 3 PING)"
hang_up 3
hang_up 4
kill -TERM "$server"
wait "$server" || fail "the server ended badly"
server=

# SIGTERM: who is idle leaves, a transaction may finish, nobody else is let in.
start_server --drain-ms=60000
dial 3 "$port"
dial 4 "$port"
ask 3 BEGIN >/dev/null
expect "a write" '+OK' "$(ask 3 'SET drained 1')"
ask 4 PING >/dev/null
kill -TERM "$server"
# shellcheck disable=SC2317 # called by eventually
gets_no_reply() {
    [ "$(ask 4 PING 2>/dev/null)" = '(no reply)' ]
}
eventually "the idle client leaves" gets_no_reply
expect "a new one is refused" '*draining*' "$(cli PING 2>&1)"
expect "the transaction goes on" '*1*' "$(ask 3 'GET drained')"
kill -0 "$server" || fail "the server did not wait"
expect "and commits" '+OK' "$(ask 3 COMMIT)"
left 20 || fail "the server did not end"
status=0
wait "$server" || status=$?
server=
expect "the server ends with 0" 0 "$status"
hang_up 3
hang_up 4

start_server --drain-ms=300
dial 3 "$port"
ask 3 BEGIN >/dev/null
kill -TERM "$server"
left 20 || fail "the drain has no deadline"
wait "$server" || fail "the server ended badly"
server=
hang_up 3

start_server --drain-ms=60000
dial 3 "$port"
ask 3 BEGIN >/dev/null
kill -TERM "$server"
sleep 0.2
kill -TERM "$server"
left 20 || fail "a second signal does not hurry it"
wait "$server" || fail "the server ended badly"
server=
hang_up 3

if [ -x "$ctl" ]; then
    start_server --status="unix:$work/status" --drain-ms=60000
    dial 3 "$port"
    ask 3 'CLIENT SETNAME culprit' >/dev/null
    ask 3 BEGIN >/dev/null
    ask 3 'GET a' >/dev/null
    address=$(sed -n 's/^roster-kv: status on //p' "$work/server.out")
    expect "it says where" "unix:$work/status" "$address"
    expect "rosterctl names the holder" '*application culprit*last: *GET a*rosterctl *kill*' \
        "$("$ctl" -s "$address" min)"
    id=$("$ctl" -s "$address" min | sed -n 's/.*rosterctl .*kill --transaction //p')
    expect "the way it tells ends it" "session $id: delivered" \
        "$("$ctl" -s "$address" kill --transaction "$id")"
    expect "the client is told" '*ABORTED*' "$(ask 3 'GET a')"
    expect "and goes on" '+OK' "$(ask 3 ROLLBACK)"
    hang_up 3
    expect "rosterctl drains it" 'draining*gone' "$("$ctl" -s "$address" drain --wait)"
    left 20 || fail "the server did not end"
    wait "$server" || fail "the server ended badly"
    server=
fi
finish

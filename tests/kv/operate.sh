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
expect "a type that is none means nobody, and not without a word" '*a type is normal, *' "$(cli CLIENT KILL TYPE normla 2>&1)"
expect "nor in a list" '*a type is normal, *' "$(cli CLIENT LIST TYPE normla 2>&1)"
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
    # Users, locks, activity and progress. B waits for A and C for B; A would close the circle.
    start_server --status="unix:$work/status" --auth=trust --activity-ms=20 --status-old-ms=50 \
        --quota=user:9,user=few:1,application=one:1
    dial 3 "$port"
    dial 4 "$port"
    expect "a user has a place" +OK "$(ask 3 'AUTH few')"
    for secret in 'AUTH any s3cret' 'HELLO 2 AUTH any s3cret'; do
        dial 5 "$port"
        ask 5 BEGIN >/dev/null
        ask 5 "$secret" >/dev/null
        shown=$("$ctl" -s "unix:$work/status" --json trx)
        expect "a password is not shown" '*(redacted)*' "$shown"
        [[ $shown != *s3cret* ]] || fail "a password is shown: $shown"
        hang_up 5
    done
    expect "and no name yet" '* name= *' "$(cli CLIENT LIST USER few)"
    expect "and no other one" '-ERR user "few" has 1 session: the rule for this user allows 1; *' \
        "$(ask 4 'AUTH few')"
    expect "the client is who it was" '*user=default*' "$(cli CLIENT LIST USER default)"
    expect "an application has a place" +OK "$(ask 3 'CLIENT SETNAME one')"
    expect "and no other one, too" '-ERR application "one" has 1 *' "$(ask 4 'CLIENT SETNAME one')"
    expect "an operator sees which" '*quota reached*' \
        "$("$ctl" -s "unix:$work/status" status || true)"
    expect "and how many each has" '*user*few*1*1*0*1*application: * sessions*' \
        "$("$ctl" -s "unix:$work/status" groups)"
    expect "a refusal is an event" '*open rejected*user few*' \
        "$("$ctl" -s "unix:$work/status" events)"
    hang_up 3
    hang_up 4
    for client in 3 4 5; do
        dial "$client" "$port"
        expect "a client says who it is" +OK "$(ask "$client" "AUTH user$client")"
        ask "$client" BEGIN >/dev/null
        expect "a lock that is free" +OK "$(ask "$client" "LOCK lock$client")"
    done
    printf 'LOCK lock3\r\n' >&4
    eventually "the first one waits" info_is blocked_clients = 1
    printf 'LOCK lock4\r\n' >&5
    eventually "and the second one" info_is blocked_clients = 2
    expect "the chain is shown" '*user3*user4*lock lock3*user5*lock lock4*' \
        "$("$ctl" -s "unix:$work/status" locks)"
    expect "a circle is refused" '-DEADLOCK*' "$(ask 3 'LOCK lock5')"
    expect "and who was refused is rolled back, which lets the first go on" '+OK' \
        "$(IFS= read -r -t 10 line <&4 && echo "${line%$'\r'}")"
    expect "the deadlock is remembered" '*deadlock 1,*of 3 sessions:*  session * waited for session *: lock *; its wait was refused*' \
        "$("$ctl" -s "unix:$work/status" locks)"
    id=$(cli CLIENT LIST USER user5 | sed -n 's/^id=\([0-9]*\).*/\1/p')
    expect "a wait is interrupted" "session $id: delivered" \
        "$("$ctl" -s "unix:$work/status" kill --statement "$id")"
    expect "its client is told" '-UNBLOCKED*' "$(IFS= read -r -t 10 line <&5 && echo "$line")"
    printf 'LOCK lock4\r\n' >&5
    eventually "it waits again" info_is blocked_clients = 1
    hang_up 4
    expect "until the holder has gone" '+OK' \
        "$(IFS= read -r -t 10 line <&5 && echo "${line%$'\r'}")"
    ask 3 ROLLBACK >/dev/null
    expect "HELLO says it, too" '*id=*user=carol*' \
        "$(cli --raw --no-auth-warning --user carol --pass x CLIENT INFO)"
    expect "RESET gives up the user" '+RESET' "$(ask 3 RESET)"
    expect "and the name" '*user=default*' "$(cli CLIENT LIST USER default)"
    printf 'DEBUG SLEEP 60\r\n' >&3
    # shellcheck disable=SC2317 # called by eventually
    says() { # PATTERN WORD...
        "$ctl" -s "unix:$work/status" "${@:2}" | grep -q "$1"
    }
    eventually "how far a statement has come" says '^60000' ps --columns=total --output=csv
    eventually "the history has the lock" says 'Lock .*Lock .*LOCK .*user5' \
        activity --by=wait,digest,user
    eventually "and the sleep" says 'Timeout .*DebugSleep .*DEBUG .*default' \
        activity --by=wait,digest,user
    eventually "what is old is a problem" says 'minimum too old' status
    hang_up 3
    hang_up 5
    stop_server

    start_server --status="unix:$work/status" --drain-ms=60000
    dial 3 "$port"
    ask 3 'CLIENT SETNAME culprit' >/dev/null
    ask 3 BEGIN >/dev/null
    ask 3 'GET a' >/dev/null
    address=$(sed -n 's/^roster-kv: status on //p' "$work/server.out")
    expect "it says where" "unix:$work/status" "$address"
    expect "rosterctl names the holder" '*application culprit*last: *GET a*rosterctl *kill*' \
        "$("$ctl" -s "$address" min)"
    told=$("$ctl" -s "$address" min | sed -n 's/.*rosterctl .*kill --/--/p')
    expect "the way it tells ends it" "session ${told##* }: delivered" \
        "$("$ctl" -s "$address" kill "${told% *}" "${told##* }")"
    expect "the client is told" '*ABORTED*' "$(ask 3 'GET a')"
    expect "and goes on" '+OK' "$(ask 3 ROLLBACK)"
    ask 3 BEGIN >/dev/null
    expect "the same way ends no later transaction" '*stale: that transaction has ended*' \
        "$("$ctl" -s "$address" kill "${told% *}" "${told##* }" 2>&1 || true)"
    hang_up 3
    expect "rosterctl drains it" 'draining*gone' "$("$ctl" -s "$address" drain --wait)"
    left 20 || fail "the server did not end"
    wait "$server" || fail "the server ended badly"
    server=
fi
finish

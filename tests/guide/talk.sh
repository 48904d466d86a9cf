# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Sourced by the tests of the guide's servers: what each of them has to do, however its sessions
# move. Transactions hold the minimum back across threads, a kill hits the statement it was aimed
# at, and at the end idle connections are woken and closed.
# shellcheck shell=bash
# shellcheck disable=SC2154 # reply, work and wrong are server.sh's

# shellcheck source=tests/guide/server.sh
. "$ROSTER_SRCDIR/tests/guide/server.sh"

# The minimum is the transaction's of descriptor 3, until it ends.
talk_minimum() {
    local id start_ts
    id=$(id_of 3)
    ask 3 begin "begun *"
    start_ts=${reply#begun }
    ask 4 begin "begun *"
    while [ "$reply" = "begun $start_ts" ]; do # the clock that is read has not ticked yet
        ask 4 finish ok
        sleep 0.02
        ask 4 begin "begun *"
    done
    ask 5 minimum "minimum $start_ts held by $id"
    ask 3 read value
    ask 3 begin "error: *"
    ask 3 finish ok
    ask 5 minimum "minimum * held by $(id_of 4)"
    [[ $reply != "minimum $start_ts "* ]] || fail "the minimum did not move"
    ask 4 read value
    ask 4 finish ok
    ask 4 read "error: *"
}

# A long statement is seen and killed, and the next one is not.
talk_kill() {
    local id
    id=$(id_of 3)
    ask 4 "kill $id" "error: *"
    send 3 "work 15000"
    until send 4 list && grep_reply 4 "$id - invalid work 15000"; do
        sleep 0.05
    done
    ask 4 "kill $id" ok
    expect 3 "killed: interrupted"
    ask 3 "work 1" "done"
    ask 4 "kill 99999" "error: *"
}

# grep_reply FD LINE: whether it is in the list that is being sent.
grep_reply() {
    local found=1
    while read -r -t 20 -u "$1" reply && [ "$reply" != ok ]; do
        [ "$reply" != "$2" ] || found=0
    done
    return "$found"
}

# Many connections at once, each with several lines in one packet.
talk_many() {
    local i
    for i in {10..29}; do
        dial "$i"
        printf 'begin\nread\nread\nfinish\n' >&"$i"
    done
    for i in {10..29}; do
        expect "$i" "begun *"
        expect "$i" value
        expect "$i" value
        expect "$i" ok
        hang_up "$i"
    done >"$work/many"
    grep WRONG "$work/many" && wrong=1
    echo "right: many at once"
}

# talk PROGRAM
talk() {
    start_server "$1"
    dial 3
    dial 4
    dial 5
    talk_minimum
    talk_kill
    talk_many
    ask 3 begin "begun *"
    hang_up 3 # with an open transaction
    stop_server
    grep -q '^drained' "$work/out" || fail "it was not drained"
    at_end 4
    at_end 5
    exit "$wrong"
}

#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# The bank test must be able to fail: it has to find a collector that ignores the minimum, and a
# commit whose timestamp is taken before its locks. The same program without a fault passes, also
# when it loses the same time in the right place. A request that was refused is no wrong sum.

# shellcheck source=tests/kv/server.sh
. "$ROSTER_SRCDIR/tests/kv/server.sh"

kv=$programs/roster-kv-faulty
[ -x "$kv" ] || skip "the faulty server was not built"

# bank_finds FAULT STATUS: runs until the bank ends with that status, some times at most.
bank_finds() {
    local status tries
    for tries in 1 2 3 4 5; do
        export KV_FAULT=$1
        start_server --gc-interval-ms=5 --threads=4
        status=0
        "$programs/bank" -s 2 "$port" || status=$?
        stop_server
        echo "with fault \"$1\", try $tries: status $status"
        [ "$status" -ne "$2" ] || return 0
        [ "$2" -ne 0 ] || break
    done
    fail "fault \"$1\": the bank ended with status $status, not $2"
}

bank_finds none 0
bank_finds delay 0
bank_finds minimum 2
bank_finds commit 2

# The one account grows too long to be read, while clients transfer and none reads all accounts.
export KV_FAULT=none
start_server --max-reply=1024
"$programs/bank" -s 10 -a 1 -c 8 -r 0 "$port" 2>"$work/refused" &
children=($!)
eventually "the bank opens" counted account:0 0
expect "the account grows" OK "$(cli SET account:0 "$(printf '%02000d' 1)")"
status=0
wait "${children[0]}" || status=$?
children=()
expect "a bank whose requests are refused" 1 "$status"
expect "why it ended" "bank: MGET: ERR the reply would exceed*" "$(cat "$work/refused")"
finish

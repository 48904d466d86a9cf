#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# One loop per worker: 10 000 connections at once, or as many as descriptors allow; then half of them
# leave, and the rest is drained.

# shellcheck source=tests/guide/talk.sh
. "$ROSTER_SRCDIR/tests/guide/talk.sh"

python=$(command -v python3) || { echo "there is no python3"; exit 77; }
ulimit -n "$(ulimit -H -n)" 2>/dev/null
limit=$(ulimit -n)
[ "$limit" != unlimited ] && [ "$limit" -lt 10100 ] || limit=10100
many=$((limit - 100))
[ "$ROSTER_SANITIZER" = none ] || many=$((many / 20))
[ "$many" -ge 100 ] || { echo "only $limit descriptors"; exit 77; }
start_server loops
timeout 100 "$python" "$ROSTER_SRCDIR/tests/guide/many.py" "$port" "$many" || fail "not all are served"
dial 3
dial 4
ask 3 "begin" "begun *"
ask 4 "kill 999999999" "error: no session*"
# The server may still be closing what the many have left; a list of those is cut before its "ok".
sessions=
until [ "$sessions:$reply" = 2:ok ]; do
    sleep 0.05
    sessions=0
    send 4 list
    while read -r -t 2 -u 4 reply && [ "$reply" != ok ]; do
        sessions=$((sessions + 1))
    done
done
stop_server # rolls back what the drain kills
grep -q '^drained 2 sessions$' "$work/out" || fail "it did not drain"
at_end 3
at_end 4
[ "$wrong" -eq 0 ] || exit 1

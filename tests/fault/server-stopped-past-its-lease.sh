#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# A server is frozen for longer than its lease, again and again. The others go on, and when it is
# let go the transactions that it had open are refused, while new ones work. Only one that is
# frozen in the middle of a write keeps the lock of the SQLite file, and the others have to wait
# and are fenced; that must do no harm either, but shows less, so then there is one more round.

# shellcheck source=tests/fault/lib.sh
. "$ROSTER_SRCDIR/tests/fault/lib.sh"

options=(--ttl 600)
start a
start b
alive a b
shown=0
for _ in 1 2 3 4 5 6 7 8; do
    signal a STOP
    stopped=$(now)
    sleep 0.7
    if alive_within 1 b; then
        shown=$((shown + 1))
    fi
    signal a CONT
    warm a b
    until_so 10 "$check" "$dir" --since "$stopped" --refused a || fail "a refused nothing"
    [ "$shown" -lt 2 ] || break
done
[ "$shown" -ge 2 ] || fail "only $shown times b went on without a"
stop_server a
stop_server b
least=(refused=2 fences=2)
check_history

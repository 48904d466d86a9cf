#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# A server with a transaction that never ends, and a leader that passes what holds the safe points
# for too long. The transaction is refused, everything else of that server goes on, live, and so do
# the safe points. Then the server is frozen while it holds one again: what was not heard by it is
# not passed before its lease has ended. At last a barrier that was forgotten.

# shellcheck source=tests/fault/lib.sh
. "$ROSTER_SRCDIR/tests/fault/lib.sh"

options=(--pass 1500)
start a
alive a
start b --stuck
tells b 'is live'
tells b 'server b gave up [0-9]+ transaction'
tells a 'server b holds the safe points .* asked to give that up'
alive a b
# A pass that is not heard of before would contradict what b protects, and fence all of it. That it is
# fenced because a busy machine let its lease end is another matter.
! grep -q 'server b rejects' "$work/b.out" || fail "b was fenced by the pass"

# Frozen in the middle of a write, it keeps the lock of the SQLite file, and shows nothing.
shown=''
for _ in 1 2 3 4 5 6; do
    signal b STOP
    frozen=$(now)
    ! alive_within 5 a || shown=1
    signal b CONT
    alive a b
    [ -z "$shown" ] || break
done
[ -n "$shown" ] || fail "a never went on without b"
"$check" "$dir" --since "$frozen" --refused b >/dev/null || fail "b refused nothing"

"$tool" put "$url" /roster/safepoint/barrier/forgotten "$(stored /roster/safepoint/txn)"
tells a 'barrier forgotten holds the safe points .* deleted, and passed'
[ -z "$(stored /roster/safepoint/barrier/forgotten)" ] || fail "the barrier is still there"
alive a b
kill_server b
stop_server a
least=(refused=2)
check_history

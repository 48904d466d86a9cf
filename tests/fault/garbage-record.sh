#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# A record with garbage in it: the safe points stand still, the key is named, and when it is deleted
# everything goes on. The same for a safe point itself.

# shellcheck source=tests/fault/lib.sh
. "$ROSTER_SRCDIR/tests/fault/lib.sh"

start a
start b
alive a b
for garbage in '' -1 007 1e9 18446744073709551615 99999999999999999999 '12 '; do
    "$tool" put "$url" /roster/server/minstartts/ghost "$garbage"
    for name in a b; do # whichever leads
        : >"$work/$name.out"
    done
    until_so 10 grep -q 'key /roster/server/minstartts/ghost holds no timestamp' "$work"/[ab].out ||
        fail "nobody names the record with \"$garbage\""
    stands_still || fail "the safe point moves in spite of \"$garbage\""
    "$tool" delete "$url" /roster/server/minstartts/ghost
done
warm a b

"$tool" put "$url" /roster/safepoint/txn garbage
tells_one() {
    grep -q 'key /roster/safepoint/txn holds no timestamp' "$work"/[ab].out
}
until_so 10 tells_one || fail "nobody names the safe point"
[ "$(stored /roster/safepoint/txn)" = garbage ] || fail "the safe point was written over"
stop_server a
stop_server b
check_history

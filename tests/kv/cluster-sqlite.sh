#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Two servers that meet in one SQLite file: see cluster.sh.

# shellcheck source=tests/kv/members.sh
. "$ROSTER_SRCDIR/tests/kv/members.sh"
# shellcheck source=tests/kv/cluster.sh
. "$ROSTER_SRCDIR/tests/kv/cluster.sh"

store=sqlite:$work/cluster.db
"$kv" --store=sqlite:"$work/none/x.db" --port=0 2>"$work/err" && fail "a store that cannot be opened"
grep -q 'without SQLite' "$work/err" && skip "built without the SQLite store"
grep -q 'cannot open the store' "$work/err" || fail "no reason: $(cat "$work/err")"
run_cluster

# A key that somebody wrote is named where it blocks; it forges no line and steers no terminal.
ctl=$ROSTER_BUILDDIR/rosterctl
if [ -x "$ctl" ]; then
    evil=$(printf 'x\033[2J\nid=9 forged\342\200\256\302\233')
    "$ctl" --store="$store" barrier set "$evil" now >/dev/null || fail "no barrier was set"
    eventually "it is named" leader_says txn_blocker 'barrier x?*'
    for member in a b; do
        on "$member" cli --raw INFO | tr -d '\r' >"$work/list"
        if LC_ALL=C grep -n -e '[[:cntrl:]]' -e "$(printf '\342\200\256')" -e '^id=9' "$work/list"; then
            fail "INFO shows what steers a terminal"
        fi
    done
    "$ctl" --store="$store" barrier list >"$work/list"
    [ "$(wc -l <"$work/list")" -eq 2 ] || fail "a barrier has forged a line: $(cat -v "$work/list")"
    ! LC_ALL=C grep '[[:cntrl:]]' "$work/list" || fail "barrier list shows what steers a terminal"
fi
stop_members
finish

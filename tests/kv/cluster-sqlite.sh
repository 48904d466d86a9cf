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
stop_members
finish

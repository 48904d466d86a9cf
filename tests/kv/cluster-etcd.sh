#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Two servers that meet in etcd: see cluster.sh. When etcd is away, both refuse to read until it is
# back.

# shellcheck source=tests/kv/members.sh
. "$ROSTER_SRCDIR/tests/kv/members.sh"
# shellcheck source=tests/kv/cluster.sh
. "$ROSTER_SRCDIR/tests/kv/cluster.sh"

"$kv" --store=etcd:http://127.0.0.1:1 --prefix=wrong --port=0 2>"$work/err" && fail "a wrong prefix"
grep -q 'without .*etcd' "$work/err" && skip "built without the etcd store"
grep -q 'see --prefix' "$work/err" || fail "no reason: $(cat "$work/err")"
need_etcd 1
run_cluster
kill -STOP "${etcd_pids[0]}"
eventually "without etcd, a refuses to read" is_fenced a
eventually "and b" is_fenced b
expect "and says so" 1 "$(on a info fenced)"
kill -CONT "${etcd_pids[0]}"
eventually "with etcd, b reads again" reads b k new
eventually "and a" reads a k newer
stop_members
finish

#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# All members of the etcd cluster are killed for longer than the leases: the servers are fenced, and
# come back with the cluster.

# shellcheck source=tests/fault/lib.sh
. "$ROSTER_SRCDIR/tests/fault/lib.sh"
# shellcheck source=tests/fault/etcd.sh
. "$ROSTER_SRCDIR/tests/fault/etcd.sh"

start_etcd
start a
start b
alive a b
for n in 1 2 3; do
    kill_server "etcd$n"
done
tells a 'server a is fenced'
tells b 'server b is fenced'
never a b
for n in 1 2 3; do
    start_member "$n"
done
etcd_serves
warm a b
stop_server a
stop_server b
least=(refused=2)
check_history

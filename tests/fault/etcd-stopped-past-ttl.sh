#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# All members of the etcd cluster are frozen for longer than the leases: the servers are fenced
# meanwhile, and afterwards go on. Then the leader alone is frozen.

# shellcheck source=tests/fault/lib.sh
. "$ROSTER_SRCDIR/tests/fault/lib.sh"
# shellcheck source=tests/fault/etcd.sh
. "$ROSTER_SRCDIR/tests/fault/etcd.sh"

start_etcd
start a
start b
alive a b
for n in 1 2 3; do
    signal "etcd$n" STOP
done
tells a 'server a is fenced'
tells b 'server b is fenced'
never a b
for n in 1 2 3; do
    signal "etcd$n" CONT
done
warm a b
frozen=$(leader)
signal "etcd$frozen" STOP
alive a b
signal "etcd$frozen" CONT
alive a b
stop_server a
stop_server b
least=(refused=2)
check_history

#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# A follower of the etcd cluster is killed: the servers go on with the others, and with all three when
# it is back.

# shellcheck source=tests/fault/lib.sh
. "$ROSTER_SRCDIR/tests/fault/lib.sh"
# shellcheck source=tests/fault/etcd.sh
. "$ROSTER_SRCDIR/tests/fault/etcd.sh"

start_etcd
start a
start b
alive a b
for _ in 1 2; do
    victim=$(($(leader) % 3 + 1))
    kill_server "etcd$victim"
    alive a b
    start_member "$victim"
    etcd_serves
    alive a b
done
stop_server a
stop_server b
check_history

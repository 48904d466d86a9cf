#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# The leader of the etcd cluster is killed, again and again: the servers go on under the next one.

# shellcheck source=tests/fault/lib.sh
. "$ROSTER_SRCDIR/tests/fault/lib.sh"
# shellcheck source=tests/fault/etcd.sh
. "$ROSTER_SRCDIR/tests/fault/etcd.sh"

start_etcd
start a
start b
alive a b
for _ in 1 2; do
    victim=$(leader)
    kill_server "etcd$victim"
    alive a b
    start_member "$victim"
    etcd_serves
done
alive a b
stop_server a
stop_server b
check_history

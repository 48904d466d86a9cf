#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# The network between one server and etcd loses, resets, truncates and delays. That server is fenced
# when it lasts for longer than its lease, and the other one goes on. Only where requests arrive and
# nothing but the answers is lost, the lease is kept for a server that cannot know it: then its
# record stands and blocks, and it is named.

# shellcheck source=tests/fault/lib.sh
. "$ROSTER_SRCDIR/tests/fault/lib.sh"
# shellcheck source=tests/fault/etcd.sh
. "$ROSTER_SRCDIR/tests/fault/etcd.sh"

start_etcd
start_proxy a
start a
start b
alive a b
cut() {
    network a "$1"
    is a fenced
    never a
}
for fault in lost reset; do
    cut "$fault"
    alive b
    network a pass
    alive a b
done
: >"$work/b.out"
cut halved
tells b 'server a (needs|has reported)' # with a holder, or none at its last report
network a pass
alive a b
network a 50 # each way; the other server is a hundred times faster
alive a b
network a pass
warm a b
stop_server a
stop_server b
least=(refused=3 fences=3)
check_history

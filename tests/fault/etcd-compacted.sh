#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# While a server is cut off, though not for so long that its lease ends, etcd's history is compacted.
# Its watches cannot go on where they were and begin anew, and nothing is missed.

# shellcheck source=tests/fault/lib.sh
. "$ROSTER_SRCDIR/tests/fault/lib.sh"
# shellcheck source=tests/fault/etcd.sh
. "$ROSTER_SRCDIR/tests/fault/etcd.sh"

start_etcd
start_proxy a
start a --ttl 20000
start b
alive a b
revision() {
    ctl endpoint status -w json | grep -Eo '"revision":[0-9]+' | cut -d: -f2 | sort -n | tail -n 1
}
for _ in 1 2; do
    network a reset
    sleep 0.5
    ctl compact "$(revision)" >/dev/null || fail "etcd does not compact"
    network a pass
    alive a b
done
if grep 'is fenced' "$work/a.out"; then
    fail "it cost the lease"
fi
stop_server a
stop_server b
check_history

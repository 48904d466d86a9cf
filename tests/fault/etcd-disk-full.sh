#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# etcd has used up the space that it may use and refuses to store anything. Nobody gets a timestamp
# and no safe point moves, until an operator has made room.

# shellcheck source=tests/fault/lib.sh
. "$ROSTER_SRCDIR/tests/fault/lib.sh"
# shellcheck source=tests/fault/etcd.sh
. "$ROSTER_SRCDIR/tests/fault/etcd.sh"

etcd_options=(--quota-backend-bytes $((16 * 1024 * 1024)))
start_etcd
start a
start b
alive a b
filler=$(head -c 1000000 /dev/zero | tr '\0' x)
n=0
while printf %s "$filler" | ctl put "/filler/$n" >/dev/null; do
    n=$((n + 1))
    [ "$n" -lt 64 ] || fail "etcd does not fill up"
done
ctl alarm list | grep -q NOSPACE || fail "etcd is not full"
stands_still || fail "the safe point moves"
ctl del --prefix /filler/ >/dev/null
revision=$(ctl endpoint status -w json | grep -Eo '"revision":[0-9]+' | cut -d: -f2 | sort -n |
    tail -n 1)
ctl compact "$revision" >/dev/null
ctl defrag >/dev/null
ctl alarm disarm >/dev/null
warm a b
stop_server a
stop_server b
check_history

#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Another program holds the lock of the SQLite file for longer than the leases: all are fenced, and
# go on when it is released.

# shellcheck source=tests/fault/lib.sh
. "$ROSTER_SRCDIR/tests/fault/lib.sh"

start a --ttl 600
start b --ttl 600
alive a b
for _ in 1 2; do
    : >"$work/a.out"
    : >"$work/b.out"
    "$tool" lock "$work/store.db" 2500 &
    tells a 'server a is fenced'
    tells b 'server b is fenced'
    wait $!
    warm a b
done
stop_server a
stop_server b
least=(refused=2)
check_history

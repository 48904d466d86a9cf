#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# The wall clocks of the servers are stepped by hours, either way, one and all: nothing is fenced,
# nothing goes back, and everything goes on.

# shellcheck source=tests/fault/lib.sh
. "$ROSTER_SRCDIR/tests/fault/lib.sh"

start a --ttl 20000 --clock "$work/clock-a"
start b --ttl 20000 --clock "$work/clock-b"
alive a b
step() {
    "$tool" number "$work/clock-a" "$1"
    "$tool" number "$work/clock-b" "$2"
    alive a b
}
step 10800 0
step 10800 10800
step -18000 10800
step -18000 -18000
step 0 0
if grep 'is fenced' "$work"/[ab].out; then
    fail "a step of the wall clock has fenced a server"
fi
stop_server a
stop_server b
check_history

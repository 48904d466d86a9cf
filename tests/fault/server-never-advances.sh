#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# A server with a transaction that never ends: the safe point stops there, and the server is named as
# blocker with its session and its age, until it ends.

# shellcheck source=tests/fault/lib.sh
. "$ROSTER_SRCDIR/tests/fault/lib.sh"

start a
alive a
start b --stuck
tells b 'is live'
until_so 20 grep -Eq 'server b needs [0-9]+, [2-9][.][0-9]+ s behind, transaction of session' \
    "$work/a.out" || fail "a does not name b"
stands_still || fail "the safe point moves"
kill_server b
warm a
stop_server a
check_history

#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Two servers with the same id: the second is refused, clearly, and does no harm to the first. When
# that dies, the second takes over, though not before the lease of the first has ended.

# shellcheck source=tests/fault/lib.sh
. "$ROSTER_SRCDIR/tests/fault/lib.sh"

start a
alive a
start second --id a
tells second 'server a is refused, was joining: '
alive a
never_live() {
    ! grep -q 'is live' "$work/second.out"
}
never_live || fail "both are live"
kill_server a
tells second 'server a is live, was refused'
warm a
stop_server second
check_history

#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# A server is killed with transactions open, again and again. Its record goes with its lease, the
# others go on, and it comes back under the same id.

# shellcheck source=tests/fault/lib.sh
. "$ROSTER_SRCDIR/tests/fault/lib.sh"

record_is_gone() {
    [ -z "$(stored /roster/server/minstartts/a)" ]
}

start a
start b
alive a b
for _ in 1 2 3; do
    kill_server a
    until_so 10 record_is_gone || fail "the record of a stays"
    alive b
    start a
    warm a b
done
stop_server a
stop_server b
check_history

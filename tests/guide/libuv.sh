#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# A session goes between libuv's loop and its thread pool, where the watchdog ends what lasts too
# long.

# shellcheck source=tests/guide/talk.sh
. "$ROSTER_SRCDIR/tests/guide/talk.sh"

if [ ! -x "$ROSTER_BUILDDIR/examples/guide/libuv" ]; then
    echo "built without libuv"
    exit 77
fi
start_server libuv
dial 3
ask 3 "work 60000" "killed: max execution time"
hang_up 3
stop_server
[ "$wrong" -eq 0 ] || exit 1
talk libuv

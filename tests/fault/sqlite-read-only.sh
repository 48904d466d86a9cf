#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# A server that may only read the SQLite file says so and ends; the others go on.

# shellcheck source=tests/fault/lib.sh
. "$ROSTER_SRCDIR/tests/fault/lib.sh"

start a
warm a
reader=()
if [ "$(id -u)" -eq 0 ]; then
    reader=(setpriv --reuid=65534 --regid=65534 --clear-groups)
fi
chmod 755 "$work"
chmod 444 "$work"/store.db*
mkdir -m 777 "$work/reader"
status=0
"${reader[@]}" "$member" --url "$url" --id b --dir "$work/reader" >"$work/b.out" 2>&1 || status=$?
[ "$status" -eq 3 ] || fail "ended with $status"
tells b 'read-only|may not be'
chmod 644 "$work"/store.db*
alive a
stop_server a
check_history

#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# A program that uses SQLite in every way that it may is not disturbed, whatever else goes on, and what is
# shown of it is true: hostile.c has the cases.

# shellcheck source=tests/sqlite/extension.sh
. "${ROSTER_SRCDIR:?}/tests/sqlite/extension.sh" || exit 99

# hostile CASE [NAME=VALUE...]
hostile() {
    local case=$1
    shift
    rm -f "$file"*
    env LD_PRELOAD="$extension" LD_LIBRARY_PATH="$ROSTER_BUILDDIR/.libs" "$@" timeout 120 \
        "$programs/hostile" "$case" "$file" || fail "$case $* ended with status $?"
    echo "tried: $case $*"
}

for case in quiet busy sleep vfs trace threads shared cache shutdown kills; do
    hostile "$case"
done
rm -f "$file"*
timeout 60 "$programs/hostile" loaded "$file" "$extension" ||
    fail "a program that has loaded it is shown wrong"
for ((n = 0; n < 8; n++)); do
    hostile exit
done
if [ -e "$ROSTER_BUILDDIR/.libs/libroster-status.so.0" ]; then
    hostile threads ROSTER_SQLITE_STATUS="unix:$work/socket" ROSTER_SQLITE_MAX_READ_MS=100000
    hostile kills ROSTER_SQLITE_STATUS="unix:$work/socket"
    for ((n = 0; n < 8; n++)); do
        hostile exit ROSTER_SQLITE_STATUS="unix:$work/socket"
        expect "the socket has gone" no "$([ -e "$work/socket" ] || echo no)"
    done
fi
finish

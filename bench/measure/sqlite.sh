#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# sqlite.sh [ROUNDS], run by "make bench-sqlite": what roster.so costs a program, beside SQLite alone and
# SQLite with a trace callback that does nothing, in one process that takes turns between the three every
# few milliseconds (bench/measure/sqlite.c), first without and then with an endpoint. ROUNDS is 301.
# Instructions are counted by callgrind, where it is there.

set -euo pipefail

rounds=${1:-301}
program=$ROSTER_BUILDDIR/bench/sqlite-bench
work=$(mktemp -d "${TMPDIR:-/tmp}/roster-bench-sqlite.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

# with SETTING COMMAND...: with the extension, and that in the environment.
with() {
    env LD_PRELOAD="$ROSTER_BUILDDIR/.libs/roster.so" LD_LIBRARY_PATH="$ROSTER_BUILDDIR/.libs" "$@"
}

# instructions WAY WHAT: of one read or write.
instructions() {
    with valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect=work \
        "$program" "$work" "$2" 1000 "$1" 2>&1 | awk '/Collected :/ { printf "%.0f\n", $NF / 1000 }'
}

echo "load average at the start: $(cut -d ' ' -f 1-3 /proc/loadavg); $rounds rounds"
for what in reads writes; do
    echo "$what:"
    with "$program" "$work" "$what" "$rounds"
    if [ -e "$ROSTER_BUILDDIR/.libs/libroster-status.so" ]; then
        echo "$what, with an endpoint:"
        with ROSTER_SQLITE_STATUS="unix:$work/socket" "$program" "$work" "$what" "$rounds"
    fi
    if command -v valgrind >/dev/null; then
        for way in plain trace roster; do
            echo "$way    $(instructions "$way" "$what") instructions"
        done
    fi
done

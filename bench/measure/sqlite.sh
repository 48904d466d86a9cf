#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# sqlite.sh [ROUNDS], run by "make bench-sqlite": what roster.so costs a program, beside SQLite alone and
# SQLite with a trace callback that does nothing, in one process that takes turns between the three every
# few milliseconds (bench/measure/sqlite.c), first without and then with an endpoint. ROUNDS is 301.
# Instructions are counted by callgrind, where it is there. Fails, after all was measured, when a read takes
# more than 1.10 times plain or 6 700 instructions, or a write more than 1.05 times plain.

set -euo pipefail

# shellcheck source=bench/measure/limits.sh
. "$ROSTER_SRCDIR/bench/measure/limits.sh"

rounds=${1:-301}
declare -A most=([reads]=1.10 [writes]=1.05)
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

# fewest WAY WHAT: of three counts. A tick of the clock that falls into a read counts there, and as valgrind
# is slow, many do.
fewest() {
    for _ in 1 2 3; do
        instructions "$@"
    done | sort -n | head -n 1
}

echo "load average at the start: $(cut -d ' ' -f 1-3 /proc/loadavg); $rounds rounds"
for what in reads writes; do
    echo "$what:"
    with "$program" "$work" "$what" "$rounds" | tee "$work/figures"
    within "roster.so, $what" "$(awk '$1 == "roster" { print $7 }' "$work/figures")" "${most[$what]}" "times plain"
    if [ -e "$ROSTER_BUILDDIR/.libs/libroster-status.so" ]; then
        echo "$what, with an endpoint:"
        with ROSTER_SQLITE_STATUS="unix:$work/socket" "$program" "$work" "$what" "$rounds"
    fi
    if command -v valgrind >/dev/null; then
        for way in plain trace roster; do
            count=$(fewest "$way" "$what")
            echo "$way    $count instructions"
        done
        [ "$what" != reads ] || within "roster.so, $what" "$count" 6700 instructions
    fi
done
limits_hold

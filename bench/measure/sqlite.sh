#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# sqlite.sh [ROUNDS], run by "make bench-sqlite": what roster.so costs a program, beside SQLite alone and SQLite with a trace
# callback that does nothing. The three take turns, in ROUNDS rounds (9); a figure is the median of the
# rounds, a ratio the median of each round's. Instructions are counted by callgrind, where it is there.

set -euo pipefail

rounds=${1:-9}
extension=$ROSTER_BUILDDIR/.libs/roster.so
program=$ROSTER_BUILDDIR/bench/sqlite-bench
work=$(mktemp -d "${TMPDIR:-/tmp}/roster-bench-sqlite.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

# once WAY WHAT N COMMAND...: runs the program in one of the three ways.
once() {
    local way=$1 what=$2 n=$3
    shift 3
    case $way in
    plain) "$@" "$program" "$work/app.db" "$what" "$n" ;;
    trace) "$@" "$program" "$work/app.db" "$what" "$n" trace ;;
    roster) LD_PRELOAD=$extension "$@" "$program" "$work/app.db" "$what" "$n" ;;
    endpoint)
        LD_PRELOAD=$extension ROSTER_SQLITE_STATUS=unix:$work/socket "$@" "$program" "$work/app.db" \
            "$what" "$n"
        ;;
    esac
}

median() {
    sort -g | awk '{ line[NR] = $1 } END { print line[int((NR + 1) / 2)] }'
}

# instructions WAY WHAT: of one read or write.
instructions() {
    once "$1" "$2" 1000 valgrind --tool=callgrind --callgrind-out-file=/dev/null \
        --toggle-collect=work 2>&1 | awk '/Collected :/ { printf "%.0f\n", $NF / 1100 }'
}

ways=(plain trace roster)
if [ -e "$ROSTER_BUILDDIR/.libs/libroster-status.so" ]; then
    ways+=(endpoint)
fi
once plain reads 100 >/dev/null
for what in reads writes; do
    n=$([ "$what" = reads ] && echo 100000 || echo 20000)
    for ((round = 0; round < rounds; round++)); do
        for way in "${ways[@]}"; do
            once "$way" "$what" "$n" >>"$work/$what.$way"
        done
    done
    for way in "${ways[@]}"; do
        ratio=$(paste "$work/$what.$way" "$work/$what.plain" | awk '{ print $1 / $2 }' | median)
        counted=
        if command -v valgrind >/dev/null; then
            counted=", $(instructions "$way" "$what") instructions"
        fi
        printf '%-6s  %-8s  %8.0f ns, %.3f times plain%s\n' "$what" "$way" \
            "$(median <"$work/$what.$way")" "$ratio" "$counted"
    done
done

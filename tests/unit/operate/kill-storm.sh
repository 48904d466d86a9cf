#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# A kill storm whose books have to balance (G5); before it, the same with the core broken, whose
# books must not. ROSTER_KILLS: how many (100000; make kill-storm: ten million).

set -eu

kills=${ROSTER_KILLS:-100000}
storm=$ROSTER_BUILDDIR/tests/unit/operate/kill_storm
core=$ROSTER_BUILDDIR/.libs/libroster-core.a
work=$(mktemp -d "${TMPDIR:-/tmp}/roster-storm.XXXXXX")
trap 'rm -rf "$work"' EXIT

# broken CONTROL FILE: a storm over a core of which one file is compiled with this control.
broken() {
    # shellcheck disable=SC2086 # options are several words
    $ROSTER_CC $ROSTER_CFLAGS -std=gnu11 -I"$ROSTER_BUILDDIR" -I"$ROSTER_SRCDIR/include" \
        -I"$ROSTER_SRCDIR/src" "-DROSTER_CONTROL_$1" -c "$ROSTER_SRCDIR/src/core/$2" \
        -o "$work/$1.o"
    # shellcheck disable=SC2086
    $ROSTER_CC $ROSTER_CFLAGS -o "$work/$1" "$storm.o" "$work/$1.o" "$core" \
        $ROSTER_URCU_LIBS -lpthread
    # To have tested too little is another failure, which proves nothing of the books.
    if timeout 60 "$work/$1" 20000 >"$work/out" 2>&1 || grep 'too little was tested' "$work/out"; then
        echo "WRONG: with $1 the books balance"
        exit 1
    fi
    echo "with $1: $(head -n 1 "$work/out")"
}

if [ "$ROSTER_SANITIZER" = none ] && [ "${ROSTER_COVERAGE_BUILD:-no}" = no ] && [ -f "$core" ]; then
    broken KILL_ANY_SEQ roster/kill_word.c
else
    kills=$((kills / 20))
fi
"$storm" "$kills"

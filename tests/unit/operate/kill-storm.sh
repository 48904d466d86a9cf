#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Kill storms at statements and at transactions whose books have to balance (G5); before each, the same
# with the core broken, whose books must not. ROSTER_KILLS: how many (100000; make kill-storm: ten
# million) at statements, and a twentieth at transactions.

set -eu

kills=${ROSTER_KILLS:-100000}
storms=$ROSTER_BUILDDIR/tests/unit/operate
core=$ROSTER_BUILDDIR/.libs/libroster-core.a
work=$(mktemp -d "${TMPDIR:-/tmp}/roster-storm.XXXXXX")
trap 'rm -rf "$work"' EXIT

# broken STORM KILLS CONTROL FILE: a storm over a core of which one file is compiled with this control.
broken() {
    # shellcheck disable=SC2086 # options are several words
    $ROSTER_CC $ROSTER_CFLAGS -std=gnu11 -D_GNU_SOURCE -I"$ROSTER_BUILDDIR" -I"$ROSTER_SRCDIR/include" \
        -I"$ROSTER_SRCDIR/src" "-DROSTER_CONTROL_$3" -c "$ROSTER_SRCDIR/src/core/$4" \
        -o "$work/$3.o"
    # shellcheck disable=SC2086
    $ROSTER_CC $ROSTER_CFLAGS -o "$work/$3" "$storms/$1.o" "$work/$3.o" "$core" \
        $ROSTER_URCU_LIBS -lpthread
    # To have tested too little is another failure, which proves nothing of the books.
    if timeout 60 "$work/$3" "$2" >"$work/out" 2>&1 || grep 'too little was tested' "$work/out"; then
        echo "WRONG: with $3 the books balance"
        exit 1
    fi
    echo "with $3: $(head -n 1 "$work/out")"
}

if [ "$ROSTER_SANITIZER" = none ] && [ "${ROSTER_COVERAGE_BUILD:-no}" = no ] && [ -f "$core" ]; then
    broken kill_storm 20000 KILL_ANY_SEQ roster/kill_word.c
    broken txn_storm 1000 TXN_KILL_KEPT roster/kill_word.c
else
    kills=$((kills / 20))
fi
"$storms/kill_storm" "$kills"
"$storms/txn_storm" $((kills / 20))

#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# The first 20 of $TOP_K_SESSIONS sessions (20 000) in some order take at most 1.3 times the instructions of 20 as they
# are met, and no list of all in memory (see top_k.c).

set -eu

program=$ROSTER_BUILDDIR/tests/status/top_k
cd "$TMPDIR"
if [ ! -x "$program" ]; then
    echo "the status endpoint was not built"
    exit 77
fi
if [ "$ROSTER_SANITIZER$ROSTER_DEBUG_BUILD$ROSTER_COVERAGE_BUILD" != nonenono ]; then
    echo "sanitizers, debug checks and coverage counters add instructions"
    exit 77
fi
if ! command -v valgrind >/dev/null; then
    echo "valgrind is not installed"
    exit 77
fi
set --
for list in plain by_time by_user backwards; do
    set -- "$@" --dump-before=list_$list --dump-after=list_$list
done
if ! "$ROSTER_BUILDDIR/libtool" --quiet --mode=execute valgrind --tool=callgrind \
    --callgrind-out-file=counted "$@" "$program" "${TOP_K_SESSIONS:-20000}" >log 2>&1; then
    cat log
    exit 1
fi
for file in counted.*; do
    sed -n 's/^desc: Trigger: .*after=list_\([a-z_]*\).*/\1/p; s/^totals: //p' "$file" | tr '\n' ' '
    echo
done | grep '^[a-z]' >counts
awk '
    $1 == "plain" { plain = $2 }
    { counts[$1] = $2; n++ }
    END {
        for (list in counts) {
            printf "%s: %d instructions, %.2f of a plain list\n", list, counts[list], counts[list] / plain
            wrong += counts[list] > plain * 1.3 || counts[list] < 100000
        }
        if (n != 4 || wrong)
            print "WRONG: four lists were to be counted, none above 1.3"
        exit n != 4 || wrong
    }' counts

#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# G9: no cache line is written by the common paths of two threads. valgrind's lackey tells every
# store of a program in which two threads execute them in turn; each thread's lines are gathered
# and must be disjoint. Before, that a shared line is found: a counter that both advance.

set -eu

skip() {
    echo "$*"
    exit 77
}
if [ "$ROSTER_SANITIZER$ROSTER_COVERAGE_BUILD" != noneno ]; then
    skip "sanitizers and coverage counters write lines of their own"
fi
command -v valgrind >/dev/null || skip "valgrind is not installed"
[ -e "$ROSTER_BUILDDIR/.libs/libroster.so" ] || skip "no shared library in this build"

tmp=$(mktemp -d "${TMPDIR:-/tmp}/roster-lines.XXXXXX")
trap 'rm -rf "$tmp"' EXIT

# stores KIND: all stores of the program, one a line: address,size. Kept in $tmp/stores.
stores() {
    status=0
    "$ROSTER_BUILDDIR/libtool" --quiet --mode=execute valgrind --tool=lackey --basic-counts=no \
        --trace-mem=yes --log-fd=9 "$ROSTER_BUILDDIR/tests/hotpath/two_owners" "$1" "$tmp/markers" \
        9>&1 >"$tmp/out" 2>&1 | sed -n 's/^ [SM] //p' >"$tmp/stores" || status=$?
    cat "$tmp/out"
    [ -s "$tmp/markers" ] || exit 1
    if [ "$status" -ne 0 ]; then
        exit "$status"
    fi
}

# shared KIND: prints the lines that both threads have written in their turns, and a summary.
shared() {
    stores "$1"
    awk '
        # The address without its last six bits; not every awk reads hexadecimal.
        function line_of(hex, n) {
            n = length(hex)
            return substr(hex, 1, n - 2) substr("000044448888cccc", \
                index("0123456789abcdef", substr(hex, n - 1, 1)), 1) "0"
        }
        function plain(hex) {
            sub(/^0+/, "", hex)
            return hex
        }
        FNR == NR { marker[plain($1)] = FNR; next }
        {
            split($1, part, ",")
            address = plain(part[1])
            if (address in marker) {
                turn = marker[address]
                turns++
                next
            }
            if (turn != 1 && turn != 2)
                next
            n[turn]++
            written[turn, line_of(address)] = 1
            line[line_of(address)] = 1
        }
        END {
            for (each in line) {
                if (!((1, each) in written) || !((2, each) in written))
                    continue
                print "line 0x" each " is written by both threads"
                both++
            }
            for (each in line)
                lines++
            printf "%d and %d stores to %d lines, %d of them shared\n", n[1], n[2], lines, both
            if (turns != 4 || n[1] < 1000 || n[2] < 1000) {
                print "the trace is not complete"
                exit 2
            }
            exit both > 0
        }' "$tmp/markers" "$tmp/stores"
}

status=0
shared shared || status=$?
if [ "$status" -ne 1 ]; then
    echo "WRONG: a counter that both threads advance was not found (status $status)"
    exit 1
fi
shared own

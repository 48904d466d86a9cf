#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# No hot function takes more instructions than are recorded; before, that the comparison can tell.

set -eu

hotpath=$ROSTER_SRCDIR/tests/hotpath
cd "$TMPDIR"

# tells STATUS PATTERN COUNT: a count where 100 is recorded.
tells() {
    printf 'compiler a\nlibc b\nflags c\n%s\n' "$3" >counts
    if "$hotpath/compare-instructions" record counts >out; then
        status=0
    else
        status=$?
    fi
    if [ "$status" -ne "$1" ] || ! grep -q "$2" out; then
        echo "WRONG: status $status, should be $1 with \"$2\": $3"
        cat out
        exit 1
    fi
}
printf '# x\n\ncompiler a\nlibc b\nflags c\nf 100.00\n' >record
tells 0 '^f 100.00 instructions, recorded 100.00$' 'f 100.00'
tells 0 '^f 103.00 ' 'f 103.00'
tells 1 'TOO MANY' 'f 103.01'
tells 0 'fewer' 'f 99.00'
tells 1 'f: not counted' ''
tells 1 'g: not recorded' 'f 100.00
g 1.00'
tells 77 'recorded: compiler a; here: compiler d' 'compiler d'
printf '# x\n\ncompiler a\nlibc b\nflags c\n' >record
tells 1 'nothing is recorded' ''

if "$hotpath/count-instructions" >counts; then
    "$hotpath/compare-instructions" "$hotpath/instructions-record" counts
else
    status=$?
    cat counts
    exit "$status"
fi

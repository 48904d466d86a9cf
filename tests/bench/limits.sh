#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# What measures something that has a limit fails above it, and names what, the figure and the limit. The
# figures here are made up.

set -uo pipefail

work=$(mktemp -d "${TMPDIR:-/tmp}/roster-limits.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT
wrong=0
# shellcheck source=bench/measure/limits.sh
. "$ROSTER_SRCDIR/bench/measure/limits.sh"

# expect WHAT WANTED GOT: a pattern is wanted.
expect() {
    # shellcheck disable=SC2053 # a pattern is meant
    [[ $3 == $2 ]] || {
        echo "WRONG: $1: \"$3\", not \"$2\""
        wrong=1
    }
}

# judged WANTED MEASURED: against a limit of 2.
judged() {
    expect "$2 of 2" "  $1: it: *, the limit is 2" "$(within it "$2" 2 MiB)"
    over=0
    within it "$2" 2 MiB >/dev/null
    local status=0
    limits_hold >/dev/null || status=$?
    expect "the script's end after $2 of 2" "$([ "$1" = WRONG ] && echo 1 || echo 0)" "$status"
}
for measured in 0 1.99 2 2.00 -3; do
    judged holds "$measured"
done
for measured in 2.01 10 1e9 '' nan inf -nan x '1 2' 0x1; do
    judged WRONG "$measured"
done

# A share of a processor in 0.1 s, and threads that are not the same ones.
printf 'a 1000000\nb 7\n' >"$work/before"
printf 'a 3000000\nb 1000007\n' >"$work/after"
figures=$(shares 100000 "$work/before" "$work/after")
expect "what threads took" 2.00 "$(share_of a <<<"$figures")"
expect "and all of them" 3.00 "$(share_of all <<<"$figures")"
expect "no such thread" "" "$(share_of c <<<"$figures")"
different() { # WHAT
    shares 100000 "$work/before" "$work/after" >/dev/null
    expect "$1" 1 $?
}
echo 'c 1' >>"$work/after"
different "one that has come"
printf 'a 3000000\n' >"$work/after"
different "one that has gone"
: >"$work/after"
different "all have gone"
: >"$work/before"
different "there is none"

# sqlite.sh, with a program that says what this test wants.
mkdir -p "$work/bin" "$work/build/bench"
cat >"$work/build/bench/sqlite-bench" <<'PROGRAM'
#!/bin/sh
[ "$2" = reads ] && ratio=$READS || ratio=$WRITES
echo "plain     3080 ns of processor time, 1.000 times plain; 3090 ns, 1.000 times"
echo "roster    3300 ns of processor time, $ratio times plain; 3310 ns, 9.999 times"
PROGRAM
cat >"$work/bin/valgrind" <<'PROGRAM'
#!/bin/sh
echo "==1== Collected : ${COUNT}000" >&2
PROGRAM
chmod +x "$work/build/bench/sqlite-bench" "$work/bin/valgrind"
# costs READS WRITES INSTRUCTIONS: sets $status and $said.
costs() {
    status=0
    said=$(READS=$1 WRITES=$2 COUNT=$3 ROSTER_BUILDDIR=$work/build PATH=$work/bin:$PATH \
        "$ROSTER_SRCDIR/bench/measure/sqlite.sh" 3 2>&1) || status=$?
}
costs 1.100 1.050 6700
expect "all limits hold" 0 "$status"
costs 1.101 1.050 6700
expect "reads are slow" 1 "$status"
expect "it says so" '*WRONG: roster.so, reads: 1.101 times plain, the limit is 1.10*' "$said"
costs 1.000 1.051 6700
expect "writes are slow" 1 "$status"
expect "it says so" '*WRONG: roster.so, writes: 1.051 times plain, the limit is 1.05*' "$said"
costs 1.000 1.000 6701
expect "reads are long" 1 "$status"
expect "it says so" '*WRONG: roster.so, reads: 6701 instructions, the limit is 6700*' "$said"
exit "$wrong"

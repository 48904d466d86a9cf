#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# The guide's programs that are no servers: what they print, and that valgrind has nothing to say
# (without a sanitizer, which would see the same).

# shellcheck source=tests/guide/server.sh
. "$ROSTER_SRCDIR/tests/guide/server.sh"

# run PROGRAM: twice, the second time under valgrind, where there is one.
run() {
    local program=$ROSTER_BUILDDIR/examples/guide/$1
    "$program" >"$work/$1" 2>"$work/err" || fail "$1 ended with status $?"
    cat "$work/$1" "$work/err"
    [ ! -s "$work/err" ] || fail "$1 complained"
    [ "$ROSTER_SANITIZER" = none ] && command -v valgrind >/dev/null || return 0
    "$ROSTER_BUILDDIR/libtool" --mode=execute valgrind -q --fair-sched=yes --error-exitcode=9 \
        --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite "$program" >"$work/out" 2>"$work/err" ||
        fail "$1 under valgrind ended with status $?"
    [ ! -s "$work/err" ] || fail "valgrind: $(cat "$work/err")"
}

# says PROGRAM PATTERN...: line by line.
says() {
    local program=$1 line
    shift
    while read -r line; do
        # shellcheck disable=SC2053 # a pattern is meant
        [[ $# -gt 0 && $line == $1 ]] || fail "$program says \"$line\" instead of \"${1-nothing}\""
        shift
    done <"$work/$program"
    [ "$#" -eq 0 ] || fail "$program does not say $1"
}

run first
says first "begun at *" "session 1 holds the minimum at *" "nothing is held back: *"
begun=$(sed -n 's/begun at //p' "$work/first")
grep -q "the minimum at $begun\$" "$work/first" || fail "the minimum is not the transaction's"
run short
says short "oldest: session 1"
run mirror
says mirror "connection 4711 of alice runs SELECT forever" "the server's record of it is found" \
    "connection 4711 holds the minimum" "killed, closed, and 1 record freed"
run collector
says collector "* collected beside the backup, * after it, 0 lost"
grep -q '^0 collected beside the backup, 0 after' "$work/collector" && fail "nothing was collected"
[ -x "$ROSTER_BUILDDIR/examples/guide/cluster" ] || exit 0 # a build of the core alone
run cluster
# What the syncer's thread tells may come a moment after what the program says meanwhile.
grep -E '^(live|fenced|stopped): ' "$work/cluster" >"$work/changes"
grep -vE '^(live|fenced|stopped): ' "$work/cluster" >"$work/own"
says changes "live: success" "fenced: the lease is gone*" "live: success" "stopped: success"
says own "begun at *" "/roster/server/minstartts/server-1 = *"
exit "$wrong"

#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Every public function is called with NULL and 0 for all of its parameters: none crashes, and one
# that returns an error returns -EINVAL, or 0 where NULL is allowed.

set -eu

cd "$ROSTER_BUILDDIR/.libs"
set -- ./libroster*.so
if [ ! -e "$1" ]; then
    echo "no shared library in this build"
    exit 77
fi

# What must not get NULL, as its header says: the clock is read inside of roster_txn_begin(), and what
# a session shows is looked at inside of walks.
exceptions="roster_oracle_local_allocate roster_oracle_local_read roster_session_look"

for header in $ROSTER_HEADERS; do
    tr '\n' ' ' <"$ROSTER_SRCDIR/include/roster/$header" | sed 's,/\*[^*]*\*\+\([^/*][^*]*\*\+\)*/,,g' | tr ';' '\n'
done | sed -n 's/.*ROSTER_API *\([^(]*[ *]\)\(roster_[a-z0-9_]*\)(.*/\2 \1/p' | sort -u >"$TMPDIR/declared"
cut -d ' ' -f 1 "$TMPDIR/declared" | grep -vxF "$(echo "$exceptions" | tr ' ' '\n')" >"$TMPDIR/called"
grep -E '^[^ ]* (ROSTER_MUST_CHECK )?int *$' "$TMPDIR/declared" | cut -d ' ' -f 1 >"$TMPDIR/fallible"
if [ "$(wc -l <"$TMPDIR/called")" -le 150 ] || [ "$(wc -l <"$TMPDIR/fallible")" -le 100 ]; then
    echo "found too few functions"
    exit 1
fi

"$ROSTER_BUILDDIR/tests/library/null" "$@" <"$TMPDIR/called" >"$TMPDIR/results"
awk -v fallible="$TMPDIR/fallible" '
    BEGIN { while ((getline name < fallible) > 0) is_int[name] = 1 }
    NF > 2 { print "WRONG: with NULL " $1 "() ends by " $2 " " $3; wrong = 1; next }
    is_int[$1] && $2 != 0 && $2 != -22 { print "WRONG: with NULL " $1 "() returns " $2; wrong = 1 }
    END { exit wrong }' "$TMPDIR/results"
[ "$(wc -l <"$TMPDIR/results")" -eq "$(wc -l <"$TMPDIR/called")" ] ||
    { echo "not all were called" && exit 1; }

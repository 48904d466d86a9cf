#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# compare.sh TOP REACHED: compares what the headers say that functions return with what the tests saw
# them return. All that is named has to be met by a test, and what came back has to be named.

set -eu
top=$1
work=$(mktemp -d "${TMPDIR:-/tmp}/roster-errnos.XXXXXX")
trap 'rm -rf "$work"' EXIT
wrong=0

awk -f "$top/doc/headers.awk" -f "$top/tests/errnos/documented.awk" "$top"/include/roster/*.h |
    LC_ALL=C sort -u >"$work/documented"
# The names of numbers are the C library's to know; where two share one, the header's is meant.
{
    echo '#include <errno.h>'
    sed -n 's/.* \(E[A-Z0-9]*\)$/\1/p' "$work/documented" | sort -u |
        sed 's/.*/number_of_& &/'
} | ${CC:-cc} -E -P -x c - | sed -n 's/^number_of_\([^ ]*\) \(.*\)$/\2 \1/p' >"$work/numbers"
awk 'NR == FNR { name[$1] = $2; next } { print $1, ($2 in name) ? name[$2] : $2 }' \
    "$work/numbers" "$2" | LC_ALL=C sort -u >"$work/reached"
grep -v '\*$' "$work/documented" >"$work/named"
LC_ALL=C comm -12 "$work/named" "$work/reached" >"$work/proven"
LC_ALL=C comm -23 "$work/named" "$work/reached" >"$work/missing"
proven=$(wc -l <"$work/proven")
echo "$(wc -l <"$work/named") errnos of functions are named, $proven are met by a test"
if [ -s "$work/missing" ] || [ "$proven" -eq 0 ]; then
    wrong=1
    echo "WRONG: no test meets:"
    sed 's/^/    /' "$work/missing"
fi

LC_ALL=C comm -23 "$work/reached" "$work/named" |
    awk 'NR == FNR { if ($2 == "*") hands_on[$1] = 1; next } !($1 in hands_on)' "$work/documented" - \
        >"$work/unnamed"
if [ -s "$work/unnamed" ]; then
    wrong=1
    echo "WRONG: is returned and in no header:"
    sed 's/^/    /' "$work/unnamed"
fi
exit "$wrong"

#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# compare.sh TOP REACHED: compares what the headers say that functions return with what the tests saw
# them return. What no test has reached has to stand in tests/errnos/unreached with the reason, and
# nothing else may; what came back has to be in the header.

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
sed -n 's/^\(roster_[a-z_0-9]* E[A-Z0-9]*\)  *.*/\1/p' "$top/tests/errnos/unreached" |
    LC_ALL=C sort -u >"$work/unreached"

grep -v '\*$' "$work/documented" >"$work/named"
LC_ALL=C comm -12 "$work/named" "$work/reached" >"$work/proven"
echo "$(wc -l <"$work/named") errnos of functions are named, $(wc -l <"$work/proven") are reached," \
    "$(wc -l <"$work/unreached") are known not to be"
[ "$(wc -l <"$work/proven")" -gt 200 ] || wrong=1

# tell WHAT FILE
tell() {
    [ -s "$2" ] || return 0
    wrong=1
    echo "WRONG: $1:"
    sed 's/^/    /' "$2"
}
LC_ALL=C comm -23 "$work/named" "$work/reached" | LC_ALL=C comm -23 - "$work/unreached" >"$work/missing"
tell "no test reaches" "$work/missing"
LC_ALL=C comm -12 "$work/unreached" "$work/reached" >"$work/stale"
tell "stands in unreached and is reached" "$work/stale"
LC_ALL=C comm -23 "$work/unreached" "$work/named" >"$work/unknown"
tell "stands in unreached and in no header" "$work/unknown"
LC_ALL=C comm -23 "$work/reached" "$work/named" |
    awk 'NR == FNR { if ($2 == "*") hands_on[$1] = 1; next } !($1 in hands_on)' "$work/documented" - \
        >"$work/unnamed"
tell "is returned and in no header" "$work/unnamed"
exit "$wrong"

#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# The code is what the models were confirmed against; and whoever changes a function of it, not
# just a comment or white space, is told which models to read again.

set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
check="$ROSTER_SRCDIR/tests/model/check-confirmed"
failed=0

fail() {
    echo "$*"
    failed=1
}

"$check" -C "$ROSTER_SRCDIR" || fail "the code differs from what the models were confirmed against"

mkdir -p "$work/tests"
cp -R "$ROSTER_SRCDIR/src" "$work/src"
cp -R "$ROSTER_SRCDIR/include" "$work/include"
cp -R "$ROSTER_SRCDIR/tests/model" "$work/tests/model"
chmod -R u+w "$work"
# Two models do for the controls below, in a tenth of the time.
find "$work/tests/model" -name '*.cpp' -delete
find "$work/tests/model" -name '*.pml' ! -name begin_scan.pml ! -name kill.pml -delete
awk '/^model /{ keep = $2 == "begin_scan" || $2 == "kill" } keep' \
    "$ROSTER_SRCDIR/tests/model/confirmed" >"$work/tests/model/confirmed"

# control FILE SED EXPECTED: after this edit check-confirmed must exit with EXPECTED.
control() {
    sed "$2" "$ROSTER_SRCDIR/$1" >"$work/$1"
    cmp -s "$ROSTER_SRCDIR/$1" "$work/$1" && fail "\"$2\" changes nothing in $1"
    status=0
    "$check" -C "$work" >"$work/said" || status=$?
    [ "$status" -eq "$3" ] || fail "after \"$2\" in $1 the status is $status: $(cat "$work/said")"
    cat "$ROSTER_SRCDIR/$1" >"$work/$1"
}

[ "$failed" -eq 0 ] || exit 1
control src/core/scanner/scan.c 's,rst_owners_barrier(roster->membarrier); ,0; ,' 1
grep -q '^begin_scan: fence_owners() in src/core/scanner/scan.c has changed' "$work/said" ||
    fail "it does not say what has changed: $(cat "$work/said")"
control src/core/operate/kill.c 's/\btake_back(/take_it_back(/' 1
grep -q '^kill: take_back() is not in src/core/operate/kill.c any more' "$work/said" ||
    fail "it does not say what is gone: $(cat "$work/said")"
control src/core/scanner/scan.c 's,/\* b: pairs with B.*\*/,,' 0
control src/core/scanner/minimum.c 's,^        err = rst_scan(,	err = rst_scan(,' 0
cp "$work/tests/model/kill.pml" "$work/tests/model/another.pml"
"$check" -C "$work" >"$work/said" && fail "a model without a record passes"
exit $failed

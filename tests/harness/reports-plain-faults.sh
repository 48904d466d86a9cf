#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# The same programs with what stands in for Criterion on other processors: it must fail them, too.

set -eu
. "$ROSTER_SRCDIR/tests/harness/expect.sh"

plain=$ROSTER_SRCDIR/tests/support/plain
programs=$(mktemp -d)
trap 'rm -rf "$programs"' EXIT
for name in passes fails crashes empty; do
    # shellcheck disable=SC2086 # options are several words
    $ROSTER_CC $ROSTER_CFLAGS -I"$plain" -I"$ROSTER_BUILDDIR" -o "$programs/test_$name" \
        "$ROSTER_SRCDIR/tests/harness/test_$name.c" "$plain/run.c"
done

expect_ok "$programs/test_passes"
expect_not_ok 'wrong' "$programs/test_fails"
expect_not_ok 'by_signal' "$programs/test_crashes"
expect_not_ok 'no tests' "$programs/test_empty"

exit "$wrong"

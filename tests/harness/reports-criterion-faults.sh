#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# run-test fails Criterion programs that fail, crash or have nothing to test.

set -eu
. "$ROSTER_SRCDIR/tests/harness/expect.sh"
needs_criterion

expect_ok "$programs/test_passes"
expect_not_ok 'wrong' "$programs/test_fails"
expect_not_ok 'by_signal' "$programs/test_crashes"
expect_not_ok 'no tests' "$programs/test_empty"
expect_not_ok 'skipped all' "$programs/test_passes" --filter 'no_such/*'

exit "$wrong"

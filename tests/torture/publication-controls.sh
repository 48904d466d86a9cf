#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# ThreadSanitizer must report the races in "publication" when views are published by plain stores,
# and when they are used again without a grace period. No test point delays anything here: it is
# the very program that has to pass, with one thing broken.
#
# ROSTER_CONTROL_RUNS: how often each is run at most (5) until it is reported; a machine that is
# busy with other things may let a short run pass in which the two threads never met.

set -u
if [ "${ROSTER_SANITIZER:?run this through make}" != thread ]; then
    echo "needs --enable-sanitizer=thread"
    exit 77
fi
cd "$ROSTER_BUILDDIR" || exit 99
# shellcheck source=tests/torture/control.sh
. "$ROSTER_SRCDIR/tests/torture/control.sh"
work=$(mktemp -d "${TMPDIR:-/tmp}/roster-controls.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT TERM
runs=${ROSTER_CONTROL_RUNS:-5}

# The reports are expected, and stay out of the log that the test is judged by. With clang the
# thread sanitizer also heeds what is meant for the undefined sanitizer.
unset TSAN_OPTIONS UBSAN_OPTIONS

failed=0
# check NAME: build it from the files in the table and run it until it is reported.
check() {
    files=$(controls | sed -n "s/^$1|[^|]*|\([^|]*\)|.*/\1/p")
    # shellcheck disable=SC2086 # a list of words
    program=$(build_control "$1" publication $files) || exit 99
    run=1
    until timeout 120 "$program" --seconds 2 >"$work/output" 2>&1
        grep -q 'ThreadSanitizer: data race' "$work/output"; do
        if [ "$run" -eq "$runs" ]; then
            echo "$1: not reported in $runs runs"
            failed=1
            return
        fi
        run=$((run + 1))
    done
    echo "$1: reported in run $run"
}

check PLAIN_PUBLICATION
check NO_GRACE_PERIOD
[ "$failed" -eq 0 ]

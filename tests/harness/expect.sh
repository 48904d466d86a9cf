# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Sourced by the tests of run-test.
# shellcheck disable=SC2034 # used there

run_test=$ROSTER_SRCDIR/tests/run-test
programs=$ROSTER_BUILDDIR/tests/harness
wrong=0
# Stand-ins for Criterion need no shared memory; needs_criterion looks for it.
export ROSTER_TEST_SHM="${TMPDIR:-/tmp}"

# expect_ok COMMAND...: run-test has to pass it.
expect_ok() {
    if out=$("$run_test" "$@" 2>&1) && ! printf '%s\n' "$out" | grep -q '^not ok'; then
        echo "passed, as it should: $*"
        return
    fi
    wrong=1
    printf '%s\n' "$out" "WRONG: should have passed: $*"
}

# expect_not_ok PATTERN COMMAND...: run-test has to fail it and say why.
expect_not_ok() {
    pattern=$1
    shift
    if out=$("$run_test" "$@" 2>&1); then
        status=0
    else
        status=$?
    fi
    if [ "$status" -ne 0 ] && printf '%s\n' "$out" | grep -q "^not ok .*$pattern"; then
        echo "failed, as it should ($pattern): $*"
        return
    fi
    wrong=1
    printf '%s\n' "$out" "WRONG: should have failed with \"$pattern\": $*"
}

# needs_criterion: skip where the programs could not be built or cannot run.
needs_criterion() {
    [ -x "$programs/test_passes" ] || {
        echo "built without Criterion"
        exit 77
    }
    [ -w /dev/shm ] || {
        echo "Criterion needs /dev/shm, which cannot be written"
        exit 77
    }
}

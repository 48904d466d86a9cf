#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# run-test tells what every kind of end means, without Criterion and in every build.
# shellcheck disable=SC2016 # the stand-in expands what is quoted here

set -eu
. "$ROSTER_SRCDIR/tests/harness/expect.sh"

expect_ok sh -c 'exit 0'
expect_not_ok 'status 1' sh -c 'exit 1'
expect_not_ok 'status 134' sh -c 'kill -ABRT $$'
ROSTER_TEST_TIMEOUT=1 expect_not_ok 'did not end within 1 s' sleep 60

"$run_test" sh -c 'echo no such machine; exit 77' | grep -qx 'ok 1 - sh # SKIP no such machine'
"$run_test" sh -c 'exit 99' | grep -q "^Bail out!"

# What Criterion is said to do, told by a stand-in.
stand_in=$TMPDIR/test_stand_in
tells() { # SHELL CODE
    printf '#!/bin/sh\ntap=${CRITERION_OUTPUTS#tap:}\n%s\n' "$1" >"$stand_in"
    chmod +x "$stand_in"
}
tells 'printf "TAP version 13\n1..2\nok - a\nok - b # SKIP why\n" >"$tap"'
expect_ok "$stand_in"
tells 'printf "1..1\nok - a # SKIP why\n" >"$tap"'
expect_not_ok 'skipped all' "$stand_in"
tells 'printf "1..1\nok - a\n" >"$tap"'
expect_ok "$stand_in"
ROSTER_TEST_SHM=$TMPDIR/no-shm
"$run_test" "$stand_in" | grep -q '# SKIP Criterion needs .*/no-shm'
ROSTER_TEST_SHM=$TMPDIR
tells 'exit 0'
expect_not_ok 'no tests' "$stand_in"
tells 'printf "1..0\n" >"$tap"'
expect_not_ok 'no tests' "$stand_in"
tells 'printf "1..3\nok - a\nok - b\n" >"$tap"'
expect_not_ok '2 results of 3' "$stand_in"
tells 'printf "1..1\nok - a\n" >"$tap"; exit 1'
expect_not_ok 'status 1' "$stand_in"
tells 'printf "1..1\nok - a\n" >"$tap"; kill -SEGV $$'
expect_not_ok 'status 139' "$stand_in"
for sanitizer in ASAN LSAN UBSAN TSAN; do
    tells 'printf "1..1\nok - a\n" >"$tap"; eval options=\$'$sanitizer'_OPTIONS
echo found >"${options##*log_path=}.1"'
    expect_not_ok 'report of a sanitizer' "$stand_in"
done
tells 'printf "1..1\nok - a\n" >"$tap"; echo "a.c:1:2: runtime error: signed overflow"'
expect_not_ok 'undefined behaviour: signed' "$stand_in"

exit "$wrong"

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Counting test results from the files that automake's drivers leave.

# forget_results DIRECTORY: leave nothing of earlier runs that could be counted.
forget_results() {
    [ ! -d "$1" ] || find "$1" -name '*.trs' -delete
}

# count_results DIRECTORY: prints "PASSED FAILED SKIPPED". An error of a test is a failure.
count_results() {
    if [ ! -d "$1" ]; then
        echo "0 0 0"
        return
    fi
    find "$1" -name '*.trs' -exec cat {} + | awk '
        /^:test-result: (PASS|XFAIL)/ { passed++ }
        /^:test-result: (FAIL|XPASS|ERROR)/ { failed++ }
        /^:test-result: SKIP/ { skipped++ }
        END { print passed + 0, failed + 0, skipped + 0 }'
}

# failed_results DIRECTORY: the failed tests, each with what its log says around the failure.
failed_results() {
    local results
    while read -r results; do
        sed -n "s,^:test-result: \(FAIL\|XPASS\|ERROR\),${results%.trs}: \1,p" "$results"
        grep -B 6 -A 3 -E '^not ok|WRONG|ERROR: |WARNING: ' "${results%.trs}.log" | tail -n 30 || true
    done < <(grep -rlE --include='*.trs' '^:test-result: (FAIL|XPASS|ERROR)' "$1")
}

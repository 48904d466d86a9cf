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

# failed_results DIRECTORY: the failed tests, one a line.
failed_results() {
    (cd "$1" && find . -name '*.trs' -exec awk '
        /^:test-result: (FAIL|XPASS|ERROR)/ {
            file = FILENAME
            gsub(/^\.\/|\.trs$/, "", file)
            print file ": " substr($0, index($0, " ") + 1)
        }' {} +)
}

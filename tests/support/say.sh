# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# How a test in bash reports; sourced by what such tests share. It ends with finish.

wrong=0

# skip WHY
skip() {
    echo "$*"
    exit 77
}

# fail WHAT
fail() {
    wrong=1
    echo "WRONG: $*"
}

# expect WHAT PATTERN ACTUAL
expect() {
    # shellcheck disable=SC2053 # a pattern is meant
    if [[ $3 == $2 ]]; then
        echo "right: $1"
    else
        fail "$1"
        printf 'expected: %s\nbut got:  %s\n' "$2" "$3"
    fi
}

finish() {
    exit "$wrong"
}

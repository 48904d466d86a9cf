#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# check-json passes JSON and refuses what is none.

set -eu

cd "$TMPDIR"
wrong=0

# expect STATUS TEXT
expect() {
    printf '%s' "$2" >file
    if "$ROSTER_SRCDIR/tests/bench/check-json" file >out; then
        status=0
    else
        status=$?
    fi
    if [ "$status" -ne "$1" ]; then
        echo "WRONG: status $status, should be $1: $2"
        cat out
        wrong=1
    fi
}

expect 0 '{}'
expect 0 '{"a": [1, -2.5, 1e9, 0.1e-3, true, false, null, "", "\"\\\u00e9"], "b": {"c": []}}
'
expect 1 ''
expect 1 '[]'
expect 1 '{'
expect 1 '{"a": }'
expect 1 '{"a" 1}'
expect 1 '{a: 1}'
expect 1 '{"a": 1,}'
expect 1 '{"a": [1,]}'
expect 1 '{"a": [1}'
expect 1 '{"a": inf}'
expect 1 '{"a": nan}'
expect 1 '{"a": 01}'
expect 1 '{"a": "b}'
expect 1 '{"a": "\x"}'
expect 1 '{} {}'

exit "$wrong"

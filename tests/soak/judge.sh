#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# The soak's judge passes what goes up and down, and no leak: each column in turn.

set -eu

judge="$ROSTER_SRCDIR/tests/soak/judge.awk"

# samples COLUMN: made up, with a leak in that column.
samples() {
    awk -v leak="$1" 'BEGIN {
        for (i = 0; i < 40; i++) {
            $0 = 10 * i " 100000 50 12 100000 400000 20000 90000 " 100000 * i " 2000000 4000000"
            for (column = 2; column <= 11; column++)
                $column *= column == 9 ? 1 : 1 + i % 5 / 200 + (column == leak) * i * 10
            $4 = int($4)
            print
        }
    }'
}

samples 0 | awk -f "$judge"
for column in 2 3 4 5 6 7 8 10 11; do
    if samples $column | awk -f "$judge" >"$TMPDIR/said"; then
        echo "a leak in column $column passes:"
        cat "$TMPDIR/said"
        exit 1
    fi
done
if samples 0 | head -n 5 | awk -f "$judge"; then
    echo "five samples are enough for it"
    exit 1
fi

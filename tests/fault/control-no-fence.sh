#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# The control of the checker: a server that is never fenced and is frozen for longer than its lease
# vouches for what has been collected, and the checker must say so.

# shellcheck source=tests/fault/lib.sh
. "$ROSTER_SRCDIR/tests/fault/lib.sh"

member=$programs/member-unfenced

options=(--ttl 600)
start a
start b
alive a b
for _ in 1 2 3 4 5 6 7 8 9 10; do
    signal a STOP
    sleep 0.7
    alive_within 1 b || true
    signal a CONT
    sleep 0.5
    "$check" "$dir" >"$work/history" || true
    if violation=$(grep -m 1 '^violation of G8' "$work/history"); then
        printf '%-22s caught after %2d s: %.110s\n' NO_FENCE "$SECONDS" "$violation"
        exit 0
    fi
    until_so 10 "$check" "$dir" --since "$(now)" --alive a
done
fail "a server without a fence was not caught"

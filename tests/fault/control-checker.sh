#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# The checker finds each kind of violation in a log that was forged for it, and nothing else.

# shellcheck source=tests/fault/lib.sh
. "$ROSTER_SRCDIR/tests/fault/lib.sh"

found() {
    "$check" "$dir" | sed -n 's/^violation of \([^:]*\):.*/\1/p' | sort -u
}

number=0
while forged=$("$programs/forge" "$dir" "$number"); do
    violated=$(found || true)
    [ "${violated:-none}" = "${forged%% *}" ] ||
        fail "forged: $forged; found: ${violated:-none}"
    number=$((number + 1))
done
[ "$number" -ge 19 ] || fail "only $number logs were forged"

#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# roster/build.h lists every struct that libroster's headers define, and whether it begins with its size.

set -eu

cd "$ROSTER_SRCDIR/include/roster"
# The headers that roster.h includes, and what they include.
sed -n 's/^#include <roster\/\(.*\)>$/\1/p' roster.h >"$TMPDIR/headers"
echo inline.h >>"$TMPDIR/headers"
# shellcheck disable=SC2046 # several names
grep -h -A1 '^struct roster_[a-z_]* {' $(grep -v '^build.h$' "$TMPDIR/headers") |
    awk '/^struct/ { name = $2; getline; print name, /size_t size;/ ? 1 : 0 }' | sort >"$TMPDIR/defined"
sed -n 's/^    STRUCT(\(roster_[a-z_]*\), \([01]\)).*/\1 \2/p' build.h | sort >"$TMPDIR/listed"
[ "$(wc -l <"$TMPDIR/listed")" -gt 40 ] || { echo "found too few structs" && exit 1; }
if ! diff "$TMPDIR/defined" "$TMPDIR/listed"; then
    echo "< is defined and not listed in roster/build.h, > is listed and not defined so"
    exit 1
fi

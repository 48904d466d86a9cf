#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# In an archive every name that functions of several files share is the program's, too: one that a
# program or another library also has would silently replace ours, or not link. So all of them begin
# with roster_ or rst_.

set -eu

names=$ROSTER_SRCDIR/tests/library/archive-names
cd "$ROSTER_BUILDDIR/.libs"
if [ ! -e libroster.a ]; then
    echo "no static library in this build"
    exit 77
fi
"$names" "$ROSTER_NM" libroster.a libroster-*.a

# A name that is nobody's must be found.
echo 'int query_parse(void) { return 0; }' >"$TMPDIR/foreign.c"
# shellcheck disable=SC2086 # ROSTER_CC may hold options
$ROSTER_CC -c -o "$TMPDIR/foreign.o" "$TMPDIR/foreign.c"
ar rc "$TMPDIR/foreign.a" "$TMPDIR/foreign.o"
if "$names" "$ROSTER_NM" libroster.a "$TMPDIR/foreign.a" >"$TMPDIR/said"; then
    echo "a name without a prefix passes"
    exit 1
fi
grep -qx 'query_parse in .*foreign.a' "$TMPDIR/said"

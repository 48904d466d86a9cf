#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Each engine of roster-bench tells in every moment of a random history what a plain array tells.

set -eu

agree=$ROSTER_BUILDDIR/tests/bench/engines_agree
if [ ! -x "$agree" ]; then
    echo "roster-bench is not part of this build"
    exit 77
fi
TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/roster-engines.XXXXXX")
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT

"$agree" >"$TMPDIR/engines"
grep -qx roster "$TMPDIR/engines"
while read -r engine; do
    echo "$engine"
    "$agree" "$engine"
done <"$TMPDIR/engines"

left=$(find "$TMPDIR" -mindepth 1 ! -name engines)
if [ -n "$left" ]; then
    echo "left behind: $left"
    exit 1
fi

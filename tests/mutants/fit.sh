#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Each mutant fits the sources as they are: one that does not breaks nothing, and its test is not
# known to notice anything. A change of the sources takes the mutants of it along.

set -eu
mutants=$ROSTER_SRCDIR/tests/mutants
"$mutants/apply-mutant" --fits "$ROSTER_SRCDIR" "$mutants"/*/*.mutant
tmp=$(mktemp "${TMPDIR:-/tmp}/roster-mutant.XXXXXX")
trap 'rm -f "$tmp"' EXIT
printf '@@ roster_destroy\nwhat does not stand there();\n=>\n(void)0;\n' >"$tmp"
if "$mutants/apply-mutant" --fits "$ROSTER_SRCDIR" "$tmp" 2>/dev/null; then
    echo "a mutant that does not fit is not noticed"
    exit 1
fi

#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# The shared libraries export what the headers that are installed with them mark with ROSTER_API,
# nothing else, and stay mapped after dlclose.

set -eu

cd "$ROSTER_BUILDDIR/.libs"
set -- libroster*.so
if [ ! -e "$1" ]; then
    echo "no shared library in this build"
    exit 77
fi

# One declaration a line, without comments, then the name before the parenthesis.
for header in $ROSTER_HEADERS; do
    tr '\n' ' ' <"$ROSTER_SRCDIR/include/roster/$header" | sed 's,/\*[^*]*\*\+\([^/*][^*]*\*\+\)*/,,g' | tr ';' '\n'
done | sed -n 's/.*ROSTER_API[^(]*[ *]\(roster_[a-z0-9_]*\)(.*/\1/p' | sort -u >"$TMPDIR/declared"

# The linker's own symbol for the version node has no code; what Roster's libraries export for each
# other has a node of its own and is in no installed header.
# shellcheck disable=SC2086 # ROSTER_NM may hold options
$ROSTER_NM -D --defined-only "$@" >"$TMPDIR/symbols"
awk 'NF == 3 && $2 != "A" && !/@ROSTER_PRIVATE$/ { sub(/@.*/, "", $3); print $3 }' "$TMPDIR/symbols" |
    sort -u >"$TMPDIR/exported"

if ! [ -s "$TMPDIR/declared" ]; then
    echo "found no declaration in the headers"
    exit 1
fi
if ! diff "$TMPDIR/declared" "$TMPDIR/exported"; then
    echo "< is declared and not exported, > is exported and not declared"
    exit 1
fi
for library; do
    if ! "$ROSTER_READELF" -d "$library" | grep -q NODELETE; then
        echo "dlclose would unmap $library under the threads of call_rcu"
        exit 1
    fi
done

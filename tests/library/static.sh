#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# In an archive every name that functions of several files share is the program's, too: none may be
# one of the libraries that a static link with Roster needs, which would then call ours.

set -eu
LC_ALL=C
export LC_ALL

cd "$ROSTER_BUILDDIR/.libs"
if [ ! -e libroster.a ] || [ ! -e libroster.so ]; then
    echo "no static or no shared library in this build"
    exit 77
fi
# shellcheck disable=SC2086 # ROSTER_NM may hold options
$ROSTER_NM -g --defined-only libroster*.a | awk 'NF == 3 { print $3 }' | sort -u >"$TMPDIR/ours"
for library in libroster*.so; do
    ldd "$library"
done | awk '$2 == "=>" && $1 !~ /^libroster/ { print $3 }' | sort -u >"$TMPDIR/needed"
# shellcheck disable=SC2046,SC2086 # file names of the system's libraries
$ROSTER_NM -D --defined-only $(cat "$TMPDIR/needed") |
    awk 'NF == 3 { sub(/@.*/, "", $3); print $3 }' | sort -u >"$TMPDIR/theirs"

echo "$(wc -l <"$TMPDIR/ours") names of ours, $(wc -l <"$TMPDIR/theirs") of $(wc -l <"$TMPDIR/needed") libraries"
if [ "$(wc -l <"$TMPDIR/ours")" -lt 100 ] || [ "$(wc -l <"$TMPDIR/theirs")" -lt 1000 ]; then
    echo "found too few"
    exit 1
fi
if [ -n "$(comm -12 "$TMPDIR/ours" "$TMPDIR/theirs" | tee "$TMPDIR/both")" ]; then
    echo "taken:"
    cat "$TMPDIR/both"
    exit 1
fi

#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# The code in the guide and in README.md is that of the examples, and each example is in the guide.

set -u
cd "$TMPDIR" || exit 99
wrong=0
for page in "$ROSTER_SRCDIR"/README.md "$ROSTER_SRCDIR"/doc/abi.md "$ROSTER_SRCDIR"/doc/manual/*.md; do
    awk -v root="$ROSTER_SRCDIR" -f "$ROSTER_SRCDIR/doc/manual/snippets.awk" "$page" >now || wrong=1
    if ! diff "$page" now; then
        echo "WRONG: ${page##*/} is not what the examples are; doc/manual/renew-snippets helps"
        wrong=1
    fi
    grep -c '^<!-- examples' "$page" >>counts
done
awk '{ sum += $1 } END { print sum " snippets"; exit sum < 20 }' counts || wrong=1
for program in cluster collector coroutines first libuv loops mirror threads; do
    if ! grep -q "^<!-- examples/guide/$program.c" "$ROSTER_SRCDIR"/doc/manual/*.md; then
        echo "WRONG: nothing of $program.c is in the guide"
        wrong=1
    fi
done
exit "$wrong"

#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# configure refuses directories that make would take apart later, before it looks for anything else,
# and says what is wrong with them.

set -eu

wrong=0
# shellcheck disable=SC1003,SC2016 # characters, one a word
for special in ' ' : ';' = ',' % '&' '|' '<' '>' '(' ')' '[' ']' '{' '}' '*' '?' '!' '"' "'" '`' '\' '$' \
    '^' '#'; do
    dir="$TMPDIR/a${special}b"
    mkdir "$dir"
    if (cd "$dir" && "$ROSTER_SRCDIR/configure" >"$TMPDIR/out" 2>&1); then
        echo "WRONG: configured in $dir"
        wrong=1
    elif ! grep -qF "its path may not have any of \"$special\"" "$TMPDIR/out"; then
        echo "WRONG: in $dir it says: $(cat "$TMPDIR/out")"
        wrong=1
    elif grep -q '^checking for' "$TMPDIR/out"; then
        echo "WRONG: in $dir it looks for other things first"
        wrong=1
    fi
done
exit "$wrong"

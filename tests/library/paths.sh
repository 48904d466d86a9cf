#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# configure refuses directories that make or libtool would take apart later, before it looks for anything else,
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
# Nor where it is to be installed.
mkdir "$TMPDIR/plain"
cd "$TMPDIR/plain"
for option in "--prefix=/usr/a b" "--libdir=/usr/a:b" "--mandir=/usr/a'b" '--exec-prefix=/usr/a;b'; do
    if "$ROSTER_SRCDIR/configure" "$option" >"$TMPDIR/out" 2>&1 || ! grep -q "cannot install in" "$TMPDIR/out" ||
        grep -q '^checking for' "$TMPDIR/out"; then
        echo "WRONG: $option: $(tail -n 3 "$TMPDIR/out")"
        wrong=1
    fi
done
exit "$wrong"

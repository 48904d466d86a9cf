#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# doc/defaults.md and the code agree on what is set in libcurl, SQLite and libmicrohttpd: every option
# in the code is on the page, with the value that it has there, and every row of the page is code.

set -eu

page=$ROSTER_SRCDIR/doc/defaults.md
wrong=0

# shellcheck disable=SC2020 # a newline for each of the three
# The code without comments, a line for each statement or element of a table; strings that the compiler
# would join are joined.
find "$ROSTER_SRCDIR/src" -name '*.c' -exec cat {} + | tr '\n' ' ' |
    sed 's,/\*[^*]*\*\+\([^/*][^*]*\*\+\)*/,,g; s/"  *"//g' | tr ';{}' '\n\n\n' |
    sed 's/  */ /g; s/^ *"*//' >"$TMPDIR/code"

# option VALUE or option -, where the value is not a constant
sed -n 's/.*\(CURLM\{0,1\}OPT_[A-Z0-9_]*\), *\(.*\)/\1 \2/p
    s/.*\(SQLITE_\(DBCONFIG\|LIMIT\)_[A-Z0-9_]*\), *\(.*\)/\1 \3/p
    s/.*PRAGMA \([a-z_]*\) = \([-A-Z0-9]*\).*/PRAGMA_\1 \2/p' "$TMPDIR/code" |
    grep -v '(CURLoption)' |
    awk '{
        option = $1
        sub(/^[^ ]* */, "")
        sub(/^\(long\)/, "")
        sub(/[) ,]*$/, "")
        if (option ~ /^SQLITE_LIMIT/ && /^-1$/) next # asks, sets nothing
        if (/^SILENCE_S$/) $0 = "2"
        if (/^[0-9]+L$/) sub(/L$/, "")
        print option, /^("[^"]*"|[-0-9]+|[0-9]+ \* [A-Z_]+|[A-Z][A-Za-z0-9_]+( \| [A-Z_]+)?)$/ ? $0 : "-"
    }' | sort -u >"$TMPDIR/set"
tr -c 'A-Za-z0-9_' '\n' <"$TMPDIR/code" |
    grep -E '^(CURLM?OPT|SQLITE_(DBCONFIG|LIMIT|OPEN)|MHD_(OPTION|USE))_[A-Z0-9_]+$' |
    sort -u >"$TMPDIR/named"

# shellcheck disable=SC2016 # backquotes of Markdown
# The same of the page: all that is in code there, and the rows with their values.
tr '`' '\n' <"$page" | sed 's/^PRAGMA /PRAGMA_/' | sort -u >"$TMPDIR/told"
# shellcheck disable=SC2016
sed -n 's/^| `\([^`]*\)` | .* | `\([^`]*\)`\(,\| with\)\{0,1\}[^|]* | .*/\1~\2/p' "$page" |
    sed 's/^PRAGMA /PRAGMA_/; s/~/ /' | sort -u >"$TMPDIR/rows"

while read -r option; do
    if ! grep -qxF -e "$option" "$TMPDIR/told"; then
        echo "WRONG: the code names $option, doc/defaults.md does not"
        wrong=1
    fi
done <"$TMPDIR/named"
while read -r option value; do
    if ! grep -qxF -e "$option" "$TMPDIR/told"; then
        echo "WRONG: the code sets $option, doc/defaults.md does not list it"
        wrong=1
    elif [ "$value" != - ] && ! grep -qxF -e "$option $value" "$TMPDIR/rows" &&
        grep -q "^$option " "$TMPDIR/rows"; then
        echo "WRONG: the code sets $option to $value, doc/defaults.md has another value"
        wrong=1
    fi
done <"$TMPDIR/set"
while read -r option value; do
    case $option in
    MHD_*) continue ;; # set by a call whose arguments are not constants
    esac
    case $value in
    [a-z]*_[a-z]*) grep -q "^$option " "$TMPDIR/set" && continue ;; # an option of the store
    esac
    if ! grep -qxF -e "$option $value" "$TMPDIR/set"; then
        echo "WRONG: doc/defaults.md says that $option is $value, the code does not"
        wrong=1
    fi
done <"$TMPDIR/rows"
# shellcheck disable=SC2016 # backquotes of Markdown
sed -n 's/^| `\([^`]*\)` .*/\1/p' "$page" | sed 's/^PRAGMA //' | sort -u |
    while read -r option; do
        grep -qF -e "$option" "$TMPDIR/code" || echo "WRONG: $option is nowhere in the code"
    done | tee "$TMPDIR/nowhere"

echo "$(wc -l <"$TMPDIR/named") names and $(wc -l <"$TMPDIR/set") settings in the code," \
    "$(wc -l <"$TMPDIR/rows") values on the page"
[ ! -s "$TMPDIR/nowhere" ] && [ "$(wc -l <"$TMPDIR/set")" -gt 50 ] &&
    [ "$(wc -l <"$TMPDIR/rows")" -gt 50 ] || wrong=1
exit "$wrong"

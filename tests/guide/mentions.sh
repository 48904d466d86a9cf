#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# What the pages mention is there: paths, files, functions, constants, targets of make and options of
# our own programs; and the figures of README.md are those of doc/performance.md. A page with
# planted mistakes shows that each kind is noticed.
# shellcheck disable=SC2016 # quotes of pages

set -u
export LC_ALL=C
cd "$ROSTER_SRCDIR" || exit 99
wrong=0
folders='src|include|tests|doc|examples|bench|share|scripts|m4|cmake|core|store|cluster|status|sqlite|mariadb|rosterctl'

find src include tests examples bench share scripts m4 quickstart configure.ac Makefile.am -type f \
    ! -name '*.md' ! -name 'mentions.sh' >"$TMPDIR/files"
sed 's,.*/,,' "$TMPDIR/files" | sort -u >"$TMPDIR/names"
xargs grep -ohIE '[A-Za-z_][A-Za-z0-9_]*' <"$TMPDIR/files" | sort -u >"$TMPDIR/words"
xargs grep -ohE '^[a-z-]+( [a-z-]+)*:' <<<"$(grep '\.am$' "$TMPDIR/files")" | tr -d : | tr ' ' '\n' | sort -u >"$TMPDIR/targets"
# Options, as they stand in tables, in messages and in configure.ac.
{
    xargs grep -ohIE '[A-Za-z][A-Za-z0-9-]*' <"$TMPDIR/files"
    sed -n 's/.*AC_ARG_ENABLE(\[\([a-z-]*\)\].*/enable-\1 disable-\1/p; s/.*AC_ARG_WITH(\[\([a-z-]*\)\].*/with-\1 without-\1/p' \
        configure.ac m4/*.m4 | tr ' ' '\n'
} | sort -u >"$TMPDIR/options"
[ "$(wc -l <"$TMPDIR/words")" -gt 10000 ] || exit 99

# absent KIND LIST: prints what of the input LIST does not have.
absent() {
    sort -u | comm -23 - "$2" | sed "s/^/no $1 /"
}

# check PAGE: prints what it mentions and is not there.
check() {
    grep -oE "(^|[^A-Za-z0-9_./-])($folders)/[A-Za-z0-9_./*-]+" "$1" | sed -E 's,^[^a-z]*,,; s,\.$,,' |
        grep -v '[A-Z]\{4\}' | sort -u | while read -r path; do
        # A path inside src/, include/ or tests/, or one with the name of a program and no suffix.
        compgen -G "$path" >/dev/null || compgen -G "src/$path" >/dev/null ||
            compgen -G "src/core/$path" >/dev/null || compgen -G "include/$path" >/dev/null ||
            compgen -G "$path.c" >/dev/null || echo "no path $path"
    done
    grep -oE '`[a-z_0-9]+\.(c|h|hpp|sh|awk|am|pml|py|html|css|mutant)`' "$1" | tr -d '`' |
        absent file <(sort -u "$TMPDIR/names" <(ls doc))
    grep -oE '\b[a-z][a-z0-9_]+\(\)' "$1" | tr -d '()' | absent function "$TMPDIR/words"
    grep -oE '`(roster|rst)_[a-z0-9_]+`' "$1" | tr -d '`' | sed 's/_total$//' | absent name "$TMPDIR/words"
    grep -oE '\b(ROSTER|RST)_[A-Z0-9_]*[A-Z0-9]\b' "$1" | absent constant "$TMPDIR/words"
    grep -oE '\bmake (check|renew|doc)-[a-z-]+' "$1" | sed 's/make //' | absent target "$TMPDIR/targets"
    grep -E 'rosterctl|roster-kv|roster-bench|quickstart|configure' "$1" |
        grep -oE '(^|[^A-Za-z0-9-])--[a-z][a-z0-9-]+' | sed 's/.*--//' | absent option "$TMPDIR/options"
}

pages=(README.md CONTRIBUTING.md SECURITY.md CHANGELOG.md doc/*.md doc/manual/*.md)
for page in "${pages[@]}"; do
    found=$(check "$page" | grep -vxF 'no constant ROSTER_X')
    if [ -n "$found" ]; then
        wrong=1
        echo "WRONG: $page mentions what is not there:" "$found"
    fi
done
[ "${#pages[@]}" -ge 20 ] || wrong=1

printf '%s\n' '`src/core/gone.c` `gone_file.c` gone_function() `roster_gone` ROSTER_GONE' 'make check-gone' \
    './configure --with-gone' >"$TMPDIR/planted.md"
for kind in path file function name constant target option; do
    check "$TMPDIR/planted.md" | grep -q "^no $kind " || {
        wrong=1
        echo "WRONG: not noticed: a $kind"
    }
done

grep -oE '[0-9]\.[0-9]+ times' README.md | while read -r ratio _; do
    grep -qE "^\| begin\+end, 1 thread.*\| $ratio \|" doc/performance.md || echo "$ratio"
done >"$TMPDIR/ratios"
if [ -s "$TMPDIR/ratios" ]; then
    wrong=1
    echo "WRONG: README.md gives ratios that doc/performance.md has not: $(cat "$TMPDIR/ratios")"
fi
exit "$wrong"

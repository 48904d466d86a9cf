#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# What the pages mention is there: paths, files, functions, constants, targets of make and options of
# our own programs; so are the files that comments name; the figures of README.md are those of doc/performance.md, and it fits a screen; and
# CONTRIBUTING.md says where each source file is. Planted mistakes show that each kind is noticed.
# shellcheck disable=SC2016 # quotes of pages

set -u
export LC_ALL=C
cd "$ROSTER_SRCDIR" || exit 99
wrong=0
# A release has neither stages of CI nor what makes packages.
stages=(.ci/stages) left_out='^$'
[ -d .ci ] || { stages=() left_out='^(\.ci|debian)/'; }
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

# named FILE...: the source files that the comments of these name.
named() {
    sed -nE 's,^ \*,,p; s,.*/\*,,p' "$@" |
        grep -oE '(^|[^<A-Za-z0-9_./-])[a-z][a-z0-9_]*\.(c|h|pml|cpp)\b' | sed 's/^[^a-z]//'
}
found=$(grep -E '\.[ch]$' "$TMPDIR/files" | xargs -d '\n' cat | named | absent file "$TMPDIR/names")
printf '/*\n * See gone.h, hot.c and <gone/other.h>. */\n' >"$TMPDIR/planted.c"
if [ "$(named "$TMPDIR/planted.c" | absent file "$TMPDIR/names")" != "no file gone.h" ] || [ -n "$found" ]; then
    wrong=1
    echo "WRONG: comments name what is not there, or the planted name is not noticed:" "$found"
fi

# The ratios of README.md are among those measured, and so is how many limits are missed.
grep -oE '[0-9]\.[0-9]+ (times|of LMDB)' README.md | while read -r ratio _; do
    grep -qE "^\| (begin\+end, 1 thread|lookup by id, 1 000).*\| $ratio \|" doc/performance.md || echo "$ratio"
done >"$TMPDIR/ratios"
held=$(grep -cE '^\| .*\| at (most|least) .*\| holds' doc/performance.md)
missed=$(grep -cE '^\| .*\| at (most|least) .*\| \*\*missed' doc/performance.md)
grep -q "$missed missed of $((held + missed))" README.md ||
    echo "$missed missed of $((held + missed)) limits" >>"$TMPDIR/ratios"
if [ -s "$TMPDIR/ratios" ]; then
    wrong=1
    echo "WRONG: README.md has other figures than doc/performance.md: $(cat "$TMPDIR/ratios")"
fi

# README.md is read in a terminal of 80 columns and 50 lines.
if [ "$(fold -w 80 README.md | wc -l)" -gt 50 ]; then
    wrong=1
    echo "WRONG: README.md does not fit a screen of 80x50"
fi

# other_times PAGE: prints the timestamps that stand beside another time than their own (UTC).
other_times() {
    grep -oE '[0-9]{18} \([0-9]{4}-[0-9-]+ [0-9:.]+\)' "$1" | tr -d '()' | while read -r ts when; do
        ms=$((ts >> 18))
        [ "$(TZ=UTC date -d "@$((ms / 1000))" '+%F %T').$(printf %03d $((ms % 1000)))" = "$when" ] || echo "$ts"
    done
}
times=$(for page in "${pages[@]}"; do other_times "$page"; done)
echo '470789268593704960 (2026-11-29 02:10:01.420)' >"$TMPDIR/planted.md"
if [ -n "$times" ] || [ -z "$(other_times "$TMPDIR/planted.md")" ]; then
    wrong=1
    echo "WRONG: a page gives timestamps another time than theirs, or the planted one is not noticed: $times"
fi

# The tables of CONTRIBUTING.md, "Which file a change belongs in": three cells a row, no change in two rows, a
# row begins in a file and is tested by one, not by a folder, and every source file and test program is named: as
# src/FOLDER/name.c, as name.c where the cell has begun with a path of that folder, or by a glob, which may stand for 8
# files at most. What is asked for by its name is in a left cell: options of structs and of rosterctl, its commands, and
# the paths of the endpoint.
table() {
    sed -n '/^## Which file a change belongs in/,/^## Building/p' "$1" | grep '^|' | sed 's/\\|//g'
}
# by_name: prints what is asked for by its name.
by_name() {
    sed -n '/^struct roster_[a-z_]*options {/,/^}/p' include/roster/*.h | sed -nE 's,^    [a-z][^/]*[ *]([a-z_]+);.*,\1,p' |
        grep -vxE 'size|reserved'
    sed -nE 's/^    \{"([a-z]+)", ctl_.*/`\1`/p; s/^    \{"([a-z-]+)", .*(NULL|"[A-Z_,./]+"), .*/--\1/p' src/rosterctl/main.c src/rosterctl/commands.c
    sed -nE 's/^    \{"(\/[a-z]+)", .*/\1/p' src/status/route.c
}
# misplaced PAGE: prints rows of another width, changes that have two rows, rows that begin or are tested in no
# file, globs that are too wide, and files and names that no row has.
misplaced() {
    table "$1" | awk -F '|' 'NF != 5 { print "row of " NF - 2 " cells:" $2 }
        !/^\| (---|a change of) / && $2 in seen { print "in two rows:" $2 }
        { seen[$2] }'
    table "$1" | sed -E '/^\| (---|a change of) /d; s/^\|[^|]*\|[^`|]*`([^`]*)`.*/\1/' | grep -vE '^\|' |
        while read -r path; do [ -f "$path" ] || [[ $path =~ $left_out ]] || echo "begins in no file: $path"; done
    table "$1" | awk -F '|' '$4 ~ /`[^`]*\/`/ || ($4 ~ /^ *$/ && $2 !~ /^ (---|a change of)/) { print "tested by no file:" $2 }'
    table "$1" | cut -d '|' -f 2 >"$TMPDIR/asked"
    by_name | sort -u | comm -23 - <(grep -oE '`[a-z]+`' "$TMPDIR/asked" | cat - <(grep -oE '(--|/)?[a-z][a-z0-9_-]*' "$TMPDIR/asked") | sort -u) |
        sed 's/^/in no row: name /'
    table "$1" | awk -F '|' '{
        for (cell = 3; cell <= 4; cell++) {
            parts = split($cell, part, "`")
            for (n = 2; n < parts; n += 2) {
                if (part[n] ~ /\//) {
                    folder = part[n]
                    sub(/\/[^\/]*$/, "", folder)
                } else {
                    part[n] = folder "/" part[n]
                }
                print part[n]
            }
            folder = ""
        }
    }' | sort -u | while read -r path; do
        case $path in
        *[*?[]*)
            compgen -G "$path" >"$TMPDIR/globbed" || true
            [[ $path == tests/* ]] || [ "$(grep -c '\.[chs]' "$TMPDIR/globbed")" -le 8 ] || echo "too wide: $path" >&2
            cat "$TMPDIR/globbed"
            ;;
        *) echo "$path" ;;
        esac
    done >"$TMPDIR/named" 2>"$TMPDIR/wide"
    cat "$TMPDIR/wide"
    find src examples/kv examples/resp bench scripts "${stages[@]}" m4 tests/unit tests/status \
        \( ! -path 'tests/*' -regex '.*\.\(c\|cpp\|sh\)' -o -name 'roster_*.m4' -o -name 'test_*.c' \) | sort | comm -23 - <(sort -u "$TMPDIR/named") | sed 's/^/in no row: /'
}
[ "$(by_name | wc -l)" -gt 140 ] || wrong=1
found=$(misplaced CONTRIBUTING.md)
if [ -n "$found" ]; then
    wrong=1
    echo "WRONG: the tables of files in CONTRIBUTING.md:" && echo "$found"
fi
sed '/^## Which file/,/^## Building/ { s/deadlock\.c`/x.c`/g; s/test_pin\.c/x.c/g; s/`connect_timeout_ms`//; s/`--digest`//; s/`\/locks`//; s/^| `groups`/| /
    s,^## Building,| too | `README.md` | `README.md` | wide |\n| all | `src/status/*.c` | `README.md` |\n| again | `README.md` | `README.md` |\n| again | `src/gone.c` | `tests/kv/` |\n\n&, }' \
    CONTRIBUTING.md >"$TMPDIR/planted.md"
misplaced "$TMPDIR/planted.md" >"$TMPDIR/noticed"
for kind in 'row of 4' 'in two rows: again' 'begins in no file: src/gone.c' 'tested by no file: again' 'too wide: src/status/' \
    'in no row: src/core/owner/deadlock.c' 'in no row: tests/unit/scanner/test_pin.c' 'in no row: name connect_timeout_ms' \
    'in no row: name --digest' 'in no row: name /locks' 'in no row: name `groups`'; do
    grep -qF "$kind" "$TMPDIR/noticed" || {
        wrong=1
        echo "WRONG: not noticed in the tables of CONTRIBUTING.md: $kind"
    }
done
exit "$wrong"

#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# doc/proof.md names nothing that does not exist: files, mutants and controls, targets of make;
# each guarantee has something that proves, that tests and that was seen to fail. And what it
# proves by looking at the callers is looked at.

# shellcheck disable=SC2016 # the quotes of the page are no commands

set -eu

top=$ROSTER_SRCDIR
page=$top/doc/proof.md
failed=0

fail() {
    echo "$*"
    failed=1
}

# Files: what looks like a path in code quotes.
for path in $(grep -oE '`(tests|src|doc|bench)(/[A-Za-z0-9_.*/-]+)?`' "$page" | tr -d '`' | sort -u); do
    # shellcheck disable=SC2086 # a pattern
    ls -d "$top"/$path >/dev/null 2>&1 || fail "no $path"
done

# Mutants and controls: words in capitals.
names=$(grep -oE '`[A-Z][A-Z0-9_]+[A-Z0-9]`' "$page" | tr -d '`' | sort -u)
for name in $names; do
    grep -qE "(@mutant|^\|) $name( |$)" "$top"/tests/model/*.pml "$top"/tests/model/relacy/*.cpp \
        "$top/tests/torture/CONTROLS.md" || fail "no mutant and no control $name"
done
# Claims: what must be asserted by name.
for claim in $(grep -oE 'claims? `[a-z_]+`(, `[a-z_]+`)*( and `[a-z_]+`)?' "$page" |
    grep -oE '`[a-z_]+`' | tr -d '`' | sort -u); do
    grep -q "claim($claim," "$top"/tests/model/*.pml || fail "no claim $claim"
done

for target in $(grep -oE '`make [a-z-]+`' "$page" | tr -d '`' | cut -d' ' -f2 | sort -u); do
    [ "$target" = check ] || grep -rqE "^([a-z-]+ )*$target( [a-z-]+)*:" "$top"/tests/*.am "$top"/tests/*/*.am ||
        fail "no target $target"
done

for n in 1 2 3 4 5 6 7 8 9; do
    part=$(sed -n "/^## G$n /,/^## /p" "$page")
    for word in '- Proved' '- Tested' '- Seen to fail'; do
        case $part in
        *"$word"*) ;;
        *) fail "G$n: nothing under \"$word\"" ;;
        esac
    done
done

# G6: only closing a session tears it down.
for function in rst_registry_del rst_kill_close; do
    callers=$(awk -v f="$function(" 'index($0, f) && !/^void / && before !~ /KILL_TEARS_DOWN/ {
        print FILENAME } { before = $0 }' "$top"/src/*/*.c "$top"/src/*/*/*.c)
    [ "$callers" = "$top/src/core/owner/open.c" ] || fail "$function() is called in: $callers"
done
exit $failed

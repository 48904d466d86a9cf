#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Every public call that takes a struct which begins with its size is in a table of tests/unit/sized.h,
# once for each such struct.

set -eu

cd "$ROSTER_SRCDIR"
# Struct names: the first member of the definition is the size.
grep -h -A1 '^struct roster_[a-z_]* {' include/roster/*.h |
    awk '/^struct/ { name = $2 } /size_t size;/ { print name }' | sort -u >"$TMPDIR/structs"
[ "$(wc -l <"$TMPDIR/structs")" -gt 15 ] || { echo "found too few structs" && exit 1; }
# "FUNCTION STRUCT" for each parameter of such a type.
for header in include/roster/*.h; do
    tr '\n' ' ' <"$header" | sed 's,/\*[^*]*\*\+\([^/*][^*]*\*\+\)*/,,g' | tr ';' '\n'
done | grep ROSTER_API | grep -o 'roster_[a-z0-9_]*(.*' | sed 's/(/ /' | while read -r name rest; do
    for struct in $(printf '%s\n' "$rest" | grep -o 'struct roster_[a-z_]* \*[a-z]' |
        cut -d ' ' -f 2 | sort -u); do
        grep -qx "$struct" "$TMPDIR/structs" && echo "$name $struct"
    done || :
done | sort -u >"$TMPDIR/wanted"
[ "$(wc -l <"$TMPDIR/wanted")" -gt 20 ] || { echo "found too few calls" && exit 1; }
cat tests/unit/*/test_*sized.c tests/status/test_status_access.c | tr -s '\n ' ' ' |
    grep -o '{"roster_[a-z_]*", sizeof(struct roster_[a-z_]*)' |
    sed 's/{"\(.*\)", sizeof(struct \(.*\))/\1 \2/' | sort -u >"$TMPDIR/tested"
if ! diff "$TMPDIR/wanted" "$TMPDIR/tested"; then
    echo "< takes a struct with a size and is in no table of sized.h, > is in one and does not"
    exit 1
fi

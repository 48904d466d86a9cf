#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# roster_strerror() explains each error number that a public header names, and no other.

set -eu

cd "$TMPDIR"
sources=$ROSTER_SRCDIR/src/core/base
grep -ohE -e '-E[A-Z0-9]+' "$ROSTER_SRCDIR"/include/roster/*.h | tr -d - | sort -u >named
sed -n 's/.*case -\(E[A-Z0-9]*\):.*/\1/p' "$sources/error.c" | sort -u >explained
echo "named: $(tr '\n' ' ' <named)"
if [ "$(wc -l <named)" -lt 15 ]; then
    echo "found too few"
    exit 1
fi
if ! diff named explained; then
    echo "< is named in a header and not explained, > is explained and named nowhere"
    exit 1
fi

# What is written there is also what comes out.
{
    echo '#include <errno.h>'
    echo '#include <roster/error.h>'
    echo '#include <string.h>'
    echo 'int main(void)'
    echo '{'
    echo '    const char *none = roster_strerror(-4095);'
    echo '    int wrong = 0;'
    while read -r name; do
        echo "    wrong += strcmp(roster_strerror(-$name), none) == 0;"
    done <named
    echo '    return wrong != 0;'
    echo '}'
} >program.c
# shellcheck disable=SC2086 # ROSTER_CC may hold options
$ROSTER_CC -D_GNU_SOURCE -I"$ROSTER_BUILDDIR" -I"$ROSTER_SRCDIR/include" -o program program.c \
    "$sources/error.c"
./program

#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Each public header compiles by itself and twice, as strict C11 and as C++11, without warnings.

set -eu

cd "$TMPDIR"
wrong=0
checked=0

# compile LANGUAGE-OPTIONS FILE COMPILER
compile() {
    # shellcheck disable=SC2086 # options are several words
    if ! $3 $1 -Wall -Wextra -Wpedantic -Werror -I"$ROSTER_SRCDIR/include" -c -o out.o "$2"; then
        echo "WRONG: $header with $3 $1"
        wrong=1
    fi
}

for path in "$ROSTER_SRCDIR"/include/roster/*.h; do
    header=${path##*/}
    printf '#include <roster/%s>\n#include <roster/%s>\nextern int used;\n' \
        "$header" "$header" | tee use.c >use.cc
    # shellcheck disable=SC2153 # set by make
    compile -std=c11 use.c "$ROSTER_CC"
    if [ -n "$ROSTER_CXX" ]; then
        compile -std=c++11 use.cc "$ROSTER_CXX"
    fi
    checked=$((checked + 1))
done
echo "$checked headers, C compiler $ROSTER_CC, C++ compiler ${ROSTER_CXX:-none}"

[ "$checked" -gt 0 ] || wrong=1
exit "$wrong"

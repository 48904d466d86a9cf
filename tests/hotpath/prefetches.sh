#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Every prefetch of the sources is in the code that was compiled. A compiler may take a static
# function that does nothing else for one without effects, and drop its calls; nothing else shows
# that but a slower list. So src has them through rst_prefetch() alone, and each object file has at
# least as many prefetches as its source.

set -eu

if [ "$(uname -m)" != x86_64 ]; then
    echo "only x86-64 code can be checked"
    exit 77
fi
if [ "$ROSTER_SANITIZER$ROSTER_COVERAGE_BUILD" != noneno ]; then
    echo "sanitizers and coverage counters change what is compiled"
    exit 77
fi

cd "$ROSTER_SRCDIR"
wrong=0 checked=0
if grep -rn --include='*.[ch]' __builtin_prefetch src | grep -v 'src/core/base/rcu.h:'; then
    echo "WRONG: not through rst_prefetch()"
    wrong=1
fi
# shellcheck disable=SC2013 # names of sources have no blanks
for source in $(grep -rl --include='*.c' 'rst_prefetch' src); do
    sites=$(grep -c 'rst_prefetch[a-z_]*(' "$source")
    name=${source##*/}
    object=$(find "$ROSTER_BUILDDIR/${source%/*}" -path "*/.libs/libroster_core_la-${name%.c}.o")
    [ -n "$object" ] || object=$(find "$ROSTER_BUILDDIR/${source%/*}" -name "libroster_core_la-${name%.c}.o")
    code=$("$ROSTER_OBJDUMP" -d --no-show-raw-insn "$object")
    case $code in
    *ret*) ;;
    *) echo "$name: no code before linking" && continue ;;
    esac
    found=$(printf '%s\n' "$code" | grep -c '[[:space:]]prefetch') || :
    echo "$name: $sites prefetches in the source, $found in the code"
    checked=$((checked + 1))
    [ "$found" -ge "$sites" ] || wrong=1
done
[ "$checked" -gt 0 ] || exit 77
exit "$wrong"

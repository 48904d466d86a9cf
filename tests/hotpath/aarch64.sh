#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# G9 on a processor whose stores may leave out of order: what the hot functions are compiled to for
# aarch64 has no atomic read-modify-write, no system call, and no barrier but one store-store barrier
# a call (roster_txn_check() orders two loads). Before, that each of these is noticed.

set -eu

skip() {
    echo "$*"
    exit 77
}
cc=aarch64-linux-gnu-gcc
objdump=aarch64-linux-gnu-objdump
for tool in "$cc" "$objdump"; do
    command -v "$tool" >/dev/null || skip "$tool is not installed"
done
if [ "$ROSTER_SANITIZER$ROSTER_DEBUG_BUILD$ROSTER_COVERAGE_BUILD" != nonenono ]; then
    skip "this build's configuration is not that of the real hot path"
fi
tmp=$(mktemp -d "${TMPDIR:-/tmp}/roster-aarch64.XXXXXX")
trap 'rm -rf "$tmp"' EXIT

# compile FILE: of liburcu this needs the headers alone, which are the same for all processors but
# for one, which the compiler of this machine finds.
urcu=$(dirname "$(echo '#include <urcu/config.h>' | $ROSTER_CC -E -x c - |
    sed -n 's,.*"\(/.*\)/urcu/config\.h".*,\1/x,p' | sed -n 1p)")
[ -d "$urcu" ] || skip "no headers of liburcu"
compile() {
    "$cc" -std=gnu11 -O2 -D_GNU_SOURCE -I"$ROSTER_BUILDDIR" -I"$ROSTER_SRCDIR/src" \
        -I"$ROSTER_SRCDIR/include" -idirafter /usr/include -idirafter "$urcu" -c "$1" \
        -o "$tmp/$(basename "$1" .c).o"
}

# check OBJECT...: prints what the functions listed must not have.
check() {
    "$objdump" -d --no-show-raw-insn "$@" | awk -v list="$ROSTER_SRCDIR/tests/hotpath/hot-functions" '
        BEGIN {
            while ((getline line <list) > 0)
                if (split(line, word) && word[1] !~ /^#/)
                    hot[word[1]] = 1
        }
        /^[0-9a-f]+ <.*>:$/ {
            name = $2
            gsub(/[<>:]/, "", name)
            sub(/\.(part|constprop|isra)(\.[0-9]+)*$/, "", name)
            barriers = 0
            next
        }
        name in hot && /^ +[0-9a-f]+:\t/ {
            seen[name] = 1
            if ($2 == "dmb" && $3 == "ishst" && barriers++ == 0)
                next
            if ($2 == "dmb" && $3 == "ishld" && name == "roster_txn_check")
                next
            if ($2 ~ /^(dmb|dsb|isb|svc|ld[a]?xr|st[l]?xr|cas|swp|ldadd|ldset|ldclr|ldeor)/ || $0 ~ /<__aarch64_/)
                print name ": " $2 " " $3
        }
        END {
            for (each in seen)
                n++
            print n + 0 " functions" >"/dev/stderr"
            if (n < 8)
                print "too few functions were found"
        }'
}

# refuses CODE
refuses() {
    printf 'long word;\nvoid roster_txn_begin(void) { %s }\n' "$1" >"$tmp/control.c"
    compile "$tmp/control.c"
    check "$tmp/control.o" 2>/dev/null | grep -q '^roster_txn_begin: ' || {
        echo "not noticed: $1"
        exit 1
    }
}
refuses '__atomic_fetch_add(&word, 1, __ATOMIC_RELAXED);'
refuses '__atomic_thread_fence(__ATOMIC_SEQ_CST);'
refuses '__asm__ volatile("dmb ishst"); word++; __asm__ volatile("dmb ishst");'
refuses '__asm__ volatile("svc #0");'

for file in txn txn_state statement killed; do
    compile "$ROSTER_SRCDIR/src/core/owner/$file.c"
done
wrong=$(check "$tmp/txn.o" "$tmp/txn_state.o" "$tmp/statement.o" "$tmp/killed.o")
echo "$wrong"
[ -z "$wrong" ]

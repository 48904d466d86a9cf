#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# A roster's own heap hides no fault from AddressSanitizer and from valgrind.

set -eu

program=$ROSTER_BUILDDIR/tests/harness/heap_misuse
wrong=0

# expect PATTERN MISUSE COMMAND...: the command has to report this.
expect() {
    pattern=$1 misuse=$2
    shift 2
    if out=$("$@" "$misuse" 2>&1) || ! printf '%s\n' "$out" | grep -q "$pattern"; then
        wrong=1
        printf '%s\n' "$out" "WRONG: $misuse should have been reported as \"$pattern\""
    fi
}

case ,$ROSTER_SANITIZER, in
*,address,*)
    # Not where the tests' own reports go, which fail them.
    set -- env -u ASAN_OPTIONS -u LSAN_OPTIONS -u UBSAN_OPTIONS "$program"
    expect heap-buffer-overflow overflow "$@"
    expect heap-use-after-free late "$@"
    ;;
,none,)
    if ! command -v valgrind >/dev/null || [ ! -e /usr/include/valgrind/valgrind.h ]; then
        echo "needs valgrind and its header"
        exit 77
    fi
    set -- "$ROSTER_BUILDDIR/libtool" --mode=execute valgrind -q --error-exitcode=9 "$program"
    expect 'Invalid write of size 1' overflow "$@"
    expect 'Invalid read of size 1' late "$@"
    ;;
*)
    echo "needs AddressSanitizer or valgrind"
    exit 77
    ;;
esac
exit "$wrong"

#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# All public headers are C++17 without a warning, with each C++ compiler that is there, with and
# without exceptions; and roster.hpp does what it says.

set -euo pipefail
cd "$TMPDIR"

compilers=()
# shellcheck disable=SC2153 # set by make
for compiler in "$ROSTER_CXX" g++ clang++; do
    if command -v "${compiler%% *}" >/dev/null && [[ " ${compilers[*]-} " != *" $compiler "* ]]; then
        compilers+=("$compiler")
    fi
done
if [ "${#compilers[@]}" -eq 0 ]; then
    echo "there is no C++ compiler"
    exit 77
fi

options=(-std=c++17 -Wall -Wextra -Wpedantic -Wconversion -Werror
    "-I$ROSTER_SRCDIR/include")

# headers COMPILER: each by itself and twice.
headers() {
    local path header count=0
    for path in "$ROSTER_SRCDIR"/include/roster/*.h*; do
        header=roster/${path##*/}
        printf '#include <%s>\n#include <%s>\nextern int used;\n' "$header" "$header" >use.cc
        $1 "${options[@]}" -c -o use.o use.cc
        count=$((count + 1))
    done
    echo "right: $count headers with $1"
}

# The library's own sanitizer and coverage come with its compiler's family only.
family() {
    case $("${1%% *}" --version) in *clang*) echo clang ;; *) echo gcc ;; esac
}

# link_and_run COMPILER SOURCE
link_and_run() {
    # shellcheck disable=SC2086 # a compiler may be several words
    "$ROSTER_BUILDDIR/libtool" --silent --tag=CC --mode=link $1 "${options[@]}" "${extra[@]}" \
        -o program "$2" "$ROSTER_BUILDDIR/libroster.la"
    ./program
}

for compiler in "${compilers[@]}"; do
    headers "$compiler"
    extra=()
    if [ "$ROSTER_SANITIZER" != none ]; then
        [ "$(family "$compiler")" = "$(family "$ROSTER_CC")" ] || continue
        extra+=("-fsanitize=$ROSTER_SANITIZER" "$ROSTER_BUILDDIR/tests/support/sanitizer_options.o")
    fi
    [ "$ROSTER_COVERAGE_BUILD" = no ] || extra+=(--coverage)
    $compiler "${options[@]}" -fno-exceptions -O2 -c -o none.o "$ROSTER_SRCDIR/tests/cxx/check.cc"
    link_and_run "$compiler" "$ROSTER_SRCDIR/tests/cxx/check.cc"
    link_and_run "$compiler" "$ROSTER_SRCDIR/examples/guide/first.cc" | grep "^begun at [1-9]"
    echo "right: roster.hpp with $compiler"
done

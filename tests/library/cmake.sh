#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# A CMake project finds the installed libraries, links them and runs; it does not find what is not
# there: another version, an unknown component.

set -eu

if ! command -v cmake >/dev/null; then
    echo "cmake.sh: skipped, there is no cmake"
    exit 0
fi
if [ -n "$ROSTER_TEST_CFLAGS" ]; then
    echo "cmake.sh: skipped in an instrumented build"
    exit 0
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/roster-cmake.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >program.c <<'END'
#include <roster/roster.h>
#include <roster/store.h>
#include <string.h>

int main(int argc, char **argv)
{
    roster_store_close(NULL);
    return argc != 2 || strcmp(roster_version(), argv[1]) != 0;
}
END

# project WHAT-TO-FIND LIBRARY: writes the project.
project() {
    cat >CMakeLists.txt <<END
cmake_minimum_required(VERSION 3.12)
project(program C)
find_package(roster $1 REQUIRED CONFIG)
add_executable(program program.c)
target_link_libraries(program PRIVATE roster::roster roster::cluster $2)
END
}

configure() {
    rm -rf build
    CC=$ROSTER_CC cmake -S . -B build -Droster_DIR="$ROSTER_LIBDIR/cmake/roster" >log 2>&1
}

series=${ROSTER_VERSION%.*}
components=cluster
[ ! -e "$ROSTER_LIBDIR/pkgconfig/roster-status.pc" ] || components="cluster status"
for wanted in "" "$series" "$ROSTER_VERSION EXACT" "COMPONENTS $components"; do
    project "$wanted" "$(echo " $wanted" | sed -n 's/.* status/roster::status/p')"
    if ! { configure && cmake --build build >>log 2>&1; }; then
        cat log
        echo "cmake.sh: did not build with find_package(roster $wanted)"
        exit 1
    fi
    LD_LIBRARY_PATH=$ROSTER_LIBDIR build/program "$ROSTER_VERSION"
done
for wanted in 99.0 "0.0.1" "COMPONENTS nonsense"; do
    project "$wanted" ""
    if configure; then
        echo "cmake.sh: found roster $wanted, which is not there"
        exit 1
    fi
done
echo "cmake.sh: passed"

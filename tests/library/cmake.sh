#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# A CMake project finds the installed libraries, links them and runs, also where they were moved and
# through a symbolic link; it does not find what is not there: another version, an unknown component.

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

series=${ROSTER_VERSION%.*}
components=
for component in cluster status; do
    [ ! -e "$ROSTER_LIBDIR/pkgconfig/roster-$component.pc" ] || components="$components $component"
done

# A call into each library.
{
    echo '#include <roster/roster.h>'
    echo '#include <string.h>'
    case $components in *cluster*) echo '#include <roster/store.h>' ;; esac
    case $components in *status*) echo '#include <roster/status.h>' ;; esac
    echo 'int main(int argc, char **argv)'
    echo '{'
    case $components in *cluster*) echo '    roster_store_close(NULL);' ;; esac
    case $components in *status*) echo '    roster_status_stop(NULL);' ;; esac
    echo '    return argc != 2 || strcmp(roster_version(), argv[1]) != 0;'
    echo '}'
} >program.c

targets=$(for component in $components roster; do printf ' roster::%s' "$component"; done)

# project WHAT-TO-FIND: writes the project.
project() {
    cat >CMakeLists.txt <<END
cmake_minimum_required(VERSION 3.12)
project(program C)
find_package(roster $1 REQUIRED CONFIG)
add_executable(program program.c)
target_link_libraries(program PRIVATE$targets)
END
}

# configure [LIBDIR]
configure() {
    rm -rf build
    CC=$ROSTER_CC cmake -S . -B build -Droster_DIR="${1-$ROSTER_LIBDIR}/cmake/roster" >log 2>&1
}

# works WHAT-TO-FIND [LIBDIR]
works() {
    project "$1"
    if ! { configure "${2-$ROSTER_LIBDIR}" && cmake --build build >>log 2>&1; }; then
        cat log
        echo "cmake.sh: did not build with find_package(roster $1) in ${2-$ROSTER_LIBDIR}"
        exit 1
    fi
    LD_LIBRARY_PATH=${2-$ROSTER_LIBDIR} build/program "$ROSTER_VERSION"
}

for wanted in "" "$series" "$ROSTER_VERSION EXACT" ${components:+"COMPONENTS$components"}; do
    works "$wanted"
done

# As /lib is a link to /usr/lib, so that the way up from the file is another than it was.
mkdir -p a/b
ln -s "$ROSTER_LIBDIR" a/b/lib
works "" "$work/a/b/lib"
if [ "$ROSTER_LIBDIR" = "$ROSTER_PREFIX/lib" ]; then
    mkdir moved
    cp -R "$ROSTER_LIBDIR" "$ROSTER_PREFIX/include" moved
    ln -s moved/lib short
    for moved in moved/lib short; do
        works "" "$work/$moved"
        if grep -rqF "$ROSTER_PREFIX/" build --include=link.txt --include=flags.make; then
            echo "cmake.sh: in $moved it names the prefix that was configured"
            exit 1
        fi
    done
fi
for wanted in 99.0 "0.0.1" "COMPONENTS nonsense"; do
    project "$wanted"
    if configure; then
        echo "cmake.sh: found roster $wanted, which is not there"
        exit 1
    fi
done
echo "cmake.sh: passed"

#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# A program finds the installed library by pkg-config, links it shared and static, and runs.

set -eu

work=$(mktemp -d "${TMPDIR:-/tmp}/roster-installed.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
export PKG_CONFIG_PATH

cat >program.c <<'END'
#include <roster/error.h>
#include <roster/version.h>
#include <string.h>

int main(int argc, char **argv)
{
    return argc != 2 || strcmp(roster_version(), argv[1]) != 0 || !roster_strerror(0);
}
END

# check KIND PKG-CONFIG-OPTIONS LINKER-OPTIONS
check() {
    # shellcheck disable=SC2046,SC2086 # options are several words
    $ROSTER_CC $ROSTER_TEST_CFLAGS -o program program.c \
        $("$PKG_CONFIG" --cflags roster) $3 $("$PKG_CONFIG" --libs $2 roster)
    LD_LIBRARY_PATH=$ROSTER_LIBDIR ./program "$ROSTER_VERSION"
    echo "installed.sh: $1 passed"
}

if [ "$("$PKG_CONFIG" --modversion roster)" != "$ROSTER_VERSION" ]; then
    echo "pkg-config tells another version"
    exit 1
fi
if [ -e "$ROSTER_LIBDIR/libroster.so" ]; then
    check "shared library" "" ""
fi
if [ -e "$ROSTER_LIBDIR/libroster.a" ]; then
    mkdir static
    cp "$ROSTER_LIBDIR/libroster.a" static
    check "static library" --static -Lstatic
fi

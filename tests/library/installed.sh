#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# A program finds the installed libraries by pkg-config, links them shared and static, and runs, also
# where they were moved. What is installed of a library is installed with it.

set -eu

guide=$(cd "$(dirname "$0")/../../doc/manual" && pwd)
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
    "$ROSTER_LIBRARY_TESTS/archive-names" "$ROSTER_NM" "$ROSTER_LIBDIR"/libroster*.a
    mkdir static
    cp "$ROSTER_LIBDIR/libroster.a" static
    check "static library" --static -Lstatic
fi

# Each library is named that one of ours needs: the linker would look for it where it was configured.
for pc in "$ROSTER_LIBDIR"/pkgconfig/roster*.pc; do
    module=$(basename "$pc" .pc)
    library=$ROSTER_LIBDIR/lib$module.so
    [ -e "$library" ] || continue
    for needed in $("$ROSTER_READELF" -d "$library" | sed -n 's/.*NEEDED.*\[lib\(roster[^.]*\)\..*/\1/p'); do
        case " $("$PKG_CONFIG" --libs "$module") " in
        *" -l$needed "*) ;;
        *)
            echo "$module: pkg-config does not name lib$needed, which it needs"
            exit 1
            ;;
        esac
    done
done

# The commands of the guide, "From a prefix", as printed, where $HOME/roster is the prefix.
if [ "$ROSTER_LIBDIR" = "$ROSTER_PREFIX/lib" ] && [ -e "$ROSTER_LIBDIR/libroster.so" ]; then
    mkdir home
    ln -s "$ROSTER_PREFIX" home/roster
    sed 's/argc != 2/argc == 0/; s/argv\[1\]/"'"$ROSTER_VERSION"'"/' program.c >home/server.c
    sed -n '/^## From a prefix/,$ s/^    //p' "$guide/12-existing.md" |
        sed '/^\.\/configure/d; s/^cc .*rpath.*/&; .\/server; ldd .\/server/' >home/commands
    [ "$(grep -c '^cc \|^LD_LIBRARY_PATH' home/commands)" -eq 3 ] || {
        echo "the guide has other commands: $(cat home/commands)"
        exit 1
    }
    cat >home/run <<'END'
set -eu
cc() {
    $ROSTER_CC $ROSTER_TEST_CFLAGS "$@"
}
cd "$HOME"
. ./commands
END
    env -u LD_LIBRARY_PATH HOME="$work/home" ROSTER_CC="$ROSTER_CC" \
        ROSTER_TEST_CFLAGS="$ROSTER_TEST_CFLAGS" sh home/run >home/out
    grep -q "=> $work/home/roster/lib/libroster.so" home/out || {
        echo "rpath leads elsewhere: $(cat home/out)"
        exit 1
    }
    echo "installed.sh: from a prefix passed"
fi

if [ "$ROSTER_LIBDIR" = "$ROSTER_PREFIX/lib" ] && [ -e "$ROSTER_LIBDIR/libroster.so" ]; then
    mkdir moved
    cp -R "$ROSTER_LIBDIR" "$ROSTER_PREFIX/include" moved
    modules=
    for pc in moved/lib/pkgconfig/roster*.pc; do
        modules="$modules $(basename "$pc" .pc)"
    done
    PKG_CONFIG_PATH=$work/moved/lib/pkgconfig
    # shellcheck disable=SC2086 # several names
    flags=$("$PKG_CONFIG" --define-variable=prefix="$work/moved" --cflags --libs $modules)
    case $flags in
    *"$ROSTER_PREFIX/"*)
        echo "moved, pkg-config still tells of $ROSTER_PREFIX: $flags"
        exit 1
        ;;
    esac
    # shellcheck disable=SC2086 # options are several words
    $ROSTER_CC $ROSTER_TEST_CFLAGS -o program program.c -Wl,--no-as-needed $flags
    LD_LIBRARY_PATH=$work/moved/lib ./program "$ROSTER_VERSION"
    echo "installed.sh: moved passed"
fi

# The functions of the installed headers; and what the installed libraries have.
for header in "$ROSTER_INCLUDEDIR"/roster/*.h; do
    tr '\n' ' ' <"$header" | tr ';' '\n'
done | sed -n 's/.*ROSTER_API[^(]*[ *]\(roster_[a-z0-9_]*\)(.*/\1/p' | sort -u >declared
for library in "$ROSTER_LIBDIR"/libroster*.so; do
    # shellcheck disable=SC2086 # ROSTER_NM may hold options
    [ ! -e "$library" ] || $ROSTER_NM -D --defined-only "$library"
done | sed -n 's/.* T \(roster_[a-z0-9_]*\).*/\1/p' | sort -u >exported
for page in "$ROSTER_MANDIR"/man3/roster_*.3; do
    basename "$page" .3
done | sort >pages
if [ -s exported ]; then
    comm -23 declared exported >surplus
    if [ -s surplus ]; then
        echo "headers are installed without their library: $(tr '\n' ' ' <surplus)"
        exit 1
    fi
    comm -13 pages exported >surplus
    if [ -s surplus ]; then
        echo "without a manual page: $(tr '\n' ' ' <surplus)"
        exit 1
    fi
fi

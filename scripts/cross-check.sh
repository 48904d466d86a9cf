#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# cross-check.sh CPU DIRECTORY: builds the core, the cluster library with its stores in memory and in
# SQLite, and their tests for another processor in that directory, and runs there the unit tests, the
# torture, the litmus program and the fuzz corpora. Nothing else is built. CPU is
#
#   aarch64   64-bit ARM, emulated by qemu
#   s390x     emulated; its bytes are in the other order
#   i386      32 bits; an x86-64 processor runs these programs itself
#
# It needs Debian's cross compiler and qemu-user (scripts/packages). Libraries are fetched and
# unpacked in the directory; Criterion is replaced by tests/support/plain. The results are in the
# directory as after "make check".
#
# It finds errors of alignment, word size, byte order and missing fallbacks. It does not find missing
# barriers: qemu translates for this processor, which reorders less, and adds barriers of its own.
# For those there are the models.
#
# ROSTER_TORTURE_SECONDS: for each of the three programs of the torture (2).
# CFLAGS: -O2, without what debuggers want, which takes a tenth of the time.
#
# Exits 77 when something is missing.

set -euo pipefail

usage="usage: cross-check.sh CPU DIRECTORY"
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cpu=${1:?$usage}
mkdir -p "${2:?$usage}"
cd "$2"

case $cpu in
aarch64) arch=arm64 host=aarch64-linux-gnu ;;
s390x) arch=s390x host=s390x-linux-gnu ;;
i386) arch=i386 host=i686-linux-gnu ;;
*) echo "$usage" >&2 && exit 2 ;;
esac
root=$PWD/root
libraries=$root/usr/lib/$cpu-linux-gnu
ldflags="-L$libraries -Wl,-rpath,$libraries"
emulator="qemu-$cpu -L /usr/$host"
if [ "$cpu" = i386 ] && [ "$(uname -m)" = x86_64 ]; then
    ldflags+=" -Wl,-rpath,/usr/$host/lib -Wl,--dynamic-linker=/usr/$host/lib/ld-linux.so.2"
    emulator=
fi

for tool in "$host-gcc" ${emulator%% *} pkg-config apt-get dpkg-deb; do
    command -v "$tool" >/dev/null || {
        echo "$tool is missing"
        exit 77
    }
done
if ! [ -d "$root" ]; then
    rm -rf "$root.part"
    "$top/scripts/foreign-packages.sh" "$arch" "$root.part" \
        liburcu-dev liburcu8 libjansson-dev libjansson4 libsqlite3-dev libsqlite3-0
    mv "$root.part" "$root"
fi

# Without the benchmark's peers in C++, which configure would find as libraries of this machine. The
# libraries' headers are the system's, as where they are installed: their warnings are not ours. A
# small shell saves a quarter of what configure takes, and then of what libtool does.
configure() {
    local plain=$top/tests/support/plain
    "$host-gcc" -std=gnu11 -Wall -Wextra -Werror -O1 -g -c -o runner "$plain/run.c"
    PKG_CONFIG_LIBDIR=$libraries/pkgconfig CONFIG_SHELL=/bin/sh /bin/sh \
        "$top/configure" --host="$host" CC="$host-gcc" CFLAGS="${CFLAGS--O2}" LDFLAGS="$ldflags" \
        CPPFLAGS="-I$plain -isystem $root/usr/include/$cpu-linux-gnu -isystem $root/usr/include \
            -DROSTER_CHECK_WORDS" CRITERION_CFLAGS=" " CRITERION_LIBS="$PWD/runner" \
        --with-criterion --with-sqlite --with-jansson --without-tbb --without-cuckoo \
        --disable-shared --quiet
}

[ -e stamp-configured ] || configure
# The one that refuses membarrier refuses it to the emulator, too.
cc -I. -o without_membarrier "$top/tests/support/without_membarrier.c"
export ROSTER_TEST_EMULATOR=$emulator
export ROSTER_TORTURE_SECONDS=${ROSTER_TORTURE_SECONDS:-2}
# Some tests wait, so there is one more than processors.
make -j$(($(nproc) + 1)) VERBOSE=1 check-alone \
    FALLBACK_LOG_COMPILER="$PWD/without_membarrier $top/tests/run-test"

#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# cross-check.sh DIRECTORY [CPU]: builds the core for 64-bit ARM, or for another processor (s390x,
# whose bytes are in the other order), in that directory and runs what needs no more than liburcu
# there under qemu's user emulation: the torture, the litmus program, the fuzz
# corpora. On Debian this needs
#
#   dpkg --add-architecture arm64 && apt-get update
#   apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross liburcu-dev:arm64 qemu-user
#
# It finds errors of alignment, word size and missing fallbacks. It does not find missing barriers:
# qemu translates for this processor, which reorders less, and adds barriers of its own. For those
# there are the models.
#
# Exits 77 when something is missing.

set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cpu=${2:-aarch64}
host=$cpu-linux-gnu
mkdir -p "${1:?usage: cross-check.sh DIRECTORY [CPU]}"
cd "$1"

export PKG_CONFIG_LIBDIR=/usr/lib/$host/pkgconfig
for tool in $host-gcc "qemu-$cpu" pkg-config; do
    command -v "$tool" >/dev/null || {
        echo "$tool is missing"
        exit 77
    }
done
pkg-config --exists liburcu-bp liburcu-cds || {
    echo "liburcu-dev of $cpu is missing"
    exit 77
}

# Without the benchmark's peers in C++, which configure would find as libraries of this machine.
[ -f Makefile ] || "$top/configure" --host="$host" CC="$host-gcc" --without-tbb \
    --without-cuckoo --quiet
make -j"$(nproc)"
make -j"$(nproc)" check TESTS=

# emulated WHAT PROGRAM [ARGUMENT...]
passed=0 failed=0
emulated() {
    local what=$1
    shift
    if timeout 300 "qemu-$cpu" -L / "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        what="$what FAILED"
    fi
    echo "-- $what"
}

emulated "the guarantees" tests/torture/guarantees --seconds 8
emulated "the guarantees, with delays" tests/torture/guarantees-delayed --seconds 8
emulated "publication" tests/torture/publication
emulated "litmus" tests/model/litmus 1
for target in calls record url; do
    emulated "the corpus of $target" "tests/fuzz/fuzz_$target" "$top/tests/fuzz/corpus/$target"
done
echo "$passed passed, $failed failed on $host"
[ "$failed" -eq 0 ]

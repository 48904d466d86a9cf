#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# first-five-minutes.sh: what a newcomer does first, as the guide says it: clone, bootstrap, configure,
# make, make install into a directory of one's own, compile the guide's first example with pkg-config,
# run it, and run it under valgrind, which must find neither an error nor lost memory (the thread that
# liburcu keeps for ever counts as "possibly lost"). When started by root
# everything but the clone is done by an ordinary user, and the example is run by root once more.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/say.sh
. scripts/say.sh

for tool in git valgrind pkg-config; do
    if ! command -v "$tool" >/dev/null; then
        echo "skipped: there is no $tool"
        exit 77
    fi
done
if ! git rev-parse --git-dir >/dev/null 2>&1; then
    echo "skipped: this is no clone"
    exit 77
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/roster-first.XXXXXX")
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix
as_user=()
if [ "$(id -u)" -eq 0 ]; then
    as_user=(setpriv --reuid=nobody --regid=nogroup --clear-groups env HOME="$work")
fi

# step WHAT COMMAND...: as an ordinary user, in the clone; shows its output only when it fails.
step() {
    local what=$1 start=$SECONDS
    shift
    if ! (cd "$work/clone" && "${as_user[@]}" "$@") >"$work/log" 2>&1; then
        tail -n 30 "$work/log"
        die "$what failed"
    fi
    printf '   %3d s  %s\n' $((SECONDS - start)) "$what"
}

# surprise PATTERN WHERE: a warning is one.
surprise() {
    if grep -i "$1" "$work/log"; then
        die "$2 warns"
    fi
}

# The lines that the guide has one type.
compile="cc -Wall -Wextra -o first examples/guide/first.c \$(pkg-config --cflags --libs roster)"
run="env LD_LIBRARY_PATH=$prefix/lib ./first"
check="env LD_LIBRARY_PATH=$prefix/lib valgrind --quiet --error-exitcode=9 --leak-check=full
    --show-leak-kinds=definite --errors-for-leak-kinds=definite ./first"

say "the first five minutes of ${as_user[*]:+an ordinary user and }$(id -un)"
git clone --quiet . "$work/clone"
[ "${#as_user[@]}" -eq 0 ] || chown -R nobody:nogroup "$work"
begin=$SECONDS
step "./bootstrap" ./bootstrap
step "./configure" ./configure --prefix="$prefix"
step "make" make -j"$(nproc)"
surprise 'warning:' make
step "make install" make install
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
step "compile the first example" sh -c "$compile"
surprise 'warning' "the compiler"
step "run it" sh -c "$run"
sed 's/^/          /' "$work/log"
# shellcheck disable=SC2086 # several words
step "run it under valgrind" $check
surprise '^==' valgrind
if [ "${#as_user[@]}" -gt 0 ]; then
    as_user=()
    # shellcheck disable=SC2086
    step "run it under valgrind as root" $check
    surprise '^==' valgrind
fi
say "$((SECONDS - begin)) s in all"

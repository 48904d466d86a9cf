#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# The disk of the SQLite file is full for longer than the leases. Without the right to mount a small
# disk, the servers may not write beyond a small size of any file instead.

# shellcheck source=tests/fault/lib.sh
. "$ROSTER_SRCDIR/tests/fault/lib.sh"

mkdir "$work/disk"
if mount -t tmpfs -o size=16m tmpfs "$work/disk" 2>/dev/null; then
    tmpfs=$work/disk
    url=sqlite:$tmpfs/store.db
fi

fill() {
    if [ -n "${tmpfs:-}" ]; then
        dd if=/dev/zero of="$tmpfs/filler" bs=4k 2>/dev/null || true
    else
        limit 65536
    fi
}

empty() {
    if [ -n "${tmpfs:-}" ]; then
        rm "$tmpfs/filler"
    else
        limit unlimited
    fi
}

limit() {
    for name in a b; do
        prlimit --pid "${pids[$name]}" --fsize="$1:"
    done
}

start a --ttl 600
start b --ttl 600
alive a b
fill
tells a 'server a is fenced'
tells b 'server b is fenced'
never a b
empty
warm a b
stop_server a
stop_server b
least=(refused=2)
check_history

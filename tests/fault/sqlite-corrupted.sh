#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# The SQLite file is written over with noise under the servers. They are fenced and nothing is read
# out of the noise; a server that is started on it says that the file is damaged. A new cluster
# works.

# shellcheck source=tests/fault/lib.sh
. "$ROSTER_SRCDIR/tests/fault/lib.sh"

noise() {
    local file size
    for file in "$work"/store.db "$work"/store.db-wal; do
        if size=$(stat -c %s "$file"); then
            dd if=/dev/urandom of="$file" bs=4096 count=$((size / 4096 + 1)) conv=notrunc
        fi
    done
}

start a
start b
warm a b
both_fenced() {
    noise # again, because a checkpoint may have put good pages over it
    grep -q 'server a is fenced' "$work/a.out" && grep -q 'server b is fenced' "$work/b.out"
}
until_so 20 both_fenced || fail "they go on"
never a b
kill_server a
kill_server b
start c
if end_of c; then
    fail "a server works on noise"
fi
tells c 'damaged|no SQLite database|not an SQLite'
least=(refused=2)
check_history

dir=$work/anew
mkdir "$dir"
url=sqlite:$dir/store.db
start a
start b
alive a b

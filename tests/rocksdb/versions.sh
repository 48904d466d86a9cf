#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# The example on RocksDB: a report keeps its snapshot and is named, what came before it is dropped,
# and without it everything but the newest. A control: a mark that follows the clock instead of the
# safe point takes the snapshot away, and the example notices.

set -eu
program=$ROSTER_BUILDDIR/examples/rocksdb/versions
[ -x "$program" ] || {
    echo "skipped: built without RocksDB (Debian: librocksdb-dev), or with a sanitizer, which does not" \
        "see its atomics"
    exit 77
}
work=$(mktemp -d "${TMPDIR:-/tmp}/roster-rocksdb.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

fail() {
    cat "$work/out" "$work/err"
    echo "WRONG: $*"
    exit 1
}

# line NUMBER: of what it printed.
line() {
    sed -n "$1p" "$work/out"
}

# is NUMBER TEXT
is() {
    [ "$(line "$1")" = "$2" ] || fail "line $1 is not: $2"
}

"$program" "$work/bank" >"$work/out" 2>"$work/err" || fail "it ended with status $?"
[ ! -s "$work/err" ] || fail "it complained"
during=$(line 3 | sed -n 's/ transfers, .*//p')
[ "${during:-0}" -gt 0 ] || fail "nothing was transferred beside the report"
is 2 "the report reads a total of 16000"
is 4 "held by session 5, application report"
# Of each account what the report sees, and both versions of each later transfer.
is 5 "compacted: $((16 + 2 * during)) versions of 16 accounts are left"
is 6 "the report reads a total of 16000 again"
is 7 "held by nothing"
is 8 "compacted: 16 versions of 16 accounts are left"
is 9 "0 wrong"

! "$program" "$work/bank" >"$work/out" 2>"$work/err" || fail "it opened a database that exists"
grep -q "$work/bank" "$work/err" || fail "it does not say which database exists"

! "$program" "$work/careless" careless >"$work/out" 2>"$work/err" || fail "careless was not noticed"
grep -q '^the report has lost its snapshot$' "$work/out" || fail "careless lost nothing"

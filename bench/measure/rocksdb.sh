#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# rocksdb-bench on databases of its own, in $TMPDIR; run by "make bench-rocksdb", in a minute.
#
#   ROCKSDB_ROUNDS  9        ROCKSDB_MILLISECONDS  400, of each side in a round

set -eu
work=$(mktemp -d "${TMPDIR:-/tmp}/roster-rocksdb.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
"$ROSTER_BUILDDIR/bench/rocksdb-bench" "$work" "${ROCKSDB_ROUNDS:-9}" "${ROCKSDB_MILLISECONDS:-400}"

#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Every exported symbol has a version node, public ones that of their library, and the libraries
# have the SONAME that doc/abi.md tells of.

set -eu

cd "$ROSTER_BUILDDIR/.libs"
set -- libroster*.so
if [ ! -e "$1" ]; then
    echo "no shared library in this build"
    exit 77
fi
wrong=0

# node_of LIBRARY: libroster-cluster.so gives ROSTER_CLUSTER.
node_of() {
    basename "$1" .so | sed 's/^lib//' | tr 'a-z-' 'A-Z_'
}

for library; do
    node=$(node_of "$library")
    # shellcheck disable=SC2086 # ROSTER_NM may hold options
    $ROSTER_NM -D --defined-only "$library" | awk '$2 != "A" { print $3 }' >"$TMPDIR/symbols"
    if ! grep -q "^roster_.*@@${node}_[0-9]" "$TMPDIR/symbols"; then
        echo "WRONG: $library exports nothing with version $node"
        wrong=1
    fi
    if grep -Ev "^(roster_[a-z0-9_]+@@${node}_[0-9]+\\.[0-9]+|rst_[a-z0-9_]+@@?ROSTER_PRIVATE)\$" \
        "$TMPDIR/symbols"; then
        echo "WRONG: these symbols of $library have another version or none"
        wrong=1
    fi
    if ! "$ROSTER_READELF" -d "$library" | grep -q "SONAME.*\\[$library\\.0\\]"; then
        echo "WRONG: the SONAME of $library is not $library.0"
        wrong=1
    fi
done
if [ -e libroster-cluster.so ] &&
    ! "$ROSTER_READELF" -V libroster-cluster.so | grep -q 'Name: ROSTER_[0-9]'; then
    echo "WRONG: libroster-cluster does not need a version of libroster"
    wrong=1
fi
exit "$wrong"

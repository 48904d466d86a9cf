#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# What each library brings into a server's process: the core liburcu alone, the status endpoint
# libmicrohttpd beside the core, and none of the libraries that stores need; the extension of SQLite
# the core and SQLite.

set -euo pipefail

cd "$ROSTER_BUILDDIR/.libs"
wrong=0

# needs LIBRARY PATTERN: everything that it names as needed is the C library's or fits.
needs() {
    local library=$1 pattern=$2 needed
    if [ ! -e "$library" ]; then
        return 0
    fi
    while read -r needed; do
        if ! grep -qxE "(libc|libpthread|libm|libdl|librt|ld-linux[a-z0-9_-]*|lib(a|t|ub|l)san|libgcc_s)\.so\.[0-9]+|$pattern" <<<"$needed"; then
            echo "WRONG: $library needs $needed"
            wrong=1
        fi
    done < <(readelf -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
}

needs libroster.so 'liburcu(-[a-z]+)?\.so\.[0-9]+'
needs libroster-status.so 'libroster\.so\.[0-9]+|libmicrohttpd\.so\.[0-9]+|libjansson\.so\.[0-9]+'
needs roster.so 'libroster\.so\.[0-9]+|libsqlite3\.so\.[0-9]+'
[ -e libroster.so ]
# And in turn, as the program sees it.
if [ -e libroster-status.so ] && [ "${ROSTER_SANITIZER:-none}" = none ]; then
    LD_LIBRARY_PATH=. ldd libroster-status.so >"$TMPDIR/needed"
    if grep -E 'libcurl|libsqlite3|libroster-cluster' "$TMPDIR/needed"; then
        echo "WRONG: the status endpoint brings a store's library"
        wrong=1
    fi
    grep -q libmicrohttpd "$TMPDIR/needed"
fi
exit "$wrong"

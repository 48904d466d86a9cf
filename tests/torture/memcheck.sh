#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# The torture under valgrind's memcheck: what is read before it is written, or after it was freed. One
# thread runs at a time there, so it is left to the sanitizers to find what two do to each other, and
# what is lost: memcheck would also ask a forked child, which has lost what other threads held.
#
# ROSTER_MEMCHECK_TXNS: how many transactions (30000).

set -eu

if [ "$ROSTER_SANITIZER" != none ] || ! command -v valgrind >/dev/null; then
    echo "needs valgrind, and a build without sanitizer"
    exit 77
fi
exec "$ROSTER_BUILDDIR/libtool" --mode=execute valgrind -q --fair-sched=yes --error-exitcode=9 \
    --leak-check=no \
    "$ROSTER_BUILDDIR/tests/torture/guarantees" --threads 6 \
    --txns "${ROSTER_MEMCHECK_TXNS:-30000}"

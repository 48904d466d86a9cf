#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# The torture under valgrind's memcheck: what is read before it is written, and what is lost. One
# thread runs at a time there, so it is left to the sanitizers to find what two do to each other.
#
# ROSTER_MEMCHECK_TXNS: how many transactions (30000).

set -eu

if [ "$ROSTER_SANITIZER" != none ] || ! command -v valgrind >/dev/null; then
    echo "needs valgrind, and a build without sanitizer"
    exit 77
fi
exec "$ROSTER_BUILDDIR/libtool" --mode=execute valgrind -q --fair-sched=yes --error-exitcode=9 \
    --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
    "$ROSTER_BUILDDIR/tests/torture/guarantees" --threads 6 \
    --txns "${ROSTER_MEMCHECK_TXNS:-30000}"

#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# G9 in the library as built: no hot function orders memory, enters the kernel or calls out.

set -eu

if [ "$ROSTER_SANITIZER$ROSTER_DEBUG_BUILD$ROSTER_COVERAGE_BUILD" != nonenono ]; then
    echo "sanitizers, debug checks and coverage counters are not on the real hot path"
    exit 77
fi
library=$ROSTER_BUILDDIR/.libs/libroster.so
if [ ! -e "$library" ]; then
    echo "no shared library in this build"
    exit 77
fi
OBJDUMP=$ROSTER_OBJDUMP "$ROSTER_SRCDIR/tests/hotpath/check-hotpath" \
    "$library" "$ROSTER_SRCDIR/tests/hotpath/hot-functions"

# What copies a text that may be long has a fence before it, for such a one alone (roster/look.h).
"$ROSTER_OBJDUMP" -d --no-show-raw-insn "$library" | awk '
    />:$/ { inside = /<stmt_begin_request[.>]/ }
    inside && /<rst_fence_full_slow>/ { found = 1 }
    END { exit !found }
' || {
    echo "stmt_begin_request() has no fence before a long text"
    exit 1
}

#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# The shared library comes and goes in a process whose threads live on.

set -eu

library=$ROSTER_BUILDDIR/.libs/libroster.so
if [ ! -e "$library" ]; then
    echo "no shared library in this build"
    exit 77
fi
exec "$ROSTER_BUILDDIR/tests/library/reopen" "$library"

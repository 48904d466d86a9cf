#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# A storm of kills at statements of SQLite: an interrupt hits the statement that was meant, or nothing.

# shellcheck source=tests/sqlite/extension.sh
. "${ROSTER_SRCDIR:?}/tests/sqlite/extension.sh" || exit 99

python=$(command -v python3) || skip "there is no python3"
[ -e "$ROSTER_BUILDDIR/.libs/libroster-status.so.0" ] || skip "built without the status endpoint"
LD_PRELOAD=$extension LD_LIBRARY_PATH=$ROSTER_BUILDDIR/.libs \
    ROSTER_SQLITE_STATUS=unix:$work/socket timeout 120 \
    "$python" "$ROSTER_SRCDIR/tests/sqlite/storm.py" "$file" "$work/socket" 30 ||
    fail "an interrupt went astray"
finish

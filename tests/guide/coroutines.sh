#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# A session goes with its coroutine from thread to thread.

# shellcheck source=tests/guide/talk.sh
. "$ROSTER_SRCDIR/tests/guide/talk.sh"
talk coroutines

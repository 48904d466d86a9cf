#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# A session is served by one thread after another.

# shellcheck source=tests/guide/talk.sh
. "$ROSTER_SRCDIR/tests/guide/talk.sh"
talk threads

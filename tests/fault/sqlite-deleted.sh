#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# The SQLite file is deleted under the servers. They are fenced for good and say why; nothing is
# written to a file that somebody puts in its place. A new cluster works.

# shellcheck source=tests/fault/lib.sh
. "$ROSTER_SRCDIR/tests/fault/lib.sh"

start a
start b
warm a b
rm "$work"/store.db*
tells a 'server a is fenced'
tells b 'server b is fenced'
never a b

# What comes next is another cluster.
dir=$work/anew
mkdir "$dir"
start c
alive c
dir=$work
never a b
if "$tool" get "$url" /roster/server/ | grep -E '/(a|b) '; then
    fail "a server of the old file has written to the new one"
fi
kill_server a
kill_server b
stop_server c
least=(refused=2)
check_history

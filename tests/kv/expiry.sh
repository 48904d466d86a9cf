#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# A transaction older than the age limit no longer holds back the collector, is told so at its next
# statement (G8), and nothing that follows in it has an effect.

# shellcheck source=tests/kv/server.sh
. "$ROSTER_SRCDIR/tests/kv/server.sh"

start_server --txn-age-limit=1 --gc-interval-ms=20
cli SET a 1 >/dev/null
dial 3 "$port"
expect "it begins" +OK "$(ask 3 BEGIN)"
expect "it reads" 1 "$(ask 3 'GET a')"
cli SET a 2 >/dev/null
expect "two versions are kept" 2 "$(info versions)"
eventually "until the age limit" info_is versions -eq 1
expect "a read is refused" '-EXPIRED *' "$(ask 3 'GET a')"
expect "and so is what follows" '-ABORTED *' "$(ask 3 'SET a 3')"
expect "until the end" '-ABORTED *' "$(ask 3 COMMIT)"
expect "nothing was written" 2 "$(ask 3 'GET a')"
expect "begin again" +OK "$(ask 3 BEGIN)"
expect "write first" +OK "$(ask 3 'SET a 4')"
sleep 1.5
expect "a commit is refused" '-EXPIRED *' "$(ask 3 COMMIT)"
expect "nothing was written again" 2 "$(ask 3 'GET a')"
expect "both were counted" 2 "$(info expired)"
hang_up 3
finish

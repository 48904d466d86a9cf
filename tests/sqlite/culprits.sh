#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# What keeps a WAL from being checkpointed is named by one query and ended by one, in a program that
# knows nothing of it; then the WAL is truncated to nothing.

# shellcheck source=tests/sqlite/extension.sh
. "${ROSTER_SRCDIR:?}/tests/sqlite/extension.sh" || exit 99

mode=

# culprit HOW STATE STATEMENT KILL ANSWER OUTCOME
culprit() {
    local blocker pages
    start "$1" ${mode:+"$mode"}
    expect "$1: the file is written to" written "$(tell "write 40")"
    ask "SELECT roster_checkpoint()" >"$work/answer"
    expect "$1: the WAL is not checkpointed" "*of the WAL are written back" "$(head -n 1 "$work/answer")"
    expect "$1: and it is said why" "*in the way: connection *$2 for*$3*" "$(cat "$work/answer")"
    blocker=$(ask "SELECT state, statement FROM roster_blocker")
    expect "$1: one query names it" "$2|*$3*" "$blocker"
    tell "write 40" >/dev/null
    pages=$(ask "SELECT pages > 0 FROM roster_blocker")
    expect "$1: it holds pages of the WAL" 1 "$pages"
    expect "$1: one query ends it" "$5" "$(ask "SELECT roster_kill(id$4) FROM roster_blocker")"
    expect "$1: nothing blocks" "" "$(ask "SELECT * FROM roster_blocker")"
    expect "$1: the WAL is truncated" "*truncated to 0 bytes" "$(ask "SELECT roster_checkpoint()")"
    expect "$1: it has 0 bytes" 0 "$(stat -c %s "$file-wal")"
    end
    expect "$1: the culprit has seen it" "the culprit: $6" "$outcome"
}

culprit rows "cursor open" "/[*] export [*]/" "" ended interrupted
culprit join running "/[*] join [*]/" "" ended interrupted
culprit idle "idle in transaction" "/[*] report [*]/" "" ended "query aborted"

# In SQLite's threading mode 2 a connection has no mutex. A statement is interrupted all the same; what no
# thread uses is for its own thread to end, and fails when that comes back.
mode=ROSTER_NOMUTEX=1
culprit rows running "/[*] export [*]/" "" ended interrupted
culprit join running "/[*] join [*]/" "" ended interrupted
start idle "$mode"
tell "write 40" >/dev/null
expect "idle, mode 2: one query names it" "idle in transaction|*report*" \
    "$(ask "SELECT state, statement FROM roster_blocker")"
expect "idle, mode 2: it is not touched" "asked: the connection was opened without a mutex*" \
    "$(ask "SELECT roster_kill(id) FROM roster_blocker")"
expect "idle, mode 2: it is still there" 1 "$(ask "SELECT count(*) FROM roster_blocker")"
end
expect "idle, mode 2: its next statement fails" "the culprit: interrupted" "$outcome"
mode=

# A cursor that no thread uses is named, and is not touched unless that is asked for.
start leak
tell "write 40" >/dev/null
expect "leak: one query names it" "cursor open|*leaked*" \
    "$(ask "SELECT state, statement FROM roster_blocker")"
expect "leak: it is not touched" "interrupted, but its cursor is open*" \
    "$(ask "SELECT roster_kill(id) FROM roster_blocker")"
expect "leak: it is still there" 1 "$(ask "SELECT count(*) FROM roster_blocker")"
end
culprit leak "cursor open" leaked ", 'unsafe'" ended "not an error"
finish

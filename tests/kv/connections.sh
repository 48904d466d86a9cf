#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Ten thousand idle connections, or as many as there may be open files: each is a session, all are
# served, memory stays bounded, one too many is refused, and nothing is left when they go.
# KV_CONNECTIONS: how many (10000).

# shellcheck source=tests/kv/server.sh
. "$ROSTER_SRCDIR/tests/kv/server.sh"

needs_files 1024
wanted=${KV_CONNECTIONS:-10000}
if slow; then
    wanted=$((wanted / 10))
fi
rss() {
    sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$server/status"
}

# crowd COUNT: opens so many connections, until descriptor 5 is closed.
crowd() {
    rm -f "$work/hold"
    mkfifo "$work/hold"
    "$programs/crowd" "$port" "$1" <"$work/hold" >"$work/crowd.out" 2>&1 &
    children=($!)
    exec 5>"$work/hold"
    local tries=600
    until grep -qs '^refused' "$work/crowd.out" || [ "$tries" -eq 0 ]; do
        tries=$((tries - 1))
        sleep 0.1
    done
}

start_server --max-clients=$((wanted + 10))
before=$(rss)
crowd "$wanted"
open=$(sed -n 's/^open //p' "$work/crowd.out")
expect "all connections are served" "refused 0" "$(grep refused "$work/crowd.out")"
[ "${open:=0}" -ge $((wanted < 900 ? wanted : 900)) ] || fail "only $open connections"
expect "each is a session" $((open + 1)) "$(info connected_clients)"
dial 3 "$port"
expect "one more client works beside them" +OK "$(ask 3 'SET a 1')"
each=$((($(rss) - before) * 1024 / (open + 1)))
echo "$open connections, $each bytes each in the server"
slow || [ "$each" -le 8192 ] || fail "an idle connection takes more than 8 KiB"
exec 5>&-
wait "${children[0]}" || fail "$(cat "$work/crowd.out")"
children=()
eventually "their sessions go with them" info_is connected_clients -le 2
hang_up 3
stop_server

start_server --max-clients=10
crowd 14
expect "four of fourteen are refused" "*refused 4" "$(cat "$work/crowd.out")"
expect "with a reason" "-ERR max number of clients reached*" \
    "$("$programs/raw" -t 1000 "$port" </dev/null)"
exec 5>&-
eventually "others are let in when there is room" cli_says PONG PING
[ "$(info sessions_refused)" -ge 5 ] || fail "refusals are not counted"
finish

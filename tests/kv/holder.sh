#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# A transaction held open for a whole run under load keeps its snapshot readable to its end and is
# named as the holder of the minimum, which never passes it; when it ends, versions are collected.

# shellcheck source=tests/kv/server.sh
. "$ROSTER_SRCDIR/tests/kv/server.sh"

requests=40000
if slow; then
    requests=8000
fi
start_server --gc-interval-ms=20
cli MSET counter:__rand_int__ 7 other 8 >/dev/null
dial 3 "$port"
ask 3 'CLIENT SETNAME keeper' >/dev/null
id=$(ask 3 'CLIENT ID')
id=${id#:}
expect "the keeper begins" +OK "$(ask 3 BEGIN)"
expect "it reads" 7 "$(ask 3 'GET counter:__rand_int__')"
start=$(cli TRX LIST | sed -n 's/.*name=keeper .*start-ts=\([0-9]*\) .*/\1/p')

redis-benchmark -p "$port" -t incr,set -c 50 -n "$requests" -P 4 -q >"$work/benchmark.out" 2>&1 &
load=$!
children+=("$load")
value() {
    sed -n "s/^$1://p" "$work/info"
}
looks=0
while kill -0 "$load" 2>/dev/null || [ "$looks" -eq 0 ]; do
    cli INFO | tr -d '\r' >"$work/info"
    [ "$(value min_holder_id)" = "$id" ] || fail "the holder is $(value min_holder_id), not $id"
    [ "$(value min_holder_name)" = keeper ] || fail "the holder is not named"
    [ "$(value min_start_ts)" = "$start" ] || fail "the minimum is not the keeper's"
    [ "$(value safe_point)" -le "$start" ] || fail "the safe point has passed the keeper"
    looks=$((looks + 1))
done
wait "$load" || fail "redis-benchmark failed"
children=()
expect "looked at it while it was held" '[1-9]*' "$looks"
kept=$(info versions)
[ "$kept" -gt "$requests" ] || fail "only $kept versions are kept for the keeper"
expect "its snapshot is what it was" 7 "$(ask 3 'GET counter:__rand_int__')"
expect "for keys it had not read, too" 8 "$(ask 3 'GET other')"
expect "while the others have gone on" $((requests + 7)) "$(cli GET counter:__rand_int__)"
collected=$(info versions_collected)
expect "it commits" +OK "$(ask 3 COMMIT)"
eventually "then versions are collected" info_is versions -le 3
[ "$(info versions_collected)" -ge $((collected + requests)) ] || fail "not all were collected"
expect "nobody holds the minimum" none "$(info min_holder)"
hang_up 3
finish

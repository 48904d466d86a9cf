#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# redis-benchmark runs to its end without an error line, one request at a time and pipelined.
# KV_BENCHMARK_REQUESTS: requests of each kind (4800; in full: 200000), a multiple of 16.

# shellcheck source=tests/kv/server.sh
. "$ROSTER_SRCDIR/tests/kv/server.sh"

needs_files 512
requests=${KV_BENCHMARK_REQUESTS:-4800}
start_server --threads=2
for depth in 1 16; do
    out=$(timeout 280 redis-benchmark -p "$port" -t ping,set,get,incr,mset -c 200 -n "$requests" \
        -P "$depth" -q 2>&1) || fail "redis-benchmark -P $depth ended with status $?"
    results=$(tr '\r' '\n' <<<"$out" | grep 'requests per second')
    printf 'with -P %s:\n%s\n' "$depth" "$results"
    expect "six kinds of requests with -P $depth" 6 "$(wc -l <<<"$results")"
    if tr '\r' '\n' <<<"$out" | grep -i -e error -e warning; then
        fail "redis-benchmark -P $depth saw an error"
    fi
done
expect "the counter counted every INCR" $((2 * requests)) "$(cli GET counter:__rand_int__)"
expect "no conflict reached a client" 0 "$(info conflicts)"
eventually "old versions go when nobody needs them" info_is versions -le 16
finish

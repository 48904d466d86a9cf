# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# The clients of the soak, each a function that comes back when the time is up: $until, in seconds
# of the shell. Sourced by soak.
# shellcheck disable=SC2154 # until, port, work and programs are set there

now_is_before() {
    [ "$SECONDS" -lt "$1" ]
}

# Transfers and snapshots whose sums must be right, in many short connections.
client_bank() {
    local status
    while now_is_before "$until"; do
        status=0
        "$programs/bank" -s 5 -c 8 -r 4 "$port" >>"$work/bank.out" 2>&1 || status=$?
        # While the server is stopped too few sums may be made to tell; wrong ones are 2.
        [ "$status" -ne 2 ] || echo "the bank found a wrong sum" >>"$work/wrong"
        echo "$status" >>"$work/bank.status"
    done
}

# Reads, writes and counters over a fixed set of keys.
client_benchmark() {
    while now_is_before "$until"; do
        redis-benchmark -p "$port" -c 10 -t set,get,incr,mset -r 1000 -n 20000 -q \
            >>"$work/benchmark.out" 2>&1
        sleep 0.2
    done
}

# Long transactions, that end by COMMIT, by DISCARD, or by hanging up.
client_holder() {
    local n=0 how
    while now_is_before "$until"; do
        dial 7 "$port" 2>/dev/null || continue
        ask 7 BEGIN >/dev/null
        ask 7 "GET key:000000000007" >/dev/null
        sleep $((RANDOM % 4 + 1))
        n=$((n + 1))
        how=(COMMIT DISCARD)
        [ $((n % 3)) -eq 2 ] || ask 7 "${how[n % 3]}" >/dev/null
        hang_up 7
    done
}

# Crowds that come and go, and some that are cut off in the middle.
client_crowd() {
    local crowd
    while now_is_before "$until"; do
        mkfifo "$work/crowd"
        "$programs/crowd" "$port" 100 <"$work/crowd" >/dev/null 2>&1 &
        crowd=$!
        exec 8>"$work/crowd"
        sleep 1
        [ $((RANDOM % 3)) -ne 0 ] || kill -KILL "$crowd" 2>/dev/null
        exec 8>&-
        wait "$crowd" 2>/dev/null
        rm -f "$work/crowd"
        sleep 1
    done
}

# Kills of connections, the list, and INFO.
client_operator() {
    local victim
    while now_is_before "$until"; do
        victim=$(cli CLIENT LIST | tr -d '\r' | sed -n 's/^id=\([0-9]*\) .*/\1/p' | shuf -n 1)
        cli CLIENT KILL ID "${victim:-0}" >/dev/null 2>&1
        cli TRX LIST >/dev/null
        sleep 3
    done
}

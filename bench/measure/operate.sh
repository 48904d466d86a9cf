#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# What it costs the example server to be watched: ten thousand idle clients, and redis-benchmark in
# pairs of runs, one alone and one beside "rosterctl ps --watch", every second, and a scraper of
# /metrics, ten times a second. Then the same with a twin of the server whose list of sessions is
# under a lock (twin.c). Before that, what all of Roster's threads cost a server with its idle clients.
# And what a committer in one process pays (watched.c), which the throughput of a server is too noisy
# to show. Run by "make bench-operate"; takes six minutes. Fails, after all was measured, when Roster's
# threads take more than 2 % of a processor with the default sampler, the sampler more than 3 % every 10 ms,
# all of it more than 24 MiB, or a committer pays more than 2 %.
#
# Everything shares the processors, redis-benchmark and the watchers too, so beside the throughput
# stands the server's own processor time for a request.
#
#   OPERATE_SERVERS  roster twin         OPERATE_REQUESTS in a run (300000)
#   OPERATE_PAIRS    11                  OPERATE_DEPTH    requests in a pipeline (1)
#   OPERATE_CLIENTS  idle ones (10000)   OPERATE_WATCH    terminal, or whole: the list goes to a file
#   OPERATE_SECONDS  20, for what all of it costs; 0: leave that out

# shellcheck disable=SC2016 # the dollars belong to awk

# shellcheck source=tests/kv/server.sh
. "$ROSTER_SRCDIR/tests/kv/server.sh"
# shellcheck source=bench/measure/limits.sh
. "$ROSTER_SRCDIR/bench/measure/limits.sh"

ctl=$ROSTER_BUILDDIR/rosterctl
twin=$ROSTER_BUILDDIR/bench/.libs/twin.so
servers=${OPERATE_SERVERS-roster twin}
pairs=${OPERATE_PAIRS:-11}
requests=${OPERATE_REQUESTS:-300000}
depth=${OPERATE_DEPTH:-1}
idle=${OPERATE_CLIENTS:-10000}
watch=${OPERATE_WATCH:-terminal}
seconds=${OPERATE_SECONDS:-20}
[ -x "$ctl" ] || skip "built without rosterctl"
for tool in curl script stdbuf; do
    command -v "$tool" >/dev/null || skip "$tool is not installed"
done
# spent PID [NAME]: the processor time of a process so far, or of its thread of that name, in
# nanoseconds. Threads do not come and go here.
spent() {
    local thread ns sum=0
    for thread in "/proc/$1/task"/*; do
        [ $# -eq 1 ] || [ "$(<"$thread/comm")" = "$2" ] || continue
        read -r ns _ <"$thread/schedstat"
        sum=$((sum + ns))
    done
    echo "$sum"
}

# load: one run of redis-benchmark. Prints requests a second, nanoseconds of the server for each,
# and the slowest of a hundred and of all in milliseconds.
load() {
    local before row
    before=$(spent "$server")
    row=$(redis-benchmark -p "$port" -t set -c 50 -n "$requests" -P "$depth" --csv | tail -n 1)
    awk -F'","' -v spent=$(($(spent "$server") - before)) -v n="$requests" \
        '{ print $2, spent / n, $7, $8 + 0 }' <<<"$row"
}

# percent NANOSECONDS: of a processor, since the watchers were started.
percent() {
    awk -v ns="$1" -v us=$((${EPOCHREALTIME/[.,]/} - since)) 'BEGIN { printf "%.2f", ns / us / 10 }'
}

watchers=()
watch_start() {
    local command="exec '$ctl' -s $address ps --watch=1"
    since=${EPOCHREALTIME/[.,]/}
    endpoint=$(spent "$server" roster-status)
    case $watch in
    terminal)
        TERM=xterm script -qfc "stty rows 50 cols 160; $command" /dev/null \
            </dev/null >"$work/watched" 2>/dev/null &
        ;;
    *) "$ctl" -s "$address" ps --watch=1 >"$work/watched" & ;;
    esac
    watchers=($!)
    stdbuf -oL curl -sS --rate 10/s -o /dev/null -w '%{http_code}\n' \
        "http://$address/metrics#[1-1000000]" >"$work/scraped" &
    watchers+=($!)
    children+=("${watchers[@]}")
    sleep 0.5
}

# Sets $watching to what the server's endpoint and the watchers themselves took in that time.
watch_stop() {
    local pid sum=0
    for pid in "${watchers[@]}" $(<"/proc/${watchers[0]}/task/${watchers[0]}/children"); do
        sum=$((sum + $(spent "$pid")))
    done
    endpoint=$(($(spent "$server" roster-status) - endpoint))
    watching="$(percent "$endpoint") $(percent "$sum")"
    kill "${watchers[@]}"
    wait "${watchers[@]}" 2>/dev/null
    children=("${children[@]:0:1}")
}

# both N: a pair of runs, every other one the other way round; appends to $work/pairs.
both() {
    local alone watched
    [ $(($1 % 2)) -eq 1 ] || alone=$(load)
    watch_start
    watched=$(load)
    watch_stop
    [ $(($1 % 2)) -eq 0 ] || alone=$(load)
    echo "$alone $watched $watching" >>"$work/pairs"
    awk '{ printf "  alone %6.0f/s, %5.2f us, p99 %5.2f ms, worst %6.2f ms;  " \
               "watched %6.0f/s, %5.2f us, p99 %5.2f ms, worst %6.2f ms;  ratio %.3f\n",
               $1, $2 / 1e3, $3, $4, $5, $6 / 1e3, $7, $8, $5 / $1 }' <<<"$alone $watched"
    [ "$(grep -c '^200$' "$work/scraped")" -ge 10 ] || fail "it was hardly scraped"
    [ "$(grep -c 'ID *KIND' "$work/watched")" -ge 2 ] || fail "the list was hardly shown"
}

# median EXPRESSION: of the pairs, with the smallest and the largest.
median() {
    awk "{ print $1 }" "$work/pairs" | sort -g |
        awk '{ v[NR] = $1 } END { printf "%.4g (%.4g..%.4g)", v[int((NR + 1) / 2)], v[1], v[NR] }'
}

# measure NAME: one of the servers.
measure() {
    local n
    : >"$work/pairs"
    case $1 in
    twin) TWIN_REPORT=$work/twin LD_PRELOAD=$twin start --status=127.0.0.1:0 ;;
    *) start --status=127.0.0.1:0 ;;
    esac
    load >/dev/null
    echo "$1: $idle idle clients, pairs of runs of $requests SET, 50 clients, -P $depth"
    for ((n = 1; n <= pairs; n++)); do
        both "$n"
    done
    echo "  throughput watched : alone            $(median '$5 / $1')"
    echo "  server's time a request, the same     $(median '$6 / $2')"
    echo "  % of a processor: the endpoint        $(median '$9')"
    echo "  the watchers themselves               $(median '$10')"
    echo "  p99 ms alone, watched                 $(median '$3'), $(median '$7')"
    echo "  worst ms alone, watched               $(median '$4'), $(median '$8')"
    end
    [ ! -s "$work/twin" ] || echo "  its lock: $(cat "$work/twin")"
}

# start [OPTION...]: the server with its idle clients.
start() {
    start_server --max-clients=$((idle + 200)) "$@"
    address=$(sed -n 's/^roster-kv: status on //p' "$work/server.out")
    rm -f "$work/hold"
    mkfifo "$work/hold"
    env -u LD_PRELOAD "$programs/crowd" "$port" "$idle" <"$work/hold" >"$work/crowd.out" 2>&1 &
    children=($!)
    exec 5>"$work/hold"
    eventually "$idle idle clients" grep -qs '^refused' "$work/crowd.out"
    expect "all of them are served" "open $idle"$'\n'"refused 0" "$(cat "$work/crowd.out")"
}

# Lets the idle clients go, and ends the server.
end() {
    exec 5>&-
    wait "${children[0]}" || fail "idle clients were lost"
    children=()
    stop_server
}

# resident: what the server has in memory, in KiB.
resident() {
    sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$server/status"
}

# all_threads: the processor time of each thread of Roster's so far, with its name.
all_threads() {
    local thread ns
    for thread in "/proc/$server/task"/*; do
        read -r ns _ <"$thread/schedstat"
        echo "$(<"$thread/comm") $ns"
    done | grep '^roster-' | grep -v '^roster-kv ' | sort
}

# total MS: all that Roster runs in a server, with idle clients and two scrapers, once a second each.
total() {
    local before us scrapers=() n
    start --status=127.0.0.1:0 --activity-ms="$1" --store="sqlite:$work/total.db"
    for n in 1 2; do
        curl -sS --rate 1/s -o /dev/null "http://$address/metrics#[1-1000000]" &
        scrapers+=($!)
    done
    children+=("${scrapers[@]}")
    sleep 3
    all_threads >"$work/before"
    before=${EPOCHREALTIME/[.,]/}
    sleep "$seconds"
    all_threads >"$work/after"
    us=$((${EPOCHREALTIME/[.,]/} - before))
    shares "$us" "$work/before" "$work/after" >"$work/shares" || : >"$work/shares"
    sed 's/^/  % of a processor: /' "$work/shares"
    if [ "$1" -eq 1000 ]; then
        within "Roster's threads" "$(share_of all <"$work/shares")" 2 "% of a processor"
    else
        within "the sampler" "$(share_of roster-activity <"$work/shares")" 3 "% of a processor"
    fi
    within "more in memory than without any of it" \
        "$(awk -v now="$(resident)" -v alone="$alone" 'BEGIN { if (now && alone) printf "%.1f", (now - alone) / 1024 }')" \
        24 MiB
    kill "${scrapers[@]}"
    wait "${scrapers[@]}" 2>/dev/null
    children=("${children[0]}")
    end
}

if [ "$seconds" -gt 0 ]; then
    start
    sleep 3
    alone=$(resident)
    end
    for interval in 1000 10; do
        echo "$idle idle clients: endpoint, ticker, syncer, sampler every $interval ms, two scrapers"
        total "$interval"
    done
    for interval in 1000 10; do
        "$ROSTER_BUILDDIR/bench/watched-bench" 41 "$interval" || over=$((over + 1))
    done
fi
for name in $servers; do
    if [ "$name" = twin ] && [ ! -e "$twin" ]; then
        echo "twin: needs shared libraries"
        continue
    fi
    measure "$name"
done
limits_hold || fail "see WRONG above"
finish

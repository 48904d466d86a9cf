# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# help: build, run two example servers on one SQLite file, one of them under load (the default)
#
# Sourced by quickstart.

# shellcheck source=scripts/resp.sh
. scripts/resp.sh
# shellcheck source=scripts/kv-servers.sh
. scripts/kv-servers.sh

seconds=12
clients=200
trap end_all EXIT

# held_by N WHO: checks while WHO's transaction is the oldest of kv1.
held_by() {
    local start
    start=$(start_of "$2")
    check "$2 is the holder of the minimum" [ "$(value kv1 min_holder_name)" = "$2" ]
    check "the minimum is the start timestamp of $2" [ "$(value kv1 min_start_ts)" = "$start" ]
    check "the local safe point does not pass $2" [ "$(value kv1 safe_point)" -le "$start" ]
    check "$2 sees its snapshot" [ "$(ask "$1" "GET $watched")" = "$(cat "$work/$2.saw")" ]
}

# Sets rate: statements per second since the last call.
statements_before=0
time_before=0
statement_rate() {
    local statements now
    statements=$(value kv1 statements)
    now=$(date +%s%3N)
    rate=$(((statements - statements_before) * 1000 / (now - time_before + 1)))
    statements_before=$statements
    time_before=$now
}

# show SECOND: prints the servers' figures.
show() {
    local holder next
    look kv1
    look kv2
    statement_rate
    holder="no long-lived holder"
    if [ "$(value kv1 min_holder)" != none ] && [ -n "$(value kv1 min_holder_name)" ]; then
        holder="held for $(value kv1 min_age_ms) ms by session $(value kv1 min_holder_id)"
        holder="$holder \"$(value kv1 min_holder_name)\" ($(value kv1 min_holder_addr))"
        next="   ending it would advance the minimum by $(value kv1 min_next_gain_ms) ms"
    fi
    printf '%2s s  %s sessions, %s statements per second, %s versions kept, %s collected\n' \
        "$1" "$(value kv1 connected_clients)" "$rate" \
        "$(value kv1 versions)" "$(value kv1 versions_collected)"
    printf '      minimum of kv1 %s, %s\n' "$(value kv1 min_start_ts)" "$holder"
    [ -z "${next-}" ] || printf '   %s\n' "$next"
    show_safe_points kv1 kv2
}

# Prints the named sessions and some others. Without head(1), which would exit before the writer is done.
show_sessions() {
    local list=$work/list
    cli kv1 CLIENT LIST >"$list"
    grep ' name= ' "$list" >"$work/others"
    echo "-- CLIENT LIST: the named sessions and some others of $(grep -c '^id=' "$list")"
    {
        grep '^id=' "$list" | grep -v ' name= '
        { # those that execute something first
            grep -v ' text= ' "$work/others" || true
            grep ' text= ' "$work/others" || true
        } | sed -n 1,4p
    } | cut -c 1-140 | sed 's/^/   /'
    echo "-- TRX LIST: oldest transactions first"
    cli kv1 TRX LIST | sed -n '1,3s/^/   /p'
}

# Long transactions beside the load: on kv1 until the 6th second and from the 3rd to the 8th, on kv2 from
# the 5th to the 10th. The one on kv2 keeps versions on kv1, too.
events() {
    case $1 in
    3) hold 8 kv1 report ;;
    4) show_sessions ;;
    5)
        hold 9 kv2 backup
        cli kv2 SET "$watched" later >/dev/null
        ;;
    6) release 7 kv1 audit ;;
    8) release 8 kv1 report ;;
    10)
        look kv1
        collected=$(value kv1 versions_collected)
        release 9 kv2 backup
        ;;
    esac
}

checks_at() {
    case $1 in
    [1-5]) held_by 7 audit ;;
    [67]) held_by 8 report ;;
    esac
    case $1 in
    [1-5]) not_passed kv1 audit && not_passed kv2 audit ;;
    [67]) not_passed kv1 report && not_passed kv2 report ;;
    [89]) not_passed kv1 backup && not_passed kv2 backup ;;
    esac
}

watch_load() {
    local second start
    start=$(date +%s%3N)
    time_before=$start
    for ((second = 1; second <= seconds; second++)); do
        while [ "$(date +%s%3N)" -lt $((start + second * 1000)) ]; do
            sleep 0.05
        done
        events "$second"
        show "$second"
        checks_at "$second"
    done
    check "versions were kept for the long transactions and collected after them" \
        [ "$(value kv1 versions_collected)" -gt "$collected" ]
    check "the gc safe point has passed all of them" \
        [ "$(value kv2 gc_safe_point)" -gt "$(start_of backup)" ]
}

show_benchmark() {
    echo "-- the last rounds of redis-benchmark:"
    tr '\r' '\n' <"$work/kv1.load" | grep 'requests per second' | tail -n 4 | sed 's/^ */   /'
}

# No reader needs an old version any more: one version per key remains.
check_rest() {
    local tries
    for ((tries = 50; tries; tries--)); do
        look kv1
        [ "$(value kv1 versions)" -gt "$(value kv1 keys)" ] || break
        sleep 0.1
    done
    check "without load, each key has one version" [ "$(value kv1 versions)" -eq "$(value kv1 keys)" ]
    check "no transaction is open" [ "$(value kv1 transactions_open)" -eq 0 ]
    echo "-- without load: $(value kv1 keys) keys, $(value kv1 versions) versions," \
        "$(value kv1 versions_collected) collected"
}

install_packages build check kv
configure_all build
build_in build libroster.la examples/kv/roster-kv
leave_tree

say "starting two example servers that share one SQLite file; each connection is a session"
for server in kv1 kv2; do
    start_kv "$server" --gc-interval-ms=100 --store="sqlite:$work/cluster.db" \
        --lease-ttl-ms=10000 --report-interval-ms=200 --life-time-ms=0
done
cli kv1 SET "$watched" before >/dev/null
cli kv2 SET "$watched" elsewhere >/dev/null
say "$seconds seconds of redis-benchmark over $clients connections, beside long transactions"
echo "   Every write creates a version. A server's minimum is the start timestamp of its oldest open"
echo "   transaction. The safe points never pass the minimum of any server: versions that a"
echo "   transaction may still read are kept, all others are collected."
hold 7 kv1 audit
start_load kv1 "$clients"
watch_load
finish_load kv1
show_benchmark
check_rest
say "stopping the servers"
for server in kv1 kv2; do
    stop_kv "$server"
    check "$server has no errors" \
        [ -z "$(grep -v '^roster-kv: only [0-9]* clients' "$work/$server.err")" ]
    sed 's/^/   /' "$work/$server.err"
done
tell_checks
echo "Next, try ./quickstart --stay: four servers with problems to find, in a browser and with rosterctl."

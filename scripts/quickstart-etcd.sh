# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# help: build, run three example servers on three etcd members, kill one of each
#
# Sourced by quickstart.

# shellcheck source=scripts/resp.sh
. scripts/resp.sh
# shellcheck source=scripts/kv-servers.sh
. scripts/kv-servers.sh
# shellcheck source=scripts/etcd.sh
. scripts/etcd.sh

seconds=24
ttl=6000
alive=(kv1 kv2 kv3)
live=() # transactions that no safe point may pass
declare -A highest
trap 'etcd_end_all; end_all' EXIT

# Prints the index of etcd's leader, from 0.
etcd_leader() {
    local n
    for n in "${!etcd_ports[@]}"; do
        if ETCDCTL_API=3 etcdctl --endpoints="http://127.0.0.1:${etcd_ports[$n]}" -w fields \
            endpoint status 2>/dev/null | awk -F ' : ' '
                $1 == "\"MemberID\"" { id = $2 } $1 == "\"Leader\"" { leader = $2 }
                END { exit !(id != "" && id == leader) }'; then
            echo "$n"
            return
        fi
    done
    echo 0
}

# Checks that no safe point went back or passed a live transaction.
check_all() {
    local name point holder now
    for name in "${alive[@]}"; do
        for point in txn_safe_point gc_safe_point; do
            now=$(value "$name" $point)
            check "the $point of $name does not go back" \
                [ "$now" -ge "${highest[$name.$point]-0}" ]
            highest[$name.$point]=$now
        done
        check "the gc safe point of $name is not above the txn safe point" \
            [ "$(value "$name" gc_safe_point)" -le "$(value "$name" txn_safe_point)" ]
        for holder in "${live[@]}"; do
            not_passed "$name" "$holder"
        done
    done
}

show() {
    local name
    for name in "${alive[@]}"; do
        look "$name"
    done
    printf '%2s s\n' "$1"
    show_safe_points "${alive[@]}"
    check_all
}

# Prints kv1's txn safe point.
txn_point() {
    look kv1
    value kv1 txn_safe_point
}

# reaches POINT TIMESTAMP: waits up to ten seconds for kv1's safe point to exceed the timestamp.
reaches() {
    local tries
    for ((tries = 100; tries; tries--)); do
        look kv1
        [ "$(value kv1 "$1")" -le "$2" ] || return 0
        sleep 0.1
    done
    return 1
}

kill_kv2() {
    echo "-- killing kv2 while \"audit\" is open: its record stays until its lease expires ($ttl ms)"
    kill -KILL "${load_pid[kv2]}" "${kv_pid[kv2]}"
    wait "${load_pid[kv2]}" "${kv_pid[kv2]}" 2>/dev/null || true
    unset "load_pid[kv2]" "kv_pid[kv2]"
    hang_up 7
    alive=(kv1 kv3)
}

kill_etcd() {
    local leader
    leader=$(etcd_leader)
    echo "-- killing etcd's leader, member$leader; two members remain"
    etcd_end "$leader" KILL
}

events() {
    case $1 in
    3)
        hold 7 kv2 audit
        live=(audit)
        ;;
    6)
        check "the txn safe point stops at audit" [ "$(txn_point)" = "$(start_of audit)" ]
        kill_kv2
        hold 8 kv3 report
        live=(report)
        ;;
    8) check "it does not advance before kv2's lease expires" [ "$(txn_point)" = "$(start_of audit)" ] ;;
    14)
        check "it advances after kv2's lease has expired" [ "$(txn_point)" -gt "$(start_of audit)" ]
        check "it stops at report, which is open" [ "$(txn_point)" = "$(start_of report)" ]
        kill_etcd
        ;;
    20)
        check "it has not passed report" [ "$(txn_point)" = "$(start_of report)" ]
        live=()
        release 8 kv3 report
        check "the txn safe point advances after report" reaches txn_safe_point "$(start_of report)"
        check "the gc safe point follows" reaches gc_safe_point "$(start_of report)"
        ;;
    esac
}

watch_all() {
    local second start
    start=$(date +%s%3N)
    for ((second = 1; second <= seconds; second++)); do
        while [ "$(date +%s%3N)" -lt $((start + second * 1000)) ]; do
            sleep 0.05
        done
        events "$second"
        if [ $((second % 2)) -eq 0 ]; then
            show "$second"
        fi
    done
}

install_packages build check kv
configure_all build
build_in build libroster.la examples/kv/roster-kv
leave_tree

say "starting three etcd members on the loopback interface"
etcd_start 3 "$work" || die "etcd did not start: $(tail -n 3 "$work"/member*.log)"
echo "   $(etcd_urls)"
say "starting three example servers that share this store"
for server in "${alive[@]}"; do
    start_kv "$server" --gc-interval-ms=100 --store="etcd:$(etcd_urls)" --lease-ttl-ms="$ttl" \
        --report-interval-ms=200 --life-time-ms=0
    cli "$server" SET "$watched" before >/dev/null
done
say "their keys, as etcdctl lists them"
etcd_ctl get --prefix /roster/ | paste -d ' ' - - | sed 's/^/   /'
say "$seconds seconds of load on all three servers; one server and one etcd member are killed"
for server in "${alive[@]}"; do
    start_load "$server" 20
done
watch_all
for server in "${alive[@]}"; do
    finish_load "$server"
done
say "stopping the remaining servers"
for server in "${alive[@]}"; do
    stop_kv "$server"
    sed "s/^/   $server  /" "$work/$server.err"
done
echo "-- the remaining keys"
etcd_ctl get --prefix /roster/ | paste -d ' ' - - | tee "$work/left" | sed 's/^/   /'
check "only the safe points and the last-seen key of kv2, which was killed, remain" \
    [ "$(grep -cv '^/roster/\(safepoint/\(txn\|gc\)\|server/seen/kv2\) ' "$work/left")" -eq 0 ]
tell_checks

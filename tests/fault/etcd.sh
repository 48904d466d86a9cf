# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# A cluster of three etcd members on loopback, for fault tests that include lib.sh before.

# shellcheck disable=SC2034,SC2154 # variables of lib.sh, and for whoever includes this
if ! command -v etcd >/dev/null || ! command -v etcdctl >/dev/null; then
    skip "etcd is not installed"
fi

members=(1 2 3)
declare -A client_ports=() peer_ports=()
export ETCDCTL_API=3
etcd_options=()
# etcd grants no less than about two seconds.
options=(--ttl 3000 --interval 60 --timeout 2000)

# start_member N: starts it, or starts it again with its data.
start_member() {
    local peer=http://127.0.0.1:${peer_ports[$1]} client=http://127.0.0.1:${client_ports[$1]}
    setpriv --pdeathsig KILL etcd --name "member$1" --data-dir "$work/etcd$1" \
        --listen-client-urls "$client" --advertise-client-urls "$client" \
        --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" \
        --initial-cluster "$initial_cluster" --initial-cluster-state new \
        --heartbeat-interval 50 --election-timeout 500 "${etcd_options[@]}" \
        >>"$work/etcd$1.log" 2>&1 &
    pids[etcd$1]=$!
}

ctl() {
    etcdctl --endpoints "$endpoints" --dial-timeout 2s --command-timeout 5s "$@" 2>>"$work/ctl.log"
}

# start_etcd: all three, once they serve.
start_etcd() {
    local n ports
    mapfile -t ports < <("$tool" ports $((2 * ${#members[@]})))
    initial_cluster='' endpoints=''
    for n in "${members[@]}"; do
        client_ports[$n]=${ports[2 * n - 2]}
        peer_ports[$n]=${ports[2 * n - 1]}
        initial_cluster+=,member$n=http://127.0.0.1:${peer_ports[$n]}
        endpoints+=,http://127.0.0.1:${client_ports[$n]}
    done
    initial_cluster=${initial_cluster#,} endpoints=${endpoints#,}
    url=etcd:$endpoints
    for n in "${members[@]}"; do
        start_member "$n"
    done
    etcd_serves
}

etcd_serves() {
    until_so 60 ctl endpoint health || fail "etcd does not serve: $(tail -n 5 "$work"/etcd?.log)"
}

# leader: the number of the member that leads.
leader() {
    local n
    for n in "${members[@]}"; do
        if etcdctl --endpoints "http://127.0.0.1:${client_ports[$n]}" --command-timeout 2s \
            endpoint status -w simple 2>/dev/null | cut -d, -f5 | grep -q true; then
            echo "$n"
            return
        fi
    done
    fail "no member leads"
}

# start_proxy NAME: the network of one server; its store's URL is then ${urls[NAME]}.
start_proxy() {
    local n url='' name=$1
    for n in "${members[@]}"; do
        "$programs/proxy" "${client_ports[$n]}" "$work/network-$name" >"$work/port-$name$n" &
        pids[proxy-$name$n]=$!
        until_so 10 [ -s "$work/port-$name$n" ] || fail "no proxy"
        url+=,http://127.0.0.1:$(cat "$work/port-$name$n")
    done
    # shellcheck disable=SC2004 # it is an associative array of lib.sh
    urls[$name]=etcd:${url#,}
}

# network NAME pass|lost|reset|halved|MS: see proxy.c.
network() {
    local mode=$2
    case $mode in
    pass) mode=0 ;;
    lost) mode=-1 ;;
    reset) mode=-2 ;;
    halved) mode=-3 ;;
    esac
    "$tool" number "$work/network-$1" "$mode"
}

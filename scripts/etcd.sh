# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# An etcd cluster on the loopback interface, on ports that the kernel picks. Who sources this ends
# the processes in etcd_pids.

# Variables of this terminal for another cluster, such as an earlier drill's, conflict with options.
unset "${!ETCD_@}" "${!ETCDCTL_@}"

etcd_pids=() # of the members; empty while one is down
etcd_ports=()
etcd_peers=()
etcd_dir=
etcd_options=() # more of them

# pick_ports N: prints N ports that are free now.
pick_ports() {
    perl -MIO::Socket::INET -e '
        my @sockets = map { IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1:0") } 1 .. $ARGV[0];
        print join(" ", map { $_->sockport } @sockets), "\n"' "$1"
}

# etcd_ctl WORD...
etcd_ctl() {
    ETCDCTL_API=3 etcdctl --endpoints="$(etcd_urls)" --command-timeout=10s "$@"
}

# etcd_urls: all members' client URLs, with commas.
etcd_urls() {
    printf 'http://127.0.0.1:%s\n' "${etcd_ports[@]}" | paste -s -d ,
}

# etcd_launch I: starts the Ith member, counted from 0, on what data it has.
etcd_launch() {
    local n cluster='' client=http://127.0.0.1:${etcd_ports[$1]} peer=http://127.0.0.1:${etcd_peers[$1]}
    for n in "${!etcd_ports[@]}"; do
        cluster=$cluster${cluster:+,}member$n=http://127.0.0.1:${etcd_peers[$n]}
    done
    etcd --name "member$1" --data-dir "$etcd_dir/member$1" \
        --listen-client-urls "$client" --advertise-client-urls "$client" \
        --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" \
        --initial-cluster "$cluster" "${etcd_options[@]}" >>"$etcd_dir/member$1.log" 2>&1 &
    etcd_pids[$1]=$!
}

# etcd_end I [SIGNAL]: ends the Ith member.
etcd_end() {
    [ -n "${etcd_pids[$1]-}" ] || return 0
    kill "-${2:-TERM}" "${etcd_pids[$1]}" 2>/dev/null || true
    wait "${etcd_pids[$1]}" 2>/dev/null || true
    etcd_pids[$1]=
}

etcd_end_all() {
    local n
    for n in "${!etcd_pids[@]}"; do
        etcd_end "$n" KILL
    done
}

etcd_try() { # N: whether all members came up
    local n tries ports
    read -r -a ports < <(pick_ports $(($1 * 2))) || return 1
    etcd_ports=("${ports[@]:0:$1}")
    etcd_peers=("${ports[@]:$1}")
    for ((n = 0; n < $1; n++)); do
        etcd_launch "$n"
    done
    for ((tries = 100; tries; tries--)); do
        etcd_ctl endpoint health >/dev/null 2>&1 && return 0
        for ((n = 0; n < $1; n++)); do
            kill -0 "${etcd_pids[$n]}" 2>/dev/null || return 1
        done
        sleep 0.1
    done
    return 1
}

# etcd_start N DIRECTORY: starts N members; a port may be taken by then, and then others are tried.
etcd_start() {
    local tries
    etcd_dir=$2
    for ((tries = 3; tries; tries--)); do
        etcd_try "$1" && return 0
        etcd_end_all
        rm -rf "$etcd_dir"/member*
    done
    return 1
}

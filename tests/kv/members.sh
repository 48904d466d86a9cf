# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Sourced by the tests of the example server in a cluster: several servers that meet in one store.
# shellcheck shell=bash
# shellcheck disable=SC2034 # used there

# shellcheck source=tests/kv/server.sh
. "$ROSTER_SRCDIR/tests/kv/server.sh"
# shellcheck source=scripts/etcd.sh
. "$ROSTER_SRCDIR/scripts/etcd.sh"

store=
ttl=3000
declare -A pids ports forgers

# need_etcd N: starts an etcd cluster, whose processes end with the test.
need_etcd() {
    if ! command -v etcd >/dev/null || ! command -v etcdctl >/dev/null; then
        skip "etcd is not installed (Debian: etcd-server, etcd-client)"
    fi
    etcd_start "$1" "$work" || {
        cat "$work"/member*.log
        echo "etcd did not start"
        exit 1
    }
    children+=("${etcd_pids[@]}")
    store=etcd:$(etcd_urls)
}

# start_member NAME [OPTION...]: a server of that id, without life time, that reports often.
start_member() {
    local name=$1
    shift
    start_server --store="$store" --server-id="$name" --lease-ttl-ms="$ttl" \
        --report-interval-ms=100 --life-time-ms=0 --gc-interval-ms=20 "$@"
    mv "$work/server.err" "$work/$name.err"
    pids[$name]=$server
    ports[$name]=$port
    children+=("$server")
    server=
}

# stop_member NAME: it has to end well.
stop_member() {
    local status=0
    kill -TERM "${pids[$1]}"
    wait "${pids[$1]}" || status=$?
    [ "$status" -eq 0 ] || fail "server $1 ended with status $status: $(cat "$work/$1.err")"
    unset "pids[$1]"
}

stop_members() {
    local name
    for name in "${!pids[@]}"; do
        stop_member "$name"
    done
}

# on_etcd COMMAND...: etcdctl, on the members' store.
on_etcd() {
    ETCDCTL_API=3 etcdctl --endpoints="$(etcd_urls)" "$@"
}

# record NAME VALUE, unrecord NAME: what a store says of a server, whatever is there.
record() {
    on_etcd put "/roster/server/info/$1" "$2" >/dev/null
}
record_address() { # NAME ADDRESS
    record "$1" "{\"status_address\":\"$2\"}"
}
unrecord() {
    on_etcd del "/roster/server/info/$1" >/dev/null
}

# begin_elder_and_younger ELDER YOUNGER: each of these servers has a client of that name, whose transaction
# is open. Descriptors 3 and 4.
begin_elder_and_younger() {
    dial 3 "${ports[$1]}"
    ask 3 'CLIENT SETNAME elder' >/dev/null
    expect "the elder begins" +OK "$(ask 3 BEGIN)"
    sleep 0.05 # so that their timestamps differ
    dial 4 "${ports[$2]}"
    ask 4 'CLIENT SETNAME younger' >/dev/null
    expect "the younger begins" +OK "$(ask 4 BEGIN)"
}

# forge NAME SOCKET [KIND]: an endpoint that is none, see forged.py, with its record. What it is asked is in
# $work/NAME.log.
forge() {
    python3 "$ROSTER_SRCDIR/tests/status/forged.py" "$work/$1.log" "$1" "$2" "${@:3}" >"$work/$1.out" &
    forgers[$1]=$!
    children+=("$!")
    eventually "it listens" test -s "$work/$1.out"
    record_address "$1" "unix:$2"
}
unforge() { # NAME
    unrecord "$1"
    kill "${forgers[$1]}"
    wait "${forgers[$1]}" || true
    unset "forgers[$1]"
}

# on NAME COMMAND...: the command, about that server.
on() {
    port=${ports[$1]}
    shift
    "$@"
}

# start_ts NAME ADDRESS-NAME: where the transaction of the client with that name began.
start_ts() {
    on "$1" cli TRX LIST | sed -n "s/.* name=$2 .*start-ts=\([0-9]*\) .*/\1/p"
}

# Conditions for eventually().
gc_passes() { # NAME TIMESTAMP
    [ "$(on "$1" info gc_safe_point)" -gt "$2" ]
}
member_is() { # NAME FIELD PATTERN
    # shellcheck disable=SC2053 # a pattern is meant
    [[ $(on "$1" info "$2") == $3 ]]
}
leader_says() { # FIELD PATTERN
    local name
    for name in "${!pids[@]}"; do
        [ "$(on "$name" info leads)" != 1 ] || member_is "$name" "$1" "$2" && return 0
    done
    return 1
}
reads() { # NAME KEY VALUE
    [ "$(on "$1" cli GET "$2" 2>&1)" = "$3" ]
}
is_fenced() { # NAME
    case $(on "$1" cli GET k 2>&1) in
    FENCED*) ;;
    *) return 1 ;;
    esac
}

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Example servers with all that an operator looks at: endpoints with a token, an activity history, users,
# clients that hold and wait. Sourced after etcd.sh and kv-servers.sh.

# shellcheck disable=SC2034,SC2154,SC2016 # variables of kv-servers.sh; a stand-in expands its own
token=drill
declare -A status # addresses of the endpoints
store=

# stand_in NAME SCRIPT: a command for the terminal of the operator, see servers.
stand_in() {
    mkdir -p "$work/bin"
    printf '#!/bin/bash\nwork=%q build=%q\n%s\n' "$work" "$(cd "$build" && pwd)" "$2" >"$work/bin/$1"
    chmod +x "$work/bin/$1"
}

# watched NAME STORE OPTION...: a server with all of that, and with a little load.
watched() {
    local name=$1 where=$2
    shift 2
    (umask 077 && printf '%s\n' "$token" >"$work/token")
    status[$name]=127.0.0.1:$(pick_ports 1 | tr -d ' ')
    start_kv "$name" --store="$where" --status="${status[$name]}" --status-token="$work/token" \
        --lease-ttl-ms=6000 --report-interval-ms=300 --life-time-ms=0 --status-old-ms=8000 \
        --activity-ms=50 --auth=trust "$@" >/dev/null
    client "$name-load" "$name" shop web "MSET a 1 b 2"
    steady "$name"
}

# servers STORE OPTION...: kv1 and kv2, which meet there. $work/env is to be read by the operator's terminal.
servers() {
    local name
    store=$1
    shift
    for name in kv1 kv2; do
        watched "$name" "$store" "$@"
    done
    stand_in rosterctl 'exec "$build/rosterctl" "$@"'
    cat >"$work/env" <<END
export PATH=$work/bin:\$PATH ROSTER_SERVER=${status[kv1]} ROSTER_TOKEN=$token
export STORE=$store ROSTER_STORE=$store
alias redis-cli1='redis-cli -p ${kv_port[kv1]}' redis-cli2='redis-cli -p ${kv_port[kv2]}'
END
    [ "${store%%:*}" != etcd ] || echo "export ETCDCTL_API=3 ETCDCTL_ENDPOINTS=${store#etcd:}" >>"$work/env"
}

# steady SERVER: a little load, so that not all stands still anyway.
steady() {
    redis-cli -p "${kv_port[$1]}" -r -1 -i 0.05 INCR hits >/dev/null 2>&1 &
    load_pid[$1-steady]=$!
}

# of WHO FIELD: what CLIENT LIST shows of the client of that name on kv1; nothing when it has gone.
of() {
    cli kv1 CLIENT LIST NAME "$1" | sed -n "1s/.* $2=\([^ ]*\).*/\1/p"
}

waiting() {
    look kv1
    [ "$(value kv1 blocked_clients)" -eq "$1" ]
}

ctl() {
    ROSTER_TOKEN=$token "$build/rosterctl" -s "${status[kv1]}" "$@"
}

# holds WHO: whether it is idle inside a transaction.
holds() {
    [ "$(of "$1" txn)" = valid ] && [ "$(of "$1" state)" = Idle ]
}

# Four sessions of kv1, three of which wait, one for the other, in the end for one that is idle.
chain() {
    client import kv1 batch import BEGIN "LOCK orders" "SET import 1"
    within 10 holds import
    client billing kv1 billing invoices BEGIN "LOCK invoices" "LOCK orders" COMMIT
    within 10 waiting 1
    client stock kv1 stock warehouse BEGIN "LOCK stock" "LOCK invoices" COMMIT
    within 10 waiting 2
    client checkout kv1 shop checkout BEGIN "LOCK stock" COMMIT
    within 10 waiting 3
}

# Two jobs take two locks in opposite order: one is refused, the other one goes on.
deadlock() {
    client payments kv1 payments job-a BEGIN "LOCK accounts" "$work/go" "LOCK ledger" ROLLBACK
    within 10 holds job-a
    client audit kv1 audit job-b BEGIN "LOCK ledger" "LOCK accounts" "SET audited 1" COMMIT
    within 10 waiting 1
    touch "$work/go"
    within 10 waiting 0
}

# keep_lock FILE: a process keeps the lock of that store's file, so no lease in it is kept alive.
keep_lock() {
    mkfifo "$work/sql"
    exec 8<>"$work/sql"
    sqlite3 "$1" <"$work/sql" >/dev/null 2>&1 &
    load_pid[locker]=$!
    printf "%s\n" ".timeout 20000" "BEGIN EXCLUSIVE;" >&8 # a server may be writing just then
}

# fenced NAME
fenced() {
    look "$1"
    [ "$(value "$1" fenced)" = 1 ]
}

# Whether kv1 lets no more clients in.
refuses() {
    cli kv1 PING 2>&1 | grep -q 'max number'
}

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# The incidents of scripts/drill and tests/kv/drill.sh: for each what brings it about (stage_), what
# users report (report_) and when it is over (over_). Sourced after say.sh, resp.sh, etcd.sh and
# kv-servers.sh.

# shellcheck disable=SC2034,SC2154,SC2016 # variables of others, and for others; stand-ins expand theirs
incidents=(blocking clock idle fenced crowd slow full deadlock barrier frozen)
token=drill
declare -A status # addresses of the endpoints
store=

# prepare: what an operator works with.
prepare() {
    mkdir "$work/bin"
    printf '%s\n' "$token" >"$work/token"
    printf '%-20s\n' 0 >"$work/clock"
    stand_in answer 'printf "%s\n" "$*" >"$work/answer"'
    stand_in timedatectl 'case ${1-status} in
        set-ntp) [ "${2-}" = true ] && printf "%-20s\n" 0 >"$work/clock" ;;
        status | timesync-status) offset=$(cat "$work/clock")
            [ "$offset" -eq 0 ] && echo "System clock synchronized: yes" && exit
            echo "System clock synchronized: no"
            echo "              NTP service: inactive (timedatectl set-ntp true)"
            echo "                   Offset: $((offset / 1000)) s" ;;
        *) echo "timedatectl: in a drill there are status, timesync-status and set-ntp true" && exit 2 ;;
    esac'
    stand_in rosterctl 'exec "$build/rosterctl" "$@"'
}

# stand_in NAME SCRIPT: a command of the operator's.
stand_in() {
    # shellcheck disable=SC2016 # expanded there
    printf '#!/bin/bash\nwork=%q build=%q\n%s\n' "$work" "$(cd "$build" && pwd)" "$2" >"$work/bin/$1"
    chmod +x "$work/bin/$1"
}

# servers STORE OPTION...: kv1 and kv2, which meet there; kv1 with the options too.
servers() {
    local name ports
    store=$1
    shift
    read -r -a ports < <(pick_ports 2)
    for name in kv1 kv2; do
        status[$name]=127.0.0.1:${ports[0]}
        ports=("${ports[@]:1}")
        start_kv "$name" --store="$store" --status="${status[$name]}" --status-token="$work/token" \
            --lease-ttl-ms=6000 --report-interval-ms=300 --life-time-ms=0 --status-old-ms=8000 \
            --activity-ms=50 --auth=trust "${@/#kv1:/}" >/dev/null
        client "$name-load" "$name" shop web "MSET a 1 b 2"
        steady "$name"
    done
    cat >"$work/env" <<END
export PATH=$work/bin:\$PATH ROSTER_SERVER=${status[kv1]} ROSTER_TOKEN=$token
export STORE=$store ETCDCTL_API=3 ETCDCTL_ENDPOINTS=${store#etcd:}
alias redis-cli1='redis-cli -p ${kv_port[kv1]}' redis-cli2='redis-cli -p ${kv_port[kv2]}'
END
}

# steady SERVER: a little load, so that not all stands still anyway.
steady() {
    redis-cli -p "${kv_port[$1]}" -r -1 -i 0.05 INCR hits >/dev/null 2>&1 &
    load_pid[$1-steady]=$!
}

# of WHO FIELD: what CLIENT LIST says of the client of that name on kv1; nothing when it has gone.
of() {
    cli kv1 CLIENT LIST NAME "$1" | sed -n "1s/.* $2=\([^ ]*\).*/\1/p"
}

answered() {
    [ "$(cat "$work/answer" 2>/dev/null)" = "$1" ]
}

waiting() {
    look kv1
    [ "$(value kv1 blocked_clients)" -eq "$1" ]
}

ctl() {
    ROSTER_TOKEN=$token "$build/rosterctl" -s "${status[kv1]}" "$@"
}

# Four sessions, three of which wait, one for the other, in the end for one that is idle.
stage_blocking() {
    servers "sqlite:$work/cluster.db"
    client import kv1 batch import BEGIN "LOCK orders" "SET import 1"
    within 10 holds import
    client billing kv1 billing invoices BEGIN "LOCK invoices" "LOCK orders" COMMIT
    within 10 waiting 1
    client stock kv1 stock warehouse BEGIN "LOCK stock" "LOCK invoices" COMMIT
    within 10 waiting 2
    client checkout kv1 shop checkout BEGIN "LOCK stock" COMMIT
    within 10 waiting 3
}
holds() {
    [ "$(of "$1" txn)" = valid ] && [ "$(of "$1" state)" = Idle ]
}
report_blocking() {
    echo "checkouts on kv1 hang."
}
over_blocking() {
    [ "$(of import txn)" != valid ] && waiting 0
}

# The wall clock of kv1 goes back by a minute and a half.
stage_clock() {
    "${CC:-cc}" -shared -fPIC -O1 -o "$work/set-back.so" scripts/set-back.c
    ROSTER_WALL_CLOCK=$work/clock LD_PRELOAD=$work/set-back.so servers "sqlite:$work/cluster.db"
    sleep 0.5
    printf '%-20s\n' -90000 >"$work/clock"
}
report_clock() {
    echo "an audit says that rows written on kv1 are dated in the future. Is it harmful, and how does it end?"
}
over_clock() {
    [ "$(cat "$work/clock")" -eq 0 ]
}

# A transaction that is open, and whose client does nothing.
stage_idle() {
    servers "sqlite:$work/cluster.db"
    client report kv1 anna report BEGIN "GET a"
    within 10 holds report
    sleep 8
}
report_idle() {
    echo "the memory of kv1 grows, although it holds as many keys as ever."
}
over_idle() {
    [ "$(of report txn)" != valid ]
}

# A process keeps the lock of the store's file, so no lease is kept alive.
stage_fenced() {
    servers "sqlite:$work/cluster.db"
    sleep 1
    mkfifo "$work/sql"
    exec 8<>"$work/sql"
    sqlite3 "$work/cluster.db" <"$work/sql" >/dev/null 2>&1 &
    load_pid[locker]=$!
    echo "BEGIN EXCLUSIVE;" >&8
    within 30 fenced
}
fenced() {
    look kv1
    [ "$(value kv1 fenced)" = 1 ]
}
report_fenced() {
    echo "all clients of both servers get FENCED."
}
over_fenced() {
    ! fenced
}

# One user has nearly all connections that the server allows.
stage_crowd() {
    local n
    servers "sqlite:$work/cluster.db" --max-clients=20
    for ((n = 0; n < 18; n++)); do
        client "crawler$n" kv1 crawler "worker-$n" PING
    done
    within 10 refuses
}
refuses() {
    cli kv1 PING 2>&1 | grep -q 'max number'
}
report_crowd() {
    echo "new clients of kv1 are refused: max number of clients reached."
}
over_crowd() {
    [ "$(ctl ps --user=crawler --output=csv | wc -l)" -lt 9 ]
}

# Many sessions of one user ran something slow, for a while that is past.
stage_slow() {
    local n
    servers "sqlite:$work/cluster.db"
    for ((n = 0; n < 6; n++)); do
        client "nightly$n" kv1 nightly "job-$n" "DEBUG SLEEP ${slow_seconds:-15}" QUIT
    done
    sleep "$((${slow_seconds:-15} + 2))"
    slow_until=$(date +%H:%M:%S)
}
report_slow() {
    echo "until $slow_until everything on kv1 was slow for a quarter of a minute. Whose was it (answer USER)?"
}
over_slow() {
    answered nightly
}

# The database of etcd is full of old revisions of a key.
stage_full() {
    local n
    etcd_options=(--quota-backend-bytes $((16 * 1024 * 1024)))
    etcd_start 1 "$work" || die "etcd did not start"
    servers "etcd:$(etcd_urls)"
    head -c 1000000 /dev/zero | tr '\0' x >"$work/filler"
    for ((n = 0; n < 64; n++)); do
        etcd_ctl put /app/settings <"$work/filler" >/dev/null 2>&1 || break
    done
    within 10 reports_fail
}
reports_fail() {
    look kv1
    [ "$(value kv1 store_last_error)" != none ]
}
report_full() {
    echo "since a moment ago old versions pile up on both servers."
}
over_full() {
    [ -z "$(etcd_ctl alarm list 2>&1)" ] && ! reports_fail
}

# Two jobs take two locks in opposite order, again and again.
stage_deadlock() {
    servers "sqlite:$work/cluster.db"
    client payments kv1 payments job-a BEGIN "LOCK accounts" "$work/go" "LOCK ledger" ROLLBACK
    within 10 holds job-a
    client audit kv1 audit job-b BEGIN "LOCK ledger" "LOCK accounts" "SET audited 1" COMMIT
    within 10 waiting 1
    touch "$work/go"
    within 10 waiting 0
}
report_deadlock() {
    echo "a job of the user payments failed: DEADLOCK. Which user was in the way (answer USER)?"
}
over_deadlock() {
    answered audit
}

# A barrier without an end.
stage_barrier() {
    servers "sqlite:$work/cluster.db"
    sleep 1
    "$build/rosterctl" barrier set migration-7 now --store="$store" >/dev/null
    sleep 9
}
report_barrier() {
    echo "old versions pile up on all servers, and no transaction is old."
}
over_barrier() {
    ! "$build/rosterctl" barrier list --store="$store" | grep -q migration-7
}

# The server that leads stands still.
stage_frozen() {
    etcd_start 1 "$work" || die "etcd did not start"
    servers "etcd:$(etcd_urls)"
    within 10 leads
    kill -STOP "${kv_pid[kv1]}"
}
leads() {
    look kv1
    [ "$(value kv1 leads)" = 1 ]
}
report_frozen() {
    echo "clients of kv1 get no reply any more."
}
over_frozen() {
    [[ $(ps -o stat= -p "${kv_pid[kv1]}") != T* ]]
}

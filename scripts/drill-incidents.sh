# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# The incidents of scripts/drill and tests/kv/drill.sh: for each what brings it about (stage_), what
# users report (report_) and when it is over (over_). Sourced after say.sh, resp.sh, etcd.sh,
# kv-servers.sh and kv-watched.sh.

# shellcheck disable=SC2034,SC2154,SC2016 # variables of others, and for others; stand-ins expand theirs
incidents=(blocking clock idle fenced crowd slow full deadlock barrier frozen)

# prepare: what an operator works with.
prepare() {
    printf '%-20s\n' 0 >"$work/clock"
    stand_in answer '[ -e "$work/question" ] || { echo "answer: this incident asks nothing" >&2; exit 2; }
    [ "$(printf %s "$*" | cksum)" = "$(cat "$work/question")" ] ||
        { echo "answer: \"$*\" is wrong; look again" >&2; exit 1; }
    touch "$work/answered"
    echo "right"'
    stand_in timedatectl 'case ${1-status} in
        set-ntp) [ "${2-}" = true ] && printf "%-20s\n" 0 1<>"$work/clock" ;;
        status | timesync-status) offset=$(cat "$work/clock")
            [ "$offset" -eq 0 ] && echo "System clock synchronized: yes" && exit
            echo "System clock synchronized: no"
            echo "              NTP service: inactive (timedatectl set-ntp true)"
            echo "                   Offset: $((offset / 1000)) s" ;;
        *) echo "timedatectl: in a drill there are status, timesync-status and set-ntp true" && exit 2 ;;
    esac'
}

# asks WORD: the answer to what the report asks, as what a list of files does not give away.
asks() {
    printf %s "$1" | cksum >"$work/question"
}
answered() {
    [ -e "$work/answered" ]
}

# A chain of sessions waits for one that is idle.
stage_blocking() {
    servers "sqlite:$work/cluster.db"
    chain
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
    printf '%-20s\n' -90000 1<>"$work/clock" # servers have it mapped: it is never shorter
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
    keep_lock "$work/cluster.db"
    within 30 fenced kv1
}
report_fenced() {
    echo "all clients of both servers get FENCED."
}
over_fenced() {
    ! fenced kv1
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
report_crowd() {
    echo "new clients of kv1 are refused: max number of clients reached."
}
over_crowd() {
    [ "$(ctl ps --user=crawler --output=csv | wc -l)" -lt 9 ]
}

# Many sessions of one user ran something slow, for a while that is past: a moment ago, or past_minutes.
stage_slow() {
    local n
    asks nightly
    servers "sqlite:$work/cluster.db"
    for ((n = 0; n < 6; n++)); do
        client "nightly$n" kv1 nightly "job-$n" "DEBUG SLEEP ${slow_seconds:-15}" QUIT
    done
    sleep "$((${slow_seconds:-15} + 2))"
    slow_until=$(date +%H:%M:%S)
    sleep "$((${past_minutes:-0} * 60))"
}
report_slow() {
    echo "until $slow_until, which is ${past_minutes:-0} min ago, everything on kv1 was slow for a quarter of a" \
        "minute. Whose was it (answer USER)?"
}
over_slow() {
    answered
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
    asks audit
    servers "sqlite:$work/cluster.db"
    deadlock
}
report_deadlock() {
    echo "a job of the user payments failed: DEADLOCK. Which user was in the way (answer USER)?"
}
over_deadlock() {
    answered
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

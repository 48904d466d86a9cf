#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# drill.sh [INCIDENT...]: stages the incidents of scripts/drill, all ten if none is named, three at a
# time, looks for the signs that the operator's manual names, and runs the command that it names. They
# take longer than a test may, so "make check-drill" runs this, and a release does. With $DRILL_PAST the slow
# statement was over so many minutes ago, as in scripts/drill --past.

# shellcheck disable=SC2034,SC2154,SC2317 # variables and functions of what is sourced, and for it

set -uo pipefail
manual=$ROSTER_SRCDIR/doc/operations.md
here=$ROSTER_SRCDIR/tests/kv/drill.sh
cd "$ROSTER_SRCDIR" || exit 99
for part in say resp etcd kv-servers kv-watched drill-incidents; do
    # shellcheck source=/dev/null
    . "scripts/$part.sh"
done
trap 'etcd_end_all; end_all' EXIT
trap 'exit 130' INT TERM HUP

wrong() {
    echo "WRONG: $incident: $*"
    failures=$((failures + 1))
}

# says PATTERN COMMAND: within ten seconds the command, which the manual names, prints that; or within
# as many tries as $patience says.
says() {
    checks=$((checks + 1))
    grep -qF -- "$2" "$manual" || wrong "the manual does not name: $2"
    for ((tries = ${patience:-50}; tries; tries--)); do
        run "$2" >"$work/said" 2>&1
        if grep -q -e "$1" "$work/said"; then
            echo "right: $incident: $2: $(grep -m 1 -e "$1" "$work/said")"
            return
        fi
        sleep 0.2
    done
    wrong "$2 does not say: $1"
    sed 's/^/  /' "$work/said"
}

# run COMMAND: as an operator does.
run() {
    bash -c ". $work/env; ${1//=STORE/=$store}"
}

# ends COMMAND [WHAT WORD]...: the command, which the manual names with these capitals for the words,
# ends the incident.
ends() {
    local command=$1
    checks=$((checks + 1))
    grep -qF -- "$command" "$manual" || wrong "the manual does not name: $command"
    shift
    while [ $# -gt 1 ]; do
        command=${command//"$1"/"$2"}
        shift 2
    done
    run "$command" >"$work/said" 2>&1
    if within 20 "over_$incident"; then
        echo "right: $incident: $command"
    else
        wrong "$command does not end it"
        sed 's/^/  /' "$work/said"
    fi
}

# id USER: of the user's session on kv1.
id() {
    ctl ps --user="$1" --columns=id --output=csv | sed -n '2s/[^0-9]*$//p'
}

# lacks PATTERN COMMAND: right after a says() of the command's.
lacks() {
    checks=$((checks + 1))
    run "$2" >"$work/said" 2>&1
    grep -q -e "$1" "$work/said" || return 0
    wrong "$2 says: $1"
    sed 's/^/  /' "$work/said"
}

drill_blocking() {
    says '^[0-9]* *batch ' "rosterctl locks"
    says ' *[0-9]* *shop .*lock stock' "rosterctl locks"
    says "sessions blocked.*" "rosterctl status"
    says "run: .*kill --transaction=[0-9]* $(id batch)" "rosterctl status"
    ends "rosterctl kill --transaction ID" ID "$(id batch)"
}

drill_clock() {
    says 'clock ahead' "rosterctl status"
    says 'synchronized: no' "timedatectl timesync-status"
    ends "timedatectl set-ntp true"
}

drill_idle() {
    says 'minimum too old' "rosterctl status"
    lacks 'report overdue' "rosterctl status"
    says 'user anna.*application report' "rosterctl min"
    says 'kill --transaction' "rosterctl min"
    ends "rosterctl kill --transaction ID" ID "$(id anna)"
}

drill_fenced() {
    says 'fenced' "rosterctl status"
    says 'another process held the lock' "rosterctl safepoint"
    says "sqlite3 .*WRITE.*$work/cluster.db-shm" "lslocks --output COMMAND,PID,MODE,PATH"
    ends "kill PID" PID "${load_pid[locker]}"
    says 'fence ' "rosterctl events"
}

drill_crowd() {
    says 'sessions near their limit' "rosterctl status"
    says 'user *crawler *18' "rosterctl groups"
    says 'open rejected' "rosterctl events"
    for signal in HUP TERM; do
        # Under nohup a signal is ignored, which no trap changes.
        env --default-signal scripts/drill 5 >"$work/drill.out" 2>&1 &
        within 60 grep -q preparing "$work/drill.out"
        kill "-$signal" $!
        wait $!
        grep -qx "== given up (signal $signal)" "$work/drill.out" || wrong "no last word after SIG$signal"
    done
    ends "rosterctl ps --user=USER --columns=id --output=csv | tr -cd '0-9\\n' | xargs rosterctl kill" \
        USER crawler
}

drill_slow() {
    # A step of half a minute is shown when it is over.
    patience=200 says 'most at 20[0-9-]* [0-9:]*, for .*: [0-9]' "rosterctl activity --since=-15m --by=time"
    says 'DebugSleep .*DEBUG .*nightly' "rosterctl activity --since=-15m --by=wait,digest,user"
    if run "answer etl" >"$work/said" 2>&1 || over_slow || ! grep -q '"etl" is wrong' "$work/said"; then
        wrong "a wrong answer is not told so: $(cat "$work/said")"
    fi
    run "answer nightly"
    within 1 over_slow || wrong "an answer is not taken"
}

drill_full() {
    says 'report overdue' "rosterctl status"
    says 'run: etcdctl alarm list' "rosterctl safepoint"
    says 'NOSPACE' "etcdctl alarm list"
    run "$(sed -n '/^    revision=/,/alarm disarm/s/^ *//p' "$manual")" >"$work/said" 2>&1
    within 20 over_full || {
        wrong "the commands of the manual do not make room"
        sed 's/^/  /' "$work/said"
    }
}

drill_deadlock() {
    says 'deadlock 1, .*of 2 sessions' "rosterctl locks"
    says "^  session $(id audit) (audit) waited for session .* (payments): lock accounts" "rosterctl locks"
    says "deadlock .*the wait of session .*, was refused; sessions " "rosterctl events"
    run "answer audit"
    within 1 over_deadlock || wrong "an answer is not taken"
}

drill_barrier() {
    says 'txn safe point stuck.*' "rosterctl --store=STORE status"
    says 'migration-7' "rosterctl --store=STORE barrier list"
    says 'it never expires' "rosterctl --store=STORE status"
    ends "rosterctl --store=STORE barrier delete NAME" NAME migration-7
    "$build/rosterctl" barrier set migration-7 now --store="$store" >/dev/null
    says 'run: .*ROSTER_STORE.* barrier delete' "rosterctl status"
    run "$(sed -n 's/^ *run: *\(.*barrier delete.*\)/\1/p' "$work/said")"
    over_barrier || wrong "the command that a server proposes does not end it"
}

drill_frozen() {
    [ "$(ps -o sid= -p "${kv_pid[kv1]}")" != "$(ps -o sid= -p $$)" ] ||
        wrong "the server that is stopped is in the session of the script"
    says 'kv1 *silent .*no server answers' "rosterctl --store=STORE status"
    says "127.0.0.1:${status[kv1]#*:}.*pid=${kv_pid[kv1]}" "ss -ltnp"
    says "^ *${kv_pid[kv1]} T" "ps -eo pid,stat,args"
    ends "kill -CONT PID" PID "${kv_pid[kv1]}"
    says 'kv1 .*healthy' "rosterctl --store=STORE status"
}

for incident; do
    case " ${incidents[*]} " in
    *" $incident "*) ;;
    *) echo "drill.sh: there is no incident \"$incident\": there are ${incidents[*]}" >&2 && exit 2 ;;
    esac
done
if [ $# -eq 1 ]; then
    incident=$1
    [ "$incident" != full ] && [ "$incident" != frozen ] || command -v etcd >/dev/null || exit 77
    [ "$incident" != fenced ] || command -v lslocks >/dev/null || exit 77
    failures=0 slow_seconds=3 past_minutes=${DRILL_PAST:-0}
    prepare
    if "stage_$incident"; then
        [ -n "$("report_$incident")" ] || wrong "no report"
        "drill_$incident"
    else
        wrong "it cannot be staged"
        tail -n 5 "$work"/*.err "$work"/*.replies
    fi
    exit "$((failures > 0))"
fi

[ $# -gt 0 ] || set -- "${incidents[@]}"
status=0 running=0
for incident; do
    if [ "$running" -eq 3 ]; then
        wait -n || status=1
        running=2
    fi
    "$here" "$incident" 2>&1 &
    running=$((running + 1))
done
while [ "$running" -gt 0 ]; do
    wait -n || status=1
    running=$((running - 1))
done
exit "$status"

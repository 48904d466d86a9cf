#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# ./quickstart --stay, as a terminal runs it: every command that it prints shows what it is printed for, Ctrl-C ends it
# with status 0, and nothing is left. It builds in the sources, so a stage of .ci/run calls this.

# shellcheck disable=SC2317 # called by a trap, or by until_so

set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 99
out=$(mktemp "${TMPDIR:-/tmp}/roster-stay.XXXXXX") || exit 99
pid=
wrong=0
cleanup() {
    [ -z "$pid" ] || kill -TERM -- "-$pid" 2>/dev/null
    rm -f "$out"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

fail() {
    echo "WRONG: $*"
    wrong=1
}

# until_so SECONDS COMMAND...
until_so() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.2
    done
}

gone() {
    ! kill -0 "$pid" 2>/dev/null
}

env --default-signal=INT setsid ./quickstart --stay >"$out" 2>&1 </dev/null &
pid=$!
until_so 600 grep -q 'drain --wait' "$out" || fail "it does not come to its end: $(tail "$out")"
env=$(sed -n 's/^ *\. \(.*env\)$/\1/p' "$out")
work=${env%/env}

# wanted COMMAND: what it has to print, as a pattern of bash; nothing for a command that is not known here.
wanted() {
    case $1 in
    "rosterctl status") echo "PROBLEM: *quota reached*user ?tourist? has 2 *holder abandoned*run: rosterctl *healthy: no*" ;;
    *FENCED" status") echo "PROBLEM: fenced, for *run: *lock of the store's file*" ;;
    *FENCED" safepoint") echo "*lease*fenced: *lock of the store's file*run: *" ;;
    *" top") echo "*PROBLEM*run: rosterctl*sessions *minimum*nightly*" ;;
    *" ps --sort=-time") echo "*ID *USER *COMMAND *TIME *INFO*batch*crawler*" ;;
    *" ps --user=nightly "*) echo "*nightly *[0-9] *3600*" ;;
    *" trx --sort=-age -n 3") echo "*SESSION*START_TS*BEGAN*AGE*" ;;
    "rosterctl min") echo "minimum: *held by: *ending it would advance the minimum by *: rosterctl *kill --transaction=[0-9]* [0-9]*" ;;
    "rosterctl holders") echo "*FOR *HELD BY *SESSION *transaction *anna*" ;;
    "rosterctl locks") echo "SESSION *batch *billing *stock *shop *deadlock 1, *payments*audit*" ;;
    "rosterctl groups") echo "*user *crawler *user *tourist * 2 *2 *application *user: * 1 rule, [1-9]* refused*" ;;
    "rosterctl safepoint") echo "*lease*txn_safe_point: *run: rosterctl*" ;;
    redis-cli*) echo "*user=batch*" ;;
    *" activity --since=-5m "*) echo "sampled * times, *AVERAGE *WAIT *DIGEST *USER*DebugSleep *DEBUG *nightly*" ;;
    "rosterctl events" | *" events --follow") echo "*deadlock *open rejected *user tourist*kill *user guest*" ;;
    *" history") echo "*HASH *COUNT *LONGEST*" ;;
    *STORE" status") echo "SERVER *kv1 *kv2 *kv3 *run: rosterctl *" ;;
    *STORE" ps "*) echo "SERVER *ID *kv*" ;;
    *STORE" trx") echo "SERVER *kv1 *anna *kv2 *backup*" ;;
    *STORE" min") echo "SERVER *kv1 *transaction *to end the oldest: rosterctl -s *" ;;
    *STORE" locks") echo "SERVER *kv1 *batch *deadlock 1 of kv1, *" ;;
    *STORE" activity "*) echo "3 servers, *SERVER *STATE*kv1 *LockWaiting*" ;;
    *STORE" events "*) echo "*kv1 *leader *kv2 *" ;;
    *STORE" serve") echo "*http://127.0.0.1:*" ;;
    *STORE" barrier list") echo "NAME *TIMESTAMP *migration-7 *never*" ;;
    *STORE" gc status") echo "txn safe point: [1-9]*gc safe point: [1-9]*" ;;
    *" trx --output=csv") echo $'session_id,kind,user,*\n*,user,batch,*' ;;
    *" status --output=csv") echo $'name,value\n*healthy,no\n*problems.0.problem,*' ;;
    *" min --json") echo '{"now":*"minimum":"[1-9]*"holder":{*' ;;
    curl*) echo "*roster_lease_margin_seconds *roster_healthy 0*roster_problem{*" ;;
    *" ALERTS") echo '*ALERTS{*alertname="RosterFenced"*' ;;
    promtool" check "*) echo "*SUCCESS: [1-9]* rules found*" ;;
    *--kind=background*) echo "*session *: *background*" ;;
    *" --wait "*batch*) echo "session *: delivered*session *: its transaction has ended after *" ;;
    *" kv1:"*anna*) echo "session *: delivered" ;;
    *" barrier delete migration-7") echo "barrier migration-7 is gone" ;;
    *SPARE" drain --wait") echo "draining*the server has gone" ;;
    esac
}
shown=
shows() { # COMMAND PATTERN
    shown=$(bash -c ". $env; $1" 2>&1 | tr -d '\r')
    # shellcheck disable=SC2053 # a pattern
    [[ $shown == $2 ]]
}
mapfile -t commands < <(sed -n 's/^      \(rosterctl\|redis-cli\|curl\|promtool\)/\1/p' "$out" | sed 's/  *#.*//; s/ *$//')
[ "${#commands[@]}" -ge 36 ] || fail "only ${#commands[@]} commands are printed"
for command in "${commands[@]}"; do
    pattern=$(wanted "$command")
    [ -n "$pattern" ] || fail "this test does not know what this is to show: $command"
    case $command in
    *" top") command="TERM=xterm timeout 3 script -qec 'stty cols 200 rows 50; $command' /dev/null </dev/null" ;;
    *" serve" | *" --follow") command="timeout 3 $command" ;;
    esac
    until_so 40 shows "$command" "$pattern" || fail "$command shows $shown, should be $pattern"
done
# What a killed transaction held is free: its chain goes on by itself.
shows "rosterctl locks" "no session waits*" || fail "the chain stays: $shown"
ids=$(bash -c ". $env; COMP_LINE='rosterctl kill ' COMP_POINT=15; _rosterctl; echo \${COMPREPLY[*]}")
[[ $ids == [0-9]*' '[0-9]* ]] || fail "ids are not completed: $ids"
while read -r page; do
    curl -fsSL "$page" | grep -q '</html>' || fail "no page at $page"
done < <(grep -o 'http://[0-9.:]*/' "$out")
kill -INT -- "-$pid"
until_so 20 gone || fail "Ctrl-C does not end it"
gone || kill -KILL -- "-$pid"
wait "$pid" || fail "Ctrl-C ends it with status $?"
pid=
[ ! -e "$work" ] || fail "$work is left"
! pgrep -f "$work/" >/dev/null || fail "a process is left: $(pgrep -af "$work/")"
[ "$wrong" -eq 0 ] && echo "right: ${#commands[@]} commands"
exit "$wrong"

#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# rosterctl --store: it asks all servers of a cluster, reports which do not answer, finds the server
# of a session, and believes no record more than the server that answers.

# shellcheck source=tests/kv/members.sh
. "$ROSTER_SRCDIR/tests/kv/members.sh"

ctl=$ROSTER_BUILDDIR/rosterctl
[ -x "$ctl" ] || skip "rosterctl was not built"
need_etcd 1
ttl=60000 # a server that is frozen keeps its record
start_member a --status="unix:$work/a.sock"
start_member b --status="unix:$work/b.sock"
grep -q '^roster-kv: status on' "$work/server.out" || skip "built without the status endpoint"

# run STATUS ARGUMENT...: its output is in $out, its complaint in $complaint.
run() {
    local wanted=$1 status=0
    shift
    out=$(timeout 60 "$ctl" --store="$store" "$@" 2>"$work/complaint") || status=$?
    complaint=$(cat "$work/complaint")
    expect "exit status of $*" "$wanted" "$status"
}

begin_elder_and_younger a b

run 0 ps
expect "sessions have their server" '*SERVER *a *elder*b *younger*' "$out"
run 0 trx --sort=START_TS --output=csv --columns=session_id
expect "the oldest of all first" $'server,session_id\r\na,*b,*' "$out"
run 0 trx --sort=-START_TS --output=csv --columns=session_id
expect "and last" $'server,session_id\r\nb,*a,*' "$out"
run 0 trx --sort=START_TS -n 1 --columns=application
expect "a limit is that of all" 'SERVER *application*a *elder*' "$out"
expect "one row, of how many" '*1 of 2 transactions; --limit=2 shows all' "$out"
run 0 holders --columns=session_id,holder
expect "what holds the minimum of each" 'SERVER *SESSION *HELD BY*transaction*transaction*' "$out"
run 0 ps --json
expect "JSON has it too" '*"server": "a"*"server": "b"*' "$out"
run 2 ps --sort=nonsense
expect "an error that all have is printed once" '*sort "nonsense": it takes*' "$complaint"
run 0 min
expect "minima, the oldest first" \
    "SERVER *AGE *HELD BY*a *transaction*elder*b *transaction*younger*to end the oldest: rosterctl -s unix:$work/a.sock kill --transaction=* *" "$out"
run 0 status
expect "verdicts" '*a *healthy*b *healthy*' "$out"

expect "who follows names the leader" '*server [ab] leads and knows what holds the safe points*' \
    "$("$ctl" -s "unix:$work/a.sock" safepoint)$("$ctl" -s "unix:$work/b.sock" safepoint)"

# What a record says is what somebody may have written there.
record_address forged "unix:$work/b.sock"
record_address far 192.0.2.1:80
record_address user 127.0.0.1@192.0.2.1:80
record_address name 127.0.0.1.5:80
record none '{"version":"x"}'
record broken '{"status_address":'
record number '{"status_address":17}'
record $'esc\e[2J' '{}'
run 3 ps
expect "the others are listed" '*a *elder*b *younger*' "$out"
expect "an address of another server" "*forged*: another server answers at its status address*" "$complaint"
expect "none of this host" '*far: the status address in its record is not one of this host*' "$complaint"
expect "nor this" '*user: the status address in its record is not one of this host*' "$complaint"
expect "nor what would be looked up as a name" '*name: the status address in its record is not one of this host*' "$complaint"
expect "none" '*none: its record names no status address*' "$complaint"
expect "no JSON" '*broken: its record cannot be read*' "$complaint"
expect "no text" '*number: its record names no status address*' "$complaint"
expect "nothing steers the terminal" no "$(LC_ALL=C grep -q $'\e' <<<"$complaint" && echo yes || echo no)"
run 3 kill 1
expect "nothing is ended that may be meant to be another server's" \
    '*session 1: a server that does not answer may have one; name it as SERVER:1' "$complaint"
for name in forged far user name none broken number $'esc\e[2J'; do
    unrecord "$name"
done

# What answers may be what a record was written for. No look takes it the token, and nothing of it
# ends rosterctl or is run by the shell that a command is copied to.
if command -v python3 >/dev/null; then
    liar="$work/x;y.sock"
    forge liar "$liar"
    export ROSTER_TOKEN=s3cret
    run 0 ps
    run 0 min
    expect "a command for a shell" "*to end the oldest: rosterctl -s 'unix:$liar' kill 5" "$out"
    run 7 status
    run 0 activity --by=server,state
    expect "activity of all" '3 servers, 0.00 sessions active on average*liar *forged*' "$out"
    run 0 locks
    expect "its rows are no others" '*liar *5*' "$out"
    run 5 kill 1234567891
    unset ROSTER_TOKEN

    # Each problem has its line and its command: the first one need not be what users feel.
    cat >"$work/said" <<'END'
{"/status": {"server_id": "sick", "problems": [
    {"problem": "report overdue", "age_ms": 9000, "evidence": "late", "command": "rosterctl -s x safepoint"},
    {"problem": "sessions blocked", "age_ms": 14000, "evidence": "by audit", "command": "rosterctl -s x kill 4"},
    {"problem": "store failing", "age_ms": 15000, "evidence": "full", "command": "etcdctl alarm list || df -h"}]},
 "/safepoint": {"cluster": {"leader": ""}}}
END
    forge sick "$work/sick.sock" "$work/said"
    run 7 status
    expect "its problems" $'*sick *report overdue *9000 ms*sick *sessions blocked *14.0 s*' "$out"
    expect "each with its command" \
        "*sick, report overdue*run: rosterctl -s unix:$work/sick.sock safepoint*sick, sessions blocked*run: *sick.sock kill 4*run: etcdctl alarm list || df -h*" "$out"
    run 7 status --json
    expect "also for a program" 3 "$(grep -c '"server": "sick"' <<<"$out")"
    expect "no leader is said" '*cluster.leader: none*' "$("$ctl" -s "unix:$work/sick.sock" safepoint)"
    unforge sick

    # All are asked at once: these answer when each of them was asked.
    names=(at-once{0..7})
    python3 "$ROSTER_SRCDIR/tests/status/together.py" "$work" "${names[@]}" &
    together=$!
    # shellcheck disable=SC2317 # called by eventually
    all_listen() {
        [ "$(find "$work" -name 'at-once*.sock' | wc -l)" -eq 8 ]
    }
    eventually "they listen" all_listen
    for name in "${names[@]}"; do
        record "$name" "{\"status_address\":\"unix:$work/$name.sock\"}"
    done
    run 7 status # the liar has a problem
    expect "all of them answer" 8 "$(grep -c '^at-once[0-7] *healthy' <<<"$out")"
    for name in "${names[@]}"; do
        unrecord "$name"
    done
    kill "$together"
    wait "$together" || true
    expect "it was asked" yes "$(grep -q 'GET /processlist' "$work/liar.log" && echo yes || echo no)"
    expect "and sent no token" no "$(grep -q s3cret "$work/liar.log" && echo yes || echo no)"
    unforge liar
fi

# A server that is frozen is reported, and the others are there.
kill -STOP "${pids[b]}"
run 3 min
expect "the one that answers" '*a *transaction*elder*' "$out"
expect "and the one that does not" "*b (unix:$work/b.sock): no server answers:*" "$complaint"
run 3 status
expect "it has a row as well" "*b *silent *$work/b.sock: no server answers:*" "$out"
expect "and a command that finds it" "*b, silent*run: ss -lxp | grep -F -- $work/b.sock*" "$out"
kill -CONT "${pids[b]}"

id=$("$ctl" -s "unix:$work/a.sock" ps --search=elder --output=csv --columns=id | sed -n '2s/\r//p')
# Two records have the number that is in the id, 7 in 32 bits: none of them is believed.
record d "{\"server_id\":7,\"status_address\":\"unix:$work/none.sock\"}"
run 3 kill "$((7 << 21 | 1 << 1))"
record e "{\"server_id\":7,\"status_address\":\"unix:$work/none.sock\"}"
run 3 kill "$((7 << 21 | 1 << 1))"
expect "all are asked" '*: a server that does not answer may have one; name it as SERVER:*' "$complaint"
unrecord d
unrecord e
run 2 kill "c:$id"
expect "no server of that name" '*neither the id of a session nor SERVER:ID*' "$complaint"
run 0 kill --transaction --wait "a:$id"
expect "a kill goes to the server that is named" "*session $id: delivered*its transaction has ended*" "$out"
run 5 kill 1234567891
expect "no server has it" '*session 1234567891: 0 servers have one' "$complaint"
hang_up 3
hang_up 4

# The kernel chooses a port, and the record names it.
start_member p --status=127.0.0.1:0
expect "the port that it chose" yes \
    "$(on_etcd get --print-value-only /roster/server/info/p |
        grep -q '"status_address":"127.0.0.1:[1-9]' && echo yes || echo no)"
run 0 status
expect "it is found there" '*p *healthy*' "$out"
stop_member p

# A server that has died is named for a while when its lease has ended, one that was stopped is not.
start_member c --status="unix:$work/c.sock"
stop_member b
kill -KILL "${pids[c]}"
unset "pids[c]"
unrecord c # as its lease would have
run 7 status
expect "it has gone" '*c *gone *its lease has ended, and it was not stopped: seen last 2*, with the minimum [1-9]*' "$out"
expect "where it was" "*; it listened at unix:$work/c.sock*" "$out"
expect "what finds its process" "*c, gone*run: ss -lxp | grep -F -- $work/c.sock*" "$out"
expect "one that was stopped has not" no "$(grep -q '^b ' <<<"$out" && echo yes || echo no)"
run 7 status --json
expect "JSON" '*"server": "c"*"healthy": false*"problem": "gone"*' "$out"
run 0 ps
expect "lists are of those that are there" no "$(grep -q '^c ' <<<"$out" && echo yes || echo no)"
for value in '' 17 '[' '{"at_ms":"x","record":7}' '{"at_ms":-1,"record":"-1"}' \
    '{"at_ms":9223372036854775807,"record":"1x"}' '{"status_address":"192.0.2.1:80"}' '{"status_address":7}'; do
    on_etcd put "/roster/server/seen/c" "$value" >/dev/null
    run 7 status
    expect "whatever is there" '*c *gone *' "$out"
    expect "no address" no "$(grep -q 'listened at\|run:' <<<"$out" && echo yes || echo no)"
    expect "no age below 0" no "$(grep -q '^c *gone *-' <<<"$out" && echo yes || echo no)"
done
on_etcd put "/roster/server/seen/c" '{"status_address":"127.0.0.1:1"}' >/dev/null
stop_members
run 7 status
expect "a port" "*run: ss -ltnp 'sport = :1'" "$out"
expect "also when there is no other" '*c *gone *' "$out"
run 3 ps
expect "which is no server" '*no server is registered in this store*' "$complaint"
finish

#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# rosterctl against an endpoint: what it prints, what it refuses, and its exit codes.

# shellcheck source=tests/status/served.sh
. "$ROSTER_SRCDIR/tests/status/served.sh"
# shellcheck source=tests/support/standard.sh
. "$ROSTER_SRCDIR/tests/support/standard.sh"

ctl=$ROSTER_BUILDDIR/rosterctl
if [ ! -x "$ctl" ]; then
    echo "rosterctl was not built"
    exit 77
fi
unset ROSTER_TOKEN ROSTER_SERVER
socket=unix:$work/socket

# run STATUS ARGUMENT...: its output is in $out, its complaint in $complaint.
run() {
    local wanted=$1 status=0
    shift
    out=$("$ctl" "$@" 2>"$work/complaint") || status=$?
    complaint=$(cat "$work/complaint")
    expect "exit status of rosterctl $*" "$wanted" "$status"
}

lines() {
    wc -l <<<"$out"
}

serve "$socket"
export ROSTER_SERVER=$socket

expect_standard_null "$ctl" ps --watch=1

run 0 ps
expect "a title and five sessions" 6 "$(lines)"
expect "it names its columns" 'ID *KIND *USER *COMMAND *TIME *INFO*' "$(head -n 1 <<<"$out")"
expect "a statement is shown" '*bob *10.1.2.3:4567 *shop *report *Query *in transaction *select*' \
    "$(grep bob <<<"$out")"
run 0 ps --user=carol
expect "filters work" 2 "$(lines)"
POSIXLY_CORRECT=1 run 0 ps --user=carol
expect "wherever options may stand elsewhere" 2 "$(lines)"
run 0 ps --kind=internal
expect "also when nothing is left" 1 "$(lines)"
run 0 ps --in-txn --state=running
expect "together" 2 "$(lines)"
run 0 ps --sort=-user
expect "sorting works" '*erin*' "$(sed -n 2p <<<"$out")"
run 0 ps -o user
expect "both ways" '*alice*' "$(sed -n 2p <<<"$out")"
run 0 ps --sort=-id
expect "ids are sorted as numbers" '5 *' "$(sed -n 2p <<<"$out" | sed 's/^ *//')"
run 0 ps --sort=time
expect "and so are times" 6 "$(lines)"
run 2 ps --sort=nonsense
expect "a column that is none" '*sort "nonsense": it takes id, kind, user,*' "$complaint"
run 0 ps --sort=-time -n 1 --columns=user,ID
expect "the limit applies to what is sorted" 'USER *ID*alice *1'$'\n1 of 5 sessions; --limit=5 shows all' "$out"
run 2 ps --columns=id,nonsense
expect "columns likewise" '*columns "nonsense": it takes id, kind, user,*' "$complaint"
run 2 ps --state=asleep
expect "states likewise" '*state "asleep": it takes Idle, Running,*in transaction*' "$complaint"
run 0 ps --state='in transaction' --search=SELECT --columns=id
expect "what a column shows is a filter" 'ID*2' "$out"
run 0 ps --output=csv --columns=id,user,info --search=dave
expect "CSV" $'id,user,info\r\n4,dave <b>,*' "$out"
run 0 ps --digest=abc123 --application=report --wait-event= --columns=id
expect "by digest and application" 'ID*2' "$out"
run 2 ps --wait-event=nonsense
expect "waits likewise" '*wait "nonsense": it takes *' "$complaint"
run 0 ps --blocker=4711
expect "and who waits for whom" 1 "$(lines)"
run 0 holders
expect "what holds the minimum" '*FOR *HELD BY *KIND *PIN *SESSION *transaction *2 *bob *' "$out"
run 0 holders --holder=transaction --user=bob --json
expect "with its session" '*"holders": 1,*"matched": 1,*"info": "select \* from*' "$out"
run 2 holders --holder=nonsense
expect "holders that there are" '*holder "nonsense": it takes transaction, pin, cursor,*' "$complaint"
run 2 ps --holder=pin
run 2 ps --output=xml
run 2 top --output=csv
expect "top is for people" '*top does not take*' "$complaint"
run 2 ps --columns=nonsense
expect "what is valid is listed to its end" '*columns "nonsense": it takes id, *, root_blocker*' "$complaint"
run 0 ps --db=shop --command=query
expect "by database and command" 2 "$(lines)"
expect "a statement is shown" '*bob*' "$(sed -n 2p <<<"$out")"
run 0 ps --json --full
expect "JSON has all of them" 5 "$(grep -c '"id":' <<<"$out")"
expect "and text as it was" '*dave <b>*' "$out"
run 0 ps --limit=2
expect "a limit holds" 4 "$(lines)"
expect "and says of how many" '*2 of 5 sessions; --limit=5 shows all' "$out"
run 0 ps --limit=2 --json
expect "JSON too" '*"matched": 5,*' "$out"
expect "with the rows that were asked for" 2 "$(grep -c '"id":' <<<"$out")"
run 0 ps --limit=2 --output=csv
expect "CSV has rows alone" 3 "$(lines)"
run 0 ps --limit=100000
expect "also one that takes several pages" 6 "$(lines)"
run 2 ps --limit=-1
expect "a limit that is none" '*limit takes a number*' "$complaint"
for format in "--output=csv --json" "--json --output=csv" "--json --output=csv --output=table"; do
    for command in ps min status events activity; do
        # shellcheck disable=SC2086 # words
        run 0 "$command" $format
        case $format in
        *json) expect "$command $format: the last one counts" '{*' "$out" ;;
        *csv) expect "$command $format: the last one counts" '[a-z]*,*' "$out" ;;
        *) expect "$command $format: the last one counts" '[!{]*' "$out" ;;
        esac
    done
done
run 2 -s "" ps
expect "an address that is empty is no address" '*--server takes HOST:PORT or unix:PATH*' "$complaint"
run 2 ps --state -5
expect "what looks like an age is as it was given" '*state "-5": it takes*' "$complaint"
run 2 ps --blocker=0
expect "no session has the id 0" '*blocker takes a number from 1*' "$complaint"
run 2 ps --watch=100000
expect "seconds have an end" '*takes seconds from 0.1 to 86400, *' "$complaint"
run 2 ps -n -1
expect "nor is one with a blank" '*limit takes a number*' "$complaint"
run 2 ps --search="$(printf '%09000d' 0)" --in-txn
expect "a filter is not cut short, or lost" '*too long*' "$complaint"
for command in "ps --watch=0.2" "events --follow" --help "ps --help" --usage --version; do
    status=0
    # shellcheck disable=SC2086 # words
    timeout 10 "$ctl" $command >/dev/full 2>"$work/complaint" || status=$?
    expect "$command ends when nothing can be written" 6 "$status"
done
status=0
timeout 1 "$ctl" ps --watch=0.2 >"$work/watched" || status=$?
expect "watching goes on" 124 "$status"
[ "$(grep -c '^ID\|ID *KIND' "$work/watched")" -ge 3 ] || expect "again and again" yes no
"$ctl" ps --watch=0.2 >"$work/watched" 2>"$work/gaps" &
watcher=$!
eventually_has() { # FILE PATTERN TIMES: within ten seconds
    local tries
    for ((tries = 100; tries; tries--)); do
        [ "$(grep -c "$2" "$1")" -lt "$3" ] || return 0
        sleep 0.1
    done
    expect "$3 times $2 in $1" yes no
}
eventually_has "$work/watched" 'ID *KIND' 1
kill -STOP "$server"
eventually_has "$work/gaps" 'no server answers' 1
kill -CONT "$server"
eventually_has "$work/watched" 'ID *KIND' "$(($(grep -c 'ID *KIND' "$work/watched") + 2))"
kill "$watcher"
wait "$watcher" 2>/dev/null || true
for limit in 5 6 7 8; do
    status=0
    "$ROSTER_BUILDDIR/libtool" --mode=execute prlimit --nofile="$limit" "$ctl" min >/dev/null 2>"$work/complaint" || status=$?
    [ "$status" -eq 0 ] || expect "without descriptors no server is called silent, at $limit" \
        '6 *Too many open files here*' "$status $(cat "$work/complaint")"
done
expect "a file is not cleared" no "$(grep -q $'\e' "$work/watched" && echo yes || echo no)"
if has_terminals; then
    timeout 2 script -qfc "stty rows 5 cols 80; exec '$ctl' ps --watch=0.2" /dev/null </dev/null \
        >"$work/watched" 2>/dev/null || true
    expect "on a terminal only what it has room for" '*ID *USER*alice*and 2 more*' \
        "$(head -n 6 "$work/watched")"
    [ "$(grep -c 'and 2 more' "$work/watched")" -ge 3 ] || expect "each time" yes no
    TERM=dumb timeout 2 script -qfc "stty rows 5 cols 80; exec '$ctl' ps --watch=0.2" /dev/null \
        </dev/null >"$work/watched" 2>/dev/null || true
    [ "$(grep -c 'and 2 more' "$work/watched")" -ge 3 ] || expect "what cannot move its cursor too" yes no
    expect "without steering it" no "$(grep -q $'\e' "$work/watched" && echo yes || echo no)"
    timeout 2 script -qfc "stty rows 5 cols 80; exec '$ctl' ps --watch=0.2 -o -user" /dev/null \
        </dev/null >"$work/watched" 2>/dev/null || true
    expect "the first of all when it is sorted" '*ID *USER*erin*and 2 more*' \
        "$(head -n 6 "$work/watched")"
fi

if has_terminals; then
    for width in 40 80; do
        script -qfc "stty rows 24 cols $width; exec '$ctl' ps" /dev/null </dev/null |
            tr -d '\r' | sed 's/^ *//' >"$work/narrow"
        expect "at $width columns id, user and time" 'ID*USER*TIME*' "$(head -n 1 "$work/narrow")"
        expect "nothing is wider" '' "$(awk -v width=$width 'length($0) > width' "$work/narrow")"
    done
    expect "80 have the statement" '*INFO*' "$(head -n 1 "$work/narrow")"
fi

# at WIDTH COMMAND...: what they print on a terminal of that width, each below a line "== COMMAND"; $tables has the
# lines of tables that are wider. Prose may be, since the terminal folds it.
at() {
    local width=$1 command script=
    shift
    for command; do
        script+="echo '== $command'; '$ctl' $command; "
    done
    script -qfc "stty rows 24 cols $width; $script" /dev/null </dev/null | tr -d '\r' >"$work/at"
    tables=$(awk -v width="$width" '/^==/ { title = 0 } title && !/^[a-z].*[:;]|, .* sessions|^deadlock|^session/ &&
        length($0) > width { print width ": " $0 } /^ *[A-Z_]+ / { title = 1 }' "$work/at")
}
# title COMMAND: the titles of its table.
title() {
    sed -n "/^== $1/,\$s/^ *//p" "$work/at" | grep -m 1 -E '^[A-Z_]+( |$)' | tr -s ' '
}

run 0 trx --sort=-age -n 1
expect "the oldest transaction" 2 "$(lines)"
run 0 trx
expect "a transaction" '*bob *shop *Running *abc123*' "$(sed -n 2p <<<"$out")"
run 0 min
expect "the holder is named" '*transaction of session 2, user bob,*' "$out"
expect "with the way to end it" '*rosterctl -s unix:*/socket kill --transaction=* 2*' "$out"
run 0 min --json
expect "also as JSON" '{*"holder":{*' "$out"
run 0 safepoint
expect "safe points" '*local_safe_point: *leased: no*nothing is wrong, and nothing to do' "$out"
run 0 status
expect "status" 'HEALTHY*name: served*healthy: yes*sessions: 5*' "$out"
run 0 locks
expect "locks" 'no session waits*' "$out"
run 0 history
expect "history" '*LONGEST*ms' "$out"
run 0 history --full
expect "with digests" '*d"1*' "$out"
run 0 history --json
expect "or as JSON" '*"all_sql_digests"*' "$out"

# Every command has CSV: a title, and no words of prose.
run 0 min --output=csv
expect "the minimum as CSV" \
    $'age_ms,kind,session_id,user,application,gain_ms,minimum,held_ms,ts,*\r\n*,transaction,2,bob,report,*' "$out"
expect "in two lines" 2 "$(lines)"
run 0 holders --output=csv
expect "what holds it as CSV" $'held_ms,holder,pin_kind,pin_id,session_id,user,*\r\n*,transaction,,,2,bob,*' "$out"
run 0 status --output=csv
expect "status as CSV" $'name,value\r\n*healthy,yes\r*sessions,5\r*' "$out"
expect "each line has a name and a value" "" "$(tr -d '\r' <<<"$out" | grep -v '^[a-z_0-9.]*,')"
run 0 safepoint --output=csv
expect "safe points as CSV" $'name,value\r\n*local_safe_point,*\r*leased,no\r*' "$out"
run 0 groups --output=csv
expect "groups as CSV" $'by,value,sessions,limit,reserved,refused\r\nuser,*' "$out"
run 0 locks --output=csv
expect "no locks as CSV" $'tree,user,*info\r' "$out"
run 0 history --output=csv
expect "history as CSV" $'hash,count,max_duration_ms\r\n*,1,*\r' "$out"

if has_terminals; then
    # The terminal decides how much of a table there is.
    for width in 40 80 200; do
        at "$width" ps trx holders groups history "activity --by=state,wait,digest,user,db,application,kind"
        expect "no table is wider" "" "$tables"
        case $width in
        40) titles=("ID USER TIME*" "SESSION USER*AGE*" "FOR HELD BY KIND SESSION USER*" "BY VALUE SESSIONS*" "HASH COUNT LONGEST" "AVERAGE STATE*") ;;
        80) titles=("*USER*INFO" "*AGE STATE*" "FOR HELD BY KIND *USER*" "BY VALUE SESSIONS LIMIT RESERVED REFUSED" "HASH*" "AVERAGE *DIGEST*") ;;
        200) titles=("ID KIND *LAST" "SESSION KIND USER *LAST" "FOR HELD BY KIND PIN SESSION USER *LAST" "BY *REFUSED" "HASH*" "AVERAGE SAMPLES *KIND") ;;
        esac
        for command in ps trx holders groups history activity; do
            expect "titles of $command at $width columns" "${titles[0]}" "$(title "$command")"
            titles=("${titles[@]:1}")
        done
    done
fi

for _ in $(seq 100); do
    run 0 activity --by=user,digest --since=-30m
    [ "$(lines)" -lt 4 ] || break
    sleep 0.1
done
expect "what was going on" '*AVERAGE *SAMPLES *DIGEST *USER*' "$out"
expect "by the second that has passed" '*1.00 *abc123 *bob' "$(grep bob <<<"$out")"
run 0 activity --by=state --user=carol --output=csv
expect "of one user" $'average,samples,state\r\n1.00,*,Running\r' "$out"
run 0 activity --by=state --digest=abc123 --application=report --output=csv
expect "of one statement of one application" $'average,samples,state\r\n1.00,*,Running\r' "$out"
run 0 activity --by=state --application=none --output=csv
expect "or of none, with the same columns" $'average,samples,state\r' "$out"
run 2 activity --wait-event=nonsense
expect "waits that there are" '*wait "nonsense": an event*' "$complaint"
run 0 activity --json -n 1
expect "as JSON" '*"dropped": 0*' "$out"
if command -v curl >/dev/null; then
    points() {
        curl -sS --noproxy '*' --unix-socket "$work/socket" "http://localhost/activity?from=$1&step=$2"
    }
    for _ in $(seq 100); do
        out=$(points "$(($(date +%s) * 1000 - 60000))" 1000)
        [[ $out != *'"points":[['* ]] || break
        sleep 0.1
    done
    expect "points of it for a chart" \
        '*"step_ms":1000,"columns":?"at_ms","times","dropped","CPU",*"other"?,"points":??*000,*' "$out"
    expect "at most so many" '*step takes milliseconds, from 1000 to*' "$(points 1 1000)"
    expect "and not too small" '*step takes milliseconds, from 1000 to*' "$(points 1 999)"
fi
# And when: a row for each step, from the first in which something was sampled.
for _ in $(seq 100); do
    run 0 activity --by=time,user --since=-1m
    [[ $out != *' 2.00 '* ]] || break
    sleep 0.1
done
expect "when, and whose" '2.00 sessions active on average*most at 20??-*, for *: 2.00*TIME *AVERAGE *bob *carol*20??-??-?? ??:??:?? *2.00 *1.00 *1.00*' "$out"
run 0 activity --by=time --since=-1m
expect "by what they waited for" '*TIME *AVERAGE *CPU*2.00 *2.00*' "$out"
run 0 activity --by=wait --since=-1m
expect "where there is no time it is said when the most were" '*most at 20??-*, for *: 2.00; --by=time has its course*' "$out"
run 0 activity --by=time,user --since=-1m --user=carol --output=csv
expect "as CSV" $'at_ms,average,other,user\r\n[1-9]*000,1.00,,carol\r*' "$out"
run 0 activity --by=time --since=-1m --output=csv
expect "the classes too" $'at_ms,average,other,wait_class\r\n[1-9]*000,2.00,,CPU\r*' "$out"
run 0 activity --by=time,user --since=-1m -n 10 --json
expect "as JSON, in as many steps as are wanted" '*"step_ms": 10000,*"columns": *"carol",*"other"*"groups":*"user": "carol"*"points":*' "$out"
run 0 activity --by=time --since=-2h -n 1000 --json
expect "of what is older than an hour there are minutes" '*"step_ms": 60000,*' "$out"
run 0 activity --by=time --until=-1h
expect "before it was started there is nothing" $'0.00 sessions active on average\nno step has a sample; one of * is shown when it is over' "$out"
run 2 activity --since=-1m --until=-2m
expect "an end before the beginning" '*--since=-1m is not before --until=-2m*' "$complaint"
run 2 activity --until=yesterday
expect "an end that is no time" '*--until takes a time (-15m, -2h, now, 21:03,*' "$complaint"
run 2 activity --by=time -n x
expect "steps are a number" '*--limit takes a number of steps*' "$complaint"
run 2 activity --by=time,nonsense
run 2 events --until=-1m
expect "events have no end" '*events does not take*' "$complaint"
run 2 activity --by=nonsense
expect "by what there is" '*by "nonsense": it takes state, wait,*' "$complaint"
run 2 activity --sort=user
run 2 activity --state=asleep
run 2 activity --since=yesterday
expect "a time that is none" '*--since takes a time (-15m,*' "$complaint"

run 0 events
expect "what has happened" '20*kill  *statement of session 3, user carol, max execution time: delivered' "$out"
run 0 events --since=-1h
expect "lately" 1 "$(lines)"
for moment in -1h "-1h 30m" now 2020-01-01 "2020-01-01 10:00" 2020-01-01T10:00:00+01:00 1600000000000 \
    419430400000000000 419430400000x; do
    for command in events activity; do
        case $moment in
        *30m | *x)
            run 2 "$command" --since="$moment"
            expect "$command since $moment" '*--since takes a time (-15m, -2h,*' "$complaint"
            ;;
        *) run 0 "$command" --since="$moment" ;;
        esac
    done
done
run 0 events --since=2100-01-01
expect "nothing in the future" '' "$out"
run 0 events --since="$(date -u +%Y-%m-%dT%H:%M:%SZ -d '1 hour ago')" --output=csv
expect "CSV" $'id,last_ms,kind,*\r\n*,kill,statement,,1,,3,carol,max execution time,0,*' "$out"
run 2 events --since=yesterday
expect "a time that is none" '*--since takes a time (-15m,*' "$complaint"
run 2 events --since=2026-11-29T10:00:00.9e300
run 0 events --since -1h
expect "an age behind a blank" 1 "$(lines)"
run 2 events --user=carol
run 0 events --json
expect "JSON, an object a line" '{"id":"*' "$out"
expect "of one event" 1 "$(lines)"
last=${out#*\"id\":\"}
last=${last%%\"*}
run 2 activity --by=state --since="$last"
expect "the id of an event is no time" '*--since takes a time (*' "$complaint"
run 0 events --since="$last"
expect "nothing came after it" '' "$out"
run 0 events --since="$((last + 1))"
expect "a number from another life" 1 "$(lines)"
expect "is told apart" '*restarted*' "$complaint"
"$ctl" events --follow --since="$last" >"$work/followed" &
follower=$!

# shellcheck disable=SC2046 # words, as many as xargs gives
run 2 kill $(seq -f x%g 2000)
expect "each of many ids is looked at" 2000 "$(grep -c 'is not the id of a session' "$work/complaint")"
run 5 kill 4711
expect "a session that is not there" '*no such session*' "$complaint"
run 1 kill --statement 1
expect "nothing to kill" '*idle*' "$complaint"
run 1 kill --statement 3
expect "killed before" '*dying*' "$complaint"
for _ in $(seq 100); do
    [ "$(wc -l <"$work/followed")" -lt 3 ] || break
    sleep 0.1
done
kill "$follower"
wait "$follower" || true
expect "those who follow see it" '*kill  *connection of session 4711, by uid *: no session with this id*' \
    "$(head -n 1 "$work/followed")"
expect "in the order" '*kill  *statement of session 3, user carol, by uid *, interrupted: it has been done*' \
    "$(tail -n 1 "$work/followed")"
run 1 kill --statement=99 2 --output=csv
expect "a statement that is over" '*stale*' "$complaint"
expect "is no row" "" "$out"
run 1 kill --statement=000000000000000000017 2
expect "a number is not cut short" '*stale*' "$complaint"
run 0 kill --statement=1 2
expect "a kill" 'session 2: delivered' "$out"
run 2 kill --statement=0 2
expect "that is no statement, and not any" '*statement takes a number from 1' "$complaint"
run 2 kill --transaction=0 2
run 1 kill --transaction 1
expect "no transaction to kill" '*idle: no transaction is open*' "$complaint"
run 1 kill --transaction=17 2
expect "a transaction that is over" '*stale: that transaction has ended*' "$complaint"
run 0 kill --transaction --wait 2
expect "a kill of a transaction, until it has ended" \
    'session 2: delivered*session 2: its transaction has ended after *' "$out"
run 0 trx
expect "it has ended" 1 "$(lines)"
run 0 ps --user=bob
expect "and its connection has not" '*bob*' "$out"
kill -STOP "$server"
"$ctl" kill --wait 5 >"$work/waits" 2>&1 &
waits=$!
sleep 0.3
kill -0 "$waits" || expect "a frozen server is waited for" yes no
kill -CONT "$server"
wait "$waits"
expect "until the connection has ended" '*session 5: its connection has ended after*' "$(cat "$work/waits")"
kill -STOP "$server"
began=$SECONDS
run 3 kill 4711
expect "what is sent may yet be done" '*session 4711: no server answers: *; it may yet do what it was sent' "$complaint"
run 3 min
[ "$((SECONDS - began))" -lt 15 ] || expect "neither waits for long" yes no
kill -CONT "$server"
run 2 kill --wait=0 1
run 0 kill 1 4 --output=csv
expect "two kills" $'session_id,target,result,state,took_ms\r\n1,connection,delivered,,\r\n4,connection,delivered,,\r' "$out"
for ((tries = 100; tries; tries--)); do
    run 0 ps
    [ "$(lines)" -ne 3 ] || break
    sleep 0.05
done
expect "they have gone" 3 "$(lines)"

run 2
run 2 nonsense
# Nothing of the command line steers the terminal, whatever complains about it.
for arguments in $'no\e[2J' $'ps no\e[2J' $'--no\e[2J' $'ps --s=\e[2J' $'-\e' $'ps --watch=\e[2J' $'-t no\e[2J ps' \
    $'ps --output=\e[2J' $'ps --full=\e[2J' $'ps --sort=\e[2J' $'ps -s no\e[2J' $'kill \e[2J' $'events --since=\e[2J'; do
    # shellcheck disable=SC2086 # words
    "$ctl" $arguments >"$work/out" 2>"$work/complaint" && expect "it refuses $arguments" yes no
    expect "what it says of that" no \
        "$(cat "$work/complaint" "$work/out" | LC_ALL=C grep -q $'\e' && echo yes || echo no)"
    expect "it says something" yes "$([ -s "$work/complaint" ] && echo yes || echo no)"
done
run 2 ps extra
run 2 ps --wait
run 2 kill
run 2 kill 12x
run 2 kill --statement --transaction 2
run 2 kill ''
run 2 ps --watch=x
run 2 ps --min-ms=x
expect "a filter that is no number" '*min_ms takes a number*' "$complaint"
run 2 top
expect "top without a terminal" '*terminal*' "$complaint"
run 0 --help
for command in status min safepoint ps trx holders history locks groups activity events kill drain barrier gc top; do
    # An example stands on one line of 79 columns: what is folded begins with an option.
    expect "the examples of $command are not folded" "" \
        "$("$ctl" "$command" --help | sed -n '/^Example/,$p' | grep '^--')"
done
run 0 --version
run 3 -s "unix:$work/nowhere" ps
expect "no server" '*no server answers*' "$complaint"
run 3 -s 127.0.0.1:1 min

"$ctl" events --follow >"$work/followed" 2>"$work/gaps" 9>&- &
follower=$!
for _ in $(seq 100); do
    [ ! -s "$work/followed" ] || break
    sleep 0.1
done
run 0 drain --wait
expect "a drain" 'draining*the server has gone' "$out"
ended
for _ in $(seq 100); do
    ! grep -q 'no server answers' "$work/gaps" || break
    sleep 0.1
done
serve "$socket"
for _ in $(seq 100); do
    ! grep -q 'restarted' "$work/gaps" || break
    sleep 0.1
done
kill "$follower"
wait "$follower" || true
expect "a restart is followed, and reported once" '*no server answers*was restarted' "$(cat "$work/gaps")"
expect "in two lines" 2 "$(wc -l <"$work/gaps")"
run 0 drain --wait --output=csv
expect "a drain as CSV" $'result,sessions\r\ndraining,\r\n*gone,\r' "$out"
ended

# What looks at no kill is waited for, and its state is shown, once.
SERVED_MORE=2 serve "$socket"
mkdir -p "$work/all/roster"
ln -s "$work/socket" "$work/all/roster/x.sock"
XDG_RUNTIME_DIR=$work/all run 0 --all ps --output=csv --columns=id
expect "CSV of all servers has each in its rows" $'server,id\r\nunix:*/x.sock,1\r\nunix:*' "$out"
odd="$work/a[b]*?\\ c"
ln -s "$work/all" "$odd"
XDG_RUNTIME_DIR=$odd run 0 --all ps --output=csv --columns=id
expect "whose directory may have any name" $'server,id\r\nunix:*/x.sock,1\r\nunix:*' "$out"
XDG_RUNTIME_DIR=$work/all run 0 --all min --output=csv
expect "also what is one row" $'server,age_ms,*\r\nunix:*/x.sock,*,transaction,2,bob,*' "$out"
for command in ps trx min status events activity; do
    XDG_RUNTIME_DIR=$work/all run 0 --all "$command" --json
    expect "JSON of all servers has each in it: $command" '*"server": *"unix:*/x.sock"*' "${out//\"server\":\"/\"server\": \"}"
done
run 1 kill --wait=0.5 6
expect "the state of what is waited for" $'session 6: delivered\nsession 6: Sleep, Idle' "$out"
expect "and what did not end" '*session 6: its connection has not ended after*' "$complaint"
run 1 kill --wait=0.5 7 --json
expect "as lines of JSON" \
    '{"session_id":"7",*"result":"delivered"}*{"session_id":"7",*"result":"waiting","state":"Sleep, Idle"}' "$out"
run 0 kill --wait 5 --output=csv
expect "or as CSV, to the end" $'session_id,target,result,state,took_ms\r\n5,connection,delivered,,\r\n*5,connection,ended,,[1-9]*\r' "$out"
run 0 drain --wait --json
expect "a drain as lines of JSON" '{"result":"draining"}*{"result":"gone"}' "$out"
ended

if command -v python3 >/dev/null; then
    python3 "$ROSTER_SRCDIR/tests/status/forged.py" "$work/log" mute "$work/mute" mute >"$work/muted" 9>&- &
    mute=$!
    for _ in $(seq 100); do
        [ ! -s "$work/muted" ] || break
        sleep 0.1
    done
    run 1 -s "unix:$work/mute" drain --wait=0.5
    expect "a server without an answer has not gone" '*no server answers*has not ended' "$complaint"
    kill "$mute"
    wait "$mute" || true
    python3 "$ROSTER_SRCDIR/tests/status/forged.py" "$work/log" frozen "$work/ice" frozen >"$work/iced" 9>&- &
    mute=$!
    for _ in $(seq 100); do
        [ ! -s "$work/iced" ] || break
        sleep 0.1
    done
    run 1 -s "unix:$work/ice" kill --wait=0.5 5
    expect "a wait ends in time without an answer" '*session 5: its connection has not ended after*' "$complaint"
    kill "$mute"
    wait "$mute" || true

    # A list that never ends is given up, whether what comes next is the same again or something else.
    for kind in stuck endless; do
        python3 "$ROSTER_SRCDIR/tests/status/forged.py" "$work/log" "$kind" "$work/$kind" "$kind" >"$work/$kind.out" 9>&- &
        mute=$!
        for _ in $(seq 100); do
            [ ! -s "$work/$kind.out" ] || break
            sleep 0.1
        done
        run 6 -s "unix:$work/$kind" ps
        expect "its list does not end" '*the list does not end*' "$complaint"
        run 0 -s "unix:$work/$kind" ps -n 1 --columns=id
        expect "unless no more is wanted" '*ID*[1-9]*' "$out"
        run 6 -s "unix:$work/$kind" events
        expect "nor do its events" '*the events do not end*' "$complaint"
        kill "$mute"
        wait "$mute" || true
    done

    # Who puts a socket into the directory of all servers is not sent a token for it.
    mkdir -p "$work/run/roster"
    python3 "$ROSTER_SRCDIR/tests/status/forged.py" "$work/log" x "$work/run/roster/x.sock" >"$work/x" 9>&- &
    forger=$!
    for _ in $(seq 100); do
        [ ! -s "$work/x" ] || break
        sleep 0.1
    done
    for command in ps min status; do
        XDG_RUNTIME_DIR=$work/run ROSTER_TOKEN=s3cret run 0 --all "$command"
    done
    expect "it was asked" yes "$(grep -q 'GET /processlist' "$work/log" && echo yes || echo no)"
    expect "without the token" no "$(grep -q s3cret "$work/log" && echo yes || echo no)"
    kill "$forger"
    wait "$forger" || true

    # All are asked at once: these three answer when all three were asked.
    mkdir -p "$work/three/roster"
    python3 "$ROSTER_SRCDIR/tests/status/together.py" "$work/three/roster" 0 1 2 9>&- &
    forger=$!
    for _ in $(seq 100); do
        [ "$(find "$work/three/roster" -name '*.sock' | wc -l)" -ne 3 ] || break
        sleep 0.1
    done
    XDG_RUNTIME_DIR=$work/three run 0 --all ps
    expect "each of them answers" 3 "$(grep -c '^unix:' <<<"$out")"
    kill "$forger"
    wait "$forger" || true

    # What is frozen for long has no place for one more connection.
    mkdir -p "$work/full/roster"
    python3 -c 'import socket, sys, time
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(0)
client = socket.socket(socket.AF_UNIX)
client.connect(sys.argv[1])
print("full", flush=True)
time.sleep(600)' "$work/full/roster/x.sock" >"$work/x.full" 9>&- &
    forger=$!
    for _ in $(seq 100); do
        [ ! -s "$work/x.full" ] || break
        sleep 0.1
    done
    status=0
    XDG_RUNTIME_DIR=$work/full timeout 20 "$ctl" --all ps >/dev/null 2>"$work/complaint" || status=$?
    expect "it is not waited for" 3 "$status"
    kill "$forger"
    wait "$forger" || true
fi
run 2 --all events --follow
expect "all are not followed" '*--follow is about one server*' "$complaint"
run 2 --all ps --store=sqlite:"$work/none.db"
expect "nor are they a cluster" '*exclude each other*' "$complaint"

serve 127.0.0.1:0 s3cret 1
export ROSTER_SERVER=$address
run 0 ps
sleep 0.1
run 7 status
expect "what is wrong" \
    "PROBLEM: minimum too old, for *session 2*run: rosterctl -s $address kill --transaction=* 2*healthy: no*" "$out"
run 0 safepoint
expect "safe points end with the command" "*minimum too old: *run: rosterctl -s $address kill --transaction=* 2" "$out"
run 7 status --json
expect "also as JSON" '{*"healthy":false,"problems":?{"problem":"minimum too old",*' "$out"
run 4 kill 1
expect "no token" '*token*' "$complaint"
echo wrong >"$work/wrong"
chmod 644 "$work/wrong"
run 2 --token-file="$work/wrong" kill 1
expect "a token that others may read" '*cannot read a token from */wrong: other users may *: chmod 600*' "$complaint"
chmod 600 "$work/wrong"
run 4 --token-file="$work/wrong" kill 1
install -m 600 /dev/null "$work/odd"
(umask 077 && echo s3cret >"$work/token")
run 2 --token-file="$work/none" kill 1
for length in 0 511 600; do
    printf "%0${length}d\n" 0 | tail -c $((length + 1)) >"$work/odd"
    run 2 --token-file="$work/odd" kill 1
    expect "a token of $length bytes" '*its first line has 1 to 510 bytes*' "$complaint"
done
printf 's3cret\0and more\n' >"$work/odd"
run 2 --token-file="$work/odd" kill 1
expect "a token with a NUL" '*its first line has 1 to 510 bytes, and no NUL*' "$complaint"
ROSTER_TOKEN=$'a\r\nX: b' run 2 kill 1
expect "a token that is two headers" '*more than one line*' "$complaint"
long=$(printf '%0100000d' 0)
ROSTER_TOKEN=$long run 2 kill 1
expect "a token of 100 kB" '*ROSTER_TOKEN has more than 510 bytes*' "$complaint"
mkfifo "$work/unwritten"
run 2 --token-file="$work/unwritten" kill 1
expect "a pipe that nobody writes to" '*/unwritten: no process writes to this pipe*' "$complaint"
run 1 --token-file=<(sleep 1; echo s3cret; echo more) kill --statement 3
run 0 --token-file="$work/token" kill 1
ROSTER_TOKEN=s3cret run 0 kill 4

# A cluster: of its servers each has a session that blocks two others.
if grep -q "define HAVE_SQLITE" "$ROSTER_BUILDDIR/config.h"; then
    cluster=--store=sqlite:$work/cluster.db
    mkfifo "$work/members"
    members=()
    for name in a b; do
        more=0
        [ "$name" = a ] || more=2
        SERVED_MORE=$more SERVED_NUMBER=$((more * 5)) SERVED_STORE=${cluster#--store=} SERVED_ID=$name "$served" "unix:$work/$name" \
            <"$work/members" >"$work/$name.out" 8>&- 9>&- &
        members+=("$!")
        [ "$name" = b ] || exec 8>"$work/members"
        for _ in $(seq 200); do
            [ ! -s "$work/$name.out" ] || break
            sleep 0.05
        done
    done
    run 0 locks "$cluster"
    expect "the trees of both" 'SERVER *SESSION *a *2 *bob *1 *a * 3 *carol*row 7*a *5*b *2 *bob*b *3*b *5*' "$out"
    run 0 locks "$cluster" -n 4 --output=csv
    expect "a limit is that of all" $'server,tree,*a,2,*a,*b,2,*' "$out"
    run 0 locks "$cluster" -n 4
    expect "what it leaves out is counted" '*4 of 6 sessions; --limit=6 shows all*' "$out"
    run 2 locks "$cluster" -n x
    run 0 locks -s "unix:$work/a" --limit=2
    expect "also of one server" 'SESSION *2 *bob *1 *3 *carol*2 of 3 sessions; --limit=3 shows all' "$out"
    run 2 locks -s "unix:$work/a" --limit=x
    run 0 activity "$cluster" --by=user,wait
    for _ in $(seq 100); do
        [[ $out != '2 servers, 4.00 '* ]] || break
        sleep 0.1
        run 0 activity "$cluster" --by=user,wait
    done
    expect "what both do is added up" '2 servers, 4.00 sessions*2.00 *Lock *row *carol*' "$out"
    expect "and where it is said when" $'2 servers, 4.00 sessions*\nwhen most were: --by=time\n*' "$out"
    run 0 activity "$cluster" --by=server,user --user=carol --output=csv
    expect "or told apart" $'average,samples,server,user\r\n1.00,*,?,carol\r\n1.00,*,?,carol\r' "$out"
    for _ in $(seq 100); do
        run 0 activity "$cluster" --by=time,server --since=-1m
        [[ $out != *' 4.00 *2.00 *2.00'* ]] || break
        sleep 0.1
    done
    expect "and when" '*TIME *AVERAGE *[ab] *[ab]*20??-* 4.00 *2.00 *2.00*' "$out"
    run 0 activity "$cluster" --by=time,user --since=-1m
    expect "users of all" '*TIME *AVERAGE *bob *carol*20??-* 4.00 *2.00 *2.00*' "$out"
    run 0 ps -s "unix:$work/a" --user=carol
    expect "what is waited for, and which" '*WAITS FOR*row: table t, row 7*' "$out"
    run 0 activity "$cluster" --by=server -n 1
    expect "by the server alone, of which one was wanted" '*AVERAGE *SAMPLES *SERVER*2.00 *1 of 2 groups; *' "$out"
    run 0 min "$cluster" --output=csv
    expect "minima as CSV" $'server,age_ms,kind,session_id,user,*\r\n?,*,transaction,2,bob,*\r\n?,*,transaction,2,bob,*' "$out"
    run 0 status "$cluster" --output=csv
    expect "verdicts as CSV" $'server,problem,age_ms,problems,*,command,address\r\n?,healthy,,0,*\r\n?,healthy,,0,*' "$out"
    if has_terminals; then
        for width in 40 80 200; do
            at "$width" "locks $cluster" "min $cluster" "status $cluster" "ps $cluster" "activity $cluster --by=server,user"
            expect "no table of a cluster is wider" "" "$tables"
            case $width in
            40) titles=("SERVER SESSION USER WAITED*" "SERVER AGE *SESSION*" "SERVER STATE FOR*" "SERVER ID USER TIME*") ;;
            80) titles=("SERVER SESSION USER BLOCKS WAITED FOR TRANSACTION*" "SERVER AGE HELD BY SESSION USER*GAINS"
                "SERVER STATE FOR PROBLEMS SESSIONS" "SERVER ID *USER*TIME*") ;;
            200) titles=("SERVER *FOR TRANSACTION STATE INFO" "SERVER *NAME ENDING GAINS" "SERVER *SESSIONS"
                "SERVER ID KIND USER HOST*LAST") ;;
            esac
            for command in locks min status ps; do
                expect "titles of $command --store at $width columns" "${titles[0]}" "$(title "$command")"
                titles=("${titles[@]:1}")
            done
        done
    fi
    run 5 kill "$cluster" 2
    expect "an id that two have" '*session 2: 2 servers have one; name it as SERVER:2' "$complaint"
    of_b=$((10 << 21 | 1 << 1)) # its number is in the id
    run 1 kill "$cluster" --wait=0.3 "$of_b" --output=csv
    expect "an id goes to its server" \
        $'server,session_id,target,result,state,took_ms\r\nb,'"$of_b,connection,delivered,,"$'\r\nb,'"$of_b,connection,waiting,\"Sleep, Idle\",*" "$out"
    kill -STOP "${members[0]}"
    run 0 kill "$cluster" "$((10 << 21 | 2 << 1))"
    expect "which alone is asked" "session $((10 << 21 | 2 << 1)): delivered" "$out"
    began=$SECONDS
    run 3 kill "$cluster" 3 4 5 6 7 8
    expect "each is refused" 6 "$(grep -c 'a server that does not answer may have one' "$work/complaint")"
    [ $((SECONDS - began)) -lt 10 ] || expect "a frozen server is waited for once, not by each id" yes no
    kill -CONT "${members[0]}"
    run 2 activity "$cluster" --by=nonsense
    expect "an error of all is printed once" '*by "nonsense": it takes*' "$complaint"
    "$ctl" -s "unix:$work/b" kill --statement=99 2 2>/dev/null || true
    run 0 events "$cluster" --output=csv
    expect "events by time" $'server,id,last_ms,*a,*kill*b,*kill*b,*' "$out"
    newest=$(tail -n 1 <<<"$out" | cut -d, -f3)
    run 2 events "$cluster" --since="$(tail -n 1 <<<"$out" | cut -d, -f2)"
    expect "an id is of one server" '*--since takes a time (*' "$complaint"
    "$ctl" events "$cluster" --since="$((newest + 1))" --follow >"$work/followed" 2>"$work/gaps" &
    follower=$!
    "$ctl" -s "unix:$work/a" kill 4711 2>/dev/null || true
    for _ in $(seq 100); do
        ! grep -q 4711 "$work/followed" || break
        sleep 0.1
    done
    expect "those who follow see what comes" '????-* a  *kill *session 4711,*' "$(cat "$work/followed")"
    expect "and nothing else" 1 "$(wc -l <"$work/followed")"
    kill -STOP "${members[1]}"
    for command in locks activity events; do
        "$ctl" "$command" "$cluster" >"$work/$command" 2>"$work/$command.err" &
        eval "$command=\$!"
    done
    # shellcheck disable=SC2154 # set above
    for command in "locks $locks" "activity $activity" "events $events"; do
        status=0
        wait "${command#* }" || status=$?
        expect "${command% *} of one that is frozen" 3 "$status"
        expect "which is named" "*b (unix:$work/b): no server answers*" "$(cat "$work/${command% *}.err")"
    done
    expect "the others are there" '*a *2 *bob*' "$(cat "$work/locks")"
    expect "and theirs alone" '1 server, 2.00*' "$(cat "$work/activity")"
    for _ in $(seq 100); do
        [ ! -s "$work/gaps" ] || break
        sleep 0.1
    done
    kill "$follower"
    wait "$follower" || true
    expect "those who follow know it once" "*b (unix:$work/b): no server answers*" "$(cat "$work/gaps")"
    expect "in a line" 1 "$(wc -l <"$work/gaps")"
    kill -CONT "${members[1]}"
    exec 8>&-
    wait "${members[@]}"
fi
finish

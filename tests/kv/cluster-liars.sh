#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# rosterctl serve, and --store: what answers at the address in a record need not be a server. It costs no more
# than a moment and some memory, it is named, the others are there, and nothing of it is run by the shell that
# a command is copied to.

# shellcheck source=tests/kv/members.sh
. "$ROSTER_SRCDIR/tests/kv/members.sh"

ctl=$ROSTER_BUILDDIR/rosterctl
[ -x "$ctl" ] || skip "rosterctl was not built"
for tool in curl python3; do
    command -v "$tool" >/dev/null || skip "$tool is not installed"
done
need_etcd 1
start_member a --status="unix:$work/a.sock" --activity-ms=20
grep -q '^roster-kv: status on' "$work/server.out" || skip "built without the status endpoint"
"$ctl" serve --store="$store" >"$work/serve.out" 2>"$work/serve.err" &
serving=$!
children+=("$serving")
# shellcheck disable=SC2317 # eventually() calls it
serves() {
    grep -q 'all servers in' "$work/serve.out" || ! kill -0 "$serving" 2>/dev/null
}
eventually "it says where" serves
! grep -q 'without libmicrohttpd' "$work/serve.err" || skip "built without libmicrohttpd"
url=$(sed -n 1p "$work/serve.out")

get() { # PATH
    curl -sS --noproxy '*' -m 20 -w ' %{http_code}' "${url%/}$1"
}
says() { # PATH PATTERN
    # shellcheck disable=SC2053,SC2317 # a pattern is meant; eventually() calls it
    [[ $(get "$1") == $2 ]]
}
eventually "the server is there" says /status '*"answered":1,"of":1*'

forge LIAR "$work/flood" flood
eventually "of more problems than there can be some are shown" says /status \
    '*"problems":?{*"rank":-99,"server":"LIAR"*"server":"LIAR","address":*"answered":true,"problems":100000,*"answered":2,*200'
expect "not more than a server can have, and its own line" 101 "$(get /status | grep -o '"server":"LIAR"' | wc -l)"
eventually "more values than there is memory for are not read" says /locks \
    '*"answered":1,"of":2,"silent":?"LIAR"?,"silent_why":?"the answer has more than 524288 values"?} 200'
# shellcheck disable=SC2317 # eventually() calls it
adds_up() {
    get /timeline >"$work/sums"
    grep -q '[[,]4294967[0-9]*,' "$work/sums"
}
eventually "sums fit" adds_up
expect "none is negative" no "$(grep -q '[[,]-' "$work/sums" && echo yes || echo no)"
eventually "a list has an end" says '/processlist?server=LIAR&limit=2000' '*the list does not end*'
unforge LIAR

# say JSON...: the members of what it answers, by path.
say() {
    (IFS=, && printf '{%s}' "$*") >"$work/said.new"
    mv "$work/said.new" "$work/said"
}
said_status='"/status":{"server_id":"ABE","problems":[]}' # the first of all by its name
say "$said_status"
forge ABE "$work/abe" "$work/said"
eventually "both are there" says /status '*"answered":2,"of":2*'

# Two trees of one size; how long the second has waited was read later.
say "$said_status" '"/locks":{"rows":[{"id":"1","depth":0},{"id":"2","depth":1,"wait_ms":5},{"id":"3","depth":0},{"id":"4","depth":1,"wait_ms":9}]}'
eventually "the trees of a server stay in its order" says /locks '*"id":"1"*"id":"2"*"id":"3"*"id":"4"*"answered":2,* 200'
say "$said_status" '"/locks":{"rows":[7],"deadlocks":[7,[],null]}'
eventually "what is no deadlock is none" says /locks '*"deadlocks":\[\],"answered":2,* 200'

# Clocks. The newest second of a server that tells the truth is there, whatever the other one says.
# shellcheck disable=SC2317 # eventually() calls it
has_its_hour() { # WHY
    local now
    now=$(awk '{ printf "%d", $1 }' /proc/uptime)
    get /timeline >"$work/hour"
    grep -Eq "[[]($((now - 2))|$((now - 1))|$now|$((now + 1))),[0-9]" "$work/hour" || return 1
    grep -q '"answered":1,"of":2,"silent":."ABE".,"silent_why":."'"$1" "$work/hour"
}
for now in 4294967295 9223372036854775807 0 -1 '"x"' 4294967295.5; do
    say "$said_status" "\"/timeline\":{\"now\":$now,\"now_ms\":$now,\"old_ms\":1,\"columns\":[\"second\",\"sessions\"],\"rows\":[[$now,5]]}"
    eventually "an hour of another time, $now" has_its_hour 'its hour is left out:'
done

from=$(($(date +%s) * 1000 - 300000))
activity() { # FROM TO STEP
    say "$said_status" "\"/activity\":{\"from_ms\":$1,\"to_ms\":$2,\"step_ms\":$3,\"columns\":[\"at_ms\",\"times\",\"dropped\",\"CPU\"],\"points\":[[$1,1,0,5]]}"
}
# shellcheck disable=SC2317 # eventually() calls it
has_its_activity() {
    says "/activity?step=5000&from=$from" \
        '*"step_ms":5000,*"points":?\[[0-9]*"answered":1,"of":2,"silent":?"ABE"?,"silent_why":?"its activity is left out:*'
}
to=$((from + 300000))
for lie in "0 $to 5000" "$from 0 5000" "$from 9000000000000000000 5000" "$from $to 1" "$from $to 3600000" \
    "$from $((to + 3600000)) 5000" "$((from + 290000)) $to 5000" "$from $((from + 5000)) 5000" "$from $to 0"; do
    # shellcheck disable=SC2086 # words
    activity $lie
    eventually "activity of another time, $lie" has_its_activity
done

say "$said_status" '"/events":{"rows":[{"kind":"kill","last_ms":9000000000000000,"id":"1"},7,{}]}'
eventually "events that are to come" says /events \
    '*"kind":"lease"*"server":"a"*"answered":1,"of":2,"silent":?"ABE"?,"silent_why":?"its events are left out:*'
expect "none of them is there" no "$(get /events | grep -q 9000000000000000 && echo yes || echo no)"

# Events of now, more than the list has room for.
# shellcheck disable=SC2317 # eventually() calls it
has_both() {
    local now
    now=$(date +%s)000
    say "$said_status" "\"/events\":{\"rows\":[$(seq -s, -f "{\"kind\":\"kill\",\"last_ms\":$now,\"id\":\"%.0f\"}" 1000)]}"
    get /events >"$work/events"
    grep -q '"last_ms":'"$now"'.*"answered":2,"of":2,' "$work/events" && grep -q '"kind":"lease".*"server":"a"' "$work/events"
}
eventually "those of the other server are there, too" has_both
expect "and no more than there is room for" 500 "$(grep -o '"last_ms":' "$work/events" | wc -l)"

# Commands. Those that a verdict has are there, with the addresses that are known here; a shell would run
# something else for all others, or it would be about something else.
commands() { # COMMAND...
    python3 - "$work/said" "$@" <<'PYTHON'
import json, os, sys

said, commands = sys.argv[1], sys.argv[2:]
status = {"server_id": "ABE", "problems": [{"problem": "p%02d." % n, "rank": n, "evidence": "e%02d" % n, "command": command}
                                           for n, command in enumerate(commands)]}
with open(said + ".new", "w") as out:
    json.dump({"/status": status}, out)
os.rename(said + ".new", said)
PYTHON
}
# asked N: that there are so many; $shown has the command of each, and its evidence.
asked() {
    eventually "they are there" has_problems "$1"
    mapfile -t shown <"$work/shown"
}
# shellcheck disable=SC2317 # eventually() calls it
has_problems() { # N
    curl -sS --noproxy '*' -m 20 "${url%/}/status" | python3 -c '
import json, sys
for one in json.load(sys.stdin)["problems"]:
    if one["server"] == "ABE":
        print(one["command"] + "|" + one["evidence"])' >"$work/shown" && [ "$(wc -l <"$work/shown")" -eq "$1" ]
}
good=(
    "rosterctl -s 127.0.0.1:1 safepoint" "safepoint"
    "rosterctl -s $work/elsewhere status" "status"
    "rosterctl -s x ps --command=Sleep --sort=-time -n 20 --user=bob" "ps --command=Sleep --sort=-time -n 20 --user=bob"
    "rosterctl -s 'x y' kill --transaction=18446744073709551615 7" "kill --transaction=18446744073709551615 7"
    "rosterctl -s x events --since=-1h" "events --since=-1h"
    "rosterctl -s x ps --columns=id,user,killed --sort=-killed -n 20" "ps --columns=id,user,killed --sort=-killed -n 20"
)
words=()
for ((n = 0; n < ${#good[@]}; n += 2)); do
    words+=("${good[n]}")
done
of_store=("barrier delete forgotten" "barrier delete 'its'\\''; reboot'" "barrier delete -- --server=x"
    "kill --transaction=5 b:7" "kill -- '-b c:7'")
for word in "${of_store[@]}"; do
    words+=("rosterctl --store=\"\$ROSTER_STORE\" $word")
done
words+=("lslocks --output COMMAND,PID,MODE,PATH" "timedatectl set-ntp true" "")
commands "${words[@]}"
asked ${#words[@]}
for ((n = 0; n < ${#good[@]} / 2; n++)); do
    expect "${good[2 * n]}" "rosterctl -s unix:$work/abe ${good[2 * n + 1]}|e0$n" "${shown[n]}"
done
for word in "${of_store[@]}"; do
    expect "$word" "rosterctl --store=$store ${word//\\/\\\\}|e*" "${shown[n]}"
    n=$((n + 1))
done
expect "who has the lock" "lslocks --output COMMAND,PID,MODE,PATH|e*" "${shown[n]}"
expect "the clock" "timedatectl set-ntp true|e*" "${shown[n + 1]}"
expect "none" "|e*" "${shown[n + 2]}"

# shellcheck disable=SC2016 # no shell is to expand them
bad=("reboot" "rosterctl -s x safepoint; reboot" 'rosterctl -s x kill $(reboot)' 'rosterctl -s x kill `reboot`'
    "rosterctl -s x kill 7 && reboot" "rosterctl -s x kill 7 | sh" "rosterctl -s x kill 7 > /etc/passwd"
    $'rosterctl -s x kill 7\nreboot' $'rosterctl -s x kill 7\e[2K' $'rosterctl -s x kill 7\rreboot' "rosterctl -s x drain"
    "rosterctl -s x kill --server=y 7" "rosterctl -s x kill -s y 7" "rosterctl -s x kill --serv=y 7" "rosterctl -s x kill a:7"
    "rosterctl --store=STORE status" 'rosterctl --store="$ROSTER_STORE" kill --store=y a:7'
    'rosterctl --store="$ROSTER_STORE" barrier set x' 'rosterctl --store="$ROSTER_STORE" drain' 'rosterctl --store="$PATH" status'
    "rosterctl --store=etcd:y kill a:7" "rosterctl" "rosterctl -s x" "rosterctl -s x kill '7" "rosterctl -s x  kill 7"
    "rosterctl -s x kill 7 " " rosterctl -s x kill 7" "rosterctl -s x kill ~" "rosterctl -s x kill *" 'rosterctl -s x kill \7'
    "rosterctl -s x ps '' 7" "lslocks" "timedatectl set-ntp true; reboot" $'rosterctl -s \u202ex kill 7'
    "rosterctl -s x kill $(printf '7%.0s' {1..600})" "rosterctl -s x kill 1 2 3 4 5 6 7 8 9 10 11 12 13 14")
commands "${bad[@]}"
asked ${#bad[@]}
for ((n = 0; n < ${#bad[@]}; n++)); do
    expect "${bad[n]@Q}" "|e*; the command that it names is not one of a verdict, so it is not shown" "${shown[n]}"
done
"$ctl" --store="$store" status >"$work/out" 2>&1 || true
expect "nor is it in the list of all" no "$(grep -q reboot "$work/out" && echo yes || echo no)"
commands "${good[0]}"
# shellcheck disable=SC2317 # eventually() calls it
lists_it() {
    "$ctl" --store="$store" status 2>&1 | grep -q "^run: rosterctl -s unix:$work/abe safepoint\$"
}
eventually "one that is right is" lists_it
unforge ABE

record_address steers "unix:$work/\\u001b[2J"
eventually "an address that steers a terminal" says /status '*"server":"steers"*is not one of this host*'
unrecord steers

kill -TERM "$serving"
status=0
wait "$serving" || status=$?
expect "it ends well" 0 "$status"
expect "and has nothing to say" "" "$(cat "$work/serve.err")"
stop_members
finish

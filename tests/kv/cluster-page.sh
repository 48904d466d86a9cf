#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# rosterctl serve: the page of every endpoint for three servers at once. One is frozen: it is named, and the
# others are there. A kill goes to the server of the row, with the token that came with it. What is malformed,
# of another user or of another site is refused.

# shellcheck source=tests/kv/members.sh
. "$ROSTER_SRCDIR/tests/kv/members.sh"

ctl=$ROSTER_BUILDDIR/rosterctl
[ -x "$ctl" ] || skip "rosterctl was not built"
command -v curl >/dev/null || skip "curl is not installed"
need_etcd 1
ttl=60000 # a server that is frozen keeps its record
echo s3cret >"$work/token"
chmod 600 "$work/token"
start_member a --status="unix:$work/a.sock" --activity-ms=20
grep -q '^roster-kv: status on' "$work/server.out" || skip "built without the status endpoint"
start_member b --status="unix:$work/b.sock"
read -r free < <(pick_ports 1)
start_member c --status="127.0.0.1:$free" --status-token="$work/token"

# run STATUS ARGUMENT...: its complaint is in $complaint.
run() {
    local wanted=$1 status=0
    shift
    timeout 60 "$ctl" serve "$@" >"$work/out" 2>"$work/complaint" || status=$?
    complaint=$(cat "$work/complaint")
    expect "exit status of serve $*" "$wanted" "$status"
}
run 2
if [[ $complaint == *without\ libmicrohttpd* ]]; then
    skip "$complaint"
fi
expect "it needs a store" '*--store says in which store*' "$complaint"
run 2 --store="$store" --listen=0.0.0.0:0
expect "loopback alone" '*--listen takes 127.0.0.1:PORT, *not "0.0.0.0:0"' "$complaint"
run 2 --store="$store" --listen=nonsense
run 2 --store="$store" --in-txn
run 5 --store="$store" --listen="unix:$work/none/x.sock"
expect "no such directory" '*there is no such directory' "$complaint"
run 6 --store="$store" --listen="unix:$work/a.sock"
expect "another one listens there" '*it is in use*' "$complaint"
run 5 --store="sqlite:$work/none.db"

serve() { # ARGUMENT...
    : >"$work/serve.out"
    "$ctl" serve --store="$store" "$@" >"$work/serve.out" 2>"$work/serve.err" &
    serving=$!
    children+=("$serving")
    eventually "it says where" grep -q 'all servers in' "$work/serve.out"
}
serve
url=$(sed -n 1p "$work/serve.out")
# get PATH [ARGUMENT...]: what it answers, and the status behind it.
get() {
    curl -sS --noproxy '*' -m 20 -w ' %{http_code}' "${@:2}" "${url%/}$1"
}
says() { # PATH PATTERN
    # shellcheck disable=SC2053,SC2317 # a pattern is meant; eventually() calls it
    [[ $(get "$1") == $2 ]]
}

get / -o "$work/page" >/dev/null
curl -sS --unix-socket "$work/a.sock" http://localhost/ >"$work/page-of-a"
cmp "$work/page" "$work/page-of-a" || fail "the page is another one"
begin_elder_and_younger a c
eventually "all answer, and are well" says /status '*"cluster":true*"healthy":true*"problems":\[\]*"answered":3,"of":3,"silent":\[\],"silent_why":\[\]} 200'
eventually "sessions of all" says '/processlist?sort=application&search=er' '*elder*"server":"a"*younger*"server":"c"*"answered":3*200'
eventually "the oldest first" says '/trx?sort=-age_ms' '*"server":"a"*"server":"c"*'
eventually "and the youngest" says '/trx?sort=age_ms' '*"server":"c"*"server":"a"*'
eventually "a limit is that of all" says '/trx?sort=-age_ms&limit=1' '{"rows":?{*"server":"a"}?,"matched":2,*'
eventually "all that hold the minimum, too" says /holders '{"rows":?{*transaction*elder*"server":"a"*transaction*younger*"server":"c"*}?,"matched":2,*'
eventually "by what they are" says '/holders?holder=pin' '{"rows":\[\]*"matched":0,*'
eventually "and sessions by what they wait for" says '/processlist?wait=&application=elder' '*elder*"matched":1,*'
eventually "the oldest of all is named" says /minimum '*"holder":{*elder*"server":"a"*'
eventually "one server alone" says '/processlist?server=b' '*"answered":1,"of":1*'
eventually "locks" says /locks '{"waits":0,"matched":0,"rows":\[\],*"answered":3*'
eventually "events" says '/events?limit=1000&since=0' '*"kind":"lease"*"server":"a"*"server":"c"*"whole":true*'
eventually "the last hour, added up" says /timeline '*"columns":?"second","minimum_age_ms",*"rows":?\[[0-9]*,"answered":3,*'
eventually "activity in steps" says "/activity?step=1000&from=$(($(date +%s) * 1000 - 60000))" '*"columns":?"at_ms","times","dropped","CPU",*"points":?\[[0-9]*'
eventually "by what is asked for" says "/activity?step=1000&by=server&limit=6&from=$(($(date +%s) * 1000 - 60000))" \
    '*"columns":?"at_ms","times","dropped","[abc]",*"other"?,"points":?\[*"groups":?{"server":"[abc]"}*'
eventually "activity by server" says "/activity?by=server&limit=8&from=$(($(date +%s) * 1000 - 60000))" '*"times":1,*200'

# What makes no sense.
expect "an unknown argument" '{"error":"unknown argument nonsense"} 400' "$(get '/processlist?nonsense=1')"
expect "one that is of another page" '{"error":"unknown argument limit"} 400' "$(get '/status?limit=1')"
expect "twice" '{"error":"limit is given more than once"} 400' "$(get '/trx?limit=1&limit=2')"
expect "a flag is 1 or 0" '{"error":"in_txn takes 1 or 0"} 400' "$(get '/processlist?in_txn=x')"
eventually "a number that is none" says '/timeline?after=x' '{"error":"after takes a number"} 400'
for limit in 0 -1 x 2001 99999999999999999999 ''; do
    expect "limit \"$limit\"" '{"error":"limit takes a number from 1 to 2000"} 400' "$(get "/trx?limit=$limit")"
done
eventually "what servers refuse is said" says '/processlist?sort=nonsense' '{"error":"sort*it takes*"} 400'
eventually "and of one" says '/processlist?id=x' '*400'
expect "no such server" '{"error":"no server *x* is registered"} 404' "$(get '/processlist?server=x')"
expect "no UTF-8" '{"error":"no server *?* is registered"} 404' "$(get '/processlist?server=%ff')"
expect "no such page" '{"error":"a cluster has no such page"} 404' "$(get /metrics)"
expect "no kill by a look" '* 405' "$(get '/kill?server=a&id=1&target=connection')"
expect "nor a look by POST" '* 405' "$(get /status -X POST)"
expect "a name that leads here" '* 403' "$(get /status -H 'Host: evil.example')"
expect "a page of another site" '*another site"} 403' \
    "$(get '/kill?server=a&id=1&target=connection' -X POST -H 'Origin: http://evil.example')"
expect "a page of two" '*more than one Origin* 400' "$(get '/kill?server=a&id=1&target=connection' -X POST \
    -H "Origin: ${url%/}" -H 'Origin: http://evil.example')"
expect "a page without an origin" '* 403' "$(get '/kill?server=a&id=1&target=connection' -X POST -H 'Origin: null')"
expect "a page of another port" '* 403' \
    "$(get '/kill?server=a&id=1&target=connection' -X POST -H 'Sec-Fetch-Site: same-site')"
expect "the server has to be named" '*server takes the name*400' "$(get '/kill?id=1&target=connection' -X POST)"
expect "and what" '*id and target*400' "$(get '/kill?server=a' -X POST)"
expect "no such session" '* 404' "$(get '/kill?server=a&id=123456789&target=connection' -X POST)"
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
    expect "another user" '*only the user who started it may connect"} 403' \
        "$(setpriv --reuid=65534 --clear-groups curl -sS --noproxy '*' -w ' %{http_code}' "${url}status")"
fi

record_address dead "unix:$work/x;y.sock"
eventually "a command for a shell" says /status "*\"command\":\"ss -lxp | grep -F -- '$work/x;y.sock'\"*"
unrecord dead
eventually "all are as they were" says /status '*"answered":3,"of":3,*'

# The one that is frozen holds up none of the others, and is named.
kill -STOP "${pids[b]}"
eventually "who does not answer is named, as the worst" says /status \
    '*"problems":?{"server":"b",*"problem":"silent",*"answered":2,"of":3,"silent":?"b"?,"silent_why":?"no server answers*} 200'
eventually "the others are there" says '/processlist?sort=application&search=er' '*elder*"server":"a"*younger*"server":"c"*"answered":2*"b"*'
eventually "the oldest too" says /minimum '*elder*"server":"a"*"silent":?"b"?*'
expect "of one that does not answer nothing is known" '{"error":"no server answers: *"} 504' "$(get '/processlist?server=b&id=1')"
expect "a kill is not sent there" '*no server answers*503' "$(get '/kill?server=b&id=1&target=connection' -X POST)"

# Kills: to a, over its socket, as this user; to c, with the token that comes along, and no other.
# shellcheck disable=SC2317 # eventually() calls it
ids() { # SERVER NAME: sets $id
    id=$(get "/trx?search=$2&server=$1" | sed -n 's/.*"session_id":"\([0-9]*\)".*/\1/p')
    [ "$id" ]
}
eventually "the elder is there" ids a elder
elder=$id
eventually "the younger is there" ids c younger
younger=$id
expect "what has ended is not taken for what came after it" '{"error":"stale: *"} 409' \
    "$(get "/kill?server=a&id=$elder&target=transaction&start_ts=1" -X POST)"
expect "a kill" '{"result":"delivered"} 200' "$(get "/kill?server=a&id=$elder&target=transaction" -X POST -H "Origin: ${url%/}")"
eventually "its transaction has ended" says '/trx?search=elder' '{"rows":\[\]*'
expect "without a token" '* 401' "$(get "/kill?server=c&id=$younger&target=transaction" -X POST)"
expect "with a wrong one" '* 401' "$(get "/kill?server=c&id=$younger&target=transaction" -X POST -H 'Authorization: Bearer wrong')"
expect "with the right one" '*delivered*200' "$(get "/kill?server=c&id=$younger&target=transaction" -X POST -H 'Authorization: Bearer s3cret')"
eventually "it is among the events" says /events '*"kind":"kill"*"server":"c"*'
kill -CONT "${pids[b]}"
eventually "who is back is asked again" says /status '*"answered":3,"of":3*'

# The store may be away: what was known stays.
kill -STOP "${etcd_pids[0]}"
eventually "that it does not answer is said, with what to run" says /status \
    '*"server":null,"problem":"store failing"*"command":"etcdctl --endpoints=*endpoint health"*"answered":3*'
kill -CONT "${etcd_pids[0]}"
kill -TERM "$serving"
status=0
wait "$serving" || status=$?
expect "it ends well" 0 "$status"
expect "and has nothing to say" "" "$(cat "$work/serve.err")"

# On a socket of its own, with a token for those who send none.
ROSTER_TOKEN=s3cret serve --listen="unix:$work/page.sock"
expect "it says where" "unix:$work/page.sock" "$(sed -n 1p "$work/serve.out")"
url=http://localhost
expect "its own token" '* 404' "$(get "/kill?server=c&id=123456789&target=connection" -X POST --unix-socket "$work/page.sock")"

# One that is frozen until its lease has ended has no record, and is named as gone; one that was stopped is not.
ttl=2000
start_member d --status="unix:$work/d.sock"
start_member e --status="unix:$work/e.sock"
asked() { # PATTERN
    # shellcheck disable=SC2053,SC2317 # a pattern is meant; eventually() calls it
    [[ $(get /status --unix-socket "$work/page.sock") == $1 ]]
}
eventually "all five are there" asked '*"answered":5,"of":5*'
kill -STOP "${pids[d]}"
stop_member e
eventually "that one does not answer" asked '*"server":"d",*"problem":"silent",*"answered":3,*'
eventually "nor has a record" asked '*{"server":"d",*"problem":"gone",*its lease has ended*"answered":3,"of":4*'
kill -CONT "${pids[d]}"
eventually "and is back" asked '*"answered":4,"of":4,*'

# Its end waits for answers that are being made, and makes no others.
kill -STOP "${pids[b]}"
for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
    while get /minimum --unix-socket "$work/page.sock" >"$work/answer.$n" 2>&1; do :; done &
done
# shellcheck disable=SC2317 # eventually() calls it; the files need not be there yet
being_made() {
    grep -qs '"b"' "$work"/answer.*
}
eventually "answers are being made" being_made
kill -TERM "$serving"
status=0
wait "$serving" || status=$?
kill -CONT "${pids[b]}"
expect "it ends well, whatever it is asked" 0 "$status"
expect "its socket goes with it" no "$([ -e "$work/page.sock" ] && echo yes || echo no)"
hang_up 3
hang_up 4
stop_members
finish

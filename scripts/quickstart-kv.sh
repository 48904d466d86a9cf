# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# help: build, start the example server, put it under load and watch it (the default)
#
# Sourced by quickstart.

# shellcheck source=scripts/resp.sh
. scripts/resp.sh

seconds=10
clients=200
watched=key:000000000042 # one of the keys that the load writes all the time
work=$(mktemp -d "${TMPDIR:-/tmp}/roster-quickstart.XXXXXX")
server=
load=
port=
checks=0
failures=0

# Ends what was started here, and only that, however the script ends.
cleanup() {
    local pid
    for pid in $load $server; do
        kill "$pid" 2>/dev/null || true
    done
    wait
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

# check WHAT COMMAND...: counts it, and tells when it failed.
check() {
    local what=$1
    shift
    checks=$((checks + 1))
    if ! "$@"; then
        failures=$((failures + 1))
        echo "   CHECK FAILED: $what ($*)"
    fi
}

cli() {
    redis-cli -p "$port" "$@" | tr -d '\r'
}

# look: takes one look at the server. value NAME: what was seen of it.
look() {
    cli INFO >"$work/info"
}
value() {
    sed -n "s/^$1://p" "$work/info"
}

start_server() {
    local tries
    build/examples/kv/roster-kv --port=0 --gc-interval-ms=100 \
        >"$work/server.out" 2>"$work/server.err" &
    server=$!
    for ((tries = 100; tries; tries--)); do
        grep -q '^roster-kv: ready' "$work/server.out" && break
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    port=$(sed -n 's/.* port \([0-9]*\),.*/\1/p' "$work/server.out")
    [ -n "$port" ] || die "the server did not start: $(cat "$work/server.err")"
    sed 's/^/   /' "$work/server.out"
}

# redis-benchmark goes round its tests until it is stopped.
start_load() {
    redis-benchmark -p "$port" -c "$clients" -t set,get,incr,mset -r 1000 -n 20000 -l -q \
        >"$work/load.out" 2>&1 &
    load=$!
}

# hold N NAME: begins a transaction through descriptor N that reads one key and then just stays.
hold() {
    dial "$1" "$port"
    check "$2 has a name" [ "$(ask "$1" "CLIENT SETNAME $2")" = +OK ]
    check "$2 begins" [ "$(ask "$1" BEGIN)" = +OK ]
    ask "$1" "GET $watched" >"$work/$2.saw"
    cli TRX LIST | sed -n "s/.* name=$2 .*start-ts=\([0-9]*\) .*/\1/p" >"$work/$2.start"
    echo "-- \"$2\" begins a transaction, reads $watched = \"$(cat "$work/$2.saw")\", and keeps it open"
}

# release N NAME: it ends, and has seen one and the same snapshot all the time.
release() {
    local sees
    sees=$(ask "$1" "GET $watched")
    check "$2 sees its snapshot to its end" [ "$sees" = "$(cat "$work/$2.saw")" ]
    check "$2 commits" [ "$(ask "$1" COMMIT)" = +OK ]
    hang_up "$1"
    echo "-- \"$2\" still reads \"$sees\", the others read \"$(cli GET $watched)\" by now; it commits"
}

# held_by N NAME: what has to be true while that transaction is the oldest.
held_by() {
    local start
    start=$(cat "$work/$2.start")
    check "$2 is shown as the holder of the minimum" [ "$(value min_holder_name)" = "$2" ]
    check "the minimum is where $2 began" [ "$(value min_start_ts)" = "$start" ]
    check "the safe point does not pass $2" [ "$(value safe_point)" -le "$start" ]
    check "$2 sees its snapshot" [ "$(ask "$1" "GET $watched")" = "$(cat "$work/$2.saw")" ]
}

# The statements a second since the last call.
statements_before=0
time_before=0
statement_rate() {
    local statements now
    statements=$(value statements)
    now=$(date +%s%3N)
    rate=$(((statements - statements_before) * 1000 / (now - time_before + 1)))
    statements_before=$statements
    time_before=$now
}

# show SECOND: what the server says of itself.
show() {
    local holder next
    look
    statement_rate
    holder="nobody for long"
    if [ "$(value min_holder)" != none ] && [ -n "$(value min_holder_name)" ]; then
        holder="held for $(value min_age_ms) ms by session $(value min_holder_id)"
        holder="$holder \"$(value min_holder_name)\" ($(value min_holder_addr))"
        next="   to end it would move the minimum up by $(value min_next_gain_ms) ms"
    fi
    printf '%2s s  %s sessions, %s statements a second, %s versions kept, %s collected\n' \
        "$1" "$(value connected_clients)" "$rate" \
        "$(value versions)" "$(value versions_collected)"
    printf '      minimum %s, %s\n' "$(value min_start_ts)" "$holder"
    [ -z "${next-}" ] || printf '   %s\n' "$next"
}

# The process list: long, so only its beginning, and who has a name.
show_sessions() {
    local list=$work/list
    cli CLIENT LIST >"$list"
    grep ' name= ' "$list" >"$work/others"
    echo "-- CLIENT LIST: the named ones and some others of $(grep -c '^id=' "$list") sessions"
    { grep '^id=' "$list" | grep -v ' name= '; sort -t '"' -k 2,2r "$work/others" | head -n 4; } |
        cut -c 1-140 | sed 's/^/   /'
    echo "-- TRX LIST: the oldest transactions first"
    cli TRX LIST | grep '^id=' | head -n 3 | sed 's/^/   /'
}

# Two long transactions beside the load: one from before it to the 6th second, one from the 3rd to
# the 8th.
watch_load() {
    local second collected=0 start
    start=$(date +%s%3N)
    time_before=$start
    for ((second = 1; second <= seconds; second++)); do
        while [ "$(date +%s%3N)" -lt $((start + second * 1000)) ]; do
            sleep 0.05
        done
        case $second in
        3) hold 8 report ;;
        4) show_sessions ;;
        6) release 7 audit ;;
        8)
            release 8 report
            look
            collected=$(value versions_collected)
            ;;
        esac
        show "$second"
        case $second in
        [1-5]) held_by 7 audit ;;
        [67]) held_by 8 report ;;
        esac
    done
    check "versions were kept for the long transactions and collected after them" \
        [ "$(value versions_collected)" -gt "$collected" ]
}

finish_load() {
    local status=0 round
    kill -TERM "$load" 2>/dev/null || true
    wait "$load" || status=$?
    load=
    check "redis-benchmark ran until it was stopped" [ "$status" -eq $((128 + 15)) ]
    check "redis-benchmark saw no error" \
        [ -z "$(tr '\r' '\n' <"$work/load.out" | grep -i -e error -e warning)" ]
    check "redis-benchmark got replies" grep -q 'requests per second' "$work/load.out"
    echo "-- what redis-benchmark says of its last rounds:"
    round=$(tr '\r' '\n' <"$work/load.out" | grep 'requests per second' | tail -n 4)
    printf '%s\n' "$round" | sed 's/^ */   /'
}

# Nobody needs an old version any more: what is left is one for each key.
check_rest() {
    local tries
    for ((tries = 50; tries; tries--)); do
        look
        [ "$(value versions)" -gt "$(value keys)" ] || break
        sleep 0.1
    done
    check "at rest each key has one version" [ "$(value versions)" -eq "$(value keys)" ]
    check "no transaction is left" [ "$(value transactions_open)" -eq 0 ]
    echo "-- at rest: $(value keys) keys, $(value versions) versions, $(value versions_collected) collected"
}

stop_server() {
    local status=0
    kill -TERM "$server"
    wait "$server" || status=$?
    server=
    check "the server ends well" [ "$status" -eq 0 ]
    check "the server has no complaint" [ ! -s "$work/server.err" ]
    sed 's/^/   /' "$work/server.err"
}

install_packages build check kv
configure_all build
build_in build libroster.la examples/kv/roster-kv

say "starting the example server: each connection is a session of its roster"
start_server
cli SET "$watched" before >/dev/null
say "$seconds seconds of redis-benchmark over $clients connections, two long transactions beside it"
echo "   Every write makes a new version. The minimum is where the oldest open transaction began:"
echo "   what that one may still read must be kept, what nobody can read any more is collected."
hold 7 audit
start_load
watch_load
finish_load
check_rest
say "stopping the server"
stop_server
echo "$((checks - failures)) checks passed, $failures failed"
[ "$failures" -eq 0 ]

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# help: build, start the example server, put it under load, watch its minimum (the default)
#
# Sourced by quickstart.

seconds=10
clients=200
wrong=0
kv_pid=
load_pid=
kv_work=$(mktemp -d "${TMPDIR:-/tmp}/roster-quickstart.XXXXXX") || die "no temporary directory"

kv_cleanup() {
    local pid
    for pid in $load_pid $kv_pid; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "$kv_work"
}
trap kv_cleanup EXIT
trap 'exit 130' INT TERM

# check WHAT COMMAND...: says whether it holds.
check() {
    local what=$1
    shift
    if "$@"; then
        printf '   ok     %s\n' "$what"
    else
        printf '   WRONG  %s\n' "$what"
        wrong=1
    fi
}

ask_server() {
    redis-cli -p "$kv_port" "$@"
}

# info_now: one INFO in $kv_work/info, so that its lines are of one moment.
info_now() {
    ask_server INFO | tr -d '\r' >"$kv_work/info"
}
value() {
    sed -n "s/^$1://p" "$kv_work/info"
}

start_kv() {
    local tries=100
    build/examples/kv/roster-kv --port=0 --gc-interval-ms=100 \
        >"$kv_work/out" 2>"$kv_work/err" &
    kv_pid=$!
    until grep -q 'ready on' "$kv_work/out"; do
        tries=$((tries - 1))
        if [ "$tries" -eq 0 ] || ! kill -0 "$kv_pid" 2>/dev/null; then
            cat "$kv_work/err" >&2
            die "the server did not start"
        fi
        sleep 0.1
    done
    kv_port=$(sed -n 's/.* port \([0-9]*\),.*/\1/p' "$kv_work/out")
}

# hold LINE: one line to the connection that keeps a transaction open; prints the reply.
hold() {
    local reply
    printf '%s\r\n' "$1" >&9
    IFS= read -r -t 10 reply <&9 || return 1
    reply=${reply%$'\r'}
    if [[ $reply == \$* ]]; then
        IFS= read -r -t 10 reply <&9 || return 1
        reply=${reply%$'\r'}
    fi
    printf '%s\n' "$reply"
}

hold_transaction() {
    ask_server SET witness before >/dev/null
    exec 9<>"/dev/tcp/127.0.0.1/$kv_port"
    hold 'CLIENT SETNAME keeper' >/dev/null
    keeper=$(hold 'CLIENT ID')
    keeper=${keeper#:}
    hold BEGIN >/dev/null
    check "the held transaction reads what was there" [ "$(hold 'GET witness')" = before ]
    start=$(ask_server TRX LIST | sed -n 's/.*name=keeper .*start-ts=\([0-9]*\) .*/\1/p')
    ask_server SET witness after >/dev/null
}

start_load() {
    # More requests than the time allows; it is stopped when the time is over.
    redis-benchmark -p "$kv_port" -t set,get,incr,mset -c "$clients" -n 100000000 -r 1000 -q \
        >"$kv_work/load" 2>&1 &
    load_pid=$!
}

look() {
    info_now
    printf '%4ss  %6s clients  %9s transactions  oldest: session %s (%s), %s ms  versions: %s alive, %s collected\n' \
        "$1" "$(value connected_clients)" "$(value transactions_begun)" "$(value min_holder_id)" \
        "$(value min_holder_name)" "$(value min_age_ms)" "$(value versions)" \
        "$(value versions_collected)"
    [ "$(value min_holder_id)" = "$keeper" ] || holder_wrong=1
    [ "$(value min_start_ts)" = "$start" ] || holder_wrong=1
    [ "$(value safe_point)" -le "$start" ] || passed_it=1
}

watch_load() {
    local second
    holder_wrong=0 passed_it=0
    for ((second = 1; second <= seconds; second++)); do
        sleep 1
        kill -0 "$load_pid" 2>/dev/null || die "redis-benchmark ended early: $(tail -n 3 "$kv_work/load")"
        if ((second % 2 == 0)); then
            look "$second"
        fi
    done
    ask_server CLIENT LIST >"$kv_work/list"
    say "the process list, as any thread sees it without a lock (5 of $(wc -l <"$kv_work/list") lines)"
    check "it names the held transaction" grep 'name=keeper .*txn=valid' "$kv_work/list"
    grep -v 'name=keeper' "$kv_work/list" | sed -n '1,4p'
}

load_is_clean() {
    ! grep -iE 'error|refused|reset' "$kv_work/load"
}

stop_load() {
    kill "$load_pid" 2>/dev/null || true
    wait "$load_pid" 2>/dev/null || true
    load_pid=
    check "redis-benchmark met no error" load_is_clean
}

end_transaction() {
    local before tries=100
    check "every look named the held transaction as the minimum's holder" [ "$holder_wrong" -eq 0 ]
    check "the safe point never passed it" [ "$passed_it" -eq 0 ]
    check "its snapshot is still what it was" [ "$(hold 'GET witness')" = before ]
    before=$(value versions)
    check "the versions it still needed were kept" [ "$before" -gt "$(value keys)" ]
    hold COMMIT >/dev/null
    exec 9>&-
    say "the held transaction has ended; what only it needed is collected"
    info_now
    until [ "$(value versions)" -le "$(value keys)" ] || [ "$tries" -eq 0 ]; do
        tries=$((tries - 1))
        sleep 0.1
        info_now
    done
    printf '       versions: %s alive for %s keys, %s collected\n' "$(value versions)" \
        "$(value keys)" "$(value versions_collected)"
    check "only the newest version of each key is left" [ "$(value versions)" -le "$(value keys)" ]
}

stop_kv() {
    local status=0
    kill -TERM "$kv_pid"
    wait "$kv_pid" || status=$?
    kv_pid=
    check "the server stopped in order" [ "$status" -eq 0 ]
}

install_packages build kv
configure_in build --with-libuv --with-hiredis
build_in build
[ -x build/examples/kv/roster-kv ] || die "the server was not built; see the end of configure's output"
command -v redis-benchmark >/dev/null || die "redis-benchmark is missing; install redis-tools"
start_kv
say "roster-kv serves port $kv_port; redis-benchmark drives it with $clients clients for $seconds s"
hold_transaction
start_load
watch_load
stop_load
end_transaction
stop_kv
if [ "$wrong" -eq 0 ]; then
    say "all checks passed; next: ./quickstart check, or build/examples/kv/roster-kv and redis-cli -p 6380"
fi
[ "$wrong" -eq 0 ]

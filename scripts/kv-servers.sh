# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Example servers of a quickstart, under load and with transactions that stay open. Sourced after
# say.sh and resp.sh; the script that sources this ends what end_all() knows.

# The server's connections, the load's, and what else is open.
ulimit -Sn "$(ulimit -Hn)"
if [ "$(ulimit -n)" != unlimited ] && [ "$(ulimit -n)" -lt 512 ]; then
    die "this needs 512 open files, and the limit is $(ulimit -n); see ulimit -n"
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/roster-${0##*/}.XXXXXX")
build=${ROSTER_BUILDDIR:-build}
watched=key:000000000042 # one of the keys that the load writes all the time
declare -A kv_pid kv_port load_pid

# Ends what was started here, and only that.
end_all() {
    local pid
    for pid in "${load_pid[@]}" "${kv_pid[@]}"; do
        kill "$pid" 2>/dev/null || true
        kill -CONT "$pid" 2>/dev/null || true # it may be stopped
    done
    wait
    rm -rf "$work"
}

# start_kv NAME OPTION...: a server of that id. Its first words are shown. It has a session of its own: one
# that is stopped would bring SIGHUP on this script's process group when the shell that began it ends.
start_kv() {
    local name=$1 tries
    shift
    : >"$work/$name.out"
    setsid "$build/examples/kv/roster-kv" --port=0 --server-id="$name" "$@" \
        >"$work/$name.out" 2>"$work/$name.err" &
    kv_pid[$name]=$!
    for ((tries = 150; tries; tries--)); do
        grep -q '^roster-kv: ready' "$work/$name.out" && break
        kill -0 "${kv_pid[$name]}" 2>/dev/null || break
        sleep 0.1
    done
    kv_port[$name]=$(sed -n 's/.* port \([0-9]*\),.*/\1/p' "$work/$name.out")
    [ -n "${kv_port[$name]}" ] || die "the server did not start: $(cat "$work/$name.err")"
    sed "s/^/   $name  /" "$work/$name.out"
}

# stop_kv NAME: it has to end well.
stop_kv() {
    local status=0
    kill -TERM "${kv_pid[$1]}"
    wait "${kv_pid[$1]}" || status=$?
    unset "kv_pid[$1]"
    check "$1 exits with 0" [ "$status" -eq 0 ]
}

# cli NAME WORD...
cli() {
    local name=$1
    shift
    redis-cli -p "${kv_port[$name]}" "$@" | tr -d '\r'
}

# client WHO SERVER USER NAME LINE...: a client of that user and name, in the background, which sends one
# line after the other as it gets the replies, and stays. Where the line is a path, it waits for that file.
# Its pid is load_pid[WHO].
client() {
    local who=$1 port=${kv_port[$2]} line
    shift 2
    (
        dial 9 "$port"
        ask 9 "AUTH $1"
        ask 9 "CLIENT SETNAME $2"
        for line in "${@:3}"; do
            case $line in
            /*) within 3600 [ -e "$line" ] ;;
            *) ask 9 "$line" 3600 ;;
            esac
        done
        while IFS= read -r line <&9; do # until the server or this script ends it
            printf '%s\n' "$line"
        done
    ) >"$work/$who.replies" 2>&1 &
    load_pid[$who]=$!
}

# within SECONDS COMMAND...: tries again until it succeeds.
within() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.1
    done
}

# look NAME: takes one look at a server. value NAME FIELD: what was seen of it.
look() {
    cli "$1" INFO >"$work/$1.info"
}
value() {
    sed -n "s/^$2://p" "$work/$1.info"
}

# start_load NAME CLIENTS: redis-benchmark goes round its tests until it is stopped.
start_load() {
    redis-benchmark -p "${kv_port[$1]}" -c "$2" -t set,get,incr,mset -r 1000 -n 20000 -l -q \
        >"$work/$1.load" 2>&1 &
    load_pid[$1]=$!
}

finish_load() {
    local status=0
    kill -TERM "${load_pid[$1]}" 2>/dev/null || true
    wait "${load_pid[$1]}" || status=$?
    unset "load_pid[$1]"
    check "redis-benchmark ran until it was stopped" [ "$status" -eq $((128 + 15)) ]
    check "redis-benchmark reports no error" \
        [ -z "$(tr '\r' '\n' <"$work/$1.load" | grep -i -e error -e warning)" ]
    check "redis-benchmark got replies" grep -q 'requests per second' "$work/$1.load"
}

# hold N NAME WHO: begins a transaction through descriptor N, reads one key and keeps it open.
hold() {
    dial "$1" "${kv_port[$2]}"
    check "$3 sets its name" [ "$(ask "$1" "CLIENT SETNAME $3")" = +OK ]
    check "$3 begins" [ "$(ask "$1" BEGIN)" = +OK ]
    ask "$1" "GET $watched" >"$work/$3.saw"
    cli "$2" TRX LIST | sed -n "s/.* name=$3 .*start-ts=\([0-9]*\) .*/\1/p" >"$work/$3.start"
    echo "-- \"$3\" begins a transaction on $2, reads $watched = \"$(cat "$work/$3.saw")\"," \
        "and keeps it open"
}

# release N NAME WHO: checks that WHO still sees its snapshot, and commits.
release() {
    local sees
    sees=$(ask "$1" "GET $watched")
    check "$3 still sees its snapshot" [ "$sees" = "$(cat "$work/$3.saw")" ]
    check "$3 commits" [ "$(ask "$1" COMMIT)" = +OK ]
    hang_up "$1"
    echo "-- \"$3\" still reads \"$sees\"; new transactions read \"$(cli "$2" GET "$watched")\"; it commits"
}

# start_of WHO: prints the start timestamp of its transaction.
start_of() {
    cat "$work/$1.start"
}

# not_passed NAME WHO: checks that no safe point of the server has passed WHO's transaction.
not_passed() {
    local point
    for point in txn_safe_point gc_safe_point; do
        check "the $point of $1 does not pass $2" [ "$(value "$1" $point)" -le "$(start_of "$2")" ]
    done
}

# show_safe_points NAME...: after looks at all of these.
show_safe_points() {
    local name
    for name; do
        printf '      %s: lease %s, txn safe point %s ms behind, gc safe point %s ms behind%s\n' \
            "$name" "$(value "$name" lease_state)" "$(value "$name" txn_safe_point_age_ms)" \
            "$(value "$name" gc_safe_point_age_ms)" \
            "$([ "$(value "$name" leads)" != 1 ] || echo ', leads')"
    done
    for name; do
        [ "$(value "$name" leads)" != 1 ] ||
            printf '      blocker: %s\n' "$(value "$name" txn_blocker)"
    done
}

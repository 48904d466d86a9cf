#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Input that no client should send, and clients that go when they should not: a clear error or a
# clean close, bounded memory, and everybody else is served.

# shellcheck disable=SC2016 # the dollars belong to the protocol

# shellcheck source=tests/kv/server.sh
. "$ROSTER_SRCDIR/tests/kv/server.sh"

start_server --max-request=1000000 --max-reply=4000000 --max-txn=2000000 --max-memory=20000000 \
    --write-timeout=1

# hostile WHAT PATTERN FORMAT [OPTION...]: sends it; the server answers so and closes.
hostile() {
    local what=$1 pattern=$2 format=$3 status=0
    shift 3
    # shellcheck disable=SC2059 # the format is the point
    printf "$format" >"$work/input"
    "$programs/raw" "$@" "$port" <"$work/input" >"$work/output" || status=$?
    expect "$what" "$pattern" "$(tr -d '\000\r' <"$work/output")"
    [ "$status" -eq 0 ] || fail "$what: the connection was not closed"
    [ "$(cli PING)" = PONG ] || fail "after $what the server does not serve others"
}

bad='-ERR Protocol error: '
hostile "no length" "$bad*" '*abc\r\n' -h
hostile "an array of negative length" "$bad*" '*-5\r\n' -h
hostile "a null array" "$bad"'negative length' '*-1\r\n' -h
hostile "a null argument" "$bad"'negative length' '*2\r\n$3\r\nGET\r\n$-1\r\n' -h
hostile "an argument of negative length" "$bad*" '*1\r\n$-7\r\n' -h
hostile "a length beyond numbers" "$bad*" '*1\r\n$99999999999999999999\r\n' -h
hostile "an argument of 1 GiB" "$bad"'request too large' '*1\r\n$1073741824\r\n' -h
hostile "a million arguments" "$bad"'too many arguments' '*1000000\r\n' -h
hostile "two thousand million arguments" "$bad"'too many arguments' '*2000000000\r\n' -h
nested='*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n'
hostile "arrays in arrays" "$bad"'*not arrays' "$nested$nested$nested" -h
hostile "an integer for an argument" "$bad"'*not integers' '*1\r\n:5\r\n' -h
hostile "a status for an argument" "$bad"'*bulk strings' '*1\r\n+OK\r\n' -h
hostile "an unknown type" "$bad*" '*1\r\n?5\r\n' -h
hostile "a length without end" "$bad*" '*1\r\n$11111111111111111111111111111111111111111' -h
hostile "a good request before a bad one" "+PONG"$'\n'"$bad*" 'PING\r\n*x\r\n' -h
hostile "a client that stays" "$bad*" '*x\r\n'
hostile "a web browser" '-ERR this is no web server' \
    'POST / HTTP/1.1\r\nHost: a\r\n\r\nSET a 1\r\n' -h
hostile "garbage, then the end" "-ERR unknown command '*" '\001\377\376binary\r\n' -h
hostile "a line that goes on behind a NUL" "$bad"'a line has no NUL*' 'SET a b\000c\r\n' -h
hostile "half a request, then the end" '' '*2\r\n$3\r\nGET\r\n$1' -h
hostile "requests, then the end" '+OK'$'\n''$1'$'\n''1' 'SET a 1\r\nGET a\r\n' -h
hostile "empty lines" '+PONG' '\r\n\n  \r\n*0\r\nPING\r\n' -h
head -c 70000 /dev/zero | tr '\0' x >"$work/line"
expect "a line without end" "$bad"'line too long' \
    "$("$programs/raw" -h "$port" <"$work/line" | tr -d '\r')"
expect "protocol errors are counted" 18 "$(info protocol_errors)"
head -c 3000000 /dev/urandom >"$work/noise"
"$programs/raw" -h "$port" <"$work/noise" >/dev/null
expect "megabytes of noise do no harm" PONG "$(cli PING)"

# Too much: the limits have names.
head -c 999000 /dev/zero | tr '\0' v >"$work/value"
expect "a large value" OK "$(cli -x SET big <"$work/value")"
expect "a value too large" '*request too large*' \
    "$(head -c 1100000 /dev/zero | cli -x SET big 2>&1)"
expect "a reply too large" '*the reply would exceed 4000000 bytes*' \
    "$(cli MGET big big big big big)"
expect "a reply that fits" 999000 "$(cli MGET big big big big | head -n 1 | tr -d '\n' | wc -c)"

# three BEFORE AFTER: three large writes in between.
three() {
    local n
    echo "$1"
    for n in 1 2 3; do
        echo "SET k$n $(cat "$work/value")"
    done
    echo "$2"
}
three BEGIN COMMIT >"$work/input"
expect "a transaction too large" '*would write more than 2000000 bytes*ABORTED*' \
    "$(cli <"$work/input" 2>&1)"
expect "nothing of it" 0 "$(cli EXISTS k1 k2 k3)"
three MULTI EXEC >"$work/input"
expect "a queue too large" '*would write more than 2000000 bytes*EXECABORT*' \
    "$(cli <"$work/input" 2>&1)"
for n in {1..25}; do
    cli -x SET "fill$n" <"$work/value"
done >"$work/output"
expect "a full store" '*OOM the versions take more than 20000000 bytes*' "$(cat "$work/output")"
expect "deletions are possible in a full store" 1 "$(cli DEL fill1)"
expect "everything can be deleted" OK "$(cli FLUSHDB)"
eventually "and then there is room again" cli_says OK SET a 1

# A client that does not read its replies: bounded memory, then closed with the reason.
cli -x SET big <"$work/value" >/dev/null
peak() {
    sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$server/status"
}
echo 5 >"/proc/$server/clear_refs" # forget the peak of before
before=$(peak)
for ((n = 0; n < 400; n++)); do
    printf 'GET big\r\n'
done >"$work/input"
"$programs/raw" -s -t 8000 "$port" <"$work/input" ||
    fail "a client that never reads was not closed"
grown=$(($(peak) - before))
echo "it cost $grown KiB at the peak, of 400000 that it asked for"
slow || [ "$grown" -le 20000 ] || fail "memory for a client that never reads is not bounded"
expect "the reason is told" '*it takes no replies, * bytes wait for it' "$(cat "$work/server.err")"
expect "and counted" 1 "$(info slow_readers_closed)"

# Many clients that each have a little less than they may.
stop_server
start_server --max-buffers=3000000
{
    printf '*2\r\n$3\r\nGET\r\n$900000\r\n'
    head -c 800000 /dev/zero
} >"$work/input"
for n in 1 2 3 4 5 6; do
    "$programs/raw" -t 30000 "$port" <"$work/input" >/dev/null &
    children+=($!)
done
eventually "clients have to go when all together have too much" info_is buffer_hogs_closed -ge 3
expect "the reason is told" '*bytes under way, all clients over 3000000*' \
    "$(cat "$work/server.err")"
[ "$(info buffered_bytes)" -le 3000000 ] || fail "they still have too much"
expect "others are served" PONG "$(cli PING)"
kill "${children[@]}" 2>/dev/null
wait "${children[@]}"
children=()
eventually "and give back what they had" info_is buffered_bytes -lt 65536

# Clients that vanish inside a transaction.
printf 'BEGIN\r\nSET vanished 1\r\n' >"$work/input"
for how in -r -h -f; do
    "$programs/raw" $how -t 300 "$port" <"$work/input" >/dev/null
    eventually "no transaction is left of a vanished client ($how)" \
        info_is transactions_open -eq 0
done
expect "nothing of theirs was written" 0 "$(cli EXISTS vanished)"
expect "nobody holds the minimum" none "$(info min_holder)"
printf 'DEBUG SLEEP 100\r\n' >"$work/input"
"$programs/raw" -t 300 "$port" <"$work/input"
eventually "a client that vanishes in a statement is gone" \
    info_is connected_clients -eq 1

# A limit of replies does not bound what is not replied.
stop_server
start_server --max-reply=1024
cli -x SET big <"$work/value" >/dev/null
expect "a value that no reply may hold" '*the reply would exceed 1024 bytes*' "$(cli GET big 2>&1)"
expect "has a length" 999000 "$(cli STRLEN big)"
expect "is no number" '*value is not an integer*' "$(cli INCR big 2>&1)"
expect "and can be deleted" 1 "$(cli DEL big)"
finish

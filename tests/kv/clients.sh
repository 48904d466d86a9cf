#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# The clients that people use: redis-cli with both versions of the protocol and its tools, redis-py,
# and, where $ROSTER_NODE_MODULES holds them (make check-clients installs them), node-redis and
# ioredis. Each with its default settings.

# shellcheck disable=SC2016 # the dollars belong to the protocol

# shellcheck source=tests/kv/server.sh
. "$ROSTER_SRCDIR/tests/kv/server.sh"

start_server --threads=2
for n in {1..300}; do
    echo "SET key:$n $n"
done | cli >/dev/null

expect "a map in version 3" '1# "save" => ""' "$(cli -3 --no-raw CONFIG GET save)"
expect "an array in version 2" '1) "save"*' "$(cli -2 --no-raw CONFIG GET save)"
expect "nothing in version 3" '(nil)' "$(cli -3 --no-raw GET none)"
expect "a text in version 3" 'id=* resp=3 *' "$(cli -3 CLIENT INFO)"
expect "greeted in version 3" '*proto 3*' "$(cli -3 HELLO 3)"
expect "RESET goes back to version 2" '*resp=2*' \
    "$(printf 'HELLO 3\nRESET\nCLIENT INFO\n' | cli | tail -n 1)"
expect "CLIENT HELP" '*UNBLOCK id*' "$(cli CLIENT HELP)"
expect "TRX HELP" '*HISTORY*' "$(cli TRX HELP)"
expect "--scan finds each key once" 300 "$(cli --scan | sort | uniq | wc -l)"
expect "and no key twice" 300 "$(cli --scan | wc -l)"
expect "by pattern" 10 "$(cli --scan --pattern 'key:1[0-9]' | wc -l)"
expect "--bigkeys" '*300 strings with 792 bytes*' "$(cli --bigkeys)"
expect "redis-cli 8 asks for it first" "databases 1 " "$(cli CONFIG GET databases | tr "\n" " ")"
stat=$(timeout 3 stdbuf -oL redis-cli -p "$port" -i 1 --stat)
expect "--stat knows every column" '*300 *' "$stat"
expect "and shows no nonsense" '' "$(grep -e '-[0-9]\{10\}' <<<"$stat")"

# typed FORMAT: what the server says to lines that somebody types, quoted in any way.
typed() {
    # shellcheck disable=SC2059 # the format is the point
    printf "$1" | "$programs/raw" -h "$port" | tr -d '\r' | tr '\n' ' '
}
expect "words in double quotes" '+OK $3 b"c ' "$(typed 'SET "a x" "b\\"c"\r\nGET "a\\x20x"\r\n')"
expect "words in single quotes" "+OK \$3 b'c " "$(typed "SET 'a y' 'b\\\\'c'\r\nGET \"a y\"\r\n")"
expect "an empty word" '+OK $0  ' "$(typed "SET e ''\r\nGET e\r\n")"
expect "a quote without an end" '-ERR Protocol error: unbalanced quotes*' "$(typed 'GET "a\r\n')"
expect "a quote that ends inside a word" '-ERR Protocol error: unbalanced*' "$(typed 'GET "a"b\r\n')"

# A key that is there all the time is found, also when the tables grow during the scan.
cursor=0
steps=0
: >"$work/found"
while :; do
    mapfile -t reply < <(cli SCAN "$cursor" COUNT $((steps > 8 ? 1000 : 30)))
    cursor=${reply[0]}
    printf '%s\n' "${reply[@]:1}" >>"$work/found"
    [ "$cursor" != 0 ] || break
    steps=$((steps + 1))
    [ "$steps" -gt 8 ] || for n in {1..1000}; do
        echo "SET grow:$steps:$n 1"
    done | cli >/dev/null
done
expect "a scan while tables grow finds all" 300 "$(grep -c '^key:' "$work/found")"

cli FLUSHDB >/dev/null
if /usr/bin/python3 -c 'import redis' 2>/dev/null; then
    /usr/bin/python3 "$ROSTER_SRCDIR/tests/kv/clients.py" "$port" || fail "redis-py"
else
    echo "redis-py is not installed (Debian: python3-redis)"
fi
if [ -n "${ROSTER_NODE_MODULES-}" ]; then
    NODE_PATH=$ROSTER_NODE_MODULES node "$ROSTER_SRCDIR/tests/kv/clients.js" "$port" ||
        fail "a client of Node.js"
fi
finish

#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Options: what makes no sense is refused with a reason and status 2.

# shellcheck source=tests/kv/server.sh
. "$ROSTER_SRCDIR/tests/kv/server.sh"
# shellcheck source=tests/support/standard.sh
. "$ROSTER_SRCDIR/tests/support/standard.sh"

# refused PATTERN OPTION...
refused() {
    local pattern=$1 out status=0
    shift
    out=$("$kv" "$@" 2>&1) || status=$?
    expect "$* is refused" "*$pattern*" "$out"
    [ "$status" -eq 2 ] || fail "$*: status $status"
}

refused 'port takes a number from 0 to 65535, not "65536"' --port=65536
refused 'port takes a number from 0 to 65535, not "-1"' --port=-1
refused 'port takes a number from 0 to 65535, not "80x"' --port=80x
refused 'port takes a number from 0 to 65535, not ""' --port=
refused 'threads takes a number from 1 to 256' --threads=0
refused 'max-clients takes a number' --max-clients=lots
refused 'gc-interval-ms takes a number' --gc-interval-ms=0
refused 'txn-age-limit takes a number' --txn-age-limit=99999999999999999999
refused 'max-memory takes a number' --max-memory=-5
refused 'server-id takes 1 to 128 bytes without a slash, not "a/b"' --server-id=a/b
refused 'server-id takes 1 to 128 bytes' --server-id="$(printf '%129s' x)"
refused 'lease-ttl-ms takes a number from 100' --lease-ttl-ms=99
refused 'auth takes trust, not "md5"' --auth=md5
refused 'abandoned takes off|warn|pass, not "maybe"' --abandoned=maybe
refused 'abandoned-ms takes a number from 1' --abandoned-ms=0
refused 'activity-ms takes 0 or at least 10, not 9' --activity-ms=9
refused 'unexpected argument "extra"' extra
refused 'unrecognized option' --nonsense
expect "--help tells all options" '*--bind*--gc-interval-ms*--store*--txn-age-limit*' "$("$kv" --help)"
expect "--version tells the version" '[0-9]*.[0-9]*.[0-9]*' "$("$kv" --version)"

for rule in user host:1 user:x user:1/2 user:1/ user:1,user:2 user=a 'user:1,'; do
    status=0
    out=$("$kv" --port=0 --quota="$rule" 2>&1) || status=$?
    expect "--quota=$rule is refused" '*--quota: *' "$out"
    expect "--quota=$rule ends with an error" 1 "$status"
done

expect_standard_null "$kv" --port=0

status=0
out=$("$kv" --bind=nowhere 2>&1) || status=$?
expect "an address that is none" '*cannot listen on nowhere port 6380: invalid argument*' "$out"
expect "ends with an error" 1 "$status"

start_server --threads=1
status=0
out=$("$kv" --port="$port" 2>&1) || status=$?
expect "a port in use" "*cannot listen on 127.0.0.1 port $port: address already in use*" "$out"
expect "ends with an error, too" 1 "$status"
expect "the first server goes on" PONG "$(cli PING)"
stop_server
if grep -q 00000000000000000000000000000001 /proc/net/if_inet6 2>/dev/null; then
    start_server --bind=::1
    expect "IPv6" PONG "$(redis-cli -h ::1 -p "$port" PING)"
    expect "shows its addresses" '*addr=\[::1\]:*' "$(redis-cli -h ::1 -p "$port" CLIENT INFO)"
fi
finish

#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# What etcdctl shows of a running cluster are the keys that doc/protocol.md names, and no others; and
# with the prefix /tidb a record that is written by hand, as a TiDB server would, holds the safe
# points until it is deleted, or its lease ends.

# shellcheck source=tests/kv/members.sh
. "$ROSTER_SRCDIR/tests/kv/members.sh"

"$kv" --store=etcd:http://127.0.0.1:1 --prefix=wrong --port=0 2>&1 |
    grep -q 'without .*etcd' && skip "built without the etcd store"
need_etcd 1
ttl=10000

keys() {
    etcd_ctl get --prefix /tidb --keys-only | grep .
}
keys_are() { # KEY...
    [ "$(keys)" = "$(printf '/tidb/%s\n' "$@" | LC_ALL=C sort)" ]
}
put() { # KEY VALUE [OPTION...]
    local key=$1 value=$2
    shift 2
    [ "$(etcd_ctl put "$@" "/tidb/$key" "$value")" = OK ] || fail "etcdctl put"
}
delete() {
    [ "$(etcd_ctl del "/tidb/$1")" = 1 ] || fail "etcdctl del"
}
txn_is() {
    [ "$(on a info txn_safe_point)" = "$1" ] && [ "$(on b info txn_safe_point)" = "$1" ]
}

# A timestamp that the safe point will reach in a moment.
soon() {
    echo $(($(on a info now_ts) + (1500 << 18)))
}

start_member a --prefix=/tidb
start_member b --prefix=/tidb
# The documented keys, of both servers, but for those that are only there at times.
# shellcheck disable=SC2016 # the backticks are those of the page
mapfile -t idle < <(sed -n 's,^| `\(server/[^`]*\|safepoint/[^`]*\)` .*,\1,p' \
    "$ROSTER_SRCDIR/doc/protocol.md" | grep -v -e /holder/ -e /barrier/ -e /pass |
    sed '/ID$/ { h; s/ID$/a/p; g; s/ID$/b/ }')
expect "documented keys are found" 11 "${#idle[@]}"
eventually "all keys of two servers, and no others" keys_are "${idle[@]}"
dial 3 "${ports[a]}"
ask 3 'CLIENT SETNAME keeper' >/dev/null
expect "a transaction begins on a" +OK "$(ask 3 BEGIN)"
expect "and reads" '(nil)' "$(ask 3 'GET k')"
eventually "one more key tells who holds a's minimum" keys_are "${idle[@]}" server/holder/a
expect "it is the transaction" '*"kind":"transaction"*' \
    "$(etcd_ctl get --print-value-only /tidb/server/holder/a)"
expect "the record is where it began" "$(start_ts a keeper)" \
    "$(etcd_ctl get --print-value-only /tidb/server/minstartts/a)"
expect "the server is described as TiDB's are" \
    "*\"ddl_id\":\"a\",\"ip\":\"127.0.0.1\",\"listening_port\":${ports[a]},\"status_port\":*\"labels\":*" \
    "$(etcd_ctl get --print-value-only /tidb/server/info/a)"
expect "all that a has hangs on one lease" 1 \
    "$(for key in info minstartts holder ack; do
        etcd_ctl get -w fields "/tidb/server/$key/a" | grep '"Lease"'
    done | sort -u | grep -cv ': 0$')"
expect "it commits" +OK "$(ask 3 COMMIT)"
hang_up 3

ts=$(soon)
put server/minstartts/0f7a "$ts"
eventually "a record written by hand stops the safe point where it stands" txn_is "$ts"
eventually "and is named" leader_says txn_blocker "server 0f7a has reported $ts, *"
sleep 1
txn_is "$ts" || fail "it did not stay there"
[ "$(on a info gc_safe_point)" -le "$ts" ] || fail "the gc safe point has passed it"
expect "the servers go on meanwhile" OK "$(on a cli SET k 1)"
delete server/minstartts/0f7a
eventually "deleted, it blocks no more" gc_passes a "$ts"

ts=$(soon)
lease=$(etcd_ctl lease grant 3 | sed 's/lease \([0-9a-f]*\) .*/\1/')
put server/minstartts/0f7b "$ts" --lease="$lease"
eventually "one with a lease does, too" txn_is "$ts"
eventually "until its lease has ended" gc_passes a "$ts"

put server/minstartts/bad 12x
eventually "one with garbage is named" leader_says txn_blocker \
    'key /tidb/server/minstartts/bad holds no timestamp*'
ts=$(on a info txn_safe_point)
sleep 0.5
txn_is "$ts" || fail "the safe point has moved beside an unreadable record"
delete server/minstartts/bad
eventually "deleted, it blocks no more, either" gc_passes a "$ts"

for name in a b; do # on a busy machine etcd may be late
    grep -v -e 'the .* safe point is stuck: key /tidb/server/minstartts/bad' \
        -e 'etcd endpoint .* is put aside: Operation timed out' \
        -e '^roster-kv: only ' "$work/$name.err" &&
        fail "$name complains"
done
stop_members
keys_are safepoint/gc safepoint/txn || fail "left after an orderly stop: $(keys)"
finish

#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# The server in an etcd that wants TLS, a user and a password: with them it is a member, without one
# of them it is none and says why.

# shellcheck source=tests/kv/members.sh
. "$ROSTER_SRCDIR/tests/kv/members.sh"

"$kv" --store=etcd:http://127.0.0.1:1 --prefix=wrong --port=0 2>&1 |
    grep -q 'without .*etcd' && skip "built without the etcd store"
if ! command -v etcd >/dev/null || ! command -v etcdctl >/dev/null; then
    skip "etcd is not installed (Debian: etcd-server, etcd-client)"
fi

ca=$work/etcd/fixtures/client/cert.pem # etcd makes one that signs itself
key=$work/etcd/fixtures/client/key.pem
ctl() {
    ETCDCTL_API=3 etcdctl --endpoints="$endpoint" --cacert="$ca" --command-timeout=5s "$@" \
        >>"$work/ctl.log" 2>&1
}
# shellcheck disable=SC2317 # called by eventually
serves() {
    [ -e "$ca" ] && ctl get nothing
}
read -r client peer < <(pick_ports 2)
endpoint=https://127.0.0.1:$client
etcd --name secure --data-dir "$work/etcd" --auto-tls --listen-client-urls "$endpoint" \
    --advertise-client-urls "$endpoint" --listen-peer-urls "http://127.0.0.1:$peer" \
    --initial-advertise-peer-urls "http://127.0.0.1:$peer" \
    --initial-cluster "secure=http://127.0.0.1:$peer" >"$work/etcd.log" 2>&1 &
children+=($!)
eventually "etcd serves" serves
for words in 'user add root:rootword' 'user grant-role root root' 'user add kv:secret' \
    'role add roster' 'role grant-permission --prefix=true roster readwrite /roster/' \
    'user grant-role kv roster' 'auth enable'; do
    # shellcheck disable=SC2086 # they are words
    ctl $words || fail "etcdctl $words: $(cat "$work/ctl.log")"
done
printf 'secret\nand a line that is not meant\n' >"$work/password"
echo wrong >"$work/wrong"
chmod 600 "$work/password" "$work/wrong"

# shellcheck disable=SC2317 # called by eventually
is() {
    [ "$(on "$1" info lease_state)" = "$2" ]
}
# joins STATE NAME OPTION...: a server of that name gets so far, and one that does not join has had
# seconds to.
store=etcd:$endpoint
joins() {
    local wanted=$1 name=$2
    shift 2
    start_member "$name" --threads=1 "$@"
    [ "$wanted" = live ] || sleep 2
    eventually "$name is $wanted" is "$name" "$wanted"
    on "$name" cli CONFIG GET '*' >"$work/config"
    ! grep -q -e secret -e rootword "$work/config" || fail "CONFIG shows the password"
    grep -q server-id "$work/config" || fail "CONFIG shows no options"
    stop_member "$name"
}
# refused PATTERN OPTION...: it does not even start.
refused() {
    local pattern=$1 out status=0
    shift
    out=$("$kv" --port=0 --store="$store" "$@" 2>&1) || status=$?
    expect "${*//$work/DIR} is refused" "$pattern" "$out"
    expect "with a status" 1 "$status"
}

joins live all-that-is-needed --store-ca="$ca" --store-user=kv --store-password="$work/password"
joins joining wrong-password --store-ca="$ca" --store-user=kv --store-password="$work/wrong"
joins joining no-user --store-ca="$ca"
joins joining no-authority --store-user=kv --store-password="$work/password"
joins live own-certificate --store-ca="$ca" --store-user=kv --store-password="$work/password" \
    --store-cert="$ca" --store-key="$key"

# The command-line tool is let in by the same, and by nothing less.
tool=$ROSTER_BUILDDIR/rosterctl
# asks STATUS PATTERN OPTION...
asks() {
    local wanted=$1 pattern=$2 out status=0
    shift 2
    out=$("$tool" gc status --store="$store" "$@" 2>&1) || status=$?
    expect "rosterctl ${*//$work/DIR}" "$pattern" "$out"
    expect "with its status" "$wanted" "$status"
    [[ $out != *secret* ]] || fail "it tells the password"
}
if [ -x "$tool" ]; then
    asks 0 '*txn safe point: *gc safe point: *' --store-ca="$ca" --store-user=kv \
        --store-password="$work/password"
    asks 0 '*txn safe point: *' --store-ca="$ca" --store-user=kv --store-password="$work/password" \
        --store-cert="$ca" --store-key="$key"
    ROSTER_STORE_PASSWORD=secret asks 0 '*txn safe point: *' --store-ca="$ca" --store-user=kv
    asks 4 '*' --store-ca="$ca" --store-user=kv --store-password="$work/wrong"
    asks 4 '*' --store-ca="$ca"
    asks 4 '*certificate*' --store-user=kv --store-password="$work/password"
    asks 2 '*password*' --store-ca="$ca" --store-user=kv
fi
refused '*cannot open the store: *password*' --store-user=kv
refused '*cannot open the store: *key*' --store-cert="$ca"
refused '*cannot read /nowhere*' --store-user=kv --store-password=/nowhere
finish

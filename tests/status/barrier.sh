#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# rosterctl barrier and gc, on a store of SQLite.

set -euo pipefail

ctl=$ROSTER_BUILDDIR/rosterctl
work=$(mktemp -d "${TMPDIR:-/tmp}/roster-barrier.XXXXXX")
trap 'rm -rf "$work"' EXIT
wrong=0
if [ ! -x "$ctl" ] || ! grep -q "define HAVE_SQLITE" "$ROSTER_BUILDDIR/config.h"; then
    echo "rosterctl or SQLite is missing"
    exit 77
fi

# run STATUS PATTERN ARGUMENT...: the pattern is of output and complaint.
run() {
    local wanted=$1 pattern=$2 status=0 out
    shift 2
    out=$("$ctl" "$@" 2>&1) || status=$?
    # shellcheck disable=SC2053 # a pattern
    if [ "$status" -ne "$wanted" ] || [[ $out != $pattern ]]; then
        echo "WRONG: rosterctl $*: $status, should be $wanted: $out"
        wrong=1
    fi
}

store=--store=sqlite:$work/store
run 2 '*--store says*' barrier list
run 2 '*put that into ?ROSTER_STORE*' barrier list --store=
run 5 '*' barrier list "$store"
run 2 '*inside one server*' gc status --store=memory
run 2 '*inside one server*' barrier list --store=memory:
run 2 '*cannot read a password from /nowhere*' gc status "$store" --store-password=/nowhere
run 2 '*' ps --store-user=x
: >"$work/store"
run 0 '*NAME*' barrier list "$store"
run 0 '*txn safe point: none*gc safe point: none*' gc status "$store"
run 0 'barrier backup stands at 4611686018427387904 (*' barrier set backup 4611686018427387904 "$store"
run 0 'barrier feed stands at *' barrier set feed now "$store" --ttl-ms=3600000
run 0 '*backup*4611686018427387904*never*feed*min*' barrier list "$store"
run 0 '*"name": "backup"*"ttl_ms": null*' barrier list "$store" --json
run 0 '*"gc_safe_point": "0"*' gc status "$store" --json
run 0 $'name,ts,ttl_ms\r\nbackup,4611686018427387904,\r\nfeed,*,3[0-9]*\r' barrier list "$store" --output=csv
run 0 $'safe_point,ts,age_ms\r\ntxn,[01],\r\ngc,0,\r' gc status "$store" --output=csv
run 0 $'name,result,ts,ttl_ms\r\nx,set,17,60000\r' barrier set x 17 "$store" --ttl-ms=60000 --output=csv
run 0 $'name,result,ts,ttl_ms\r\nx,deleted,,\r' barrier delete x "$store" --output=csv
run 0 $'name,result,ts,ttl_ms\r\n\'=1+2,set,17,60000\r' barrier set =1+2 17 "$store" --ttl-ms=60000 --output=csv
run 0 $'name,result,ts,ttl_ms\r\n"\'@x,y",set,17,60000\r' barrier set @x,y 17 "$store" --ttl-ms=60000 --output=csv
run 0 $'name,result,ts,ttl_ms\r\n-1.5,set,17,60000\r' barrier set "$store" --ttl-ms=60000 --output=csv -- -1.5 17
for name in =1+2 @x,y -1.5; do
    run 0 '*' barrier delete "$store" -- "$name"
done
run 0 '{"name":"x","ts":"17","ttl_ms":null,"result":"set"}' barrier set x 17 "$store" --json
run 0 '{"name":"x","result":"deleted"}' barrier delete $'x\r' "$store" --json # as a shell takes it from CSV
if script -qec true /dev/null </dev/null >/dev/null 2>&1; then
    for width in 40 80 200; do
        script -qfc "stty rows 24 cols $width; '$ctl' barrier list '$store'" /dev/null </dev/null | tr -d '\r' >"$work/narrow"
        case $width in
        40) titles='NAME *AT' ;;
        *) titles='NAME *TIMESTAMP *ENDS IN *AT' ;;
        esac
        if ! grep -qx "$titles *" "$work/narrow" || ! grep -q '^backup' "$work/narrow" ||
            grep -q ".\{$((width + 1))\}" "$work/narrow"; then
            echo "WRONG: barriers at $width columns: $(cat "$work/narrow")"
            wrong=1
        fi
    done
fi
run 0 'barrier backup is gone' barrier delete backup "$store"
run 5 '*no barrier backup*' barrier delete backup "$store"
run 2 '*not a timestamp*' barrier set x y "$store"
run 0 'barrier old stands at *' barrier set old -2h "$store"
run 0 'barrier iso stands at 437706031104000000 (*' barrier set iso 2022-11-29T10:00:00Z "$store"
run 2 '*not a timestamp: it takes a number, now, -2h or*' barrier set x 18446744073709551616 "$store"
run 2 '*not a timestamp*' barrier set x 2026-13-29T10:00 "$store"
run 2 '*not a timestamp*' barrier set x '' "$store"
# Not in the first hours of 1970.
for unix in 1764500000 1764500000000; do
    run 2 '*looks like a Unix time (2025-11-30 *write 462553088000000000 *or ts='"$unix"' if *' barrier set x "$unix" "$store"
    run 0 "barrier x stands at $unix (*" barrier set x "ts=$unix" "$store"
done
run 0 'barrier x stands at 462553088000000000 (2025-11-30 *' barrier set x 462553088000000000 "$store"
for bad in ts= ts=now ts=1x ts=0; do
    run 2 '*not a timestamp*' barrier set x "$bad" "$store"
done
run 2 '*ttl-ms*' barrier set x 1 "$store" --ttl-ms=0
for name in a/b '' "$(printf '%0129d' 0)"; do
    run 2 '*a barrier has 1 to 128 bytes and no slash' barrier set "$name" 1 "$store"
    run 2 '*a barrier has 1 to 128 bytes and no slash' barrier delete "$name" "$store"
done
for bad in 18446744073709551615 00; do
    run 2 '*not a timestamp*' barrier set x "$bad" "$store"
done
for bad in '' +5 ' 5' 5x nan 9223372036854775807 31536000001; do
    run 2 '*ttl-ms takes milliseconds from 1 to 31536000000, *' barrier set x now "$store" --ttl-ms="$bad"
done
for bad in '' / x /x/ "/$(printf '%0128d' 0)"; do
    run 2 '*--prefix takes*' barrier list "$store" --prefix="$bad"
    run 2 '*--prefix takes*' status "$store" --prefix="$bad"
done
# What is not UTF-8, and what a terminal would obey.
run 0 'barrier bad?? stands at *' barrier set $'bad\xff\e' now "$store"
run 0 '{"name":"latin?",*"set"}' barrier set $'latin\xe4' now "$store" --json
run 0 '*bad??*latin?*' barrier list "$store"
run 0 '*"bad??"*"latin?"*' barrier list "$store" --json
run 0 'barrier bad?? is gone' barrier delete $'bad\xff\e' "$store"
run 0 '{"name":"latin?","result":"deleted"}' barrier delete $'latin\xe4' "$store" --json
# Now is the present when the barrier stands, though the safe point is a little ahead of this clock.
if command -v python3 >/dev/null; then
    for ahead_ms in 400 3600000; do
        cp "$work/store" "$work/ahead"
        python3 -c 'import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None)
ts = (int(time.time() * 1000) + int(sys.argv[2])) << 18
db.execute("UPDATE kv SET value = ? WHERE key = ?", (str(ts).encode(), b"/roster/safepoint/txn"))' "$work/ahead" $ahead_ms
        case $ahead_ms in
        400) run 0 'barrier soon stands at *' barrier set soon now --store=sqlite:"$work/ahead" ;;
        *) run 1 '*no longer protected*' barrier set soon now --store=sqlite:"$work/ahead" ;;
        esac
    done
fi
# A process that holds the lock is found.
if command -v python3 >/dev/null; then
    python3 -c 'import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
time.sleep(60)' "$work/store" >"$work/locked" &
    locker=$!
    for _ in $(seq 100); do
        [ ! -s "$work/locked" ] || break
        sleep 0.1
    done
    run 6 '*held the lock*run: lslocks *' barrier set x now "$store"
    kill "$locker"
    wait "$locker" 2>/dev/null || true
fi
run 2 '*takes set*' barrier "$store"
run 2 '*takes set*' barrier set x "$store"
run 2 '*takes status*' gc "$store"
if grep -q "define HAVE_ETCD_STORE" "$ROSTER_BUILDDIR/config.h"; then
    run 3 '*can be reached*http://127.0.0.1:9 is put aside: *run: etcdctl *' gc status --store=etcd:http://127.0.0.1:9
fi
run 3 '*no server is registered in this store' ps "$store"
run 2 '*does not take*' top "$store"
exit "$wrong"

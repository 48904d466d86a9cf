#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# What answers at the address that rosterctl was given need not be a server, and the address may be any path: no
# command is shown that a shell would take for another one, and nothing that steers a terminal.

# shellcheck source=tests/status/served.sh
. "$ROSTER_SRCDIR/tests/status/served.sh"

ctl=$ROSTER_BUILDDIR/rosterctl
if [ ! -x "$ctl" ] || ! command -v python3 >/dev/null; then
    echo "rosterctl was not built, or there is no python3"
    exit 77
fi
unset ROSTER_TOKEN ROSTER_SERVER
socket="$work/it's \$(reboot)"
echo '{}' >"$work/said"
python3 "$ROSTER_SRCDIR/tests/status/forged.py" "$work/log" forged "$socket" "$work/said" >"$work/forged" &
forged=$!
for ((tries = 200; tries; tries--)); do
    [ ! -s "$work/forged" ] || break
    sleep 0.05
done
quoted="'unix:${socket//\'/\'\\\\\'\'}'" # as a pattern

# run STATUS ARGUMENT...
run() {
    local wanted=$1 status=0
    shift
    out=$("$ctl" -s "unix:$socket" "$@" 2>&1) || status=$?
    expect "exit status of rosterctl $*" "$wanted" "$status"
}
# say COMMAND SESSION TIMESTAMP
say() {
    python3 - "$work/said" "$@" <<'PYTHON'
import json, sys

said, command, session, ts = sys.argv[1:]
problem = {"problem": "stuck\x1b[2J", "age_ms": 1, "evidence": "e", "command": command}
holder = {"kind": "transaction", "session_id": session, "ts": ts}
with open(said, "w") as out:
    json.dump({"/status": {"healthy": False, "problems": [problem], "\x1b[2J": 1, "in\x1b[2J": {"a": "b"}},
               "/safepoint": {"lease\x1b[2J": "x"},
               "/minimum": {"minimum": "1", "age_ms": 5, "gain_ms": 5, "holder": holder}}, out)
PYTHON
}
asks() {
    run 7 status
    expect "$1" "PROBLEM: stuck?*" "$out"
    expect "the command of status, $1" "$2" "$(sed -n 's/^ *run: //p' <<<"$out")"
    expect "it steers no terminal" "" "$(tr -d '\n -~' <<<"$out")"
    run 0 safepoint
    expect "that of safepoint, $1" "$3" "$(sed -n 's/^run: //p' <<<"$out")"
    expect "it steers no terminal" "" "$(tr -d '\n -~' <<<"$out")"
    run 0 min
    expect "that of min, $1" "$4" "$(sed -n 's/^ending it would .*by 5 ms//p' <<<"$out")"
}

say "rosterctl -s elsewhere kill 7" 7 5
asks right "rosterctl -s $quoted kill 7" "rosterctl -s $quoted kill 7" ": rosterctl -s $quoted kill --transaction=5 7"
say "rosterctl -s elsewhere safepoint" 7 5
asks "the same page" "rosterctl -s $quoted safepoint" "rosterctl -s $quoted events --since=-1h" ": *"
# shellcheck disable=SC2016 # no shell is to expand it
say 'rosterctl --store="$ROSTER_STORE" status' 0 5
# shellcheck disable=SC2016
asks "of the store" 'rosterctl --store="$ROSTER_STORE" status' 'rosterctl --store="$ROSTER_STORE" status' "; it belongs to no*"
# shellcheck disable=SC2016
for command in "reboot" "rosterctl -s x kill 7; reboot" 'rosterctl -s $(reboot) status' "rosterctl -s x drain"; do
    say "$command" "7; reboot" 5
    asks "$command" "" "" ""
done
say "" 7 "5; reboot"
asks "of another timestamp" "" "" ""

kill "$forged"
wait "$forged" || true
finish

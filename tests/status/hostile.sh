#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Whatever a client puts into its session, everybody can read the lists: rosterctl, and the parsers
# of jansson, Python and JavaScript, which all find the same text. Nothing steers a terminal.

# shellcheck source=tests/status/served.sh
. "$ROSTER_SRCDIR/tests/status/served.sh"

ctl=$ROSTER_BUILDDIR/rosterctl
here=$ROSTER_SRCDIR/tests/status
for tool in curl python3 node; do
    if ! command -v "$tool" >/dev/null; then
        echo "$tool is not there (Debian: curl, python3, nodejs)"
        exit 77
    fi
done
if [ ! -x "$ctl" ]; then
    echo "rosterctl was not built"
    exit 77
fi

served=$ROSTER_BUILDDIR/tests/status/hostile_served
serve 127.0.0.1:0
for ((tries = 200; tries; tries--)); do
    ! grep -q '^sessions' "$work/address" || break
    sleep 0.05
done
address=$(head -n 1 "$work/address")
get() {
    curl -fsS --noproxy '*' "http://$address/$1"
}

get 'processlist?full&limit=5000' >"$work/list"
for path in trx minimum status safepoint history events; do
    get "$path" >"$work/$path"
done
for reply in list trx minimum status safepoint history events; do
    "$ROSTER_BUILDDIR/tests/status/json_check" "$work/$reply" >"$work/$reply.jansson" ||
        expect "jansson reads $reply" yes no
    node "$here/hostile.js" "$work/$reply" >"$work/$reply.node" ||
        expect "JavaScript reads $reply" yes no
    python3 "$here/hostile.py" --terminal "$work/$reply" || wrong=1
done
"$ctl" -s "$address" ps --full --json >"$work/list.ctl" || expect "rosterctl ps --json" 0 "$?"
python3 "$here/hostile.py" "$work/address" "$work/list" "$work/list.jansson" "$work/list.node" \
    "$work/list.ctl" || wrong=1

sessions=$(sed -n 's/^sessions //p' "$work/address")
for command in ps "ps --full" trx min status safepoint history events; do
    # shellcheck disable=SC2086 # words
    "$ctl" -s "$address" $command >"$work/text" 2>"$work/complaint" ||
        expect "rosterctl $command" 0 "$?: $(cat "$work/complaint")"
    case $command in
    ps* | trx)
        expect "rows of $command" $((sessions + 1)) "$(wc -l <"$work/text")" ;;
    events)
        expect "rejected opens" yes "$([ "$(grep -c 'open rejected' "$work/text")" -gt 15 ] && echo yes)" ;;
    esac
    python3 "$here/hostile.py" --terminal "$work/text" || wrong=1
    if [ "$command" = "ps --full" ]; then
        expect "a statement of 10 kB is shown whole" yes "$(grep -q '.\{5000\}' "$work/text" && echo yes)"
    fi
done
"$ctl" -s "$address" ps --full --output=csv >"$work/csv" || expect "rosterctl ps --output=csv" 0 "$?"
tr -d '\r' <"$work/csv" >"$work/text"
python3 "$here/hostile.py" --terminal "$work/text" || wrong=1
python3 "$here/hostile.py" --csv "$work/csv" "$sessions" || wrong=1
finish

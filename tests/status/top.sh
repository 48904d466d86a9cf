#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# rosterctl top in a terminal: it shows a session, filters, sorts, kills it, and it is gone.

# shellcheck source=tests/status/served.sh
. "$ROSTER_SRCDIR/tests/status/served.sh"

ctl=$ROSTER_BUILDDIR/rosterctl
if [ ! -x "$ctl" ]; then
    echo "rosterctl was not built"
    exit 77
fi
if ! command -v tmux >/dev/null || ! has_terminals; then
    echo "tmux is not there, or no pseudo-terminals"
    exit 77
fi
terminal() {
    tmux -S "$work/tmux" -f /dev/null "$@"
}
# shellcheck disable=SC2317 # called by trap
stop_terminal() {
    terminal kill-server 2>/dev/null || true
    cleanup
}
trap stop_terminal EXIT

# shows WHAT PATTERN: the screen comes to show it; hides: not to.
screen() {
    terminal capture-pane -p -t top
}
shows() {
    local tries
    for ((tries = 100; tries; tries--)); do
        ! screen | grep -q -- "$2" || return 0
        sleep 0.1
    done
    expect "$1" "$2" "$(screen)"
}
hides() {
    local tries
    for ((tries = 100; tries; tries--)); do
        screen | grep -q -- "$2" || return 0
        sleep 0.1
    done
    expect "$1" "no $2" "$(screen)"
}
press() {
    terminal send-keys -t top "$@"
}

serve "unix:$work/socket"
LC_ALL=C.UTF-8 terminal new-session -d -s top -x 150 -y 30 \
    "env LC_ALL=C.UTF-8 TERM=screen '$ctl' -s 'unix:$work/socket' top --watch=0.2; echo ended \$?; sleep 60"
shows "it says whom it looks at" 'served at unix:'
shows "it says that all is well" '^healthy'
shows "it counts sessions" 'sessions 5 '
shows "it names the holder" 'held by session 2 bob report'
shows "the age grows as bars" '█'
shows "sessions are listed" 'carol'
press /
press alice Enter
hides "a filter hides the others" 'carol'
shows "and shows those meant" 'alice'
press k
shows "it asks before it kills" 'kill the connection of session 1'
press n Enter
press k
shows "and again" 'kill the connection of session 1'
press y Enter
hides "the session goes" 'alice'
shows "and is counted" 'sessions 4 '
press /
press Enter
shows "without a filter all are there again" 'carol'
press x
hides "only transactions" 'carol'
shows "only transactions" 'bob'
press s
shows "the order changes" 'sorted by id'
press q
shows "it ends" 'ended 0'
finish

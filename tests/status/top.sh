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
    # The shell that runs the command; who builds packages may have none to log in with.
    SHELL=/bin/sh tmux -S "$work/tmux" -f /dev/null "$@"
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
press S
shows "and back" 'sorted by -time_ms'
press '?'
shows "help" 'Each kill asks first'
press q
hides "help ends" 'Each kill asks first'
press x
press End Enter
shows "all about one session" '^attributes\|^digest\|^host'
press q
press i
shows "a session by its id" 'kill the connection of session:'
press 3 Enter
shows "it asks, and says whose" 'kill the connection of session 3 (carol'
press Escape
press i
press 4711 Enter
press y Enter
shows "what comes of a kill is said" 'connection of session 4711: no such session'

# While the server is frozen keys work, and what is shown is known to be old.
kill -STOP "$server"
shows "the age of what is shown" 'last answer .* ago: no server answers'
press '?'
shows "keys work" 'Each kill asks first'
press q
press i
press 4712 Enter
press y Enter Home End Home
sleep 0.5
kill -CONT "$server"
shows "a key after a kill does not take that back" 'connection of session 4712: '
shows "it comes back" 'served at unix:.*, up'
press q
shows "it ends" 'ended 0'

# with COLUMNS SETTINGS [SOCKET]: another one, on a terminal of that width.
with() {
    terminal new-session -d -s next -x "$1" -y 24 \
        "env $2 TERM=screen '$ctl' -s 'unix:$work/${3-socket}' top --watch=0.2; echo ended \$?; sleep 60" 8>&-
    terminal kill-session -t top
    terminal rename-session -t next top
    shows "a list at $1 columns with $2" 'carol'
}
# another SOCKET VARIABLE=VALUE... [-- ARGUMENT...]: one more server.
another() {
    local socket=$1 settings=() tries
    shift
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        settings+=("$1")
        shift
    done
    mkfifo "$work/$socket.fifo"
    env "${settings[@]}" "$served" "unix:$work/$socket" "${@:2}" <"$work/$socket.fifo" >"$work/$socket.out" 9>&- &
    other=$!
    exec 8>"$work/$socket.fifo"
    for ((tries = 200; tries; tries--)); do
        [ ! -s "$work/$socket.out" ] || break
        sleep 0.05
    done
}
end_other() {
    exec 8>&-
    wait "$other"
}
with 80 LC_ALL=C.UTF-8
shows "80 columns have time, state and statement" 'ID .*USER .*TIME .*STATE .*STATEMENT'
with 40 LC_ALL=C.UTF-8
shows "40 columns have the most urgent" 'ID .*USER .*TIME .*STATE'
expect "each session has one line" 4 "$(screen | grep -c '^[0-9]')"
with 200 LC_ALL=C.UTF-8
shows "200 columns have all" 'ID .*USER .*NAME .*HOST .*DB .*COMMAND .*TIME .*STATE .*WAITS FOR .*TXN .*STATEMENT'
with 100 'LC_ALL=C NO_COLOR=1'
shows "bars without Unicode" '#'
expect "nothing but ASCII" no "$(screen | LC_ALL=C grep -q '[^ -~]' && echo yes || echo no)"
expect "nor colours" no "$(terminal capture-pane -e -p -t top | grep -q $'\033\\[3[0-7]m' && echo yes || echo no)"
with 80 LC_ALL=C.UTF-8
expect "colours otherwise" yes "$(terminal capture-pane -e -p -t top | grep -q $'\033\\[3[0-7]m' && echo yes || echo no)"
# The trees of waits.
another blocked SERVED_WAITS=1 SERVED_BLOCKED_MS=1 -- s3cret 1
with 40 LC_ALL=C blocked
shows "what is wrong, also at 40 columns" '^PROBLEM (and [1-9][0-9]* more): '
shows "and what to run, as far as it goes" '^run: rosterctl '
press b
shows "trees, also at 40 columns" '^SESSION *USER *WAITED *TXN'
hides "without those who do not wait" 'alice'
shows "the root" '^2 *bob'
shows "what waits for it" '^ 3 *carol'
shows "and for that" '^  5 *erin'
press t
shows "a root is ended from there" 'kill the transaction of session 2 (bob'
shows "with the whole question" '(y) *$'
press n Enter b
shows "and back" 'alice'
press Home / b o b Enter
hides "one session" 'carol'
press Enter
shows "all about it" '^q back'
shows "a statement over two lines" '^info *select \* from t where a < *$'
shows "to its end" '^ *3 *$'
press q / Enter
shows "and all again" 'alice'
with 120 LC_ALL=C blocked
shows "what is wrong" '^PROBLEM (and [1-9][0-9]* more): [a-z ]*, for [0-9.]* m\?s\(in\)\?: '
shows "with the command" '^run: rosterctl -s unix:.*blocked kill --transaction=[0-9]* 2'
hides "it does not say that all is well" '^healthy'
press b
shows "with what is waited for" 'SESSION .*BLOCKS .*WAITED .*FOR .*TXN .*STATEMENT'
shows "in words" '^ 3 *carol .*table t, row 7'
end_other

# More sessions than the screen has lines, of which there are 16.
another crowded SERVED_MORE=195
with 80 LC_ALL=C crowded
shows "the first page, and how many there are" ' 1-16 of 200 by -time_ms'
press s
shows "the order" 'sorted by id'
shows "the first of it" '^1  *alice'
press NPage NPage
shows "two pages on" ' 18-33 of 200 by id'
press NPage NPage NPage
shows "the sessions of that page" '^81  *crowd'
press PPage
shows "a page back" ' 65-80 of 200 by id'
press PPage PPage PPage PPage PPage
shows "back to the first" ' 1-16 of 200 by id'
for ((tries = 50; tries; tries--)); do # further than what was asked for at first
    ! screen | grep -q ' 185-200 of 200' || break
    press End
    sleep 0.2
done
shows "to the last" ' 185-200 of 200 by id'
press PPage
shows "a page before it" ' 184-199 of 200 by id'
press Home
shows "the first" ' 1-16 of 200 by id'
press End
# Some answers later: the times of sessions go on with each of them.
last=
for ((tries = 200, answers = 0; tries && answers < 4; tries--)); do
    now=$(screen | grep crowd)
    [ "$now" = "$last" ] || answers=$((answers + 1))
    last=$now
    sleep 0.05
done
expect "what is selected stays among the rows" '*185-200 of 200 by id*' "$(screen)"
press Home
shows "the first again" ' 1-16 of 200 by id'
press r
shows "the other way round" 'of 200 by -id'
shows "the last is the first then" '^200  *crowd'
press r
shows "and back" 'of 200 by id'
press /
press bob Enter
shows "one session" ' 1-1 of 1 by id'
press K
shows "a statement is ended from there" 'kill the statement of session 2 (bob'
press y Enter
shows "what came of it" 'statement of session 2: delivered'
hides "it ends" 'select \* from'
shows "and its session does not" '^2  *bob'
press K
shows "then there is none" 'no statement is running'
end_other
# A terminal that goes away ends it, also where the signal for that is ignored.
terminal new-session -d -s next -x 80 -y 24 \
    "trap '' HUP; echo \$\$ >'$work/pid'; TERM=screen exec '$ctl' -s 'unix:$work/socket' top --watch=0.2"
terminal kill-session -t top
terminal rename-session -t next top
shows "with a terminal" 'carol'
terminal new-session -d -s next -x 80 -y 24 "sleep 600"
terminal kill-session -t top
terminal rename-session -t next top
for ((tries = 100; tries; tries--)); do
    kill -0 "$(cat "$work/pid")" 2>/dev/null || break
    sleep 0.1
done
expect "it ends without a terminal" no "$(kill -0 "$(cat "$work/pid")" 2>/dev/null && echo yes || echo no)"
terminal new-session -d -s next -x 80 -y 24 \
    "env TERM=dumb '$ctl' -s 'unix:$work/socket' top 2>&1; echo ended \$?; sleep 60"
terminal kill-session -t top
terminal rename-session -t next top
shows "a terminal without a cursor" 'top needs a terminal that can move its cursor, and TERM is "dumb"'
shows "is an error" 'ended 2'
finish

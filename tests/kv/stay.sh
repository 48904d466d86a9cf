#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# ./quickstart --stay, as a terminal runs it: every command that it prints shows something, Ctrl-C ends it
# with status 0, and nothing is left. It builds in the sources, so a stage of .ci/run calls this.

# shellcheck disable=SC2317 # called by a trap, or by until_so

set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 99
out=$(mktemp "${TMPDIR:-/tmp}/roster-stay.XXXXXX") || exit 99
pid=
wrong=0
cleanup() {
    [ -z "$pid" ] || kill -TERM -- "-$pid" 2>/dev/null
    rm -f "$out"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

fail() {
    echo "WRONG: $*"
    wrong=1
}

# until_so SECONDS COMMAND...
until_so() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.2
    done
}

gone() {
    ! kill -0 "$pid" 2>/dev/null
}

env --default-signal=INT setsid ./quickstart --stay >"$out" 2>&1 </dev/null &
pid=$!
until_so 600 grep -q 'rosterctl kill' "$out" || fail "it does not come to its end: $(tail "$out")"
env=$(sed -n 's/^ *\. \(.*env\)$/\1/p' "$out")
work=${env%/env}
shows() { # COMMAND
    [ "$(bash -c ". $env; $1" 2>/dev/null | wc -c)" -ge 40 ]
}
mapfile -t commands < <(sed -n 's/^      \(rosterctl\|redis-cli\)/\1/p' "$out" | sed 's/  *#.*//')
[ "${#commands[@]}" -ge 14 ] || fail "only ${#commands[@]} commands are printed"
for command in "${commands[@]}"; do
    case $command in
    *" top") command="timeout 3 script -qec '$command' /dev/null </dev/null" ;;
    *" serve") command="timeout 3 $command" ;;
    *" kill "*) command="$command && sleep 0.3 && rosterctl locks" ;;
    esac
    until_so 20 shows "$command" || fail "shows nothing: $command"
done
while read -r page; do
    curl -fsS "$page" | grep -q '</html>' || fail "no page at $page"
done < <(grep -o 'http://[0-9.:]*/' "$out")
kill -INT -- "-$pid"
until_so 20 gone || fail "Ctrl-C does not end it"
gone || kill -KILL -- "-$pid"
wait "$pid" || fail "Ctrl-C ends it with status $?"
pid=
[ ! -e "$work" ] || fail "$work is left"
! pgrep -f "$work/" >/dev/null || fail "a process is left: $(pgrep -af "$work/")"
[ "$wrong" -eq 0 ] && echo "right: ${#commands[@]} commands"
exit "$wrong"

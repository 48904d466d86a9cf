# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# For the fault tests: starting servers, waiting for what they tell, checking their history.
# Everything lives in $work and ends with the script, also when that fails.

# shellcheck disable=SC2034 # some variables are for whoever includes this
set -euo pipefail

: "${ROSTER_BUILDDIR:?run this through make}"
programs=$ROSTER_BUILDDIR/tests/fault
member=${ROSTER_FAULT_MEMBER:-$programs/member}
tool=$programs/tool
check=$programs/check
# In memory where possible: no fault here is one of power, and disks that others keep busy for
# seconds would be one more fault.
base=/dev/shm
[ -w "$base" ] || base=${TMPDIR:-/tmp}
work=$(mktemp -d "$base/roster-fault.XXXXXX")
dir=$work # of the logs and the data
declare -A pids=() slots=()

finish() {
    local status=$? name
    {
        for name in "${!pids[@]}"; do
            kill -KILL "${pids[$name]}" || true
        done
        wait
    } 2>/dev/null # without the shell's word for each
    if [ "$status" -ne 0 ] && [ "$status" -ne 77 ]; then
        for name in "$work"/*.out; do
            [ ! -s "$name" ] || uniq -f 1 "$name" | tail -n 25 | sed "s/^/${name##*/}: /"
        done
    fi
    if [ "$status" -eq 0 ] && [ -n "$(find "$work" -name 'store.db*' -size +17M)" ]; then
        echo "the store's file or its log has grown:" >&2
        ls -l "$work" >&2
        status=1
    fi
    [ -z "${tmpfs:-}" ] || umount "$tmpfs"
    rm -rf "$work"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' HUP INT TERM

fail() {
    echo "$*" >&2
    exit 1
}

skip() {
    echo "$*"
    exit 77
}

[ -x "$member" ] || skip "not built"
declare -A urls=() # of servers that do not use $url
url=sqlite:$work/store.db

# start NAME [OPTION...]: a server; its id is NAME unless an option says otherwise.
start() {
    local name=$1
    shift
    slots[$name]=${slots[$name]:-${#slots[@]}}
    "$member" --url "${urls[$name]:-$url}" --id "$name" --dir "$dir" --slot "${slots[$name]}" "${options[@]}" \
        "$@" >>"$work/$name.out" 2>&1 &
    pids[$name]=$!
}
options=()

# signal NAME SIGNAL
signal() {
    kill "-$2" "${pids[$1]}"
}

# end_of NAME: waits for its end and forgets it; the status is its own.
end_of() {
    local pid=${pids[$1]}
    unset "pids[$1]"
    wait "$pid"
}

kill_server() {
    signal "$1" KILL
    end_of "$1" 2>/dev/null || true
}

stop_server() {
    signal "$1" TERM
    end_of "$1" || fail "$1 ended with $?"
}

now() {
    "$check"
}

# until_so SECONDS COMMAND...: tries again and again.
until_so() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.05
    done
}

# tells NAME PATTERN [SECONDS]: waits for a line of the server's output.
tells() {
    until_so "${3:-20}" grep -Eq "$2" "$work/$1.out" || fail "$1 does not tell: $2"
}

# is NAME STATE [SECONDS]: waits until that is the last state that the server has told of itself.
is() {
    until_so "${3:-20}" last_state "$1" "$2" || fail "$1 is not $2"
}

last_state() {
    grep -E 'server .* is .*, was' "$work/$1.out" | tail -n 1 | grep -q " is $2, "
}

# alive_within SECONDS NAME...: from now on each begins, vouches for what it reads, and sees
# collection go on.
alive_within() {
    local since seconds=$1 arguments=() name
    shift
    since=$(now)
    for name; do
        arguments+=(--alive "$name")
    done
    until_so "$seconds" "$check" "$dir" --since "$since" "${arguments[@]}"
}

# never NAME...: since the time that is now none of them vouches for anything new; waits a second.
never() {
    local since name
    since=$(now)
    sleep 1
    for name; do
        ! "$check" "$dir" --since "$since" --vouched "$name" >/dev/null ||
            fail "$name goes on vouching"
    done
}

alive() {
    alive_within 60 "$@" || fail "not alive, one of: $*"
}

# stored KEY: what stands there.
stored() {
    "$tool" get "$url" "$1" | sed -n "s|^$1 ||p"
}

# stands_still: the txn safe point does not move for a while.
stands_still() {
    local before
    before=$(stored /roster/safepoint/txn)
    sleep 0.5
    [ "$(stored /roster/safepoint/txn)" = "$before" ]
}

# The guarantees hold over all that happened, and enough happened: besides what every test needs,
# what the array says.
least=()
check_history() {
    local arguments=() what
    for what in transactions=20 vouched=100 moves=10 collected=10 "${least[@]}"; do
        arguments+=(--least "$what")
    done
    "$check" "$dir" "${arguments[@]}"
}

# warm NAME...: they have done enough that the rest of a test is worth something.
warm() {
    alive "$@"
    until_so 60 check_history || fail "too little happens"
}

# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Sourced by the tests of roster.so: a program with a culprit, and asking it things.
# shellcheck shell=bash
# shellcheck disable=SC2034 # used there

set -u
# A /run of the test's own, where the system allows it: what has a socket in /run/roster is listed by every program.
if [ -z "${own_run-}" ] && unshare --mount mount -t tmpfs none /run 2>/dev/null; then
    # shellcheck disable=SC2016 # the inner shell's
    own_run=yes exec unshare --mount bash -c 'mount -t tmpfs none /run && exec bash "$0"' "$0"
fi
# shellcheck source=tests/support/say.sh
. "$ROSTER_SRCDIR/tests/support/say.sh"
extension=$ROSTER_BUILDDIR/.libs/roster.so
programs=$ROSTER_BUILDDIR/tests/sqlite
pid=
outcome=

[ -e "$extension" ] || skip "built without the SQLite extension, or without shared libraries"
[ "$ROSTER_SANITIZER" = none ] || skip "a sanitizer's runtime has to come before what is preloaded"

work=$(mktemp -d "${TMPDIR:-/tmp}/roster-sqlite.XXXXXX") || exit 99
file=$work/app.db

cleanup() {
    [ -z "$pid" ] || kill "$pid" 2>/dev/null
    wait
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

# start HOW [NAME=VALUE...]: a fresh file and tests/sqlite/culprit on it, with the extension.
start() {
    local how=$1 line
    shift
    rm -f "$file"* "$work/to" "$work/from"
    mkfifo "$work/to" "$work/from"
    env LD_PRELOAD="$extension" "$@" "$programs/culprit" "$file" "$how" <"$work/to" >"$work/from" &
    pid=$!
    exec 8>"$work/to" 9<"$work/from"
    read -r -t 30 line <&9 || line=
    [ "$line" = ready ] || {
        echo "the program did not start"
        exit 99
    }
}

# tell LINE: its answer is one line.
tell() {
    local line=
    echo "$1" >&8
    read -r -t 60 line <&9
    echo "$line"
}

# ask SQL: the rows.
ask() {
    local line
    echo "ask $1" >&8
    while read -r -t 60 line <&9 && [ "$line" != . ]; do
        echo "$line"
    done
}

# end: sets $outcome, how the culprit fared.
end() {
    local status=0
    outcome=$(tell end)
    wait "$pid" || status=$?
    pid=
    exec 8>&- 9<&-
    [ "$status" -eq 0 ] || fail "the program ended with status $status"
}

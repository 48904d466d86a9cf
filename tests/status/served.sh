# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# For tests that need an endpoint to talk to; source it.

set -euo pipefail
# shellcheck source=tests/support/say.sh
. "$ROSTER_SRCDIR/tests/support/say.sh"

served=$ROSTER_BUILDDIR/tests/status/served
work=$(mktemp -d "${TMPDIR:-/tmp}/roster-served.XXXXXX")
server=

if [ ! -x "$served" ]; then
    rm -rf "$work"
    skip "the status endpoint was not built"
fi

cleanup() {
    exec 9>&- || true
    [ -z "$server" ] || wait "$server" || true
    rm -rf "$work"
}
trap cleanup EXIT

# has_terminals: whether pseudo-terminals can be made here, which some containers leave out.
has_terminals() {
    script -qec true /dev/null </dev/null >/dev/null 2>&1
}

# serve [ADDRESS [TOKEN [OLD_MS]]]: starts one; $address is where it listens.
serve() {
    local tries
    rm -f "$work/fifo"
    mkfifo "$work/fifo"
    : >"$work/address"
    "$served" "$@" <"$work/fifo" >"$work/address" 2>"$work/served.err" &
    server=$!
    exec 9>"$work/fifo"
    for ((tries = 200; tries; tries--)); do
        [ ! -s "$work/address" ] || break
        sleep 0.05
    done
    address=$(cat "$work/address")
    if [ -z "$address" ]; then
        cat "$work/served.err"
        exit 1
    fi
}

# ended: it ends by itself, and well.
ended() {
    local status=0
    wait "$server" || status=$?
    server=
    expect "the server ends well" 0 "$status"
    exec 9>&-
}

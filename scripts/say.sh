# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Messages of the scripts.

# say TEXT...: a step that begins.
say() {
    printf '== %s\n' "$*"
}

# die TEXT...: give up, with the reason.
die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# What steps print that is of interest only when they fail.
step_log=$PWD/quickstart.log

# step TEXT COMMAND...: say it, and run the command with its output in the log; when it fails, show
# the end of that output and name the log.
step() {
    local text=$1 status=0 before
    shift
    say "$text"
    printf '\n== %s: %s\n' "$text" "$*" >>"$step_log" || return
    before=$(wc -c <"$step_log")
    "$@" >>"$step_log" 2>&1 </dev/null || status=$?
    if [ "$status" -ne 0 ]; then
        tail -c "+$((before + 1))" "$step_log" | tail -n 15 | sed 's/^/   | /' >&2
        printf '%s: failed (status %d): %s; all of its output is in %s\n' \
            "${0##*/}" "$status" "$text" "$step_log" >&2
    fi
    return "$status"
}

checks=0
failures=0

# check WHAT COMMAND...: counts it, and reports a failure.
check() {
    local what=$1
    shift
    checks=$((checks + 1))
    if ! "$@"; then
        failures=$((failures + 1))
        echo "   CHECK FAILED: $what ($*)"
    fi
}

# tell_checks: the end of a quickstart.
tell_checks() {
    echo "$((checks - failures)) checks passed, $failures failed"
    [ "$failures" -eq 0 ]
}

#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# The script of the page, with answers that lack each of their members in turn or have them as something else: see
# page-lacks.js. What the server here has not is made up. Skipped where there is no node.

# shellcheck source=tests/status/served.sh
. "$ROSTER_SRCDIR/tests/status/served.sh"

for tool in node curl; do
    command -v "$tool" >/dev/null || {
        echo "$tool is not there"
        exit 77
    }
done
serve 127.0.0.1:0
get() { # PATH
    curl -fsS --noproxy '*' "http://$address$1"
}
get / >"$work/page.html"
{
    for path in /status /minimum /processlist /trx /holders /timeline; do
        echo "\"$path\": $(get "$path"),"
    done
    cat <<'JSON'
"/locks": {"rows": [{"id": "1", "user": "u", "application": "n", "depth": 1, "blocker": "2", "root_blocker": "2", "blocks": 1,
    "blocked_on": "row", "wait_event": "row", "wait_class": "Lock", "wait_ms": 5, "txn_ms": 5, "start_ts": "5", "info": null, "last": "l"}],
    "matched": 1, "waits": 1, "deadlocks_total": 1,
    "deadlocks": [{"number": "1", "at_ms": 5, "members": 2, "waits": [{"id": "1", "user": "u", "blocked_on": "row"}]}]},
"/events": {"rows": [{"id": "1", "kind": "kill", "what": "statement", "session_id": "1", "user": "u", "by": "b", "reason": "r",
    "result_text": "t", "words": "w", "name": "", "text": "", "count": 2, "first_ms": 5, "last_ms": 5}], "next": "1", "missed": 0, "restarted": false},
"/points": {"from_ms": 1000, "to_ms": 61000, "step_ms": 5000, "columns": ["at_ms", "times", "dropped", "CPU", "Lock"],
    "points": [[55000, 1, 1, 2, 3]]},
"/activity": {"times": 1, "samples": 5, "dropped": 1, "matched": 2,
    "rows": [{"wait_class": "Lock", "wait_event": "row", "samples": 3}]}
JSON
} >"$work/answers"
echo "{$(cat "$work/answers")}" >"$work/answers.json"
found=$(node "$ROSTER_SRCDIR/tests/status/page-lacks.js" "$work/page.html" "$work/answers.json" 2>&1) || true
expect "each member may be missing" '[1-9]*[0-9] tries, 0 wrong' "$found"
finish

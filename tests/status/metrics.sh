#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Prometheus reads the metrics: in its text format, with its own lint, and as OpenMetrics, with
# which promtool fills a database. It refuses both when they are spoilt.

# shellcheck source=tests/status/served.sh
. "$ROSTER_SRCDIR/tests/status/served.sh"

for tool in promtool curl; do
    if ! command -v "$tool" >/dev/null; then
        echo "$tool is not there (Debian: prometheus, curl)"
        exit 77
    fi
done
serve 127.0.0.1:0
get() {
    curl -fsS --noproxy '*' "$@"
}

get "http://$address/metrics" >"$work/text"
expect "promtool accepts the text" "" "$(promtool check metrics <"$work/text" 2>&1)"
sed 's/^roster_pins .*/& and more/' "$work/text" >"$work/spoilt"
if promtool check metrics <"$work/spoilt" >/dev/null 2>&1; then
    echo "WRONG: promtool accepts what is spoilt"
    wrong=1
fi
for name in sessions transactions kills_total state_seconds_bucket scan_seconds_count \
    grace_period_age_seconds minimum_age_seconds backlog_bytes healthy problem sessions_limit; do
    grep -q "^roster_${name}[{ ]" "$work/text" || expect "roster_$name is there" yes no
done
expect "kills are told by reason and result" \
    'roster_kills_total{reason="max execution time",result="delivered"} 1' \
    "$(grep 'max execution.*delivered' "$work/text")"
expect "events are counted by kind" 'roster_events_total{kind="kill"} 1' \
    "$(grep 'roster_events_total{kind="kill"}' "$work/text")"

get -H 'Accept: application/openmetrics-text; version=1.0.0' "http://$address/metrics" >"$work/open"
expect "it ends as it must" '# EOF' "$(tail -n 1 "$work/open")"
# Only samples with a time go into a database.
now=$(date +%s)
sed "/^#/!s/\$/ $now/" "$work/open" >"$work/timed"
fill() {
    promtool tsdb create-blocks-from openmetrics "$1" "$work/db" >"$work/fill" 2>&1
}
fill "$work/timed" || expect "promtool accepts OpenMetrics" "" "$(cat "$work/fill")"
expect "and finds the samples" '*{}*' "{}$(ls "$work/db")"
sed '/EOF/d' "$work/timed" >"$work/spoilt"
if fill "$work/spoilt"; then
    echo "WRONG: promtool accepts OpenMetrics without an end"
    wrong=1
fi
finish

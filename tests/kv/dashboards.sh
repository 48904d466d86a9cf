#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# What is installed for Prometheus and Grafana, against a real Prometheus that scrapes a real server:
# every query of the dashboard and every rule is evaluated, and has a test.

# shellcheck source=tests/kv/members.sh
. "$ROSTER_SRCDIR/tests/kv/members.sh"

rules=$ROSTER_SRCDIR/share/prometheus/alerts.yml
dashboard=$ROSTER_SRCDIR/share/grafana/roster.json
for tool in prometheus promtool curl python3 openssl; do
    command -v "$tool" >/dev/null || skip "$tool is not installed (Debian: prometheus, curl, python3, openssl)"
done
expect "promtool accepts the rules" '*SUCCESS*' "$(promtool check rules "$rules" 2>&1)"
while read -r alert; do
    grep -q "\"$alert\"" "$ROSTER_SRCDIR"/tests/status/test_status_*.c || [ "$alert" = RosterDown ] ||
        fail "$alert has no test in tests/status/test_status_alerts.c or test_status_verdict.c"
done < <(sed -n 's/.*- alert: //p' "$rules")

store=sqlite:$work/cluster.db
"$kv" --store=sqlite:"$work/none/x.db" --port=0 2>"$work/err"
if grep -q 'without SQLite' "$work/err"; then skip "built without the SQLite store"; fi
echo 0123456789abcdef0123456789abcdef >"$work/token"
chmod 600 "$work/token"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -keyout "$work/key.pem" \
    -out "$work/cert.pem" -subj /CN=roster-test -addext subjectAltName=IP:127.0.0.1 2>"$work/err" ||
    fail "$(cat "$work/err")"
"$kv" --port=0 --status=127.0.0.1:x 2>&1 | grep -q 'built without it' &&
    skip "built without the status endpoint"
start_member a --status=127.0.0.1:0 --metrics=127.0.0.1:0 --metrics-token="$work/token" \
    --metrics-cert="$work/cert.pem" --metrics-key="$work/key.pem"
address=$(sed -n 's/.*metrics on \(127[^ ,]*\).*/\1/p' "$work/server.out")

# Nothing listens on the second one, for RosterDown.
cat >"$work/prometheus.yml" <<END
global: {scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms}
rule_files: ["$rules"]
scrape_configs:
  - job_name: roster
    scheme: https
    authorization: {credentials_file: "$work/token"}
    tls_config: {ca_file: "$work/cert.pem"}
    static_configs: [{targets: ["$address"]}]
  - job_name: roster-gone
    static_configs: [{targets: ["127.0.0.1:1"]}]
END
prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/data" \
    --web.listen-address=127.0.0.1:0 --log.level=info >"$work/prometheus.log" 2>&1 &
children+=($!)
# shellcheck disable=SC2317 # called by eventually
listens() {
    web=$(sed -n 's/.*msg="Listening on" address=\(127[^ ]*\).*/\1/p' "$work/prometheus.log")
    [ -n "$web" ]
}
eventually "Prometheus listens" listens
# Something to be seen.
dial 3 "${ports[a]}"
ask 3 BEGIN >/dev/null
ask 3 'GET k' >/dev/null

ROSTER_WEB=$web eventually "every query of the dashboard, and every rule, has an answer" \
    python3 "$ROSTER_SRCDIR/tests/kv/dashboards.py" "$dashboard" "$work/missing"
[ ! -s "$work/missing" ] || cat "$work/missing"
hang_up 3
stop_member a
finish

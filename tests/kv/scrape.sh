#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Metrics for other machines: at a second address, with a token and TLS, and nothing else there.

# shellcheck source=tests/kv/server.sh
. "$ROSTER_SRCDIR/tests/kv/server.sh"

for tool in curl openssl; do
    command -v "$tool" >/dev/null || skip "$tool is not installed (Debian: curl, openssl)"
done
umask 077
token=0123456789abcdef0123456789abcdef
echo "$token" >"$work/token"
echo "kills-and-drains" >"$work/kill-token"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
    -keyout "$work/key.pem" -out "$work/cert.pem" -subj /CN=roster-test \
    -addext subjectAltName=IP:127.0.0.1 2>"$work/openssl.log" || fail "$(cat "$work/openssl.log")"
"$kv" --port=0 --status=127.0.0.1:x 2>&1 | grep -q 'built without it' &&
    skip "built without the status endpoint"

# refused WHAT PATTERN OPTION...: the server does not start, and says why.
refused() {
    local what=$1 pattern=$2 status=0
    shift 2
    timeout 20 "$kv" --port=0 "$@" >"$work/refused" 2>&1 || status=$?
    expect "$what" "$pattern" "$status: $(cat "$work/refused")"
}
local=--status=127.0.0.1:0
refused "without --status" '2: *--metrics needs --status*' --metrics=127.0.0.1:0
refused "without a token" '2: *--metrics needs --metrics-token*' "$local" --metrics=127.0.0.1:0
refused "without the token's file" '1: *cannot read /none*' "$local" --metrics=127.0.0.1:0 \
    --metrics-token=/none
echo short >"$work/short"
there=(--metrics=127.0.0.1:0 --metrics-token="$work/token")
refused "with a short token" '1: *metrics_token takes 16 printable *' "$local" \
    --metrics=127.0.0.1:0 --metrics-token="$work/short"
refused "with the token that kills" '1: *metrics_token is the token that kills*' "$local" "${there[@]}" \
    --status-token="$work/token"
echo >"$work/empty"
refused "with an empty token that kills" '1: *token is empty*' "$local" \
    "${there[@]}" --status-token="$work/empty"
printf 'x\0yz\n' >"$work/cut"
refused "with one that has a NUL" '1: *cannot read */cut*has a NUL*' "$local" "${there[@]}" --status-token="$work/cut"
refused "at an address of another host" '1: *metrics_address "*": it takes IPV4:PORT*' "$local" \
    --metrics=192.0.2.1:0 --metrics-token="$work/token"
refused "locally at one that is not local" '1: * address "*": it takes 127.0.0.1:PORT*' \
    --status=0.0.0.0:0 "${there[@]}"
refused "with a token and no address" '2: *need --metrics*' "$local" --metrics-token="$work/token"
refused "with a certificate alone" '2: *need each other*' "$local" "${there[@]}" \
    --metrics-cert="$work/cert.pem"
openssl ecparam -name prime256v1 -genkey -noout -out "$work/other.pem" 2>>"$work/openssl.log"
refused "with another one's key" '1: *metrics_cert and metrics_key take *' "$local" \
    "${there[@]}" --metrics-cert="$work/cert.pem" --metrics-key="$work/other.pem"
refused "with a key that is none" '1: *cannot read /dev/null: it is empty*' "$local" --metrics=127.0.0.1:0 \
    --metrics-token="$work/token" --metrics-cert="$work/cert.pem" --metrics-key=/dev/null

cp "$work/token" "$work/open"
chmod 640 "$work/open"
refused "with one that others may read" '1: *cannot read */open: other users may *: chmod 600*' "$local" \
    "${there[@]}" --status-token="$work/open"
cp "$work/key.pem" "$work/open"
refused "with a key that others may read" '1: *cannot read */open: other users may *: chmod 600*' "$local" \
    "${there[@]}" --metrics-cert="$work/cert.pem" --metrics-key="$work/open"
mkfifo "$work/unwritten"
refused "with a pipe that nobody writes to" '1: *cannot read */unwritten: no process writes *' "$local" \
    "${there[@]}" --status-token="$work/unwritten"
chmod 644 "$work/cert.pem"

start_server "$local" --status-token="$work/kill-token" --metrics=0.0.0.0:0 \
    --metrics-token="$work/token" --metrics-cert="$work/cert.pem" --metrics-key="$work/key.pem"
status=$(sed -n 's/.*status on \(127[^ ,]*\).*/\1/p' "$work/server.out")
metrics=$(sed -n 's/.*metrics on 0.0.0.0\(:[0-9]*\).*/127.0.0.1\1/p' "$work/server.out")
refused "at an address that is in use" "1: *metrics_address \"$metrics\": another server listens*" "$local" \
    --metrics="$metrics" --metrics-token="$work/token"

# scrape PATH [OPTION...]: the answer, and the status behind it.
scrape() {
    local path=$1
    shift
    curl --silent --noproxy '*' --max-time 20 --cacert "$work/cert.pem" --write-out ' %{http_code}' \
        "$@" "https://$metrics$path"
}
with=(--header "Authorization: Bearer $token")
expect "metrics, with the token" '*roster_sessions*roster_healthy 1* 200' "$(scrape /metrics "${with[@]}")"
expect "not without it" '*token is needed* 401' "$(scrape /metrics)"
expect "not with the one that kills" '* 401' \
    "$(scrape /metrics --header 'Authorization: Bearer kills-and-drains')"
expect "nothing else" '*only /metrics* 404' "$(scrape /processlist "${with[@]}")"
expect "no drain" '* 404' "$(scrape /drain "${with[@]}" --request POST)"
expect "no kill" '* 404' "$(scrape '/kill?id=1' "${with[@]}" --request POST)"
expect "TLS 1.1 is too old" 35 \
    "$(scrape /metrics "${with[@]}" --tls-max 1.1 --ciphers DEFAULT@SECLEVEL=0 >/dev/null; echo $?)"
expect "nothing without TLS" '*000' "$(curl --silent --noproxy '*' --max-time 20 \
    --write-out '%{http_code}' "${with[@]}" "http://$metrics/metrics")"
expect "the page stays local" 200 "$(curl --silent --noproxy '*' --max-time 20 --output /dev/null \
    --write-out '%{http_code}' "http://$status/")"
expect "and wants its own token" '*401' "$(curl --silent --noproxy '*' --max-time 20 --request POST \
    --write-out '%{http_code}' "${with[@]}" "http://$status/drain")"
finish

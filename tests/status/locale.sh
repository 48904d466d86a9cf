#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Programs read what the endpoint and rosterctl print, so neither depends on the locale: with a
# decimal comma (German), and where i and I are not the same letter (Turkish).

# shellcheck source=tests/status/served.sh
. "$ROSTER_SRCDIR/tests/status/served.sh"

ctl=$ROSTER_BUILDDIR/rosterctl
if [ ! -x "$ctl" ] || ! command -v curl >/dev/null; then
    echo "rosterctl was not built, or there is no curl"
    exit 77
fi
mkdir "$work/locales"
for name in de_DE tr_TR; do
    if ! localedef -i "$name" -f UTF-8 "$work/locales/$name.UTF-8" 2>"$work/localedef"; then
        echo "localedef cannot make $name (Debian: locales): $(tail -n 1 "$work/localedef")"
        exit 77
    fi
done
export LOCPATH=$work/locales
# The C library keeps what it has made of $LOCPATH, and forgets where.
echo 'leak:argz_add_sep' >"$work/suppressions"
export LSAN_OPTIONS="${LSAN_OPTIONS:+$LSAN_OPTIONS:}suppressions=$work/suppressions:print_suppressions=0"

# run ARGUMENT...: rosterctl, which has to succeed.
run() {
    local status=0
    out=$(LC_ALL=$locale "$ctl" -s "$address" "$@" 2>&1) || status=$?
    expect "$locale: rosterctl $* ($out)" 0 "$status"
}

# This shell stays in its own locale, in which the patterns are meant.
for locale in de_DE.UTF-8 tr_TR.UTF-8; do
    expect "$locale is in use" '0,5' "$(LC_ALL=$locale env printf %.1f 0,5 2>&1)"
    LC_ALL=$locale serve 127.0.0.1:0 s3cret
    sleep 0.1 # so that no figure of the metrics is 0
    for accept in text/plain application/openmetrics-text; do
        curl -fsS --noproxy '*' -H "Accept: $accept" "http://$address/metrics" >"$work/metrics"
        expect "$locale: $accept" '' \
            "$(grep -v '^#' "$work/metrics" | grep -vE '^[a-z_]+(\{[^{}]*\})? -?[0-9]+(\.[0-9]+)?$')"
        expect "$locale: bounds of $accept" '' \
            "$(grep -o ' *le="[^"]*"' "$work/metrics" | grep -vE '"([0-9]+(\.[0-9]+)?|\+Inf)"$')"
        expect "$locale: there are fractions" '*0.0*' "$(grep _seconds "$work/metrics")"
    done
    for path in status processlist trx minimum safepoint history; do
        curl -fsS --noproxy '*' "http://$address/$path" >"$work/reply"
        "$ROSTER_BUILDDIR/tests/status/json_check" "$work/reply" >/dev/null ||
            expect "$locale: $path is JSON" yes no
    done
    for column in time TIME -time Id ID time_ms TIME_MS kind; do
        run ps "--sort=$column"
    done
    for filter in --state=idle --state=IDLE --kind=INTERNAL --kind=user --command=QUERY; do
        run ps "$filter"
    done
    run ps --state=RUNNING
    expect "$locale: filters have no locale" 3 "$(wc -l <<<"$out")"
    run trx --sort=-session_id
    run min
    run history --full
    status=0
    LC_ALL=$locale timeout 1 "$ctl" -s "$address" ps -w0.5 >"$work/watched" 2>&1 || status=$?
    expect "$locale: -w0.5 ($(tail -n 1 "$work/watched"))" 124 "$status"
    # The scheme and the header of a token are words of ASCII.
    curl -fsS --noproxy '*' -H 'AUTHORIZATION: BEARER s3cret' "http://$address/status" >"$work/reply"
    expect "$locale: a token" '*"may_kill":true*' "$(cat "$work/reply")"
    exec 9>&-
    wait "$server"
done
finish

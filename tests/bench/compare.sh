#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# roster-bench compare measures every work with every engine that can do it, goes on where it was
# interrupted, does not mix figures of different settings, and draws charts. No figure is judged.

set -eu

bench=$ROSTER_BUILDDIR/bench/roster-bench
if [ ! -x "$bench" ]; then
    echo "roster-bench is not part of this build"
    exit 77
fi
TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/roster-compare.XXXXXX")
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
cd "$TMPDIR"

wrong() {
    echo "WRONG: $*"
    cat out.txt
    exit 1
}

# compare ARGUMENT...: a short run into the directory d.
compare() {
    echo "roster-bench compare $*"
    "$bench" compare --rounds=2 --seconds=0.005 --dir=d "$@" >out.txt || wrong "exit status $?"
    for json in ./*/compare.json; do
        "$ROSTER_SRCDIR/tests/bench/check-json" "$json"
    done
}

compare --sessions=200 --threads=2 --no-charts
for work in publish statement oldest list lookup churn churn-storm mixed beside looked-up storm stalled \
    handover; do
    grep -q "^$work, 2 threads, 200 sessions: " out.txt || wrong "no $work"
    for round in 0 1; do
        grep -q "^$work,2,200,0,roster,ns,$round,[0-9.e+]*$" d/compare.csv || wrong "no $work"
    done
done
grep -q '^storm,2,200,0,roster,max_ns,1,' d/compare.csv || wrong "no latency"
while read -r line; do
    case $line in
    *,ns,*,inf | *,ns,*,nan) wrong "$line" ;;
    esac
done <d/compare.csv

# Every work spares the sessions whose transactions are open all the time.
rm -r d
compare --sessions=200 --threads=2 --open=20 --no-charts --engines=dense
rm -r d
compare --sessions=200 --threads=2 --no-charts

# The same again measures nothing, and leaves the figures alone.
cp d/compare.csv before
compare --sessions=200 --threads=2 --no-charts
cmp before d/compare.csv

# An interruption loses the table under way and nothing else. What the last run said must not be
# taken for the beginning of this one.
: >out.txt
"$bench" compare --sessions=100 --rounds=50 --seconds=0.2 --work=publish --dir=cut --no-charts \
    >out.txt &
child=$!
tries=0
until grep -q '^medians' out.txt || [ "$tries" -eq 100 ]; do
    sleep 0.2
    tries=$((tries + 1))
done
kill -INT "$child"
status=0
wait "$child" || status=$?
[ "$status" -eq 130 ] || wrong "exit status $status after an interruption"
grep -q '^interrupted' out.txt || wrong "says nothing of an interruption"
[ ! -e cut/compare.csv ] || wrong "half a table was kept"

if "$bench" compare --rounds=3 --seconds=0.005 --dir=d --sessions=200 >out.txt 2>&1; then
    wrong "figures of other settings were mixed"
fi
grep -q 'other settings' out.txt || wrong "says nothing of other settings"

# Charts, of figures that are made up, which saves measuring them.
if command -v gnuplot >/dev/null; then
    mkdir charts
    {
        head -n 2 d/compare.csv
        for size in 1,10000 2,10000 4,10000 16,10000 64,10000 1,1000 1,100000 1,1000000; do
            echo "publish,$size,0,roster,ns,0,12.5"
            echo "publish,$size,0,roster,ns,1,25.5"
        done
    } >charts/compare.csv
    cp charts/compare.csv before
    compare --full --work=publish --engines=roster --dir=charts
    cmp before charts/compare.csv
    grep -q '^publish, 64 threads, 10 000 sessions: ' out.txt || wrong "figures were not read"
    for chart in publish-threads publish-sessions; do
        for kind in svg png; do
            [ -s "charts/$chart.$kind" ] || wrong "no chart $chart.$kind"
        done
    done
fi

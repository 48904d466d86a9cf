#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# roster-bench refuses what it cannot do with exit status 2, and says which option had which
# value and what to give instead.

set -eu

bench=$ROSTER_BUILDDIR/bench/roster-bench
if [ ! -x "$bench" ]; then
    echo "roster-bench is not part of this build"
    exit 77
fi
cd "$TMPDIR"
wrong=0

# ends STATUS TEXT ARGUMENT...: ends so, with TEXT in what it says.
ends() {
    expected=$1
    text=$2
    shift 2
    if "$bench" "$@" >out 2>&1; then
        status=0
    else
        status=$?
    fi
    if [ "$status" -ne "$expected" ] || ! grep -qF -e "$text" out; then
        echo "WRONG: status $status, should be $expected with \"$text\": roster-bench $*"
        cat out
        wrong=1
    fi
}

ends 0 'Workloads:' --help
ends 0 'publish ' --help
ends 0 'roster-bench ' --version
ends 2 'no workload was named; --help' --threads=1
ends 2 'unknown workload "publsh"; --help' publsh
ends 2 'unrecognized option' --thread-count=1 publish
ends 2 'requires an argument' publish --threads
ends 2 '--threads=0: give a whole number from 1 to' --threads=0 publish
ends 2 '--threads=two: give a whole number' --threads=two publish
ends 2 '--threads=-1: give a whole number' --threads=-1 publish
ends 2 '--threads=1x: give a whole number' --threads=1x publish
ends 2 '--sessions=99999999999999999999: give' --sessions=99999999999999999999 publish
ends 2 '--open=: give a whole number' --open= scan
ends 2 '--rounds=1000: give a whole number from 1 to' --rounds=1000 publish
ends 2 '--text=-: give a whole number from 0' --text=- statement
ends 2 '--seconds=0: give a number above 0' --seconds=0 publish
ends 2 '--seconds=nan: give a number' --seconds=nan publish
ends 2 '--seconds=1s: give a number' --seconds=1s publish
ends 2 '--oracle=atomic: give thread, shared or clock' --oracle=atomic publish
ends 2 '--time=user: give wall or cpu' --time=user publish
ends 2 '--order=memory: give turn or random' --order=memory publish
ends 2 '"scaner" is unknown; give syncer' --beside=lister,scaner mixed
ends 2 '"" is unknown; give syncer' --beside=lister, mixed
ends 2 'each thread needs a session' --sessions=2 --threads=3 publish
ends 2 'each transaction needs a session' --sessions=2 --open=3 scan
ends 1 'cannot write the report: No such file or directory' --json=missing/out --rounds=1 --seconds=0.01 --threads=1 canary

exit "$wrong"

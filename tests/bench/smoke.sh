#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# roster-bench measures every workload, with every kind of oracle and everything beside, and its
# JSON is JSON with the rows in it. No figure is judged: this machine may be busy.

set -eu

bench=$ROSTER_BUILDDIR/bench/roster-bench
if [ ! -x "$bench" ]; then
    echo "roster-bench is not part of this build"
    exit 77
fi
cd "$TMPDIR"

# run ARGUMENT...: a short run; its JSON goes to out.json.
run() {
    echo "roster-bench $*"
    "$bench" --rounds=2 --seconds=0.01 --json=out.json "$@" >out.txt
    "$ROSTER_SRCDIR/tests/bench/check-json" out.json
}

# tells ROW...: these rows, and no others, are in both reports.
tells() {
    printf '%s\n' "$@" | sort >expected
    sed -n 's/^ *{"name": "\([a-z-]*\)", "work": .*/\1/p' out.json | sort >got
    diff expected got
    for row; do
        grep -q "^$row: " out.txt
        grep -q "^$row  " out.txt
    done
}

small='--sessions=200 --threads=2'
# shellcheck disable=SC2086 # several options
run all $small
tells canary publish publish-threads statement scan list churn churn-random mixed mixed-lister \
    mixed-lister-all memory
grep -q 'exchange + store' out.json

# shellcheck disable=SC2086 # several options
for oracle in thread shared clock; do
    run publish $small --oracle="$oracle"
    grep -q "\"oracle\": \"$oracle\"" out.json
done
# shellcheck disable=SC2086 # several options
run mixed $small --active=50 --beside=syncer,lister,lister-flat,scanner-flat --time=cpu
tells mixed
# shellcheck disable=SC2086 # several options
run statement list $small --text=0 --order=random --no-pin --open=3
tells statement list

"$bench" --rounds=1 --seconds=0.01 --json=- publish --sessions=10 >out.json
"$ROSTER_SRCDIR/tests/bench/check-json" out.json
tells_nothing_else=$(head -c 1 out.json)
[ "$tells_nothing_else" = "{" ]

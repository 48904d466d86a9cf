#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Each row of doc/tidb.md names at least one test, and each test it names exists.

set -eu

cd "$ROSTER_SRCDIR"
find tests -name '*.c' -exec sed -n \
    -e 's/^Test(\([a-z_0-9]*\), \([a-z_0-9]*\).*/\1::\2/p' \
    -e 's/^STORE_TEST(\([a-z_0-9]*\).*/\1/p' {} + | sort -u >"$TMPDIR/tests"
grep '^|' doc/tidb.md | grep -v -e '^| TiDB ' -e '^| ---' >"$TMPDIR/rows"
wrong=0
names=0
# shellcheck disable=SC2016 # backquotes of Markdown
while read -r row; do
    named=$(printf '%s\n' "$row" | awk -F '|' '{ print $4 }' | grep -o '`[^`]*`' | tr -d '`' || true)
    if [ -z "$named" ]; then
        echo "no test: $row"
        wrong=1
    fi
    for name in $named; do
        names=$((names + 1))
        if ! grep -qx "$name" "$TMPDIR/tests"; then
            echo "there is no test $name: $row"
            wrong=1
        fi
    done
done <"$TMPDIR/rows"
echo "$(wc -l <"$TMPDIR/rows") rows name $names tests"
[ "$names" -ge 50 ]
exit "$wrong"

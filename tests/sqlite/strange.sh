#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Uses of SQLite that leave no statement or an odd one are shown as they are, from this process and
# from another: strange.c has the cases. And roster.so beside what it does not fit.

# shellcheck source=tests/sqlite/extension.sh
. "${ROSTER_SRCDIR:?}/tests/sqlite/extension.sh" || exit 99

for case in attached names keys blobs backups zombies savepoints statements replaced handlers interrupts journals schema; do
    mkdir "$work/$case"
    LD_PRELOAD=$extension timeout 120 "$programs/strange" "$case" "$work/$case/app.db" ||
        fail "$case ended with status $?"
    echo "tried: $case"
done

# A file that another process has attached.
if [ -e "$ROSTER_BUILDDIR/.libs/libroster-status.so" ] && command -v python3 >/dev/null; then
    export XDG_RUNTIME_DIR=$work
    start none ROSTER_SQLITE_STATUS=on
    mkfifo "$work/go"
    LD_PRELOAD=$extension ROSTER_SQLITE_STATUS=on timeout 60 python3 -c 'import sqlite3, sys
db = sqlite3.connect(":memory:", isolation_level=None)
db.execute("ATTACH ? AS a", (sys.argv[1],))
db.execute("BEGIN")
db.execute("SELECT count(*) FROM a.t").fetchone()
print("ready", flush=True)
sys.stdin.readline()' "$file" <"$work/go" >"$work/said" &
    exec 7>"$work/go"
    for ((tries = 300; tries; tries--)); do
        ! grep -q ready "$work/said" || break
        sleep 0.1
    done
    expect "another process is named by the file that it has attached" \
        "python3*|idle in transaction|:memory:" \
        "$(ask "SELECT application, state, path FROM roster_blocker")"
    exec 7>&-
    end
fi

# A second copy of the extension, and one beside a libroster that it was not built for.
if command -v sqlite3 >/dev/null; then
    mkdir "$work/copy"
    cp "$extension" "$work/copy/roster.so"
    copy="env LD_LIBRARY_PATH=$ROSTER_BUILDDIR/.libs sqlite3 $work/copy/app.db"
    expect "a second copy is refused" "*another copy of roster.so is loaded in this process*" \
        "$($copy ".load $extension" ".load $work/copy/roster" \
            "SELECT count(*) FROM roster_connections" 2>&1 | tr '\n' ' ' | sed 's/ $//')"
    expect "the same one twice is not" 1 "$($copy ".load $extension" ".load $extension" \
        "SELECT count(*) FROM roster_connections WHERE path = '$work/copy/app.db'" 2>&1)"
fi
other=$work/other.so
if [ -n "${ROSTER_CC-}" ] && $ROSTER_CC -shared -fPIC -o "$other" -x c - 2>"$work/said" <<'END'; then
int roster_build_check(const void *build, const char **differs);
int roster_build_check(const void *build, const char **differs)
{
    (void)build;
    *differs = "roster_stats";
    return -95;
}
END
    LD_PRELOAD="$other $extension" timeout 60 "$programs/strange" plain "$work/other.db" >"$work/said" 2>&1 ||
        fail "a program beside another libroster ended with status $?"
    expect "a libroster that does not fit is named, once" \
        "roster: roster.so of version * does not fit the libroster * that was found (roster_stats); *" \
        "$(cat "$work/said")"
fi
finish

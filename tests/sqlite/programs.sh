#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Programs as they are: the sqlite3 shell, and Python with threads, with a connection that goes from
# thread to thread, with nested cursors, and with prefork workers.

# shellcheck source=tests/sqlite/extension.sh
. "${ROSTER_SRCDIR:?}/tests/sqlite/extension.sh" || exit 99

if command -v sqlite3 >/dev/null; then
    LD_LIBRARY_PATH=$ROSTER_BUILDDIR/.libs sqlite3 "$file" ".load roster" \
        "SELECT state, statement FROM roster_connections" >"$work/shell" 2>&1
    expect "the shell loads it by its name" \
        "running|SELECT state, statement FROM roster_connections" "$(cat "$work/shell")"
    expect "a checkpoint where there is no WAL" "there is no WAL*" \
        "$(sqlite3 "$file" ".load $extension" "SELECT roster_checkpoint()" 2>&1)"
    expect "a kill of nothing" "no such connection" "$(sqlite3 "$file" ".load $extension" \
        "SELECT roster_kill(roster_id() + 1)" 2>&1)"
    expect "a kill that is none" "*how is 'transaction', 'statement' or 'unsafe', not 'off'*" \
        "$(sqlite3 "$file" ".load $extension" "SELECT roster_kill(1, 'off')" 2>&1)"
    expect "a setting that there is not" "*there is no setting 'x'*" \
        "$(sqlite3 "$file" ".load $extension" "SELECT roster_setting('x')" 2>&1)"
    # The shell opens and closes; a view is no way to reach a kill.
    expect "a view may not kill" "*unsafe use of roster_kill()*" "$(sqlite3 "$file" \
        ".load $extension" "CREATE VIEW v AS SELECT roster_kill(1)" "SELECT * FROM v" 2>&1)"
    for limit in 4 5 6 7 8 9; do
        (
            ulimit -n "$limit"
            export LD_LIBRARY_PATH=$ROSTER_BUILDDIR/.libs XDG_RUNTIME_DIR=$work ROSTER_SQLITE_STATUS=on
            sqlite3 "$file" ".load $extension" "SELECT 1" || true
        ) >>"$work/few" 2>&1
    done
    expect "without descriptors it says what lacks" "*out of memory or file descriptors*" "$(cat "$work/few")"
    expect "a runtime directory that is not there" "*no directory /nowhere/*: No such file or directory*" "$(
        LD_LIBRARY_PATH=$ROSTER_BUILDDIR/.libs XDG_RUNTIME_DIR=/nowhere ROSTER_SQLITE_STATUS=on \
            sqlite3 "$file" ".load $extension" "SELECT 1" 2>&1
    )"
    expect "and no number without a meaning" 0 "$(grep -c "not an error number" "$work/few")"
else
    echo "there is no sqlite3 shell"
fi

command -v python3 >/dev/null || {
    echo "there is no python3"
    finish
}
# SQLite is loaded late, roster.so later still, and both are unloaded while a connection is open.
late=$(LD_LIBRARY_PATH=$ROSTER_BUILDDIR/.libs timeout 60 python3 -c 'import ctypes, sys
import _ctypes
def call(name, *args):
    return getattr(sqlite, name)(*args)
sqlite = ctypes.CDLL("libsqlite3.so.0")
roster = ctypes.CDLL(sys.argv[1])
db, other = ctypes.c_void_p(), ctypes.c_void_p()
assert not call("sqlite3_open", sys.argv[2].encode(), ctypes.byref(db))
assert not call("sqlite3_enable_load_extension", db, 1)
assert not call("sqlite3_load_extension", db, sys.argv[1].encode(), None, None)
_ctypes.dlclose(roster._handle)
assert not call("sqlite3_open", sys.argv[2].encode(), ctypes.byref(other))
assert not call("sqlite3_exec", db, b"CREATE TABLE late AS SELECT count(*) FROM roster_connections", None, None, None)
assert not call("sqlite3_close", db)
_ctypes.dlclose(sqlite._handle)
assert not call("sqlite3_close", other)
print("right")' "$extension" "$file" 2>&1)
expect "loaded late and unloaded again" right "$late"

rm -f "$file"*
LD_PRELOAD=$extension timeout 60 python3 "$ROSTER_SRCDIR/tests/sqlite/programs.py" "$file" ||
    fail "Python's sqlite3 is shown wrong"
finish

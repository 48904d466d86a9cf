# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# help: build, let a program's WAL grow, find the transaction that holds it, end it
#
# Sourced by quickstart. The program uses Python's unmodified sqlite3; the queries come from the sqlite3
# shell, another process. Builds only what this needs, quickly and in its own directory.

work=$(mktemp -d "${TMPDIR:-/tmp}/roster-quickstart.XXXXXX")
program=
trap end_all EXIT

# Ends the program and removes its files.
end_all() {
    [ -z "$program" ] || kill "$program" 2>/dev/null || true
    wait
    rm -rf "$work"
}

# wal: prints the size of the WAL in bytes.
wal() {
    stat -c %s "$work/app.db-wal"
}

# grow SECONDS: prints the size of the WAL every second.
grow() {
    local second
    for ((second = 1; second <= $1; second++)); do
        sleep 1
        printf '   %s s: WAL of %s KB\n' "$second" "$(($(wal) / 1024))"
    done
}

# ask SQL: runs it in the sqlite3 shell; prints the statement and the result.
ask() {
    printf 'sqlite> %s\n' "$1" | sed 's/^/   /'
    LD_LIBRARY_PATH=$dir/.libs sqlite3 -cmd ".load roster" "$work/app.db" "$1" >"$work/answer" 2>&1 ||
        true
    sed 's/^/   /' "$work/answer"
}

dir=build-sqlite
install_packages build sqlite
configure_in "$dir" --disable-static --disable-dependency-tracking --with-sqlite-extension --with-jansson \
    --with-microhttpd CFLAGS='-O1 -g0'
build_in "$dir" roster.la libroster-status.la
leave_tree

export XDG_RUNTIME_DIR=$work ROSTER_SQLITE_STATUS=on
say "starting a program with four threads on one SQLite file: LD_PRELOAD=roster.so ROSTER_SQLITE_STATUS=on"
LD_PRELOAD=$PWD/$dir/.libs/roster.so python3 - "$work/app.db" <<'PROGRAM' &
import sqlite3, sys, threading, time
path = sys.argv[1]
db = sqlite3.connect(path)
db.execute("PRAGMA journal_mode = wal")
db.execute("CREATE TABLE orders(id INTEGER PRIMARY KEY, item TEXT)")
db.executemany("INSERT INTO orders VALUES(?, ?)", [(i, "x" * 200) for i in range(2000)])
db.commit()
def sell(first):
    mine = sqlite3.connect(path, timeout=30)
    mine.execute("PRAGMA synchronous = off")
    for n in range(10 ** 9):
        mine.execute("UPDATE orders SET item = hex(randomblob(100)) WHERE id = ?", ((first + n) % 2000,))
        mine.commit()
        time.sleep(0.001)
def report():
    mine = sqlite3.connect(path)
    mine.execute("BEGIN")
    mine.execute("SELECT count(*) FROM orders /* nightly report */").fetchall()
    time.sleep(10 ** 6)
for work, arguments in ((sell, (0,)), (sell, (700,)), (sell, (1400,)), (report, ())):
    threading.Thread(target=work, args=arguments, daemon=True).start()
time.sleep(10 ** 6)
PROGRAM
program=$!
unset ROSTER_SQLITE_STATUS
sleep 1
check "the program runs" kill -0 "$program"
grow 3
check "the WAL grows" [ "$(wal)" -gt 4000000 ]
say "finding the transaction that holds it, in the sqlite3 shell with .load roster"
ask "SELECT id, application, state, txn_seconds, statement FROM roster_blocker LIMIT 1"
check "the holder is found" grep -q "python3|idle in transaction" "$work/answer"
id=$(cut -d '|' -f 1 "$work/answer")
say "ending it"
ask "SELECT roster_kill($id)"
check "it has ended" grep -q -e delivered -e ended "$work/answer"
sleep 0.3
say "reclaiming the space"
for ((tries = 20; tries; tries--)); do
    ask "SELECT roster_checkpoint()"
    grep -q truncated "$work/answer" && break
    sleep 0.1
done
check "the WAL is truncated" grep -q "truncated to 0 bytes" "$work/answer"
grow 1
check "the WAL stays small" [ "$(wal)" -lt 8000000 ]
tell_checks

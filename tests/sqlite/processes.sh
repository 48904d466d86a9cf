#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Several processes on one file: each shows what it does through a socket of its own, and one query
# from any of them names the culprit. A socket that a crash has left behind disturbs no query.

# shellcheck source=tests/sqlite/extension.sh
. "${ROSTER_SRCDIR:?}/tests/sqlite/extension.sh" || exit 99

until_nothing_blocks() {
    local tries
    for ((tries = 100; tries; tries--)); do
        [ "$(ask "SELECT count(*) FROM roster_blocker")" != 0 ] || break
        sleep 0.1
    done
}

[ -e "$ROSTER_BUILDDIR/.libs/libroster-status.so" ] || skip "built without the status endpoint"
command -v python3 >/dev/null || skip "there is no python3"
export XDG_RUNTIME_DIR=$work

# elsewhere SQL: asked by another process.
elsewhere() {
    LD_PRELOAD=$extension python3 -c 'import sqlite3, sys
for row in sqlite3.connect(sys.argv[1]).execute(sys.argv[2]):
    print("|".join(str(value) for value in row))' "$file" "$1"
}

start idle ROSTER_SQLITE_STATUS=on
socket=$work/roster/sqlite-$pid.sock
expect "there is a socket" yes "$([ -S "$socket" ] && echo yes)"
expect "for its user alone" 700 "$(stat -c %a "$work/roster")"
tell "write 20" >/dev/null
python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' \
    "$work/roster/sqlite-999999999.sock"
blocker=$(elsewhere "SELECT process, application, state, pages > 0 FROM roster_blocker")
expect "another process names the culprit" "$pid|culprit|idle in transaction|1" "$blocker"
expect "lists its connections" 2 \
    "$(elsewhere "SELECT count(*) FROM roster_connections WHERE process = $pid")"
expect "and says what is in the way" "*in the way: connection ${pid}0*" \
    "$(elsewhere "SELECT roster_checkpoint()")"
# Three answer when all three were asked, one answers late, one a byte at a time for ever, and two with what is no list of connections.
python3 -c 'import socket, sys, threading, time
def serve(path, answer):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    while True:
        peer = listener.accept()[0]
        try:
            peer.recv(1000)
            answer(peer)
        except OSError:
            pass
        peer.close()
def late(peer):
    time.sleep(0.3)
    peer.send(b"HTTP/1.0 200 OK\r\n\r\n{\"rows\":[{\"id\":\"999999997000000001\",\"application\":\"late\"}]}")
def endless(peer):
    while True:
        peer.send(b"x")
        time.sleep(0.1)
together = threading.Barrier(3)
def all_asked(peer):
    together.wait()
    peer.send(b"HTTP/1.0 200 OK\r\n\r\n{\"rows\":[{\"id\":\"999999992000000001\",\"application\":\"late\"}]}")
def scalars(peer):
    peer.send(b"HTTP/1.0 200 OK\r\n\r\n{\"rows\":[\"x\",1,null,[]]}")
def scalar(peer):
    peer.send(b"HTTP/1.0 200 OK\r\n\r\n{\"rows\":\"x\"}")
for number, answer in ((2, all_asked), (3, all_asked), (4, all_asked), (5, scalars), (6, scalar), (7, late), (8, endless)):
    threading.Thread(target=serve, args=(sys.argv[1] % number, answer)).start()' \
    "$work/roster/sqlite-99999999%d.sock" &
others=$!
for ((tries = 100; tries; tries--)); do
    [ "$(find "$work/roster" -name 'sqlite-99999999[2-8].sock' | wc -l)" != 7 ] || break
    sleep 0.1
done
found=$(timeout 60 env LD_PRELOAD="$extension" python3 -c 'import signal, sqlite3, sys
signal.signal(signal.SIGALRM, lambda *_: None)
db = sqlite3.connect(sys.argv[1])
count = "SELECT count(*) FROM roster_connections WHERE process IN (999999997, 999999998, ?)"
print(db.execute(count, (sys.argv[2],)).fetchone()[0])
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
print(db.execute(count, (sys.argv[2],)).fetchone()[0])' "$file" "$pid")
expect "a process that answers nonsense or for ever, and signals, cost a query none of the others" "3
3" "$found"
expect "those that wait for each other are asked at once" 3 \
    "$(elsewhere "SELECT count(*) FROM roster_connections WHERE process = 999999992")"
kill "$others"
wait "$others" 2>/dev/null
rm "$work"/roster/sqlite-99999999[2-8].sock
expect "what has no lock is not swept away" yes \
    "$([ -S "$work/roster/sqlite-999999999.sock" ] && echo yes)"
expect "an id of a process without a socket" "process 999999999: it does not listen on *" \
    "$(elsewhere "SELECT roster_kill(999999999000000001)")"
if [ -x "$ROSTER_BUILDDIR/rosterctl" ]; then
    "$ROSTER_BUILDDIR/rosterctl" --all ps >"$work/list"
    expect "rosterctl finds it" "unix:$socket" "$(head -n 1 "$work/list")"
    expect "and its connections alone" 2 "$(grep -c culprit "$work/list")"
    expect "and who holds the minimum" "*application culprit*" \
        "$("$ROSTER_BUILDDIR/rosterctl" --all min)"
    "$ROSTER_BUILDDIR/rosterctl" --all kill 12345 2>/dev/null
    expect "an id that no server has" 5 "$?"
fi
expect "another process ends it" "process $pid: delivered" \
    "$(elsewhere "SELECT roster_kill(id) FROM roster_blocker")"
until_nothing_blocks
expect "nothing blocks" "*truncated to 0 bytes" "$(elsewhere "SELECT roster_checkpoint()")"
end
expect "the culprit has seen it" "the culprit: query aborted" "$outcome"
expect "the socket goes with the process" no "$([ -e "$socket" ] || echo no)"
if [ -x "$ROSTER_BUILDDIR/rosterctl" ]; then
    "$ROSTER_BUILDDIR/rosterctl" --all ps 2>/dev/null
    expect "no server is left" 3 "$?"
fi

# A service of the system has its socket in /run/roster, whatever directory the one that asks has.
if [ -n "${own_run-}" ]; then
    start idle ROSTER_SQLITE_STATUS=on XDG_RUNTIME_DIR=
    expect "a service is found" "$pid|idle in transaction" \
        "$(elsewhere "SELECT process, state FROM roster_blocker")"
    if [ -x "$ROSTER_BUILDDIR/rosterctl" ]; then
        expect "by rosterctl, too" "*unix:/run/roster/sqlite-$pid.sock*application culprit*" \
            "$("$ROSTER_BUILDDIR/rosterctl" --all min)"
    fi
    expect "and its transaction ended" "process $pid: delivered" \
        "$(elsewhere "SELECT roster_kill(id) FROM roster_blocker")"
    until_nothing_blocks
    end
else
    echo "not tried: a service in /run/roster, as this system gives no /run of the test's own"
fi

# The commands of roster-sqlite(7), as printed but for the id.
mapfile -t printed < <(sed -n 's/^sqlite> \\fB\(.*\)\\fR$/\1/p' "$ROSTER_SRCDIR/doc/man/roster-sqlite.7")
expect "there are four" 4 "${#printed[@]}"
if command -v sqlite3 >/dev/null && [ "${#printed[@]}" -eq 4 ]; then
    start idle ROSTER_SQLITE_STATUS=on
    tell "write 40" >/dev/null
    id=$(ask "SELECT id FROM roster_blocker")
    shell() {
        LD_LIBRARY_PATH=$ROSTER_BUILDDIR/.libs sqlite3 "$file" <<<"${printed[0]}
${1/4711000000003/$id}"
    }
    expect "the culprit, with what it holds" "$id|culprit|idle in transaction|[0-9]*.[0-9]*|[1-9]*|SELECT*" \
        "$(shell "${printed[1]}")"
    expect "is ended" "process $pid: delivered" "$(shell "${printed[2]}")"
    until_nothing_blocks
    expect "and the WAL is truncated" "the WAL is written back and truncated to 0 bytes" \
        "$(shell "${printed[3]}")"
    end
fi

# A kill of the connection, while it runs: it goes on under another id.
if [ -x "$ROSTER_BUILDDIR/rosterctl" ]; then
    for what in "" --transaction --statement; do
        start join ROSTER_SQLITE_STATUS=on
        id=$(ask "SELECT id FROM roster_blocker")
        expect "rosterctl kill $what" "*session $id: delivered" \
            "$("$ROSTER_BUILDDIR/rosterctl" --all kill ${what:+"$what"} "$id")"
        end
        expect "the join has ended" "the culprit: interrupted" "$outcome"
    done
fi

# A worker that was forked has an endpoint of its own, and limits; what it leaves when it ends by
# _exit() is swept away.
start none
LD_PRELOAD=$extension ROSTER_SQLITE_STATUS=on ROSTER_SQLITE_MAX_READ_MS=300 timeout 60 python3 -c '
import os, sqlite3, sys, time
db = sqlite3.connect(sys.argv[1])
db.execute("SELECT count(*) FROM t").fetchone()
worker = os.fork()
if worker == 0:
    own = sqlite3.connect(sys.argv[1])
    own.execute("BEGIN")
    own.execute("SELECT count(*) FROM t /* worker */").fetchone()
    for _ in range(600):
        if not own.in_transaction:
            break
        time.sleep(0.05)
    print(own.execute("SELECT count(*) FROM roster_connections WHERE process = ?",
                      (os.getpid(),)).fetchone()[0], own.in_transaction)
    print(os.path.exists(sys.argv[2] % os.getpid()), flush=True)
    os._exit(0)
os.waitpid(worker, 0)
print(os.path.exists(sys.argv[2] % worker))
db.execute("SELECT count(*) FROM roster_connections").fetchone()
print(os.path.exists(sys.argv[2] % worker), os.path.exists(sys.argv[2] % worker + ".lock"))
print(os.path.exists(sys.argv[2] % os.getpid()))' "$file" "$work/roster/sqlite-%d.sock" >"$work/worker"
expect "a worker is followed, limited, and swept away" "1 False
True
True
False False
True" "$(cat "$work/worker")"
end

# A leaked cursor is ended by a limit where that may reset it.
start leak ROSTER_SQLITE_MAX_READ_MS=100 ROSTER_SQLITE_UNSAFE=on
until_nothing_blocks
expect "a leaked cursor is ended" 0 "$(ask "SELECT count(*) FROM roster_blocker")"
end

# A setting that is none is named, and the program runs.
start none ROSTER_SQLITE_MAX_READ_MS=soon 2>"$work/said"
end
expect "a bad setting is named" "roster: ROSTER_SQLITE_MAX_READ_MS takes milliseconds*'soon'" \
    "$(cat "$work/said")"

# Limits end what is too old, and nothing else.
start idle ROSTER_SQLITE_MAX_READ_MS=300
until_nothing_blocks
end
expect "a read transaction is ended at its limit" "the culprit: query aborted" "$outcome"
start join ROSTER_SQLITE_MAX_STATEMENT_MS=300
until_nothing_blocks
end
expect "a statement is ended at its limit" "the culprit: interrupted" "$outcome"
finish

# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Run with roster.so preloaded: what Python's sqlite3 does is what is shown.
import multiprocessing
import os
import sqlite3
import sys
import threading
import time

path = sys.argv[1]
main = sqlite3.connect(path)
main.execute("PRAGMA journal_mode = wal")
main.execute("CREATE TABLE t(a, b)")
main.executemany("INSERT INTO t VALUES(?, ?)", [(i, "x" * 100) for i in range(500)])
main.commit()


def shown(sql, *values):
    return main.execute(sql, values).fetchall()


def check(what, expected, actual):
    if expected != actual:
        sys.exit(f"{what}: expected {expected}, but got {actual}")


check("this connection", [("running",)],
      shown("SELECT state FROM roster_connections WHERE id = roster_id()"))

# Threads, each with its own connection.
barrier = threading.Barrier(9)


def work():
    db = sqlite3.connect(path, timeout=10)
    for i in range(20):
        db.execute("UPDATE t SET b = ? WHERE a = ?", ("y", i)).fetchall()
        db.commit()
        db.execute("SELECT count(*) FROM t").fetchall()
    barrier.wait()  # all are open
    barrier.wait()  # all were listed
    db.close()


threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads:
    thread.start()
barrier.wait()
check("connections of threads", [(8, "idle", "idle")], shown(
    "SELECT count(*), min(state), max(state) FROM roster_connections WHERE id != roster_id()"))
check("their threads", [(8,)], shown(
    "SELECT count(DISTINCT thread) FROM roster_connections WHERE id != roster_id()"))
barrier.wait()
for thread in threads:
    thread.join()
check("closed connections", [(1,)], shown("SELECT count(*) FROM roster_connections"))

# One connection from thread to thread.
shared = sqlite3.connect(path, check_same_thread=False)
for _ in range(30):
    thread = threading.Thread(target=lambda: shared.execute("SELECT count(*) FROM t").fetchone())
    thread.start()
    thread.join()
check("a connection that migrates", [("idle",)],
      shown("SELECT state FROM roster_connections WHERE id != roster_id()"))

# Nested cursors: the last that has begun is shown, each since it has begun; the outer one holds the
# snapshot.
outer = shared.execute("SELECT a FROM t /* outer */")
outer.fetchone()
time.sleep(0.1)
inner = shared.execute("SELECT b FROM t /* inner */")
inner.fetchone()
check("nested cursors", [("cursor open", "SELECT b FROM t /* inner */", 2, 1)],
      shown("SELECT state, statement, cursors, txn_seconds >= seconds + 0.05 FROM roster_blocker"))
(victim,), = shown("SELECT id FROM roster_blocker")
check("one of several is not interrupted", "not interrupted: other statements are open",
      shown("SELECT roster_kill(?, 'statement')", victim)[0][0][:42])
inner.close()
check("the outer one is shown again", [("SELECT a FROM t /* outer */", 1, 1)],
      shown("SELECT statement, cursors, seconds >= 0.05 FROM roster_blocker"))
inner = shared.execute("SELECT b FROM t /* inner */")
inner.fetchone()
outer.close()
check("the inner one stays", [("SELECT b FROM t /* inner */", 1, 1)],
      shown("SELECT statement, cursors, txn_seconds >= seconds + 0.05 FROM roster_blocker"))
inner.close()
check("no cursor is left", [], shown("SELECT * FROM roster_blocker"))

# A statement that begins with a comment, one with a trigger, and one that is prepared again.
comment = shared.execute("-- daily report\nSELECT a FROM t")
comment.fetchone()
check("a comment", [("-- daily report\nSELECT a FROM t",)],
      shown("SELECT statement FROM roster_blocker"))
comment.close()
shared.execute("CREATE TRIGGER tr AFTER UPDATE ON t BEGIN DELETE FROM t WHERE a = -1; END")
shared.execute("UPDATE t SET b = 'z' WHERE a = 1")
check("a write transaction", [("idle in transaction", "UPDATE t SET b = 'z' WHERE a = 1", 0)],
      shown("SELECT state, statement, cursors FROM roster_blocker"))
shared.commit()
check("a commit", [], shown("SELECT * FROM roster_blocker"))
shared.execute("BEGIN IMMEDIATE")
check("a lock taken beforehand", [("idle in transaction", "BEGIN IMMEDIATE", 0)],
      shown("SELECT state, statement, cursors FROM roster_blocker"))
shared.rollback()

# An idle transaction is rolled back, and its connection goes on.
shared.execute("BEGIN")
shared.execute("SELECT count(*) FROM t /* report */").fetchone()
check("an idle transaction", [("idle in transaction", "SELECT count(*) FROM t /* report */")],
      shown("SELECT state, statement FROM roster_blocker"))
check("is ended", [("ended",)], shown("SELECT roster_kill(id) FROM roster_blocker"))
check("and its connection works", (500,),
      shared.execute("SELECT count(*) FROM t").fetchone())

# Forks beside threads that open connections: no lock is waited for in a circle, or for ever.
forking = True


def open_and_close():
    sqlite3.connect(path).close()


def open_in_new_threads():
    while forking:
        opener = threading.Thread(target=open_and_close)
        opener.start()
        opener.join()


threads = [threading.Thread(target=open_in_new_threads) for _ in range(3)]
for thread in threads:
    thread.start()
for _ in range(100):
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
forking = False
for thread in threads:
    thread.join()

# Prefork workers: each opens its own, beside the parent's.
for _ in range(2):
    worker = os.fork()
    if worker == 0:
        db = sqlite3.connect(path)
        own = db.execute("SELECT count(*), max(process) FROM roster_connections").fetchall()
        check("a worker's connections", [(1, os.getpid())], own)
        rows = db.execute("SELECT count(*) FROM t").fetchone()[0]
        db.execute("UPDATE t SET b = 'w' WHERE a = 2")
        db.commit()
        db.close()
        os._exit(0 if rows == 500 else 1)
    check("a worker's status", 0, os.waitpid(worker, 0)[1])


# A pool of multiprocessing, and a daemon, which has forked twice.
def is_alone(_):
    db = sqlite3.connect(path, timeout=20)
    own = db.execute("SELECT count(*), max(process) FROM roster_connections").fetchone()
    db.close()
    return own == (1, os.getpid())


with multiprocessing.get_context("fork").Pool(2) as pool:
    check("workers of a pool", [True] * 4, pool.map(is_alone, range(4)))
answer, say = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.write(say, b"alone" if is_alone(0) else b"with others")
    os._exit(0)
os.wait()
check("a daemon", b"alone", os.read(answer, 20))
check("the parent goes on", [(2,)], shown("SELECT count(*) FROM roster_connections"))

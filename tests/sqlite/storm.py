# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# storm.py FILE SOCKET SECONDS-AT-MOST: threads run victims and innocents in turn, each on its own
# connection, and others kill every victim that they see, by its number, through the endpoint. A
# victim is interrupted or not; an innocent never is. Run with roster.so preloaded.

import json
import socket
import sqlite3
import sys
import threading
import time

WORKERS, KILLERS, ENOUGH = 3, 2, 150
path, address = sys.argv[1], sys.argv[2]
end = time.monotonic() + float(sys.argv[3])
stop = threading.Event()
counts = {"interrupted": 0, "escaped": 0, "innocent": 0}
kills = {"delivered": 0, "refused": 0}
wrong = []
lock = threading.Lock()

ROWS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) "
VICTIM = ROWS.format(20000) + "SELECT max(i) FROM n /* victim */"
INNOCENT = ROWS.format(2000) + "SELECT max(i) FROM n /* innocent */"


def count(book, what):
    with lock:
        book[what] += 1
        if counts["interrupted"] >= ENOUGH and counts["escaped"] >= ENOUGH // 10:
            stop.set()


def work():
    db = sqlite3.connect(path)
    while not stop.is_set():
        try:
            db.execute(VICTIM).fetchone()
            count(counts, "escaped")
        except sqlite3.OperationalError:
            count(counts, "interrupted")
        try:
            db.execute(INNOCENT).fetchone()
            count(counts, "innocent")
        except sqlite3.OperationalError as error:
            wrong.append(f"an innocent statement: {error}")
            stop.set()
    db.close()


def ask(request):
    """The status and the body; the endpoint may be busy."""
    with socket.socket(socket.AF_UNIX) as link:
        try:
            link.connect(address)
            link.sendall(f"{request} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
            with link.makefile("rb") as reply:
                head, _, body = reply.read().partition(b"\r\n\r\n")
        except OSError:
            return b"", b""
    return head.partition(b"\r\n")[0], body


def kill_all():
    try:
        kill_victims()
    finally:
        stop.set()


def kill_victims():
    while not stop.is_set() and time.monotonic() < end:
        status, body = ask("GET /processlist?search=victim&full")
        for row in json.loads(body)["rows"] if b" 200 " in status else []:
            if not row["info"] or "/* victim */" not in row["info"]:
                continue
            status, _ = ask(f"POST /kill?id={row['id']}&target=statement"
                            f"&statement={row['statement']}")
            count(kills, "delivered" if b" 200 " in status else "refused")


threads = [threading.Thread(target=work) for _ in range(WORKERS)]
threads += [threading.Thread(target=kill_all) for _ in range(KILLERS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(f"{counts}, {kills}")
if counts["interrupted"] > kills["delivered"]:
    wrong.append("more were interrupted than kills delivered")
if not counts["interrupted"] or not counts["innocent"]:
    wrong.append("too little was tested")
for what in wrong:
    print(f"WRONG: {what}")
sys.exit(bool(wrong))

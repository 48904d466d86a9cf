#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
"""An endpoint that is none: forged.py LOG NAME [SOCKET [mute|frozen|stuck|endless|flood|FILE]]

It listens on SOCKET, or on a port of this host that it prints, says that it is the server NAME, and
keeps what it is sent in LOG. A mute one takes kills and drains, and closes each other connection
without an answer; a frozen one leaves it open. Lists of a stuck one and of an endless one have no end:
what comes next is the same again, or something else. A flood is as much as rosterctl takes, in the
order that costs it most, and sums that do not fit. With a FILE it says what is there, an object with the
answer to each path, as it is at that time.
"""

import json
import socket
import sys
import time

log, name, path, mute = (sys.argv[1:] + ["", ""])[:4]
if path:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
else:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
listener.listen(16)
print(path or "127.0.0.1:%d" % listener.getsockname()[1], flush=True)

# Members of other types than rosterctl expects, and text for a shell.
REPLIES = {
    b"/status": {"server_id": name, "problems": [{"problem": 1, "command": []}], "pid": "x"},
    b"/locks": {
        "waits": 1e300,
        "rows": [7, {"id": "5", "depth": -(2**63), "wait_ms": []}],
        "deadlocks": [7, {"at_ms": 1e300, "waits": 7}],
    },
    b"/activity": {
        "times": 1e-300,
        "active": 1e300,
        "dropped": -(2**63),
        "rows": [7, {"state": "forged", "samples": 1e300}, {"state": "forged", "samples": 2**63 - 1}],
    },
    b"/minimum": {"minimum": "1", "holder": {"kind": None, "session_id": "5"}},
}

if mute == "flood":
    REPLIES[b"/status"]["problems"] = [{"rank": -n} for n in range(100000)]
    REPLIES[b"/locks"]["deadlocks"] = [7] * 1000000


def timeline():
    now = int(time.clock_gettime(time.CLOCK_BOOTTIME)) + 1
    return {
        "now": now,
        "now_ms": int(time.time()) * 1000,
        "columns": ["second", "sessions"],
        "rows": [[second, 2**63 - 1] for second in range(now - 60, now + 1)],
    }


unanswered = []
pages = 0
while True:
    client, _ = listener.accept()
    head = b""
    while b"\r\n\r\n" not in head:
        data = client.recv(4096)
        if not data:
            break
        head += data
    with open(log, "ab") as out:
        out.write(head)
    method, target = (head.split(b" ") + [b"", b""])[:2]
    if method == b"POST" or (method and mute not in ("mute", "frozen")):
        reply = REPLIES.get(target.split(b"?")[0], {"rows": [], "result": ""})
        if "/" in mute:
            with open(mute, "rb") as said:
                reply = json.load(said).get(target.split(b"?")[0].decode(), reply)
        elif mute == "stuck":
            reply = {"rows": [{"id": "7"}], "next": "7"}
        elif mute == "endless":
            pages += 1
            reply = {"rows": [{"id": str(pages)}], "next": str(pages)}
        elif mute == "flood" and target.startswith(b"/timeline"):
            reply = timeline()
        elif mute == "flood" and target.startswith(b"/processlist"):
            pages += 1
            reply = {"rows": [{"id": str(pages), "info": "x" * 1000000}], "next": str(pages)}
        body = json.dumps(reply, separators=(",", ":")).encode()
        client.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body) + body
        )
    if method and method != b"POST" and mute == "frozen":
        unanswered.append(client)
    else:
        client.close()

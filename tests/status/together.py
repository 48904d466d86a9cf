#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
"""Endpoints that answer a GET /status when each of them was asked for it: together.py DIRECTORY NAME...

Each listens on DIRECTORY/NAME.sock, and says that it is the server NAME, and well. Asked one after the other they
never answer.
"""

import json
import socket
import sys
import threading

directory, names = sys.argv[1], sys.argv[2:]
together = threading.Barrier(len(names))


def serve(name):
    body = json.dumps({"server_id": name, "healthy": True, "problems": [], "rows": []}).encode()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{directory}/{name}.sock")
    listener.listen()
    while True:
        peer = listener.accept()[0]
        try:
            if b"/status" in peer.recv(4000):
                together.wait()
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body))
        except OSError:
            pass
        peer.close()


for each in names:
    threading.Thread(target=serve, args=(each,)).start()

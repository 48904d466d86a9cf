# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# many.py PORT CONNECTIONS: that many clients of examples/guide/loops at once, each in a transaction.

import socket
import sys

port, wanted = int(sys.argv[1]), int(sys.argv[2])


def ask(client, line):
    client.sendall(line.encode() + b"\n")
    return client.recv(4096).decode().splitlines()


def expect(what, right, got):
    if not right:
        sys.exit(f"WRONG: {what}: {got}")


clients = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(wanted)]
for client in clients:
    client.sendall(b"begin\n")
begun = [client.recv(4096).decode() for client in clients]
print(f"{len(clients)} connections, each in a transaction")
for client in clients:
    client.sendall(b"read\n")
for client in clients:
    got = client.recv(4096)
    expect("a snapshot", got == b"value\n", got)
minimum = ask(clients[-1], "minimum")
print(minimum)
oldest = min(int(text.split()[1]) for text in begun)
expect("the minimum is the oldest", str(oldest) in " ".join(minimum), minimum)
for client in clients[: wanted // 2]:
    client.close()
got = ask(clients[-1], "read")
expect("the others go on", got == ["value"], got)

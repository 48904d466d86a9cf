# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# redis-py against the server on the port of argument 1: what an application calls, and every reply
# that the library parses.
import sys

import redis

port = int(sys.argv[1])
r = redis.Redis(port=port, decode_responses=True, client_name="py")
wrong = 0


def expect(what, got, wanted):
    global wrong
    right = wanted(got) if callable(wanted) else got == wanted
    print(f"{'right' if right else 'WRONG'}: {what}" + ("" if right else f": {got!r}"))
    wrong += not right


expect("ping", r.ping(), True)
expect("set", r.set("py:a", "1"), True)
expect("get", r.get("py:a"), "1")
expect("get of nothing", r.get("py:none"), None)
expect("mset", r.mset({"py:b": "2", "py:c": "3"}), True)
expect("mget", r.mget("py:b", "py:none"), ["2", None])
expect("scan_iter", sorted(r.scan_iter("py:*", count=3)), ["py:a", "py:b", "py:c"])
expect("type", (r.type("py:a"), r.type("py:none")), ("string", "none"))
expect("strlen", r.strlen("py:a"), 1)
pipe = r.pipeline()
pipe.incr("py:a")
pipe.get("py:a")
expect("transaction", pipe.execute(), [2, "2"])
clients = r.client_list()
expect("client_list", [c["name"] for c in clients], lambda names: "py" in names)
expect("its texts", [c["text"] for c in clients], lambda texts: "CLIENT%20LIST" in texts)
mine = r.client_id()
expect("client_list of ids", [c["id"] for c in r.execute_command("CLIENT LIST", "ID", 987654321, mine)], [str(mine)])
expect("client_info", r.client_info(), lambda i: i["name"] == "py" and i["id"] == r.client_id())
expect("client_getname", r.client_getname(), "py")
expect("info", r.info(), lambda i: i["db0"]["keys"] == 3 and i["connected_clients"] >= 1)
expect("config_get", r.config_get("save"), {"save": ""})
expect("command_count", r.command_count(), lambda n: n > 20)
expect("dbsize", r.dbsize(), 3)
expect("delete", r.delete("py:a", "py:b", "py:c"), 3)
try:
    expect("no error", r.execute_command("NONSENSE"), "an error")
except redis.ResponseError as e:
    expect("an error", str(e), lambda s: "unknown command" in s)
sys.exit(wrong != 0)
